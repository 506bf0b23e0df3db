"""Whether a sentence about waves is true of a simulated recording, from what was put in alone.

Nothing here is measured on the tracing, and the catalogue has no say: the noiseless beat (`basic_beat`), the table of
waves and the names of what was simulated decide. Where a quality has no sharp edge ("tall", "flat"), the band in which
readers would differ is undecided (None); where the sentence gives a number, the number decides.
"""

import math
from collections.abc import Callable
from functools import cache

import numpy as np

from ecgclip_core.ecg.leads import LEADS, LIMB_LEADS
from ecgclip_core.ecg.vocabulary import CONTIGUOUS
from ecgclip_core.findings.catalogue import Feature, catalogue
from ecgclip_core.findings.feature_language import Claim, Reading, feature_sentence, read_feature
from ecgclip_core.simulation.truth import Truth

_PLACE = {lead: place for place, lead in enumerate(LEADS)}
_NEIGHBOURS = [(_PLACE[a], _PLACE[b]) for a, b in CONTIGUOUS]
_UNDECIDED = math.nan


def feature_holds(feature: str | Feature, truth: Truth) -> bool | None:
    """Whether a feature is true of a simulated recording.

    Parameters
    ----------
    feature : str or Feature
        An English sentence; a `Feature` of the catalogue brings its leads where its text names none.
    truth : Truth

    Returns
    -------
    bool or None
        None where the sentence cannot be read, where the simulation does not decide it, or in a borderline case.
    """
    reading = read_feature(feature if isinstance(feature, str) else feature_sentence(feature))
    return None if reading is None else _holds(reading, _Drawn(truth))


def features_that_hold(truth: Truth) -> dict[str, bool]:
    """Which features of the catalogue are true of a simulated recording, and which are false.

    Parameters
    ----------
    truth : Truth

    Returns
    -------
    dict of str to bool
        By sentence: each feature's text, and its text with its leads (`feature_sentence`). Undecided ones are left out.
    """
    drawn = _Drawn(truth)
    decided = ((text, _holds(reading, drawn)) for text, reading in _catalogue_readings())
    return {text: state for text, state in decided if state is not None}


@cache
def _catalogue_readings() -> tuple[tuple[str, Reading], ...]:
    features = [feature for entry in catalogue().values() for feature in entry.features]
    texts = dict.fromkeys(text for feature in features for text in (feature.text, feature_sentence(feature)))
    readings = ((text, read_feature(text)) for text in texts)
    return tuple((text, reading) for text, reading in readings if reading is not None)


# --- three truth values ---


def _holds(reading: Reading, drawn: "_Drawn") -> bool | None:
    return _and([_or([drawn.says(claim) for claim in group]) for group in reading.groups])


def _and(states: list[bool | None]) -> bool | None:
    if False in states:
        return False
    return None if None in states else True


def _or(states: list[bool | None]) -> bool | None:
    if True in states:
        return True
    return None if None in states else False


def _band(values, yes, no) -> np.ndarray:
    """1 from `yes` on, 0 up to `no`, undecided between; `yes` above `no`, or below it for small values."""
    values, yes, no = np.broadcast_arrays(np.asarray(values, float), yes, no)
    upward = yes >= no
    sure = np.where(upward, values >= yes, values <= yes)
    not_so = np.where(upward, values <= no, values >= no)
    return np.where(sure, 1.0, np.where(not_so, 0.0, _UNDECIDED))


def _both(*states: np.ndarray) -> np.ndarray:
    """Per lead: 0 where one is 0, undecided where one is, else 1."""
    together = np.array(np.broadcast_arrays(*states), float)
    return np.where((together == 0).any(axis=0), 0.0, together.sum(axis=0) / len(together))


def _either(*states: np.ndarray) -> np.ndarray:
    together = np.array(np.broadcast_arrays(*states), float)
    return np.where((together == 1).any(axis=0), 1.0, together.sum(axis=0))


def _one(state: float) -> bool | None:
    return None if math.isnan(state) else bool(state)


def _over_leads(states: np.ndarray, leads: tuple[str, ...], scope: str) -> bool | None:
    """From single leads to the sentence.

    Leads named one by one: two thirds of them show it, or less than half may. A region: two neighbours show it, or no
    lead does.
    """
    places = [_PLACE[lead] for lead in leads]
    if len(places) == 1:
        return _one(states[places[0]])
    shown = {place for place in places if states[place] == 1}
    open_ = sum(math.isnan(states[place]) for place in places)
    if scope == "any":
        return True if shown else None if open_ else False
    if scope == "all":
        if len(shown) >= math.ceil(2 * len(places) / 3):
            return True
        return False if len(shown) + open_ <= len(places) / 3 else None
    if any(a in shown and b in shown for a, b in _NEIGHBOURS):
        return True
    return None if shown or open_ else False


