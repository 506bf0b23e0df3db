"""Where the criteria of a finding look, and where the catalogue tells a reader to look, as samples of a recording."""

import numpy as np
import pandas as pd

from ecgclip_core.ecg.leads import LEADS, LIMB_LEADS, PRECORDIAL_LEADS
from ecgclip_core.findings.catalogue import Finding
from ecgclip_core.findings.limits import named_facts
from ecgclip_core.interpretation.pointing import carrier_mask

CRITERIA, CATALOGUE = "criteria", "catalogue"
ST_S = 0.06
# Waves that a fact of one lead is read in.
_OF_LEAD = {
    **dict.fromkeys(("p_mv", "p_positive_mv", "p_negative_mv", "p_ms"), ("P",)),
    **dict.fromkeys(("q_mv", "r_mv", "s_mv", "r2_mv", "qrs_mv", "q_ms", "r_ms", "s_ms", "r2_ms"), ("QRS",)),
    **dict.fromkeys(("r_peak_ms", "r_s_ratio", "qs", "notched", "slurred_onset"), ("QRS",)),
    **dict.fromkeys(("j_mv", "st60_mv"), ("ST",)),
    **dict.fromkeys(("t_mv", "t_positive_mv", "t_negative_mv"), ("T",)),
    "pr_segment_mv": ("PR",),
}
# Waves and leads that a fact of the whole recording is read in. Age and sex have no place.
_OF_RECORDING = {
    **dict.fromkeys(("heart_rate", "rr_irregularity", "longest_rr", "shortest_rr", "regular"), (("QRS",), LEADS)),
    **dict.fromkeys(("premature_beats", "premature_broad_beats", "bigeminy", "broad_share"), (("QRS",), LEADS)),
    **dict.fromkeys(("broad_beats_in_a_row", "ventricular_pacing_spikes", "qrs"), (("QRS",), LEADS)),
    **dict.fromkeys(("p_waves", "any_p_waves", "atrial_rate", "p_duration"), (("P",), LEADS)),
    **dict.fromkeys(("atrial_pacing_spikes",), (("P",), LEADS)),
    **dict.fromkeys(("pr", "pr_range", "dissociated", "dropped_beats"), (("P", "PR"), LEADS)),
    **dict.fromkeys(("qt", "qtc"), (("QT",), LEADS)),
    "flutter_waves": (("P", "PR", "TP"), LEADS),
    "p_axis": (("P",), LIMB_LEADS),
    "qrs_axis": (("QRS",), LIMB_LEADS),
    "t_axis": (("T",), LIMB_LEADS),
    "qrs_t_angle": (("QRS", "T"), LIMB_LEADS),
    "p_terminal_v1": (("P",), ("V1",)),
    "transition": (("QRS",), PRECORDIAL_LEADS),
}


def places_of(finding: Finding) -> dict[str, dict[str, tuple[str, ...]]]:
    """Leads by wave, as the criteria name them and as the catalogue does.

    Parameters
    ----------
    finding : Finding

    Returns
    -------
    dict of str to dict of str to tuple of str
        ``"criteria"``: for each wave the leads in which the criteria measure something of it, empty without criteria;
        ``"catalogue"``: the catalogue's waves, each in its leads.
    """
    found: dict[str, set[str]] = {}
    for criterion in finding.criteria:
        for name, lead in named_facts(criterion.expression):
            waves, leads = (_OF_LEAD.get(name, ()), (lead,)) if lead else _OF_RECORDING.get(name, ((), ()))
            for wave in waves:
                found.setdefault(wave, set()).update(leads)
    by_criteria = {wave: tuple(lead for lead in LEADS if lead in leads) for wave, leads in found.items()}
    return {CRITERIA: by_criteria, CATALOGUE: dict.fromkeys(finding.waves, finding.leads or LEADS)}


def place_mask(place: dict[str, tuple[str, ...]], waves: pd.DataFrame, samples: int, rate: float) -> np.ndarray:
    """Samples of the waves in the leads of one place, shape (12, samples).

    Parameters
    ----------
    place : dict of str to tuple of str
        Leads by wave, as of `places_of`.
    waves : DataFrame
        As of ``delineate`` or of a simulation's truth.
    samples : int
    rate : float
        Hz.
    """
    mask = np.zeros((len(LEADS), samples), dtype=bool)
    for wave, leads in place.items():
        mask |= carrier_mask(waves, (wave,), leads, samples, rate)
    if "ST" in place:
        # Criteria measure ST at J and 60 ms later, also where the T wave has begun by then.
        after = waves[waves["wave"] == "QRS"]
        after = after.assign(onset_s=after["offset_s"], offset_s=after["offset_s"] + ST_S)
        mask |= carrier_mask(after, ("QRS",), place["ST"], samples, rate)
    return mask
