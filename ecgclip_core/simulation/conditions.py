"""Every condition that can be simulated: its shape, its rhythm, its atria, and the leads and waves that carry it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ecgclip_core.simulation import rhythms, shapes
from ecgclip_core.simulation.heart import Heart
from ecgclip_core.simulation.rhythms import Timeline

Shape = Callable[[Heart, np.random.Generator], None]
Rhythm = Callable[[Heart, np.random.Generator, float, float], Timeline]

_ALL = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
_INFERIOR = ("II", "III", "aVF")
_RHYTHM = ("II", "V1")
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
    """One finding as the simulator makes it.

    Attributes
    ----------
    finding : str
        Its id in the findings catalogue.
    name : str
    leads, waves : tuple of str
        What carries the finding: leads, and waves among P, PR, QRS, ST, T, QT and RR.
    shape : callable
        Changes the heart.
    rhythm : callable
    atria : str
        ``"waves"``, ``"fibrillation"`` or ``"flutter"``.
    """

    finding: str
    name: str
    leads: tuple[str, ...]
    waves: tuple[str, ...]
    shape: Shape
    rhythm: Rhythm = rhythms.sinus
    atria: str = "waves"

    @property
    def sinus(self) -> bool:
        """Whether the sinus node leads and the atria conduct, so that rate and PR have names of their own."""
        return self.rhythm in _LED_BY_THE_SINUS_NODE


_TABLE = (
    Condition("sinus_rhythm", "sinus rhythm", _RHYTHM, ("P",), shapes.healthy),
    Condition("sinus_bradycardia", "sinus bradycardia", _RHYTHM, ("P", "RR"), shapes.slow),
    Condition("sinus_tachycardia", "sinus tachycardia", _RHYTHM, ("P", "RR"), shapes.fast),
    Condition("sinus_arrhythmia", "sinus arrhythmia", _RHYTHM, ("P", "RR"), shapes.breathing_in_the_rhythm),
    Condition(
        "atrial_fibrillation",
        "atrial fibrillation",
        _RHYTHM,
        ("P", "RR"),
        shapes.fibrillating,
        rhythms.atrial_fibrillation,
        "fibrillation",
    ),
    Condition(
        "atrial_flutter",
        "atrial flutter",
        (*_INFERIOR, "V1"),
        ("P",),
        shapes.fluttering,
        rhythms.atrial_flutter,
        "flutter",
    ),
    Condition(
        "supraventricular_tachycardia",
        "supraventricular tachycardia",
        _RHYTHM,
        ("P", "QRS", "RR"),
        shapes.supraventricular_tachycardia,
        rhythms.supraventricular_tachycardia,
    ),
    Condition(
        "ventricular_tachycardia",
        "ventricular tachycardia",
        _ALL,
        ("QRS", "RR"),
        shapes.ventricular_tachycardia,
        rhythms.ventricular_tachycardia,
    ),
    Condition(
        "premature_atrial_beats",
        "premature atrial beats",
        _RHYTHM,
        ("P", "RR"),
        shapes.atrial_ectopy,
        rhythms.premature_atrial_beats,
    ),
    Condition(
        "premature_ventricular_beats",
        "premature ventricular beats",
        _ALL,
        ("QRS", "RR"),
        shapes.ventricular_ectopy,
        rhythms.premature_ventricular_beats,
    ),
    Condition(
        "ventricular_bigeminy",
        "ventricular bigeminy",
        _ALL,
        ("QRS", "RR"),
        shapes.ventricular_ectopy,
        rhythms.ventricular_bigeminy,
    ),
    Condition("first_degree_av_block", "first-degree AV block", _RHYTHM, ("P", "PR"), shapes.slow_av_node),
    Condition(
        "mobitz_i_av_block", "Mobitz I AV block", _RHYTHM, ("P", "PR", "RR"), shapes.wenckebach, rhythms.mobitz_i
    ),
    Condition(
        "mobitz_ii_av_block", "Mobitz II AV block", _RHYTHM, ("P", "PR", "RR"), shapes.failing_bundle, rhythms.mobitz_ii
    ),
    Condition(
        "third_degree_av_block",
        "third-degree AV block",
        _RHYTHM,
        ("P", "PR", "RR"),
        shapes.escape,
        rhythms.third_degree,
    ),
    Condition(
        "left_bundle_branch_block",
        "left bundle branch block",
        ("I", "aVL", "V1", "V5", "V6"),
        ("QRS", "ST", "T"),
        shapes.left_bundle_branch_block,
    ),
    Condition(
        "right_bundle_branch_block",
        "right bundle branch block",
        ("I", "V1", "V2", "V6"),
        ("QRS",),
        shapes.right_bundle_branch_block,
    ),
    Condition(
        "incomplete_right_bundle_branch_block",
        "incomplete right bundle branch block",
        ("V1", "V2"),
        ("QRS",),
        shapes.incomplete_right_bundle_branch_block,
    ),
    Condition(
        "left_anterior_fascicular_block",
        "left anterior fascicular block",
        ("I", "aVL", *_INFERIOR),
        ("QRS",),
        shapes.left_anterior_fascicular_block,
    ),
    Condition(
        "left_posterior_fascicular_block",
        "left posterior fascicular block",
        ("I", "aVL", *_INFERIOR),
        ("QRS",),
        shapes.left_posterior_fascicular_block,
    ),
    Condition(
        "wolff_parkinson_white", "Wolff-Parkinson-White pattern", _ALL, ("PR", "QRS"), shapes.wolff_parkinson_white
    ),
    Condition(
        "anterior_st_elevation_infarction",
        "anterior ST-elevation infarction",
        ("V1", "V2", "V3", "V4"),
        ("ST", "T"),
        shapes.anterior_st_elevation_infarction,
    ),
    Condition(
        "inferior_st_elevation_infarction",
        "inferior ST-elevation infarction",
        (*_INFERIOR, "aVL"),
        ("ST", "T"),
        shapes.inferior_st_elevation_infarction,
    ),
    Condition(
        "posterior_st_elevation_infarction",
        "posterior ST-elevation infarction",
        ("V1", "V2", "V3"),
        ("QRS", "ST"),
        shapes.posterior_st_elevation_infarction,
    ),
    Condition(
        "old_inferior_infarction", "old inferior infarction", _INFERIOR, ("QRS",), shapes.old_inferior_infarction
    ),
    Condition(
        "old_anterior_infarction",
        "old anterior infarction",
        ("V1", "V2", "V3", "V4"),
        ("QRS",),
        shapes.old_anterior_infarction,
    ),
    Condition(
        "pericarditis",
        "pericarditis",
        ("I", "II", "aVR", "aVF", "V3", "V4", "V5", "V6"),
        ("PR", "ST"),
        shapes.pericarditis,
    ),
    Condition("st_depression", "ST depression", ("I", "II", "V4", "V5", "V6"), ("ST",), shapes.st_depression),
    Condition("t_wave_inversion", "T wave inversion", ("V2", "V3", "V4", "V5"), ("T",), shapes.t_wave_inversion),
    Condition(
        "left_ventricular_hypertrophy",
        "left ventricular hypertrophy with strain",
        ("I", "aVL", "V1", "V2", "V5", "V6"),
        ("QRS", "ST", "T"),
        shapes.left_ventricular_hypertrophy,
    ),
    Condition(
        "right_ventricular_hypertrophy",
        "right ventricular hypertrophy",
        ("I", "V1", "V2", "V6"),
        ("QRS", "T"),
        shapes.right_ventricular_hypertrophy,
    ),
    Condition(
        "right_atrial_enlargement",
        "right atrial enlargement",
        (*_INFERIOR, "V1"),
        ("P",),
        shapes.right_atrial_enlargement,
    ),
    Condition("left_atrial_enlargement", "left atrial enlargement", _RHYTHM, ("P",), shapes.left_atrial_enlargement),
    Condition("long_qt", "long QT interval", ("II", "V5"), ("QT", "T"), shapes.long_qt),
    Condition("hyperkalaemia", "hyperkalaemia", ("II", "V2", "V3", "V4"), ("P", "QRS", "T"), shapes.hyperkalaemia),
    Condition("hypokalaemia", "hypokalaemia", ("II", "V2", "V3", "V4"), ("ST", "T"), shapes.hypokalaemia),
    Condition("ventricular_pacing", "ventricular pacing", _ALL, ("QRS",), shapes.ventricular_pacing, rhythms.paced),
    Condition("low_voltage", "low voltage", _ALL, ("QRS",), shapes.low_voltage),
    Condition(
        "dextrocardia", "dextrocardia", ("I", "aVL", "aVR", "V4", "V5", "V6"), ("P", "QRS", "T"), shapes.mirrored_heart
    ),
)

CONDITIONS = {condition.finding: condition for condition in _TABLE}
