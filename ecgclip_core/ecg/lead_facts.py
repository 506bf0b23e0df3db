"""The facts of each lead: read from the median beat, with their spread over the single beats."""

from dataclasses import dataclass

import numpy as np

from ecgclip_core.ecg import lead_waves
from ecgclip_core.ecg.analysis import Analysis
from ecgclip_core.ecg.fact import Fact
from ecgclip_core.ecg.filters import WORKING_RATE, moving_average
from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.ecg.measure import MEASURED, NO_T, NOT_MEASURABLE, UNSCALED, Measurements
from ecgclip_core.ecg.recording import ECG
from ecgclip_core.ecg.templates import Template
from ecgclip_core.ecg.vocabulary import LEAD_FACTS, YES_OR_NO
from ecgclip_core.ecg.waves import samples

NOISY_MV = 0.05  # mV in the median beat; P waves, ST levels and notches are lost in more
NOISY_SHARE = 0.10  # of the height of the QRS, the same for its waves
_MEDIAN_OF_NORMAL = 1.25  # standard error of a median over that of a mean
_J_WINDOW = 2  # samples to each side
_QUIET_BEFORE_P = 0.016  # s
_TERMINAL = "p_terminal"  # of the lead; the vocabulary has it for V1 alone

_OF_P = ("p_mv", "p_ms", "p_positive_mv", "p_negative_mv", "pr_segment_mv", _TERMINAL)
_OF_T = ("t_mv", "t_positive_mv", "t_negative_mv")
_OF_TIME = ("q_ms", "r_ms", "s_ms", "r2_ms", "r_peak_ms", "r_s_ratio", "qs")  # and ratio: these need no calibration


@dataclass(frozen=True)
class MedianAndBeats:
    """Beats of the dominant shape about their R peaks, the level before each QRS at zero.

    Attributes
    ----------
    median : Template
    beats : ndarray, shape (k, 12, m)
        NaN beyond the ends of the recording.
    """

    median: Template
    beats: np.ndarray


def lead_facts(ecg: ECG, found: Analysis, m: Measurements, both: MedianAndBeats) -> dict[str, dict[str, Fact]]:
    """Every fact of every lead.

    Parameters
    ----------
    ecg : ECG
    found : Analysis
    m : Measurements
        Of this recording.
    both : MedianAndBeats

    Returns
    -------
    dict of str to dict of str to Fact
        By name and lead; all names of `LEAD_FACTS` but ``st_limit``, and ``p_terminal`` (mV ms).
    """
    by_lead = [_lead(ecg, found, m, both, number) for number in range(len(LEADS))]
    return {name: {lead: row[name] for lead, row in zip(LEADS, by_lead, strict=True)} for name in _names()}


def _lead(ecg: ECG, found: Analysis, m: Measurements, both: MedianAndBeats, number: int) -> dict[str, Fact]:
    lead, names = LEADS[number], _names()
    if not found.copy.usable[number]:
        return {name: _without(name, NOT_MEASURABLE, f"Lead {lead} is missing or flat.") for name in names}
    spans, row = _spans(found, both.median.origin, number), both.median.signal[number]
    noise = _MEDIAN_OF_NORMAL * both.median.noise[number] / np.sqrt(max(len(both.beats), 1))
    height = float(np.ptp(_qrs(row, spans)))
    least = max(lead_waves.LEAST_MV if ecg.calibrated else lead_waves.LEAST_SHARE * height, 3 * noise)
    waves = lead_waves.deflections(_qrs(row, spans), least)
    values = _values(row, spans, waves) | {
        "notched": lead_waves.is_notched(_qrs(row, spans), max(least, 4 * noise)),
        "slurred_onset": lead_waves.begins_slowly(_qrs(row, spans)),
    }
    beats = both.beats[:, number]
    beats = beats[np.isfinite(beats[:, spans.qrs[0] - 10 : spans.qrs[1] + samples(0.07)]).all(axis=1)]
    single = [_values(beat, spans, lead_waves.followed(waves, _qrs(beat, spans))) for beat in beats]
    facts = {}
    for name in names:
        why = _why_not(name, ecg, m, lead, spans, noise, height)
        if why is None and values.get(name) is None:
            why = NOT_MEASURABLE, _NOT_THERE.get(name, f"Not to be seen in lead {lead}.")
        if why is not None:
            facts[name] = _without(name, *why)
        else:
            facts[name] = _with_spread(name, values[name], [one[name] for one in single if name in one])
    return facts


def _names() -> list[str]:
    return [*(name for name in LEAD_FACTS if name != "st_limit"), _TERMINAL]


_NOT_THERE = {
    "r_peak_ms": "There is no R wave in this lead.",
    "r_s_ratio": "There is neither R nor S in this lead.",
    "pr_segment_mv": "No level line is left between the T wave and the next P wave.",
}


def _qrs(row: np.ndarray, spans: lead_waves.Spans) -> np.ndarray:
    return row[spans.qrs[0] : spans.qrs[1] + 1]


def _without(name: str, status: str, reason: str) -> Fact:
    unit = "mV·ms" if name == _TERMINAL else LEAD_FACTS[name].unit
    return Fact(None, unit, status, reason)