# --- what was drawn ---


class _Drawn:
    """What one simulated recording holds, as arrays over the leads."""

    def __init__(self, truth: Truth):
        self.truth = truth
        self.put_in = truth.put_in
        self.findings = set(truth.findings)
        self.lead = {name: np.array([row[lead] for lead in LEADS]) for name, row in self.put_in["basic_beat"].items()}
        waves = truth.waves
        kinds, names = waves["kind"].to_numpy(str), waves["wave"].to_numpy(str)
        onsets, beats = waves["onset_s"].to_numpy(float), waves["beat"].to_numpy(int)
        self.qrs_kinds, self.qrs_beats = kinds[names == "QRS"], beats[names == "QRS"]
        self.qrs_onsets = onsets[names == "QRS"]
        self.p_kinds, self.p_beats, self.p_onsets = kinds[names == "P"], beats[names == "P"], onsets[names == "P"]
        self.rr = np.diff(self.qrs_onsets)
        self._by_lead: dict[tuple, np.ndarray] = {}

    def says(self, claim: Claim) -> bool | None:
        state = self._state(claim)
        return not state if claim.denied and state is not None else state

    def _state(self, claim: Claim) -> bool | None:
        if (claim.wave, claim.quality) in _WHOLE:
            return _WHOLE[claim.wave, claim.quality](self, claim)
        if (claim.wave, claim.quality) not in _BY_LEAD:
            return None
        key = (claim.wave, claim.quality, claim.low, claim.high)
        if key not in self._by_lead:
            self._by_lead[key] = _BY_LEAD[claim.wave, claim.quality](self, claim)
        states = self._by_lead[key]
        leads, scope = claim.leads, claim.scope
        if not leads:
            leads = _usual_leads(claim)
        if (claim.wave, claim.quality) in _IN_EVERY_LEAD and claim.low is None:
            return _and([_one(states[_PLACE[lead]]) for lead in leads])
        return _over_leads(states, leads, scope)

    def __getitem__(self, name: str) -> np.ndarray:
        return self.lead[name]

    @property
    def has_p(self) -> bool:
        """Whether P waves of the sinus node are there."""
        return bool((self.p_kinds == "sinus").any())

    @property
    def conducted_share(self) -> float:
        """Share of the QRS complexes that a P wave of the sinus node leads to; the first may have lost its own."""
        later = self.qrs_beats[self.qrs_onsets > 0.45]
        led = set(self.p_beats[(self.p_kinds == "sinus") & (self.p_beats >= 0)])
        return float(np.mean([beat in led for beat in later])) if len(later) else 0.0

    @property
    def ectopic_qrs(self) -> bool:
        """Whether premature ventricular beats lie among others."""
        return self.put_in["basic_kind"] == "sinus" and bool((self.qrs_kinds == "ectopic").any())

    @property
    def qtc(self) -> float:
        """By Fridericia from QT and rate, ms."""
        return self.put_in["qt_ms"] / (60 / self.put_in["rate"]) ** (1 / 3)


def _between(value: float | np.ndarray, claim: Claim) -> np.ndarray:
    low = -math.inf if claim.low is None else claim.low
    high = math.inf if claim.high is None else claim.high
    if low == high:
        # "a QRS of 140 ms": about so much.
        low, high = low - abs(low) * 0.1, high + abs(high) * 0.1
    return ((np.asarray(value) >= low) & (np.asarray(value) <= high)).astype(float)


_USUAL = {
    "P": ("II", "III", "aVF"),
    "PR": ("II", "aVF", "V4", "V5", "V6"),
    "Q": ("I", "II", "aVL", "aVF", "V2", "V3", "V4", "V5", "V6"),
    "R": ("I", "aVL", "V5", "V6"),
    "S": ("V1", "V2"),
    "T": ("I", "II", "aVL", "V2", "V3", "V4", "V5", "V6"),
    "VOLTAGE": LIMB_LEADS,
}
_ALL_BUT_AVR = tuple(lead for lead in LEADS if lead != "aVR")
_USUAL_FOR_PHRASE = {"r_over_s": ("V1",), "s_over_r": ("V5", "V6"), "rsr": ("V1", "V2"), "qs": ("V1", "V2", "V3", "V4")}


def _usual_leads(claim: Claim) -> tuple[str, ...]:
    if claim.wave:
        return _USUAL.get(claim.wave, _ALL_BUT_AVR)
    return _USUAL_FOR_PHRASE.get(claim.quality, _ALL_BUT_AVR)


# --- one lead ---


def _p_inverted(d: _Drawn, claim: Claim) -> np.ndarray:
    return _shown_p(d, np.where(-d["p_min"] > d["p_max"], _band(-d["p_min"], 0.04, 0.02), 0.0))


