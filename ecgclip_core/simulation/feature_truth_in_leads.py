"""What was drawn in each lead, by wave and quality: arrays of 1, 0 and `UNDECIDED` over the leads."""

from collections.abc import Callable

import numpy as np

from ecgclip_core.ecg.leads import LEADS, LIMB_LEADS
from ecgclip_core.findings.claims import Claim
from ecgclip_core.simulation.drawn import PLACE, Drawn
from ecgclip_core.simulation.three_values import UNDECIDED, band, both, either, within


def _p_inverted(d: Drawn, claim: Claim) -> np.ndarray:
    return _shown_p(d, np.where(-d["p_min"] > d["p_max"], band(-d["p_min"], 0.04, 0.02), 0.0))


def p_upright(d: Drawn, claim: Claim) -> np.ndarray:
    """Whether the P wave points up, per lead."""
    # One too low to see which way it points is neither upright nor not.
    return _shown_p(d, np.where(d["p_max"] >= -d["p_min"], np.where(d["p_max"] >= 0.04, 1.0, UNDECIDED), 0.0))


def _shown_p(d: Drawn, states: np.ndarray) -> np.ndarray:
    """P waves of the sinus node as they are; none where there are none; retrograde ones are not judged."""
    if d.has_p:
        return states
    return np.zeros(12) if not len(d.p_kinds) else np.full(12, UNDECIDED)


def _st_limit(d: Drawn) -> np.ndarray:
    # Fourth Universal Definition of Myocardial Infarction 2018, doi:10.1161/CIR.0000000000000617.
    limit = np.full(12, 0.1)
    chest = 0.15 if d.put_in["sex"] == "female" else 0.2 if d.put_in["age"] >= 40 else 0.25
    limit[[PLACE["V2"], PLACE["V3"]]] = chest
    return limit


def _st_elevated(d: Drawn, claim: Claim) -> np.ndarray:
    if claim.low is not None:
        return (d["j"] >= claim.low).astype(float)
    return band(d["j"], _st_limit(d), 0.5 * _st_limit(d))


def _st_depressed(d: Drawn, claim: Claim) -> np.ndarray:
    level = np.maximum(d["j"], d["st60"])
    if claim.low is not None:
        return (-d["j"] >= abs(claim.low)).astype(float)
    return np.where(np.minimum(d["j"], d["st60"]) > -0.03, 0.0, np.where(level <= -0.05, 1.0, UNDECIDED))


def _t_inverted(d: Drawn, claim: Claim) -> np.ndarray:
    mostly_down = -d["t_min"] > d["t_max"]
    return np.where(mostly_down, band(-d["t_min"], 0.1, 0.04), np.where(-d["t_min"] > 0.05, UNDECIDED, 0.0))


def _t_upright(d: Drawn, claim: Claim) -> np.ndarray:
    return np.where(d["t_max"] > -d["t_min"], band(d["t_max"], 0.08, 0.04), 0.0)


def _t_flat(d: Drawn, claim: Claim) -> np.ndarray:
    return band(np.maximum(d["t_max"], -d["t_min"]), 0.05, 0.1)


def _tall_r(d: Drawn, claim: Claim) -> np.ndarray:
    limits = {"I": 1.4, "II": 1.8, "III": 1.6, "aVR": 0.5, "aVL": 1.1, "aVF": 1.8, "V4": 2.5, "V5": 2.0, "V6": 2.0}
    yes = np.array([limits.get(lead, 9.0) for lead in LEADS])
    states = band(d["r"], yes, 0.8 * yes)
    for lead, least in (("V1", 0.5), ("V2", 0.8), ("V3", 1.1)):
        at = PLACE[lead]
        r, s = d["r"][at], max(d["s"][at], d["q"][at])
        late = max(d["r2"][at], r)
        states[at] = 1.0 if r >= least and r >= s else 0.0 if late < 0.7 * s or late < 0.6 * least else UNDECIDED
    return states


def _deep_s(d: Drawn, claim: Claim) -> np.ndarray:
    yes = np.array([1.8 if lead in ("V1", "V2", "V3") else 0.7 for lead in LEADS])
    return band(np.maximum(d["s"], np.where(d["r"] > 0, 0, d["q"])), yes, 0.7 * yes)


def _broad_s(d: Drawn, claim: Claim) -> np.ndarray:
    return both(band(d["s"], 0.1, 0.06), band(d["s_ms"], 40, 32))


def _broad_r(d: Drawn, claim: Claim) -> np.ndarray:
    right = np.array([lead in ("V1", "V2", "V3") for lead in LEADS])
    return both(band(d["r"], 0.15, 0.1), band(d["r_ms"], np.where(right, 40, 80), np.where(right, 30, 60)))


def _notched(d: Drawn, claim: Claim) -> np.ndarray:
    return np.where(d["notches"] >= 1, 1.0, np.where(_slurred(d, claim) > 0, UNDECIDED, 0.0))


