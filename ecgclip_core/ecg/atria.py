"""What the atria do: whether there are P waves, and whether the ventricles follow them."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import maximum_filter1d

from ecgclip_core.ecg.filters import WORKING_RATE, band, moving_average
from ecgclip_core.ecg.templates import cut, lead_scale
from ecgclip_core.ecg.waves import Marks, samples

P_TOP = 15.0  # Hz; a P wave holds little above
_ALIKE_IF_SINGLE = 0.75  # a single beat cannot be compared; it is taken for one of doubtful likeness
_IRREGULAR_IF_SHORT = 0.03
_COMB_STANDS_OUT = 2.5  # height of all but a quarter of the P waves over that of the line
_PAUSE = 1.4  # of the usual interval
_SAME_P = 0.85  # correlation over all leads
_WHOLE = 0.04  # nearer than this to a whole number of P waves a beat, conduction cannot be told from chance
_LOCKED = 0.97  # length of the mean direction of PR on the circle of one P-P interval; 1 where PR is constant


def p_segments(x: np.ndarray, usable: np.ndarray, r: np.ndarray, p: Marks) -> np.ndarray:
    """Where the P wave should be, beat by beat, with the line between the ends taken away.

    Returns
    -------
    ndarray, shape (k, leads * m)
        Leads scaled alike; NaN in beats too near to the edge of the recording.
    """
    on, _, off = p.together
    slow = band(x[usable], None, P_TOP) / lead_scale(x[usable])
    first, last = samples(on - 0.010), samples(off + 0.010)
    pieces = cut(slow, r + first, 0, max(last - first, samples(0.06)))
    ramp = np.linspace(0, 1, pieces.shape[2])
    pieces = pieces - (pieces[:, :, :1] * (1 - ramp) + pieces[:, :, -1:] * ramp)
    return pieces[:, :, ::4].reshape(len(r), -1)


def agreement(pieces: np.ndarray) -> float:
    """How much the stretch before one beat resembles the median of those before the others: median correlation.

    Near 0 where each beat has something else before it, as in atrial fibrillation; 1 where all are alike.
    """
    if len(pieces) < 2:
        return float("nan")
    likeness = []
    for i in range(len(pieces)):
        others = np.median(np.delete(pieces, i, axis=0), axis=0)
        norm = np.linalg.norm(others) * np.linalg.norm(pieces[i])
        likeness.append(float(others @ pieces[i] / (norm + 1e-12)))
    return float(np.median(likeness))


def p_wave_score(pieces: np.ndarray, r: np.ndarray) -> float:
    """Whether the beats are preceded by P waves: positive for yes, in logits.

    Three things speak: that the beats have the same hump before them, that the rhythm is not irregular throughout, and
    that the hump is not lost in the line. Weights fitted by logistic regression on recordings of PTB-XL (folds 1-8)
    with sinus rhythm, ectopic beats, atrial fibrillation and flutter, on LUDB and on simulated recordings.

    Parameters
    ----------
    pieces : ndarray, shape (k, m)
        From `p_segments`.
    r : ndarray of int
        All R peaks, samples.
    """
    pieces = pieces[np.isfinite(pieces).all(axis=1)]
    if not len(pieces):
        return -np.inf
    alike = agreement(pieces) if len(pieces) > 1 else _ALIKE_IF_SINGLE
    height = np.sqrt((np.median(pieces, axis=0) ** 2).mean())
    irregular = _IRREGULAR_IF_SHORT
    if len(r) > 3:
        rr = np.diff(r)
        irregular = np.median(np.abs(np.diff(rr))) / np.median(rr)
    return float(9.0 * alike - 6.8 * min(irregular, 0.25) + 0.59 * np.log(height + 1e-6) - 4.56)


def p_waves_in_pauses(x: np.ndarray, usable: np.ndarray, r: np.ndarray, led: np.ndarray, p: Marks) -> np.ndarray:
    """P waves where a beat is missing from a rhythm that P waves lead.

    Parameters
    ----------
    x : ndarray, shape (12, n)
    usable : ndarray of bool, shape (12,)
    r : ndarray of int, shape (k,)
    led : ndarray of bool, shape (k,)
        The beats of the usual shape, which P waves precede.
    p : Marks
        Of those beats.

    Returns
    -------
    ndarray
        Samples at which their peaks stand.
    """
    pieces = p_segments(x, usable, r[led], p)
    pieces = pieces[np.isfinite(pieces).all(axis=1)]
    if len(r) < 4 or len(pieces) < 2:
        return np.zeros(0, int)
    model, rr = np.median(pieces, axis=0), np.diff(r)
    usual = float(np.median(rr[rr < _PAUSE * np.quantile(rr, 0.25)]))
    found = []
    for beat in np.flatnonzero((rr > _PAUSE * usual) & led[:-1] & led[1:]):
        for missing in range(1, round(rr[beat] / usual)):
            places = np.arange(-0.15 * usual, 0.15 * usual, samples(0.006)) + r[beat] + missing * usual
            there = p_segments(x, usable, places.astype(int), p)
            size = np.linalg.norm(there, axis=1) / (np.linalg.norm(model) + 1e-12)
            likeness = np.where(
                (size > 0.5) & (size < 2.0), there @ model / (np.linalg.norm(model) ** 2 * size + 1e-12), 0
            )
            best = int(np.nanargmax(np.nan_to_num(likeness)))
            if likeness[best] > _SAME_P:
                found.append(places[best] + samples(p.together[1]))
    return np.array(found, int)


@dataclass(frozen=True)
class IndependentAtria:
    """Regular P waves that keep their own time.

    Attributes
    ----------
    times : ndarray
        Peaks of the P waves that are not hidden in a QRS complex or T wave, s.
    rate : float
        bpm.
    """

    times: np.ndarray
    rate: float


def independent_p_waves(
    x: np.ndarray, usable: np.ndarray, r: np.ndarray, explained: list[tuple[int, np.ndarray]]
) -> IndependentAtria | None:
    """Look for P waves at regular intervals whatever the ventricles do.

    What the median beats explain is taken away; in what is left, a comb of equal intervals (40 to 180 a minute) is slid
    and stretched over the height of the humps. It is believed where nearly every visible tooth meets a hump, humps
    stand out of what lies between, and the ventricles beat more slowly and keep no fixed distance.

    Parameters
    ----------
    x : ndarray, shape (12, n)
    usable : ndarray of bool, shape (12,)
    r : ndarray of int, shape (k,)
    explained : list of (int, ndarray)
        For each beat the sample at which its QRST begins, and the QRST of its median, shape (12, m).
    """
    if len(r) < 3:
        return None
    n = x.shape[1]
    rest, hidden = x.copy(), np.zeros(n, bool)
    for (start, qrst), beat in zip(explained, r, strict=True):
        a, b = max(start, 0), min(start + qrst.shape[1], n)
        rest[:, a:b] -= np.nan_to_num(qrst[:, a - start : b - start])
        hidden[max(0, beat - samples(0.08)) : beat + samples(0.12)] = True
    rest = band(rest[usable], 2.0, 15.0) / lead_scale(x[usable])
    rest[:, hidden] = 0.0
    humps = np.sqrt(moving_average((rest**2).sum(axis=0), 0.070).clip(0))
    # Half of what is visible shows the line between the waves.
    quiet = np.median(humps[~hidden]) if (~hidden).any() else 0.0
    if quiet <= 0:
        return None
    step = samples(0.01)
    height = maximum_filter1d(humps, samples(0.05))[::step] / quiet
    seen = ~maximum_filter1d(hidden.astype(np.uint8), samples(0.05)).astype(bool)[::step]
    ventricular = np.median(np.diff(r)) / WORKING_RATE
    score, period, phase = _best_comb(height, seen, 0.93 * ventricular)
    if score < _COMB_STANDS_OUT:
        return None
    return _believed(humps / quiet, hidden, r, period, phase, score)


def _best_comb(height: np.ndarray, seen: np.ndarray, longest: float) -> tuple[float, float, float]:
    """Score, period and phase (s) of the comb whose visible teeth meet the highest humps; `height` at 100 Hz.

    The score is the height that three quarters of the visible teeth reach.
    """
    best = (0.0, 0.0, 0.0)
    height = np.where(seen, height, np.inf)
    for period in np.arange(0.34, min(1.5, longest), 0.005):
        phases = np.arange(0, period, 0.02)
        teeth = np.round(100 * (phases[:, None] + period * np.arange(len(height) / 100 // period + 1))).astype(int)
        met = np.sort(np.where(teeth < len(height), height[np.minimum(teeth, len(height) - 1)], np.inf), axis=1)
        visible = np.isfinite(met).sum(axis=1)
        enough = visible >= np.maximum(4, 0.5 * (teeth < len(height)).sum(axis=1))
        score = np.where(enough, met[np.arange(len(phases)), visible // 4], 0.0)
        i = int(np.argmax(score))
        if score[i] > best[0]:
            best = (float(score[i]), float(period), float(phases[i]))
    return best


def _believed(
    humps: np.ndarray, hidden: np.ndarray, r: np.ndarray, period: float, phase: float, score: float
) -> IndependentAtria | None:
    """The P waves of a comb, unless more humps stand between its teeth or the beats keep a fixed distance from them."""
    teeth = np.round(np.arange(phase, len(humps) / WORKING_RATE, period) * WORKING_RATE).astype(int)
    near = np.zeros(len(humps), bool)
    for tooth in teeth:
        near[max(0, tooth - samples(0.10)) : tooth + samples(0.10)] = True
    between = humps[~near & ~hidden]
    if len(between) < samples(0.5) or np.quantile(between, 0.95) > 0.75 * score:
        return None
    last = [teeth[teeth < beat].max() if (teeth < beat).any() else None for beat in r]
    pr = np.array([(beat - tooth) / WORKING_RATE for beat, tooth in zip(r, last, strict=True) if tooth is not None])
    if len(pr) < 3:
        return None
    # A comb of twice or three times the ventricular rate also fits P waves and whatever recurs between them.
    ratio = np.median(np.diff(r)) / WORKING_RATE / period
    if abs(ratio - round(ratio)) < _WHOLE:
        return None
    # Distances on the circle of one period: locked beats point one way.
    locked = np.abs(np.exp(2j * np.pi * pr / period).mean())
    if locked > _LOCKED:
        return None
    visible = [t for t in teeth if t < len(humps) and not hidden[t]]
    return IndependentAtria(np.array(visible) / WORKING_RATE, 60.0 / period)