def _p_upright(d: _Drawn, claim: Claim) -> np.ndarray:
    # One too low to see which way it points is neither upright nor not.
    return _shown_p(d, np.where(d["p_max"] >= -d["p_min"], np.where(d["p_max"] >= 0.04, 1.0, _UNDECIDED), 0.0))


def _shown_p(d: _Drawn, states: np.ndarray) -> np.ndarray:
    """P waves of the sinus node as they are; none where there are none; retrograde ones are not judged."""
    if d.has_p:
        return states
    return np.zeros(12) if not len(d.p_kinds) else np.full(12, _UNDECIDED)


def _st_limit(d: _Drawn) -> np.ndarray:
    # Fourth Universal Definition of Myocardial Infarction 2018, doi:10.1161/CIR.0000000000000617.
    limit = np.full(12, 0.1)
    chest = 0.15 if d.put_in["sex"] == "female" else 0.2 if d.put_in["age"] >= 40 else 0.25
    limit[[_PLACE["V2"], _PLACE["V3"]]] = chest
    return limit


def _st_elevated(d: _Drawn, claim: Claim) -> np.ndarray:
    if claim.low is not None:
        return (d["j"] >= claim.low).astype(float)
    return _band(d["j"], _st_limit(d), 0.5 * _st_limit(d))


def _st_depressed(d: _Drawn, claim: Claim) -> np.ndarray:
    level = np.maximum(d["j"], d["st60"])
    if claim.low is not None:
        return (-d["j"] >= abs(claim.low)).astype(float)
    return np.where(np.minimum(d["j"], d["st60"]) > -0.03, 0.0, np.where(level <= -0.05, 1.0, _UNDECIDED))


def _t_inverted(d: _Drawn, claim: Claim) -> np.ndarray:
    mostly_down = -d["t_min"] > d["t_max"]
    return np.where(mostly_down, _band(-d["t_min"], 0.1, 0.04), np.where(-d["t_min"] > 0.05, _UNDECIDED, 0.0))


def _t_upright(d: _Drawn, claim: Claim) -> np.ndarray:
    return np.where(d["t_max"] > -d["t_min"], _band(d["t_max"], 0.08, 0.04), 0.0)


def _t_flat(d: _Drawn, claim: Claim) -> np.ndarray:
    return _band(np.maximum(d["t_max"], -d["t_min"]), 0.05, 0.1)


def _tall_r(d: _Drawn, claim: Claim) -> np.ndarray:
    limits = {"I": 1.4, "II": 1.8, "III": 1.6, "aVR": 0.5, "aVL": 1.1, "aVF": 1.8, "V4": 2.5, "V5": 2.0, "V6": 2.0}
    yes = np.array([limits.get(lead, 9.0) for lead in LEADS])
    states = _band(d["r"], yes, 0.8 * yes)
    for lead, least in (("V1", 0.5), ("V2", 0.8), ("V3", 1.1)):
        at = _PLACE[lead]
        r, s = d["r"][at], max(d["s"][at], d["q"][at])
        late = max(d["r2"][at], r)
        states[at] = 1.0 if r >= least and r >= s else 0.0 if late < 0.7 * s or late < 0.6 * least else _UNDECIDED
    return states


def _deep_s(d: _Drawn, claim: Claim) -> np.ndarray:
    yes = np.array([1.8 if lead in ("V1", "V2", "V3") else 0.7 for lead in LEADS])
    return _band(np.maximum(d["s"], np.where(d["r"] > 0, 0, d["q"])), yes, 0.7 * yes)


def _broad_s(d: _Drawn, claim: Claim) -> np.ndarray:
    return _both(_band(d["s"], 0.1, 0.06), _band(d["s_ms"], 40, 32))


def _broad_r(d: _Drawn, claim: Claim) -> np.ndarray:
    right = np.array([lead in ("V1", "V2", "V3") for lead in LEADS])
    return _both(_band(d["r"], 0.15, 0.1), _band(d["r_ms"], np.where(right, 40, 80), np.where(right, 30, 60)))


def _notched(d: _Drawn, claim: Claim) -> np.ndarray:
    return np.where(d["notches"] >= 1, 1.0, np.where(_slurred(d, claim) > 0, _UNDECIDED, 0.0))


def _slurred(d: _Drawn, claim: Claim) -> np.ndarray:
    # A pointed wave spends a quarter of its time above three quarters of its height, a plateau much more.
    plateau = (d["r_flat"] >= 0.42) | ((d["r_flat"] >= 0.34) & (d["r_ms"] >= 100))
    return np.where((d["slurs"] >= 1) | plateau, 1.0, np.where(d["r_flat"] >= 0.36, _UNDECIDED, 0.0))


