"""Every condition that can be simulated: what it does to the shape of the waves, its rhythm and its atria."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ecgclip_core.simulation import rhythms, shapes
from ecgclip_core.simulation.heart import Heart
from ecgclip_core.simulation.rhythms import Timeline

Shape = Callable[[Heart, np.random.Generator], None]
Rhythm = Callable[[Heart, np.random.Generator, float, float], Timeline]

_LED_BY_THE_SINUS_NODE = (
    rhythms.sinus,
    rhythms.premature_atrial_beats,
    rhythms.premature_ventricular_beats,
    rhythms.ventricular_bigeminy,
    rhythms.mobitz_i,
    rhythms.mobitz_ii,
)


@dataclass(frozen=True)
class Condition:
    """One finding as the simulator makes it; its name, leads and waves are in the findings catalogue.

    Attributes
    ----------
    finding : str
        Its id in the findings catalogue.
    shape : callable
        Changes the heart.
    rhythm : callable
    atria : str
        ``"waves"``, ``"fibrillation"`` or ``"flutter"``.
    also : tuple of str
        Further findings that hold whenever this one is simulated.
    """

    finding: str
    shape: Shape
    rhythm: Rhythm = rhythms.sinus
    atria: str = "waves"
    also: tuple[str, ...] = ()

    @property
    def sinus(self) -> bool:
        """Whether the sinus node leads and the atria conduct, so that rate and PR have names of their own."""
        return self.rhythm in _LED_BY_THE_SINUS_NODE


_TABLE = (
    Condition("sinus_rhythm", shapes.healthy, also=("normal_ecg",)),
    Condition("sinus_bradycardia", shapes.slow),
    Condition("sinus_tachycardia", shapes.fast),
    Condition("sinus_arrhythmia", shapes.breathing_in_the_rhythm),
    Condition("atrial_fibrillation", shapes.fibrillating, rhythms.atrial_fibrillation, "fibrillation"),
    Condition("atrial_flutter", shapes.fluttering, rhythms.atrial_flutter, "flutter"),
    Condition(
        "supraventricular_tachycardia", shapes.supraventricular_tachycardia, rhythms.supraventricular_tachycardia
    ),
    Condition("ventricular_tachycardia", shapes.ventricular_tachycardia, rhythms.ventricular_tachycardia),
    Condition("premature_atrial_beats", shapes.atrial_ectopy, rhythms.premature_atrial_beats),
    Condition("premature_ventricular_beats", shapes.ventricular_ectopy, rhythms.premature_ventricular_beats),
    Condition("ventricular_bigeminy", shapes.ventricular_ectopy, rhythms.ventricular_bigeminy),
    Condition("first_degree_av_block", shapes.slow_av_node),
    Condition("mobitz_i_av_block", shapes.wenckebach, rhythms.mobitz_i),
    Condition("mobitz_ii_av_block", shapes.failing_bundle, rhythms.mobitz_ii),
    Condition("third_degree_av_block", shapes.escape, rhythms.third_degree),
    Condition("left_bundle_branch_block", shapes.left_bundle_branch_block),
    Condition("right_bundle_branch_block", shapes.right_bundle_branch_block),
    Condition("incomplete_right_bundle_branch_block", shapes.incomplete_right_bundle_branch_block),
    Condition("left_anterior_fascicular_block", shapes.left_anterior_fascicular_block),
    Condition("left_posterior_fascicular_block", shapes.left_posterior_fascicular_block),
    Condition("wolff_parkinson_white", shapes.wolff_parkinson_white),
    Condition("anterior_st_elevation_infarction", shapes.anterior_st_elevation_infarction, also=("st_elevation",)),
    Condition("inferior_st_elevation_infarction", shapes.inferior_st_elevation_infarction, also=("st_elevation",)),
    Condition("posterior_st_elevation_infarction", shapes.posterior_st_elevation_infarction, also=("st_depression",)),
    Condition("old_inferior_infarction", shapes.old_inferior_infarction, also=("q_waves",)),
    Condition("old_anterior_infarction", shapes.old_anterior_infarction, also=("q_waves",)),
    Condition("pericarditis", shapes.pericarditis),
    Condition("st_depression", shapes.st_depression),
    Condition("t_wave_inversion", shapes.t_wave_inversion),
    Condition("left_ventricular_hypertrophy", shapes.left_ventricular_hypertrophy, also=("left_ventricular_strain",)),
    Condition(
        "right_ventricular_hypertrophy", shapes.right_ventricular_hypertrophy, also=("right_ventricular_strain",)
    ),
    Condition("right_atrial_enlargement", shapes.right_atrial_enlargement),
    Condition("left_atrial_enlargement", shapes.left_atrial_enlargement),
    Condition("long_qt", shapes.long_qt),
    Condition("hyperkalaemia", shapes.hyperkalaemia, also=("tall_t_waves",)),
    Condition("hypokalaemia", shapes.hypokalaemia, also=("prominent_u_waves",)),
    Condition("ventricular_pacing", shapes.ventricular_pacing, rhythms.paced),
    Condition("low_voltage", shapes.low_voltage),
    Condition("dextrocardia", shapes.mirrored_heart),
)

CONDITIONS = {condition.finding: condition for condition in _TABLE}
