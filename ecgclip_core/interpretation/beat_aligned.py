"""A map averaged over the beats of a recording."""

import numpy as np

from ecgclip_core.ecg.analysis import analyse
from ecgclip_core.ecg.filters import WORKING_RATE
from ecgclip_core.ecg.recording import ECG
from ecgclip_core.interpretation.pointing import KINDS

BIN_S = 0.02
TIMES = np.round(np.arange(-0.33, 0.56, BIN_S), 3)  # seconds from R, the middles of the bins
_FINE = 5  # looks into each bin


def beat_aligned(values: np.ndarray, sampling_rate: float, beats: np.ndarray) -> np.ndarray:
    """The mean over beats in bins of 20 ms about R.

    Parameters
    ----------
    values : ndarray, shape (12, n)
    sampling_rate : float
        Hz.
    beats : ndarray, shape (k,)
        R peaks, seconds.

    Returns
    -------
    ndarray of float64, shape (12, len(TIMES))
        Zero where no beat reaches.
    """
    offsets = (TIMES[:, None] + ((np.arange(_FINE) + 0.5) / _FINE - 0.5) * BIN_S).ravel()
    at = np.round((np.asarray(beats, dtype=float)[:, None] + offsets) * sampling_rate).astype(int)
    inside = (at >= 0) & (at < values.shape[1])
    taken = np.where(inside, np.nan_to_num(values)[:, np.clip(at, 0, values.shape[1] - 1)], 0.0)
    sums = taken.sum(axis=1).reshape(len(values), len(TIMES), _FINE).sum(axis=2)
    counts = inside.sum(axis=0).reshape(len(TIMES), _FINE).sum(axis=1)
    return sums / np.maximum(counts, 1)


def usual_beats(ecg: ECG) -> np.ndarray:
    """R peaks of the beats of the dominant shape, seconds: those that the median beat is made of."""
    found = analyse(ecg)
    return found.r[found.group == 0] / WORKING_RATE if found.shapes else np.array([])


def beats_of(ecg: ECG, finding: str) -> np.ndarray:
    """R peaks of the beats that show a finding, seconds.

    Of a finding that lies in single beats, as premature ones, these alone where a simulation's truth tells them; else
    all beats of the dominant shape.
    """
    kind = KINDS.get(finding)
    if kind and ecg.truth is not None and "kind" in ecg.truth.waves:
        waves = ecg.truth.waves
        return waves.loc[(waves["wave"] == "QRS") & (waves["kind"] == kind), "peak_s"].to_numpy(float)
    return usual_beats(ecg)