def _q_pathological(d: _Drawn, claim: Claim) -> np.ndarray:
    sure = (d["q"] >= 0.1) & (d["q_ms"] >= 30)
    return np.where(sure, 1.0, np.where((d["q"] < 0.07) | (d["q_ms"] < 22), 0.0, _UNDECIDED))


def _q_narrow(d: _Drawn, claim: Claim) -> np.ndarray:
    return _both(_band(d["q"], 0.05, 0.03), _band(d["q_ms"], 30, 40))


def _qs(d: _Drawn, claim: Claim) -> np.ndarray:
    return _both(_band(d["q"], 0.1, 0.05), _band(d["r"], 0.0, 0.05))


def _rs(d: _Drawn, claim: Claim) -> np.ndarray:
    return _both(_band(d["r"], 0.05, 0.03), _band(d["s"] - d["r"], 0.1, -0.1), _band(d["q"], 0.03, 0.1))


def _qr(d: _Drawn, claim: Claim) -> np.ndarray:
    return _both(_band(d["q"], 0.05, 0.03), _band(d["r"] - d["q"], 0.1, -0.1), _band(d["s"], 0.1, 0.25))


def _rsr(d: _Drawn, claim: Claim) -> np.ndarray:
    return _both(_band(d["r2"], 0.1, 0.04), _band(d["s"], 0.05, 0.0))


def _r_over_s(d: _Drawn, claim: Claim) -> np.ndarray:
    s = np.maximum(d["s"], d["q"])
    states = _both(_band(d["r"] - 1.05 * s, 0.0, -0.15 * s), _band(d["r"], 0.1, 0.05))
    return np.where((states == 0) & (d["r2"] > 0.9 * s) & (d["r2"] > 0), _UNDECIDED, states)


def _s_over_r(d: _Drawn, claim: Claim) -> np.ndarray:
    s, r = np.maximum(d["s"], d["q"]), np.maximum(d["r"], d["r2"])
    return _band(s - 1.05 * r, 0.0, -0.15 * r)


def _discordant(d: _Drawn, claim: Claim) -> np.ndarray:
    t = np.where(d["t_max"] > -d["t_min"], d["t_max"], d["t_min"])
    net = _net(d)
    clear = (np.abs(t) >= 0.05) & (np.abs(net) >= 0.05)
    return np.where(clear, (np.sign(t) != np.sign(net)).astype(float), _UNDECIDED)


def _net(d: _Drawn) -> np.ndarray:
    """Net area of the QRS complex over its height times its duration: -1 to 1."""
    return d["qrs_net"] / (d["qrs_height"] * d.put_in["qrs_ms"])


def _slope(d: _Drawn) -> np.ndarray:
    return d["st60"] - d["j"]


