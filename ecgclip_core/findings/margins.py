"""Measurements with the error that each may have, so that what lies near a limit is told from what lies beyond it."""

import math
from dataclasses import replace

from ecgclip_core.ecg.fact import Fact, Facts
from ecgclip_core.ecg.vocabulary import LEAD_FACTS, RECORDING_FACTS

# Ninety percent of the errors of a measurement against the truth of simulated recordings lie within these, in the
# units of docs/criteria.md: a fixed part, and a share of the value.
_RECORDING = {
    "heart_rate": (1.0, 0.02),
    "atrial_rate": (2.0, 0.03),
    "rr_irregularity": (1.0, 0.1),
    "longest_rr": (20.0, 0.01),
    "shortest_rr": (20.0, 0.01),
    "pr": (8.0, 0.0),
    "pr_range": (8.0, 0.0),
    "qrs": (8.0, 0.0),
    "qt": (12.0, 0.0),
    "qtc": (12.0, 0.0),
    "p_duration": (8.0, 0.0),
    "p_axis": (10.0, 0.0),
    "qrs_axis": (5.0, 0.0),
    "t_axis": (10.0, 0.0),
    "qrs_t_angle": (10.0, 0.0),
    "p_terminal_v1": (0.5, 0.15),
}
_LEADS = {
    "p_mv": (0.015, 0.05),
    "q_mv": (0.02, 0.05),
    "r_mv": (0.02, 0.04),
    "s_mv": (0.02, 0.04),
    "r2_mv": (0.02, 0.05),
    "qrs_mv": (0.03, 0.04),
    "j_mv": (0.015, 0.05),
    "st60_mv": (0.015, 0.05),
    "t_mv": (0.02, 0.05),
    "pr_segment_mv": (0.01, 0.05),
    "p_ms": (8.0, 0.0),
    "q_ms": (3.0, 0.0),
    "r_ms": (5.0, 0.0),
    "s_ms": (5.0, 0.0),
    "r2_ms": (5.0, 0.0),
    "r_peak_ms": (5.0, 0.0),
    "r_s_ratio": (0.03, 0.08),
}


def with_margins(facts: Facts) -> Facts:
    """The same facts as ranges in which the true values lie; truths, counts and what is not measured stay.

    Parameters
    ----------
    facts : Facts

    Returns
    -------
    Facts
        For `expressions.evaluate`, which then comes to None where a value lies too near to its limit to tell.
    """
    recording = {
        name: _ranged(fact, _RECORDING.get(name), RECORDING_FACTS[name].lowest)
        for name, fact in facts.recording.items()
    }
    leads = {
        name: {lead: _ranged(fact, _LEADS.get(name), LEAD_FACTS[name].lowest) for lead, fact in row.items()}
        for name, row in facts.leads.items()
    }
    return Facts(recording, leads)


def _ranged(fact: Fact, margin: tuple[float, float] | None, lowest: float) -> Fact:
    # What was not found at all is sure: a Q wave of 0 mV is none.
    if margin is None or fact.value is None or isinstance(fact.value, bool) or fact.value == 0:
        return fact
    value = float(fact.value)
    if not math.isfinite(value):
        return fact
    reach = margin[0] + margin[1] * abs(value)
    return replace(fact, value=None, bounds=(max(value - reach, lowest), value + reach))