def _slurred(d: Drawn, claim: Claim) -> np.ndarray:
    # A pointed wave spends a quarter of its time above three quarters of its height, a plateau much more.
    plateau = (d["r_flat"] >= 0.42) | ((d["r_flat"] >= 0.34) & (d["r_ms"] >= 100))
    return np.where((d["slurs"] >= 1) | plateau, 1.0, np.where(d["r_flat"] >= 0.36, UNDECIDED, 0.0))


def _q_pathological(d: Drawn, claim: Claim) -> np.ndarray:
    sure = (d["q"] >= 0.1) & (d["q_ms"] >= 30)
    return np.where(sure, 1.0, np.where((d["q"] < 0.07) | (d["q_ms"] < 22), 0.0, UNDECIDED))


def _q_narrow(d: Drawn, claim: Claim) -> np.ndarray:
    return both(band(d["q"], 0.05, 0.03), band(d["q_ms"], 30, 40))


def _qs(d: Drawn, claim: Claim) -> np.ndarray:
    return both(band(d["q"], 0.1, 0.05), band(d["r"], 0.0, 0.05))


def _rs(d: Drawn, claim: Claim) -> np.ndarray:
    return both(band(d["r"], 0.05, 0.03), band(d["s"] - d["r"], 0.1, -0.1), band(d["q"], 0.03, 0.1))


def _qr(d: Drawn, claim: Claim) -> np.ndarray:
    return both(band(d["q"], 0.05, 0.03), band(d["r"] - d["q"], 0.1, -0.1), band(d["s"], 0.1, 0.25))


def _rsr(d: Drawn, claim: Claim) -> np.ndarray:
    return both(band(d["r2"], 0.1, 0.04), band(d["s"], 0.05, 0.0))


def _r_over_s(d: Drawn, claim: Claim) -> np.ndarray:
    s = np.maximum(d["s"], d["q"])
    states = both(band(d["r"] - 1.05 * s, 0.0, -0.15 * s), band(d["r"], 0.1, 0.05))
    return np.where((states == 0) & (d["r2"] > 0.9 * s) & (d["r2"] > 0), UNDECIDED, states)


def s_over_r(d: Drawn, claim: Claim) -> np.ndarray:
    """Whether S (or QS) is larger than R, per lead."""
    s, r = np.maximum(d["s"], d["q"]), np.maximum(d["r"], d["r2"])
    return band(s - 1.05 * r, 0.0, -0.15 * r)


def _discordant(d: Drawn, claim: Claim) -> np.ndarray:
    t = np.where(d["t_max"] > -d["t_min"], d["t_max"], d["t_min"])
    net = _net(d)
    clear = (np.abs(t) >= 0.05) & (np.abs(net) >= 0.05)
    return np.where(clear, (np.sign(t) != np.sign(net)).astype(float), UNDECIDED)


def _net(d: Drawn) -> np.ndarray:
    """Net area of the QRS complex over its height times its duration: -1 to 1."""
    return d["qrs_net"] / (d["qrs_height"] * d.put_in["qrs_ms"])


def _slope(d: Drawn) -> np.ndarray:
    return d["st60"] - d["j"]


def _right(right: float, other: float) -> np.ndarray:
    return np.array([right if lead in ("V1", "V2") else other for lead in LEADS])


def _chest(chest: float, limb: float) -> np.ndarray:
    return np.array([limb if lead in LIMB_LEADS else chest for lead in LEADS])


def _two_peaked_p(d: Drawn) -> np.ndarray:
    # A long P wave has a shoulder where it has no second peak.
    single = UNDECIDED if d.put_in["p_ms"] >= 116 else 0.0
    return _shown_p(d, np.where(d["p_peaks"] >= 2, 1.0, single))


def _pointed_t(d: Drawn) -> np.ndarray:
    if "hyperkalaemia" in d.findings:
        return np.where(d["t_max"] >= 0.4, 1.0, UNDECIDED)
    return np.where(d["t_max"] < 0.5, 0.0, UNDECIDED)