_T = Callable[[_Drawn, Claim], np.ndarray]
_BY_LEAD: dict[tuple[str, str], _T] = {
    ("P", "inverted"): _p_inverted,
    ("P", "upright"): _p_upright,
    ("P", "tall"): lambda d, c: _shown_p(d, _band(d["p_max"], _right(0.15, 0.25), _right(0.10, 0.17))),
    ("P", "pointed"): lambda d, c: _shown_p(d, np.where(d["p_max"] < 0.17, 0.0, _UNDECIDED)),
    ("P", "low"): lambda d, c: _shown_p(d, _band(d["p_max"], 0.05, 0.09)),
    ("P", "bifid"): lambda d, c: _two_peaked_p(d),
    ("P", "notched"): lambda d, c: _two_peaked_p(d),
    ("P", "biphasic"): lambda d, c: _shown_p(d, _band(np.minimum(d["p_max"], -d["p_min"]), 0.03, 0.015)),
    ("P", "size"): lambda d, c: _shown_p(d, _between(d["p_max"], c)),
    ("PR", "depressed"): lambda d, c: _shown_p(d, _band(d["pr_level"], -0.04, -0.015)),
    ("PR", "elevated"): lambda d, c: _shown_p(d, _band(d["pr_level"], 0.04, 0.015)),
    ("PR_SEGMENT", "depressed"): lambda d, c: _shown_p(d, _band(d["pr_level"], -0.04, -0.015)),
    ("PR_SEGMENT", "elevated"): lambda d, c: _shown_p(d, _band(d["pr_level"], 0.04, 0.015)),
    ("Q", "present"): lambda d, c: _band(d["q"], 0.1, 0.04),
    ("Q", "pathological"): _q_pathological,
    ("Q", "deep"): lambda d, c: _band(d["q"], 0.3, 0.15),
    ("Q", "broad"): lambda d, c: _both(_band(d["q"], 0.1, 0.05), _band(d["q_ms"], 40, 28)),
    ("Q", "narrow"): _q_narrow,
    ("Q", "low"): lambda d, c: _both(_band(d["q"], 0.03, 0.02), _band(d["q"], 0.1, 0.2)),
    ("Q", "duration"): lambda d, c: _both(_band(d["q"], 0.05, 0.03), _between(d["q_ms"], c)),
    ("Q", "size"): lambda d, c: _between(d["q"], c),
    ("R", "present"): lambda d, c: _band(d["r"], 0.1, 0.03),
    ("R", "tall"): _tall_r,
    ("R", "low"): lambda d, c: _band(d["r"], 0.3, 0.5),
    ("R", "broad"): _broad_r,
    ("R", "notched"): _notched,
    ("R", "slurred"): _slurred,
    ("R", "size"): lambda d, c: _between(np.maximum(d["r"], d["r2"]), c),
    ("R", "duration"): lambda d, c: _between(d["r_ms"], c),
    ("S", "present"): lambda d, c: _band(d["s"], 0.15, 0.06),
    ("S", "deep"): _deep_s,
    ("S", "tall"): _deep_s,
    ("S", "broad"): _broad_s,
    ("S", "slurred"): _broad_s,
    ("S", "size"): lambda d, c: _between(d["s"], c),
    ("S", "duration"): lambda d, c: _between(d["s_ms"], c),
    ("QRS", "notched"): _notched,
    ("QRS", "upright"): lambda d, c: _band(_net(d), 0.05, -0.02),
    ("QRS", "inverted"): lambda d, c: _band(_net(d), -0.05, 0.02),
    ("QRS", "low"): lambda d, c: _band(d["qrs_height"], _chest(1.0, 0.5), _chest(1.15, 0.6)),
    ("QRS", "size"): lambda d, c: _between(d["qrs_height"], c),
    ("VOLTAGE", "low"): lambda d, c: _band(d["qrs_height"], _chest(1.0, 0.5), _chest(1.15, 0.6)),
    ("VOLTAGE", "size"): lambda d, c: _between(d["qrs_height"], c),
    ("ST", "elevated"): _st_elevated,
    ("ST", "depressed"): _st_depressed,
    ("ST", "deviating"): lambda d, c: _either(_st_elevated(d, c), _st_depressed(d, c)),
    ("ST", "isoelectric"): lambda d, c: _band(np.maximum(np.abs(d["j"]), np.abs(d["st60"])), 0.05, 0.1),
    ("ST", "horizontal"): lambda d, c: _band(np.abs(_slope(d)), 0.025, 0.2),
    ("ST", "downsloping"): lambda d, c: _band(_slope(d), -0.02, 0.1),
    ("ST", "upsloping"): lambda d, c: _band(_slope(d), 0.03, -0.03),
    ("ST", "size"): lambda d, c: _between(d["j"], c),
    ("T", "inverted"): _t_inverted,
    ("T", "upright"): _t_upright,
    ("T", "flat"): _t_flat,
    ("T", "low"): lambda d, c: _band(np.abs(np.where(d["t_max"] > -d["t_min"], d["t_max"], d["t_min"])), 0.1, 0.17),
    ("T", "tall"): lambda d, c: _band(d["t_max"], _chest(1.0, 0.5), _chest(0.75, 0.38)),
    ("T", "pointed"): lambda d, c: _pointed_t(d),
    ("T", "deep"): lambda d, c: _band(-d["t_min"], 0.5, 0.3),
    ("T", "biphasic"): lambda d, c: _band(np.minimum(d["t_max"], -d["t_min"]), 0.05, 0.02),
    ("T", "notched"): lambda d, c: _band(d["t_peaks"], 2, 1),
    ("T", "bifid"): lambda d, c: _band(d["t_peaks"], 2, 1),
    ("T", "size"): lambda d, c: _between(np.where(d["t_max"] > -d["t_min"], d["t_max"], d["t_min"]), c),
    ("", "qs"): _qs,
    ("", "rs"): _rs,
    ("", "qr"): _qr,
    ("", "rsr"): _rsr,
    ("", "r_over_s"): _r_over_s,
    ("", "s_over_r"): _s_over_r,
    ("", "discordant"): _discordant,
    ("", "low_t_for_r"): lambda d, c: np.where(
        d["r"] < 0.3, _UNDECIDED, _band(np.maximum(d["t_max"], -d["t_min"]) / np.maximum(d["r"], 0.3), 0.1, 0.15)
    ),
}
# "below 0.5 mV in the limb leads": in all of them.
_IN_EVERY_LEAD = {("VOLTAGE", "low"), ("VOLTAGE", "size"), ("QRS", "low"), ("QRS", "size")}


def _right(right: float, other: float) -> np.ndarray:
    return np.array([right if lead in ("V1", "V2") else other for lead in LEADS])


def _chest(chest: float, limb: float) -> np.ndarray:
    return np.array([limb if lead in LIMB_LEADS else chest for lead in LEADS])


