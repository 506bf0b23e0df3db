"""What the order of the beats says: regular or not, premature beats, broad beats, pacing spikes."""

import numpy as np

from ecgclip_core.ecg.analysis import Analysis
from ecgclip_core.ecg.fact import Fact
from ecgclip_core.ecg.filters import WORKING_RATE
from ecgclip_core.ecg.flutter import STEADY_RR
from ecgclip_core.ecg.measure import NO_BEATS, NOT_MEASURABLE
from ecgclip_core.ecg.vocabulary import YES_OR_NO

BROAD_MS = 120.0
EARLY = 0.85  # of the interval that is usual where the beat stands
PAUSE = 1.05  # the same, for the interval after it, unless the beat has another shape
IRREGULAR_THROUGHOUT = 0.06  # median change from one interval to the next, over the median interval
SPIKE_TO_QRS = 0.080  # s
SPIKE_TO_P = (0.080, 0.350)  # s before the QRS
SPIKES_SHOW_FROM = 250.0  # Hz
_FEW_BEATS = "It needs {} beats; the recording shows {}."


def rhythm_facts(found: Analysis, sampling_rate: float) -> dict[str, Fact]:
    """The facts of the rhythm by name, as ``docs/criteria.md`` defines them.

    Parameters
    ----------
    found : Analysis
    sampling_rate : float
        Of the recording, Hz.
    """
    broad = broad_beats(found)
    early = premature(found)
    runs = np.diff(np.flatnonzero(np.diff(np.concatenate([[0], broad.astype(int), [0]]))))[::2]
    beats = len(found.r)
    return {
        "longest_rr": _of_beats(found, 2, "ms", lambda: 1000.0 * found.rr.max()),
        "shortest_rr": _of_beats(found, 2, "ms", lambda: 1000.0 * found.rr.min()),
        "regular": _of_beats(found, 3, YES_OR_NO, lambda: is_regular(found, early)),
        "premature_beats": _of_beats(found, 3, "", lambda: int(early.sum())),
        "premature_broad_beats": _of_beats(found, 3, "", lambda: int((early & broad & (found.group > 0)).sum())),
        "broad_beats_in_a_row": _of_beats(found, 1, "", lambda: int(runs.max(initial=0))),
        "broad_share": _of_beats(found, 1, "", lambda: float(broad.sum() / beats)),
        "bigeminy": _of_beats(found, 6, YES_OR_NO, lambda: is_bigeminy(early)),
        "ventricular_pacing_spikes": _spikes(found, sampling_rate, (-0.02, SPIKE_TO_QRS)),
        "atrial_pacing_spikes": _spikes(found, sampling_rate, SPIKE_TO_P),
    }


def _of_beats(found: Analysis, least: int, unit: str, value) -> Fact:
    beats = len(found.r)
    if not beats:
        return Fact(None, unit, NOT_MEASURABLE, NO_BEATS)
    if beats < least:
        return Fact(None, unit, NOT_MEASURABLE, _FEW_BEATS.format(least, beats))
    return Fact(value(), unit)


def widths(found: Analysis) -> np.ndarray:
    """QRS duration of each shape of beat, ms."""
    return np.array([1000.0 * (shape.qrs.together[2] - shape.qrs.together[0]) for shape in found.shapes])


def broad_beats(found: Analysis) -> np.ndarray:
    """Which beats have a QRS of 120 ms or more, shape (k,)."""
    return widths(found)[found.group] >= BROAD_MS if len(found.r) else np.zeros(0, bool)


def irregular_throughout(found: Analysis) -> bool:
    """Whether hardly two intervals are alike, as in atrial fibrillation."""
    if len(found.rr) < 4:
        return False
    return bool(np.median(np.abs(np.diff(found.rr))) > IRREGULAR_THROUGHOUT * np.median(found.rr))


def premature(found: Analysis) -> np.ndarray:
    """Which beats come before their time, shape (k,).

    Early is measured against the usual interval and, where every second beat is early, against the mean of the interval
    before and the one after. In a rhythm that is irregular throughout and without P waves, as in atrial fibrillation,
    only broad beats of another shape count.
    """
    early = np.zeros(len(found.r), bool)
    if len(found.r) < 3:
        return early
    rr = found.rr.copy()
    paused = np.isin(np.arange(len(rr)), np.searchsorted(found.r / WORKING_RATE, found.dropped) - 1)
    usual = float(np.median(rr if paused.all() else rr[~paused]))
    rr[paused] = usual  # a dropped beat is no pause after an early one
    other_shape = found.group != 0
    broad = broad_beats(found)
    fibrillates = not found.conducted and irregular_throughout(found)
    for beat in range(1, len(found.r)):
        before = rr[beat - 1]
        after = rr[beat] if beat < len(rr) else None
        earlier = rr[beat - 2] if beat > 1 else usual
        around = max(usual, (before + after) / 2) if after is not None else max(usual, (before + earlier) / 2)
        if before >= EARLY * around or before >= EARLY * max(earlier, usual):
            continue
        if early[beat - 1] and not other_shape[beat]:
            continue  # after a premature beat only another one of strange shape is premature too
        strange = other_shape[beat] and (broad[beat] or not fibrillates)
        pause = after is not None and after >= PAUSE * usual and after > before / EARLY
        early[beat] = strange or (not fibrillates and (pause or after is None))
    return early


def is_regular(found: Analysis, early: np.ndarray) -> bool:
    """Whether the intervals that neither begin nor end with a premature beat are alike."""
    kept = found.rr[~early[1:] & ~early[:-1]]
    if len(kept) < 2:
        kept = found.rr[1::2] if early.sum() >= len(early) // 2 - 1 else found.rr
    if len(kept) < 2:
        return True
    return bool(np.ptp(kept) <= STEADY_RR * np.median(kept))


def is_bigeminy(early: np.ndarray) -> bool:
    """Whether for six beats or more every second one is premature."""
    every_second = early[1:] & ~early[:-1]
    longest = run = 0
    for beat in range(0, len(every_second)):
        if every_second[beat]:
            run = run + 1 if beat >= 2 and every_second[beat - 2] else 1
            longest = max(longest, run)
    return longest >= 3


def _spikes(found: Analysis, sampling_rate: float, ahead: tuple[float, float]) -> Fact:
    """Whether most beats have a spike so many seconds before the onset of their QRS."""
    if not len(found.r):
        return Fact(None, YES_OR_NO, NOT_MEASURABLE, NO_BEATS)
    if sampling_rate < SPIKES_SHOW_FROM:
        reason = f"Recorded at {sampling_rate:g} Hz: pacing spikes show from {SPIKES_SHOW_FROM:g} Hz."
        return Fact(None, YES_OR_NO, NOT_MEASURABLE, reason)
    onsets = found.r + WORKING_RATE * np.array([shape.qrs.together[0] for shape in found.shapes])[found.group]
    delay = (onsets[:, None] - found.copy.spikes[None, :]) / WORKING_RATE
    led = ((delay > ahead[0]) & (delay <= ahead[1])).any(axis=1)
    return Fact(bool(led.mean() > 0.5), YES_OR_NO)
