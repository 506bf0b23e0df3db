"""The train of P waves where not every one leads to a beat: followed from wave to wave, since its rate breathes."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import maximum_filter1d

from ecgclip_core.ecg.atria import agreement
from ecgclip_core.ecg.filters import WORKING_RATE, band, moving_average
from ecgclip_core.ecg.templates import cut, lead_scale
from ecgclip_core.ecg.waves import samples

STEP = 0.020  # s, the grid on which the train is followed
INTERVALS = (0.36, 1.60)  # s from one P wave to the next: 38 to 167 a minute
CHANGE = 0.060  # s, by which one interval may differ from the last; half of it costs as much as a poor hump
LONGEST = 60.0  # s of a recording that are looked at
_HUMP = 1.6  # times the line: as likely a P wave as none
_BEST, _WORST, _HIDDEN = 1.5, -1.5, -0.1  # evidence of a high hump, of none, and inside a QRS complex, log2
_HALF_WIDTH = 0.06  # s of a P wave
_SHORTEST, _LONGEST = 0.09, 0.50  # s from the peak of a P wave to the R peak that it leads to
_GAP = 1.4  # times the interval between P waves: between two beats one must have been dropped
_LEAST, _SEEN_SHARE, _ALIKE, _STEADY = 4, 0.7, 0.90, 0.08


@dataclass(frozen=True)
class PTrain:
    """P waves one after the other.

    Attributes
    ----------
    times : ndarray, shape (k,)
        Peaks, s; also those that a QRS complex hides.
    seen : ndarray of bool, shape (k,)
        Those that stand clear of a QRS complex.
    beat : ndarray of int, shape (k,)
        Which beat each leads to; -1 for none.
    height : ndarray, shape (k,)
        Of their humps, in multiples of the line.
    alike : float
        Median correlation of one seen wave with the median of the others.
    """

    times: np.ndarray
    seen: np.ndarray
    beat: np.ndarray
    height: np.ndarray
    alike: float

    @property
    def believed(self) -> bool:
        """Whether these are P waves and not noise, T waves or fibrillation."""
        seen = int(self.seen.sum())
        if seen < _LEAST or seen < _SEEN_SHARE * len(self.times) or self.alike < _ALIKE:
            return False
        steady = np.std(np.diff(self.times)) < _STEADY * np.mean(np.diff(self.times))
        return bool(steady and np.quantile(self.height[self.seen], 0.1) > _HUMP)

    def pr(self, r: np.ndarray) -> np.ndarray:
        """Seconds from the peak of each P wave that is seen and leads to a beat to the R peak (`r`, s) of that beat."""
        kept = self.seen & (self.beat >= 0)
        return r[self.beat[kept]] - self.times[kept]

    def dropped(self, r: np.ndarray, strange: np.ndarray, duration: float) -> np.ndarray:
        """Times of the P waves that are seen and that no QRS complex follows, s.

        Parameters
        ----------
        r : ndarray, shape (n,)
            R peaks, s.
        strange : ndarray of bool, shape (n,)
            Beats of another shape: a P wave near to one finds the ventricles busy, and is not counted.
        duration : float
            Of what was searched, s; the beat of a P wave at its end may come later.
        """
        lost = self.times[self.seen & (self.beat < 0)]
        lost = lost[(lost > r[0]) & (lost < duration - _LONGEST)]
        busy = np.array([((t > r[strange] - 0.12) & (t < r[strange] + 0.50)).any() for t in lost], bool)
        gap = np.diff(np.append(r, np.inf))[np.searchsorted(r, lost) - 1]
        return lost[~busy & (gap > _GAP * np.median(np.diff(self.times)))]

    def locked(self, r: np.ndarray) -> float:
        """How constant the distance from P wave to R peak (`r`, s) is, on the circle of one P-P interval: 1 at most."""
        place = np.searchsorted(self.times, r - _SHORTEST) - 1
        inside = (place >= 0) & (place < len(self.times) - 1)
        interval = np.diff(self.times)[place[inside]]
        phase = (r[inside] - self.times[place[inside]]) / interval
        return float(np.abs(np.exp(2j * np.pi * phase).mean())) if inside.any() else 1.0


def p_train(x: np.ndarray, usable: np.ndarray, r: np.ndarray, explained: list[tuple[int, np.ndarray]]) -> PTrain | None:
    """Follow the P waves through a recording.

    What the median beats explain is taken away. The train is the path through the remaining humps that collects most
    evidence while its intervals change little from one to the next (dynamic programming).

    Parameters
    ----------
    x : ndarray, shape (12, n)
    usable : ndarray of bool, shape (12,)
    r : ndarray of int, shape (k,)
    explained : list of (int, ndarray)
        For each beat the sample at which its QRST begins, and the QRST of its median, shape (12, m).

    Returns
    -------
    PTrain or None
        None where there is no line to see humps on.
    """
    n = min(x.shape[1], samples(LONGEST))
    rest, hidden = _rest(x, r, explained)
    rest = (band(rest[usable], 2.0, 15.0) / lead_scale(x[usable]))[:, :n]
    hidden = hidden[:n]
    rest[:, hidden] = 0.0
    humps = np.sqrt(moving_average((rest**2).sum(axis=0), 0.070).clip(0))
    quiet = np.median(humps[~hidden]) if (~hidden).any() else 0.0
    if quiet <= 0:
        return None
    humps = humps / quiet
    step = samples(STEP)
    height = maximum_filter1d(humps, step)[::step]
    unseen = maximum_filter1d(hidden.astype(np.uint8), samples(0.05)).astype(bool)
    evidence = np.clip(np.log2(np.maximum(height, 1e-3) / _HUMP), _WORST, _BEST)
    evidence = np.where(unseen[::step], _HIDDEN, evidence)
    at = _sharpened(_best_path(evidence) * step, humps, unseen)
    return _described(at, rest, humps, unseen, r)


def _rest(x: np.ndarray, r: np.ndarray, explained: list[tuple[int, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    n = x.shape[1]
    rest, hidden = x.copy(), np.zeros(n, bool)
    for (start, qrst), beat in zip(explained, r, strict=True):
        a, b = max(start, 0), min(start + qrst.shape[1], n)
        rest[:, a:b] -= np.nan_to_num(qrst[:, a - start : b - start])
        hidden[max(0, beat - samples(0.08)) : beat + samples(0.12)] = True
    return rest, hidden


def _best_path(evidence: np.ndarray) -> np.ndarray:
    """Grid positions of the path of most evidence, shape (k,)."""
    steps = np.arange(round(INTERVALS[0] / STEP), round(INTERVALS[1] / STEP) + 1)
    n, reach = len(evidence), round(CHANGE / STEP)
    bend = np.arange(-reach, reach + 1)
    cost = (bend / (reach / 2)) ** 2 / 2
    score = np.full((n, len(steps) + 2 * reach), -np.inf)
    come = np.zeros((n, len(steps)), np.int16)
    columns = np.arange(len(steps))
    window = columns[:, None] + reach + bend
    for t in range(n):
        before = t - steps
        inside = before >= 0
        options = score[before[inside][:, None], window[inside]] - cost
        best = options.argmax(axis=1)
        come[t, inside] = best
        score[t, reach : reach + len(steps)][inside] = evidence[t] + options[np.arange(len(best)), best]
        score[t, reach : reach + len(steps)][~inside] = evidence[t]
    last = [(score[t, reach + np.flatnonzero(steps > n - 1 - t)].max(initial=-np.inf), t) for t in range(n)]
    t = max(last)[1]
    late = np.flatnonzero(steps > n - 1 - t)
    column = int(late[np.argmax(score[t, reach + late])])
    path = [t]
    while t - steps[column] >= 0:
        bent = int(np.clip(column + bend[come[t, column]], 0, len(steps) - 1))
        t -= int(steps[column])
        path.append(t)
        column = bent
    return np.array(path[::-1])


def _sharpened(at: np.ndarray, humps: np.ndarray, unseen: np.ndarray) -> np.ndarray:
    """Move each wave that is seen to the top of its hump."""
    reach = samples(0.03)
    sharp = []
    for place in at:
        a, b = max(0, place - reach), place + reach + 1
        sharp.append(place if unseen[min(place, len(unseen) - 1)] else a + int(np.argmax(humps[a:b])))
    return np.array(sharp, int)


def _described(at: np.ndarray, rest: np.ndarray, humps: np.ndarray, unseen: np.ndarray, r: np.ndarray) -> PTrain:
    seen = ~unseen[at]
    half = samples(_HALF_WIDTH)
    alike = 0.0
    if seen.sum() > 2:
        pieces = cut(rest, at[seen], half, half)[:, :, ::4].reshape(int(seen.sum()), -1)
        pieces = pieces[np.isfinite(pieces).all(axis=1)]
        alike = agreement(pieces) if len(pieces) > 2 else 0.0
    times = at / WORKING_RATE
    return PTrain(times, seen, _beat_of_each(times, r / WORKING_RATE), humps[at], alike)


def _beat_of_each(times: np.ndarray, r: np.ndarray) -> np.ndarray:
    """To each P wave the beat for which it is the last one that comes early enough; -1 where there is none."""
    beat = np.full(len(times), -1)
    for number, at in enumerate(r):
        ahead = np.flatnonzero((times <= at - _SHORTEST) & (times >= at - _LONGEST))
        if len(ahead):
            beat[ahead[-1]] = number
    return beat