def _two_peaked_p(d: _Drawn) -> np.ndarray:
    # A long P wave has a shoulder where it has no second peak.
    single = _UNDECIDED if d.put_in["p_ms"] >= 116 else 0.0
    return _shown_p(d, np.where(d["p_peaks"] >= 2, 1.0, single))


def _pointed_t(d: _Drawn) -> np.ndarray:
    if "hyperkalaemia" in d.findings:
        return np.where(d["t_max"] >= 0.4, 1.0, _UNDECIDED)
    return np.where(d["t_max"] < 0.5, 0.0, _UNDECIDED)


# --- the whole recording ---


def _p_present(d: _Drawn, claim: Claim) -> bool | None:
    if d.has_p:
        return None if d.put_in["basic_kind"] == "ectopic" else True
    return None if len(d.p_kinds) else False


def _p_duration(d: _Drawn, claim: Claim) -> bool | None:
    return bool(_between(d.put_in["p_ms"], claim)) if d.has_p else False if not len(d.p_kinds) else None


def _p_broad(d: _Drawn, claim: Claim) -> bool | None:
    return _one(float(_band(d.put_in["p_ms"], 120, 116))) if d.has_p else False if not len(d.p_kinds) else None


def _pr(d: _Drawn, claim: Claim) -> bool | None:
    if d.put_in["pr_ms"] is None:
        return False
    if "mobitz_i_av_block" in d.findings:
        return None
    low, high = {"long": (200.0, None), "short": (None, 120.0)}.get(claim.quality, (claim.low, claim.high))
    return bool(_between(d.put_in["pr_ms"], Claim("PR", "size", low=low, high=high)))


def _pr_constant(d: _Drawn, claim: Claim) -> bool | None:
    if d.put_in["pr_ms"] is None or "mobitz_i_av_block" in d.findings:
        return False
    if claim.low is None and claim.high is None:
        return True
    return bool(_between(d.put_in["pr_ms"], claim))


def _qrs_duration(d: _Drawn, claim: Claim) -> bool | None:
    low, high = {"broad": (120.0, None), "narrow": (None, 119.99), "long": (120.0, None)}.get(
        claim.quality, (claim.low, claim.high)
    )
    return bool(_between(d.put_in["qrs_ms"], Claim("QRS", "size", low=low, high=high)))


def _qtc(d: _Drawn, claim: Claim) -> bool | None:
    if claim.low is not None or claim.high is not None:
        states = {bool(_between(value, claim)) for value in (d.qtc, d.put_in["qtc_ms"])}
        return states.pop() if len(states) == 1 else None
    if claim.quality == "long":
        states = {_one(float(_band(value, 470, 450))) for value in (d.qtc, d.put_in["qtc_ms"])}
    else:
        states = {_one(float(_band(value, 340, 360))) for value in (d.qtc, d.put_in["qtc_ms"])}
    return states.pop() if len(states) == 1 else None


def _regular(d: _Drawn, claim: Claim) -> bool | None:
    if d.findings & {"atrial_fibrillation"} and d.put_in["basic_kind"] != "paced":
        return False
    if len(d.rr) < 3:
        return None
    spread = float(np.ptp(d.rr) / np.median(d.rr))
    return True if spread < 0.12 else False if spread > 0.2 else None


def _irregular(d: _Drawn, claim: Claim) -> bool | None:
    state = _regular(d, claim)
    if state is False and not d.findings & {"atrial_fibrillation", "sinus_arrhythmia"}:
        return None
    return None if state is None else not state


def _rr(d: _Drawn, claim: Claim) -> bool | None:
    inside = _between(1000 * d.rr, claim)
    return True if inside.all() else None if inside.any() else False


def _rate(d: _Drawn, claim: Claim) -> bool | None:
    low, high = {"fast": (100.0, None), "slow": (None, 60.0)}.get(claim.quality, (claim.low, claim.high))
    if claim.quality == "normal":
        low, high = 60.0, 100.0
    return bool(_between(d.put_in["rate"], Claim("RATE", "size", low=low, high=high)))


def _atrial_rate(d: _Drawn, claim: Claim) -> bool | None:
    rate = d.put_in.get("atrial_rate") or (60 / np.median(np.diff(d.p_onsets)) if len(d.p_onsets) > 3 else None)
    return None if rate is None else bool(_between(rate, claim))


def _u(d: _Drawn, claim: Claim) -> bool | None:
    return _one(float(_band(d.put_in["u_wave"], 0.09, 0.045)))


def _high_voltage(d: _Drawn, claim: Claim) -> bool | None:
    return _one(float(_band(_sokolow_mv(d), 3.5, 3.0)))


def _sokolow_mv(d: _Drawn) -> float:
    s = max(d["s"][_PLACE["V1"]], d["q"][_PLACE["V1"]])
    return float(s + max(d["r"][_PLACE["V5"]], d["r"][_PLACE["V6"]]))


