"""Flutter waves: atria that move without pause, every wave like the last."""

import numpy as np

from ecgclip_core.ecg.filters import WORKING_RATE, band
from ecgclip_core.ecg.templates import lead_scale
from ecgclip_core.ecg.waves import samples

PERIOD = (0.15, 0.32)  # s: 190 to 400 a minute (Saoudi et al. 2001, doi:10.1053/euhj.2001.2658, has 240 to 350)
ALIKE = 0.65  # correlation of what is seen between the QRS complexes with itself one period later
# Periods between two beats: T and P waves at a half or a third of the way from beat to beat look the same as flutter
# waves, unless the beats come at unequal distances.
LEAST_RATIO, LEAST_RATIO_STEADY = 2.5, 3.5
STEADY_RR = 0.16  # longest minus shortest interval over the median
_THINNED = 5  # samples; 100 Hz is enough for waves below 15 Hz
_LEAST_SEEN = 2.0  # s


def flutter_period(x: np.ndarray, usable: np.ndarray, r: np.ndarray, qrs: list[tuple[float, float]]) -> float | None:
    """The interval from one flutter wave to the next, s.

    The QRS complexes are cut out; what is left is compared with itself one period later, over all leads together. T and
    P waves recur with the beats and not in between, flutter waves do.

    Parameters
    ----------
    x : ndarray, shape (12, n)
    usable : ndarray of bool, shape (12,)
    r : ndarray of int, shape (k,)
    qrs : list of (float, float)
        Onset and offset of the QRS of each beat, seconds from its R peak.

    Returns
    -------
    float or None
        None where there are none, or where every second one could hide in a QRS complex.
    """
    if len(r) < 3 or not usable.any():
        return None
    seen, between = _between_beats(x[usable], r, qrs)
    usual = float(np.median(np.diff(r))) / WORKING_RATE
    steady = np.ptp(np.diff(r)) / WORKING_RATE < STEADY_RR * usual
    step = _THINNED / WORKING_RATE
    lags = np.arange(round(PERIOD[0] / step) - 1, round(PERIOD[1] / step) + 2)
    likeness = np.array([_likeness(between, seen, lag, step) for lag in lags])
    inner = slice(1, -1)
    peak = (likeness[inner] >= likeness[:-2]) & (likeness[inner] >= likeness[2:]) & (likeness[inner] > ALIKE)
    peak &= usual > (LEAST_RATIO_STEADY if steady else LEAST_RATIO) * lags[inner] * step
    # The line must also swing between the peaks: a slow drift resembles itself at every lag.
    if not peak.any() or likeness.min() > 0.3:
        return None
    return float(lags[inner][np.argmax(np.where(peak, likeness[inner], -1))] * step)


def _between_beats(x: np.ndarray, r: np.ndarray, qrs: list[tuple[float, float]]) -> tuple[np.ndarray, np.ndarray]:
    n = x.shape[1]
    rest, seen = x.copy(), np.ones(n, bool)
    for beat, (onset, offset) in zip(r, qrs, strict=True):
        a, b = max(0, beat + samples(onset - 0.02)), min(n - 1, beat + samples(min(offset, onset + 0.2) + 0.02))
        rest[:, a:b] = rest[:, [a]] + (rest[:, [b]] - rest[:, [a]]) * np.linspace(0, 1, max(b - a, 0))
        seen[a:b] = False
    rest = band(rest, 3.0, 15.0) / lead_scale(x)
    return seen[::_THINNED], rest[:, ::_THINNED]


def _likeness(between: np.ndarray, seen: np.ndarray, lag: int, step: float) -> float:
    both = seen[:-lag] & seen[lag:]
    if both.sum() * step < _LEAST_SEEN:
        return 0.0
    now, later = between[:, :-lag][:, both], between[:, lag:][:, both]
    return float((now * later).sum() / np.sqrt((now**2).sum() * (later**2).sum() + 1e-12))