def _with_spread(name: str, value: float | bool, beats: list[float | bool]) -> Fact:
    unit = "mV·ms" if name == _TERMINAL else LEAD_FACTS[name].unit
    if unit == YES_OR_NO:
        return Fact(bool(value), unit, beats=len(beats))
    finite = [one for one in beats if np.isfinite(one)]
    spread = round(float(np.std(finite, ddof=1)), 4) if len(finite) > 1 else None
    return Fact(round(float(value), 4), unit, MEASURED, "", spread, len(beats))


def _spans(found: Analysis, origin: int, number: int) -> lead_waves.Spans:
    """The waves in samples of the median beat: QRS and T over all leads, P as this lead has it."""
    shape = found.shapes[0]

    def span(onset: float, offset: float) -> tuple[int, int]:
        return origin + samples(onset), origin + samples(offset)

    on, _, off = shape.qrs.together
    p = span(shape.p.onset[number], shape.p.offset[number]) if found.conducted and shape.p is not None else None
    t = span(shape.t.together[0], shape.t.together[2]) if shape.t is not None else None
    return lead_waves.Spans(span(on, off), p, t)


def _why_not(
    name: str, ecg: ECG, m: Measurements, lead: str, spans: lead_waves.Spans, noise: float, height: float
) -> tuple[str, str] | None:
    """Status and reason where a fact cannot be had, else None."""
    if name in _OF_P and spans.p is None:
        return m.pr.status, m.pr.reason
    if name in _OF_T and spans.t is None:
        return NOT_MEASURABLE, NO_T
    if name in ("notched", "slurred_onset"):
        if ecg.sampling_rate < lead_waves.NOTCHES_SHOW_FROM:
            least = f"notches and slurs show from {lead_waves.NOTCHES_SHOW_FROM:g} Hz"
            return NOT_MEASURABLE, f"Recorded at {ecg.sampling_rate:g} Hz: {least}."
    elif not ecg.calibrated and name not in _OF_TIME and name != "p_ms":
        return NOT_MEASURABLE, UNSCALED
    if noise > NOISY_SHARE * height:
        return NOT_MEASURABLE, f"Lead {lead} is too noisy."
    if ecg.calibrated and noise > NOISY_MV and (name in _OF_P or name in _OF_T or name in ("j_mv", "st60_mv")):
        return NOT_MEASURABLE, f"Lead {lead} is too noisy for its smaller waves."
    return None


def _values(row: np.ndarray, spans: lead_waves.Spans, deflections: list[lead_waves.Deflection]) -> dict:
    """Sizes and durations of the waves of one row by name; names that are not there are left out."""
    last = spans.qrs[1]
    waves = {wave.name: wave for wave in deflections}
    values: dict[str, float | bool] = {}
    for name in ("q", "r", "s", "r2"):
        wave = waves.get(name)
        values[f"{name}_mv"] = wave.size if wave else 0.0
        values[f"{name}_ms"] = wave.ms if wave else 0.0
    up = max((waves[name] for name in ("r", "r2") if name in waves), key=lambda wave: wave.size, default=None)
    down = max((waves[name].size for name in ("q", "s", "s2") if name in waves), default=0.0)
    values["qs"] = up is None and "q" in waves
    if up is not None:
        peak = waves["r2"].peak if "r2" in waves else waves["r"].peak
        values["r_peak_ms"] = 1000.0 * peak / WORKING_RATE
    if up is not None or down:
        values["r_s_ratio"] = up.size / down if up is not None and down else np.inf if up is not None else 0.0
    values["qrs_mv"] = float(np.ptp(_qrs(row, spans)))
    values["j_mv"] = float(row[last - _J_WINDOW : last + _J_WINDOW + 1].mean())
    at = last + samples(0.060)
    values["st60_mv"] = float(row[at - _J_WINDOW : at + _J_WINDOW + 1].mean())
    return values | _p_values(row, spans) | _t_values(row, spans)


def _p_values(row: np.ndarray, spans: lead_waves.Spans) -> dict[str, float]:
    if spans.p is None or not np.isfinite(row[max(0, spans.p[0] - 5) : spans.p[1] + 1]).all():
        return {}
    p = moving_average(lead_waves.against_line(row, spans.p), 0.010)
    values = {
        "p_mv": lead_waves.largest(p),
        "p_positive_mv": max(float(p.max()), 0.0),
        "p_negative_mv": max(-float(p.min()), 0.0),
        "p_ms": 1000.0 * (spans.p[1] - spans.p[0]) / WORKING_RATE,
        _TERMINAL: lead_waves.terminal_negative(p),
    }
    start = spans.p[0] - samples(_QUIET_BEFORE_P)
    if start >= 0:
        values["pr_segment_mv"] = -float(row[start : spans.p[0] + 1].mean())
    return values


def _t_values(row: np.ndarray, spans: lead_waves.Spans) -> dict[str, float]:
    if spans.t is None:
        return {}
    t = row[spans.t[0] : spans.t[1] + 1]
    t = moving_average(t[np.isfinite(t)], 0.020)
    if len(t) < samples(0.04):
        return {}
    return {
        "t_mv": lead_waves.largest(t),
        "t_positive_mv": max(float(t.max()), 0.0),
        "t_negative_mv": max(-float(t.min()), 0.0),
    }