def _sokolow(d: _Drawn, claim: Claim) -> bool | None:
    return bool(_between(_sokolow_mv(d), claim)) if claim.low is not None or claim.high is not None else None


def _finding(*names: str) -> Callable[[_Drawn, Claim], bool]:
    return lambda d, claim: bool(d.findings & set(names))


def _never(d: _Drawn, claim: Claim) -> bool:
    """No simulation draws it."""
    return False


def _p_before_qrs(d: _Drawn, claim: Claim) -> bool | None:
    share = d.conducted_share
    if not claim.leads or share == 0:
        return True if share > 0.95 else None if share > 0 else False
    # "an upright P wave before every QRS complex in I, II and aVF": in each of them.
    upright = _p_upright(d, claim)
    return _and([share > 0.95 or None, *(_one(upright[_PLACE[lead]]) for lead in claim.leads)])


def _escape(d: _Drawn, claim: Claim) -> bool | None:
    if (d.qrs_kinds == "escape").any():
        return True
    return None if "third_degree_av_block" in d.findings else False


def _p_conducted(d: _Drawn, claim: Claim) -> bool | None:
    if not d.has_p:
        return False
    earlier = d.p_onsets < d.p_onsets.max() - 0.01
    return bool((d.p_beats[earlier] >= 0).all())


def _no_p_before_qrs(d: _Drawn, claim: Claim) -> bool | None:
    if d.conducted_share > 0:
        return None if d.ectopic_qrs else False
    return None if d.has_p else True


def _dropped(d: _Drawn, claim: Claim) -> bool | None:
    if d.findings & {"mobitz_i_av_block", "mobitz_ii_av_block"}:
        return True if (d.p_beats[:-1] < 0).any() else None
    return None if _dissociated(d, claim) else False


def _dissociated(d: _Drawn, claim: Claim) -> bool:
    return d.has_p and d.conducted_share == 0 and len(d.p_kinds) >= 3


def _early_broad(d: _Drawn, claim: Claim) -> bool | None:
    if d.put_in["basic_kind"] == "ectopic":
        return None
    return d.ectopic_qrs


def _early_p(d: _Drawn, claim: Claim) -> bool:
    return bool(((d.p_kinds == "ectopic") & (d.p_beats >= 0)).any())


def _compensatory(d: _Drawn, claim: Claim) -> bool | None:
    if d.ectopic_qrs:
        return True if (d.qrs_kinds[:-1] == "ectopic").any() else None
    return None if _early_p(d, claim) else False


def _alternating(d: _Drawn, claim: Claim) -> bool | None:
    if "ventricular_bigeminy" in d.findings:
        return True
    return None if d.ectopic_qrs or _early_p(d, claim) else False


def _atrial_waves(d: _Drawn, claim: Claim) -> bool | None:
    wanted = {"atrial_fibrillation_waves": "fibrillation", "flutter_waves": "flutter"}[claim.quality]
    if d.put_in["atria"] != wanted:
        return False
    return True if d.put_in["atrial_waves_mv"] >= 0.03 else None


def _axis(d: _Drawn, claim: Claim) -> bool | None:
    return bool(_between(d.put_in["axis_degrees"], claim))


def _terminal_p(d: _Drawn, claim: Claim) -> bool | None:
    if not d.has_p:
        return None if len(d.p_kinds) else False
    at = _PLACE["V1"]
    # Morris et al. 1964, doi:10.1161/01.CIR.29.2.242: 0.04 mm s and more, 4 mV ms.
    return _one(float(_band(-d["p_end"][at] * d["p_end_ms"][at], 4.0, 2.5)))


def _p_after(d: _Drawn, claim: Claim) -> bool | None:
    where = d.put_in.get("retrograde")
    return None if where == "hidden" else where is not None


def _poor_r(d: _Drawn, claim: Claim) -> bool | None:
    return _one(float(_band(max(d["r"][_PLACE["V3"]], d["r2"][_PLACE["V3"]]), 0.3, 0.5)))


def _r_shrinks(d: _Drawn, claim: Claim) -> bool | None:
    r = [d["r"][_PLACE[lead]] for lead in ("V1", "V2", "V4", "V6")]
    if r[3] < 0.6 * r[1] and r[2] < r[1]:
        return True
    return False if max(r[2:]) > 1.3 * max(r[:2]) else None


def _s_to_v5(d: _Drawn, claim: Claim) -> bool | None:
    return _one(float(_s_over_r(d, claim)[_PLACE["V5"]]))


def _long_pause(d: _Drawn, claim: Claim) -> bool | None:
    return _one(float(_band(d.rr.max(initial=0.0), 3.0, 2.0)))


def _pause(d: _Drawn, claim: Claim) -> bool | None:
    return False if _regular(d, claim) else None