BY_LEAD: dict[tuple[str, str], Callable[[Drawn, Claim], np.ndarray]] = {
    ("P", "inverted"): _p_inverted,
    ("P", "upright"): p_upright,
    ("P", "tall"): lambda d, c: _shown_p(d, band(d["p_max"], _right(0.15, 0.25), _right(0.10, 0.17))),
    ("P", "pointed"): lambda d, c: _shown_p(d, np.where(d["p_max"] < 0.17, 0.0, UNDECIDED)),
    ("P", "low"): lambda d, c: _shown_p(d, band(d["p_max"], 0.05, 0.09)),
    ("P", "bifid"): lambda d, c: _two_peaked_p(d),
    ("P", "notched"): lambda d, c: _two_peaked_p(d),
    ("P", "biphasic"): lambda d, c: _shown_p(d, band(np.minimum(d["p_max"], -d["p_min"]), 0.03, 0.015)),
    ("P", "size"): lambda d, c: _shown_p(d, within(d["p_max"], c)),
    ("PR", "depressed"): lambda d, c: _shown_p(d, band(d["pr_level"], -0.04, -0.015)),
    ("PR", "elevated"): lambda d, c: _shown_p(d, band(d["pr_level"], 0.04, 0.015)),
    ("PR_SEGMENT", "depressed"): lambda d, c: _shown_p(d, band(d["pr_level"], -0.04, -0.015)),
    ("PR_SEGMENT", "elevated"): lambda d, c: _shown_p(d, band(d["pr_level"], 0.04, 0.015)),
    ("Q", "present"): lambda d, c: band(d["q"], 0.1, 0.04),
    ("Q", "pathological"): _q_pathological,
    ("Q", "deep"): lambda d, c: band(d["q"], 0.3, 0.15),
    ("Q", "broad"): lambda d, c: both(band(d["q"], 0.1, 0.05), band(d["q_ms"], 40, 28)),
    ("Q", "narrow"): _q_narrow,
    ("Q", "low"): lambda d, c: both(band(d["q"], 0.03, 0.02), band(d["q"], 0.1, 0.2)),
    ("Q", "duration"): lambda d, c: both(band(d["q"], 0.05, 0.03), within(d["q_ms"], c)),
    ("Q", "size"): lambda d, c: within(d["q"], c),
    ("R", "present"): lambda d, c: band(d["r"], 0.1, 0.03),
    ("R", "tall"): _tall_r,
    ("R", "low"): lambda d, c: band(d["r"], 0.3, 0.5),
    ("R", "broad"): _broad_r,
    ("R", "notched"): _notched,
    ("R", "slurred"): _slurred,
    ("R", "size"): lambda d, c: within(np.maximum(d["r"], d["r2"]), c),
    ("R", "duration"): lambda d, c: within(d["r_ms"], c),
    ("S", "present"): lambda d, c: band(d["s"], 0.15, 0.06),
    ("S", "deep"): _deep_s,
    ("S", "tall"): _deep_s,
    ("S", "broad"): _broad_s,
    ("S", "slurred"): _broad_s,
    ("S", "size"): lambda d, c: within(d["s"], c),
    ("S", "duration"): lambda d, c: within(d["s_ms"], c),
    ("QRS", "notched"): _notched,
    ("QRS", "upright"): lambda d, c: band(_net(d), 0.05, -0.02),
    ("QRS", "inverted"): lambda d, c: band(_net(d), -0.05, 0.02),
    ("QRS", "low"): lambda d, c: band(d["qrs_height"], _chest(1.0, 0.5), _chest(1.15, 0.6)),
    ("QRS", "size"): lambda d, c: within(d["qrs_height"], c),
    ("VOLTAGE", "low"): lambda d, c: band(d["qrs_height"], _chest(1.0, 0.5), _chest(1.15, 0.6)),
    ("VOLTAGE", "size"): lambda d, c: within(d["qrs_height"], c),
    ("ST", "elevated"): _st_elevated,
    ("ST", "depressed"): _st_depressed,
    ("ST", "deviating"): lambda d, c: either(_st_elevated(d, c), _st_depressed(d, c)),
    ("ST", "isoelectric"): lambda d, c: band(np.maximum(np.abs(d["j"]), np.abs(d["st60"])), 0.05, 0.1),
    ("ST", "horizontal"): lambda d, c: band(np.abs(_slope(d)), 0.025, 0.2),
    ("ST", "downsloping"): lambda d, c: band(_slope(d), -0.02, 0.1),
    ("ST", "upsloping"): lambda d, c: band(_slope(d), 0.03, -0.03),
    ("ST", "size"): lambda d, c: within(d["j"], c),
    ("T", "inverted"): _t_inverted,
    ("T", "upright"): _t_upright,
    ("T", "flat"): _t_flat,
    ("T", "low"): lambda d, c: band(np.abs(np.where(d["t_max"] > -d["t_min"], d["t_max"], d["t_min"])), 0.1, 0.17),
    ("T", "tall"): lambda d, c: band(d["t_max"], _chest(1.0, 0.5), _chest(0.75, 0.38)),
    ("T", "pointed"): lambda d, c: _pointed_t(d),
    ("T", "deep"): lambda d, c: band(-d["t_min"], 0.5, 0.3),
    ("T", "biphasic"): lambda d, c: band(np.minimum(d["t_max"], -d["t_min"]), 0.05, 0.02),
    ("T", "notched"): lambda d, c: band(d["t_peaks"], 2, 1),
    ("T", "bifid"): lambda d, c: band(d["t_peaks"], 2, 1),
    ("T", "size"): lambda d, c: within(np.where(d["t_max"] > -d["t_min"], d["t_max"], d["t_min"]), c),
    ("", "qs"): _qs,
    ("", "rs"): _rs,
    ("", "qr"): _qr,
    ("", "rsr"): _rsr,
    ("", "r_over_s"): _r_over_s,
    ("", "s_over_r"): s_over_r,
    ("", "discordant"): _discordant,
    ("", "low_t_for_r"): lambda d, c: np.where(
        d["r"] < 0.3, UNDECIDED, band(np.maximum(d["t_max"], -d["t_min"]) / np.maximum(d["r"], 0.3), 0.1, 0.15)
    ),
}
