"""What stands for "nothing there" in a map that compares the recording with something else.

Integrated gradients, occlusion and lead ablation explain the difference between a recording and a baseline, so the
baseline decides what they can see (Sturmfels et al. 2020, doi:10.23915/distill.00022): against a flat line an absent
wave is no difference. A further baseline is one function and one line of `BASELINES`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.ndimage import gaussian_filter1d

from ecgclip_core.ecg.delineate import delineate
from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.ecg.recording import ECG
from ecgclip_core.findings.catalogue import catalogue
from ecgclip_core.model.preprocessing import Preprocessing
from ecgclip_core.model.query import Query

BLUR_S = 0.12  # standard deviation; P, QRS and T melt into each other, the slow drift stays
NORMAL_SEEDS = range(3_000_000, 3_000_012)  # of simulations that no training drew
BEFORE_QRS_S, AFTER_QRS_S, TAPER_S = 0.24, 0.50, 0.04
ABSENCE = re.compile(r"\b(absent|missing|no|without)\b[^,;]*\b[PQRSTU] waves?\b", re.IGNORECASE)

Windows = Callable[[np.ndarray, ECG, Preprocessing], np.ndarray]


@dataclass(frozen=True)
class Baseline:
    """One thing to compare a recording with.

    Attributes
    ----------
    label, note : str
        What a reader calls it, and what can and cannot be seen against it.
    function : callable
        ``function(windows, ecg, preprocessing) -> windows``: prepared windows of shape (w, 12, length) in, the same
        shape out.
    shows_absence : bool
        Whether a wave that is absent makes a difference to it.
    """

    label: str
    note: str
    function: Windows
    shows_absence: bool = False


def zero(windows: np.ndarray, ecg: ECG, preprocessing: Preprocessing) -> np.ndarray:
    """A flat line at zero, the mean of the filtered signal."""
    return np.zeros_like(windows)


def level(windows: np.ndarray, ecg: ECG, preprocessing: Preprocessing) -> np.ndarray:
    """A flat line at each lead's own median, which lies near the line between the waves."""
    return np.broadcast_to(np.median(windows, axis=2, keepdims=True), windows.shape).copy()


def blurred(windows: np.ndarray, ecg: ECG, preprocessing: Preprocessing) -> np.ndarray:
    """The recording without sharp features (Fong and Vedaldi 2017, doi:10.1109/ICCV.2017.371)."""
    return gaussian_filter1d(windows, BLUR_S * preprocessing.sampling_rate, axis=2, mode="nearest")


def normal_beats(windows: np.ndarray, ecg: ECG, preprocessing: Preprocessing) -> np.ndarray:
    """A normal beat, the mean of simulated normal recordings, at each beat of the recording.

    Its P wave, QRS complex and T wave stand where those of a normal beat would, so that what is absent, small or
    reversed in the recording makes a difference. Where no beat is found the line is flat.
    """
    rate = preprocessing.sampling_rate
    before = round(BEFORE_QRS_S * rate)
    beat = _normal_beat(preprocessing)
    samples = round(ecg.duration * rate)
    line = np.zeros((windows.shape[1], max(samples, preprocessing.length)), dtype=np.float32)
    starts = np.round(_qrs_onsets(ecg) * rate).astype(int) - before
    if len(starts):
        line[:, :samples] = beat[:, :1]
    for start, following in zip(starts, [*starts[1:], samples], strict=False):
        first, last = max(start, 0), min(start + beat.shape[1], following, samples)
        if last > first:
            line[:, first:last] = beat[:, first - start : last - start]
    present = np.isfinite(ecg.signal).any(axis=1)[[LEADS.index(lead) for lead in preprocessing.leads]]
    line[~present] = 0
    return np.stack([line[:, start : start + preprocessing.length] for start in _window_starts(ecg, preprocessing)])


def absence_is_the_point(query: Query) -> bool:
    """Whether a question is about something that is not there: a denial, or a finding with an absent wave."""
    findings = [catalogue().get(part.finding) for part in query.each]
    texts = [feature.text for finding in findings if finding for feature in finding.features]
    return any(part.negated for part in query.each) or any(ABSENCE.search(text) for text in texts)


def _window_starts(ecg: ECG, preprocessing: Preprocessing) -> np.ndarray:
    return preprocessing.window_starts(round(ecg.duration * preprocessing.sampling_rate))


def _qrs_onsets(ecg: ECG) -> np.ndarray:
    """Seconds, one a beat."""
    waves = delineate(ecg)
    return waves[waves["wave"] == "QRS"].groupby("beat")["onset_s"].median().sort_values().to_numpy()


@lru_cache(maxsize=4)
def _normal_beat(preprocessing: Preprocessing) -> np.ndarray:
    """Mean normal beat, shape (12, n), as the checkpoint sees it; both ends at the level between the waves."""
    from ecgclip_core.simulation.simulate import simulate

    rate = preprocessing.sampling_rate
    before, length = round(BEFORE_QRS_S * rate), round((BEFORE_QRS_S + AFTER_QRS_S) * rate)
    beats = []
    for seed in NORMAL_SEEDS:
        ecg = simulate("sinus_rhythm", seed, sampling_rate=250)
        signal = preprocessing.prepare(ecg)
        onsets = ecg.truth.waves.query("wave == 'QRS'")["onset_s"].to_numpy()
        for start in np.round(onsets * rate).astype(int) - before:
            if start >= 0 and start + length <= signal.shape[1]:
                beats.append(signal[:, start : start + length])
    ramp = np.minimum(np.arange(length) / (TAPER_S * rate), 1.0)
    beat = np.mean(beats, axis=0)
    between = beat[:, [0, -1]].mean(axis=1, keepdims=True)
    return (between + (beat - between) * np.minimum(ramp, ramp[::-1])).astype(np.float32)


BASELINES: dict[str, Baseline] = {
    "zero": Baseline("Flat line", "An absent or flat wave gets nothing.", zero),
    "level": Baseline(
        "Each lead's own level",
        "A flat line at the level between the waves. An absent or flat wave gets nothing.",
        level,
    ),
    "blurred": Baseline(
        "The recording, blurred", "What is slow gets little, and an absent or flat wave gets nothing.", blurred
    ),
    "normal": Baseline(
        "Normal beats",
        "A mean normal beat at every beat: an absent, low or reversed wave gets its share. What departs from the mean "
        "only because people differ gets one too.",
        normal_beats,
        shows_absence=True,
    ),
}