def _changing_rr(d: _Drawn, claim: Claim) -> bool | None:
    return True if "sinus_arrhythmia" in d.findings else False if _regular(d, claim) or not d.has_p else None


def _broad_run(d: _Drawn, claim: Claim) -> bool | None:
    return None if d.put_in["basic_kind"] in ("ectopic", "escape", "paced") else False


_WHOLE: dict[tuple[str, str], Callable[[_Drawn, Claim], bool | None]] = {
    ("P", "present"): _p_present,
    ("P", "duration"): _p_duration,
    ("P", "broad"): _p_broad,
    ("P", "long"): _p_broad,
    **{("PR", quality): _pr for quality in ("long", "short", "size", "duration")},
    ("PR", "constant"): _pr_constant,
    **{("QRS", quality): _qrs_duration for quality in ("broad", "narrow", "long", "duration")},
    **{("QTC", quality): _qtc for quality in ("long", "short", "size", "duration")},
    **{("QT", quality): _qtc for quality in ("long", "short")},
    ("QT", "size"): lambda d, c: bool(_between(d.put_in["qt_ms"], c)),
    ("QT", "duration"): lambda d, c: bool(_between(d.put_in["qt_ms"], c)),
    **{(wave, "regular"): _regular for wave in ("RR", "QRS", "RATE")},
    **{(wave, "irregular"): _irregular for wave in ("RR", "QRS", "RATE")},
    **{("RR", quality): _rr for quality in ("size", "duration")},
    **{("RATE", quality): _rate for quality in ("size", "duration", "fast", "slow", "normal")},
    **{("QRS", quality): _rate for quality in ("fast", "slow")},
    ("ATRIAL_RATE", "size"): _atrial_rate,
    **{("U", quality): _u for quality in ("present", "tall")},
    ("VOLTAGE", "tall"): _high_voltage,
    ("AXIS", "size"): _axis,
    ("AXIS", "left"): _finding("left_axis_deviation"),
    ("AXIS", "right"): _finding("right_axis_deviation"),
    ("AXIS", "normal"): _finding("normal_axis"),
    ("AXIS", "deviating"): lambda d, c: "normal_axis" not in d.findings,
    ("", "axis_left"): _finding("left_axis_deviation"),
    ("", "axis_right"): _finding("right_axis_deviation"),
    ("", "axis_extreme"): _finding("extreme_axis_deviation"),
    ("", "axis_normal"): _finding("normal_axis"),
    ("", "atrial_fibrillation_waves"): _atrial_waves,
    ("", "flutter_waves"): _atrial_waves,
    ("", "delta_wave"): _finding("wolff_parkinson_white"),
    ("", "spikes"): _finding("ventricular_pacing"),
    ("", "ventricular_spikes"): _finding("ventricular_pacing"),
    ("", "p_before_qrs"): _p_before_qrs,
    ("", "p_conducted"): _p_conducted,
    ("", "escape_rhythm"): _escape,
    ("", "no_p_before_qrs"): _no_p_before_qrs,
    ("", "dropped_qrs"): _dropped,
    ("", "pr_lengthens"): _finding("mobitz_i_av_block"),
    ("", "pr_at_random"): _dissociated,
    ("", "dissociated"): _dissociated,
    ("", "early_broad_beat"): _early_broad,
    ("", "early_narrow_beat"): lambda d, c: _early_p(d, c),
    ("", "early_p"): _early_p,
    ("", "early_beat"): lambda d, c: _or([_early_broad(d, c), _early_p(d, c)]),
    ("", "compensatory_pause"): _compensatory,
    ("", "alternating_beats"): _alternating,
    ("", "every_second_early"): _alternating,
    ("", "sokolow"): _sokolow,
    ("", "p_terminal_negative"): _terminal_p,
    ("", "p_after_qrs"): _p_after,
    ("", "p_hidden_or_after_qrs"): lambda d, c: "retrograde" in d.put_in,
    ("", "poor_r_progression"): _poor_r,
    ("", "low_voltage_limb"): lambda d, c: bool((d["qrs_height"][:6] < 0.5).all()),
    ("", "r_shrinks"): _r_shrinks,
    ("", "s_over_r_to_v5"): _s_to_v5,
    ("", "u_after_t"): _u,
    ("", "long_pause"): _long_pause,
    ("", "pause_without_p"): _pause,
    ("", "p_equal"): _changing_rr,
    ("", "broad_run"): _broad_run,
    ("", "qrs_changes_shape"): lambda d, c: None if d.ectopic_qrs else False,
    **{
        ("", name): _never
        for name in (
            *("atrial_spikes", "epsilon_wave", "osborn_wave", "asystole", "couplet", "every_third_early"),
            *("early_p_alternates", "three_p_shapes", "sine_wave", "alternans"),
        )
    },
}
