"""The boundaries of P, QRS and T on a median beat, lead by lead and for all leads together.

Each wave is first drawn on all leads together, where noise counts least; each lead then draws its own near to that,
and goes part of the way towards the others, since the heart is one and leads differ little.
"""

from dataclasses import dataclass

import numpy as np

from ecgclip_core.ecg.filters import WORKING_RATE, moving_average
from ecgclip_core.ecg.templates import Template

# Tuned on boundaries drawn by hand (LUDB, doi:10.1109/ACCESS.2020.3029211): fractions of the steepest slope at which
# the QRS begins and ends, seconds from the steepest point of a flank of P or T to the base of its trapezium (onset,
# offset), and how far a lead keeps its own boundary against that of all leads.
QRS_ONSET_SLOPE, QRS_OFFSET_SLOPE = 0.03, 0.04
P_REACH = (0.08, 0.045)
T_REACH = (0.12, 0.11)
OWN_WAY = {"P": 0.3, "QRS": 0.8, "T": 0.4}
EARLIEST_P = 0.44  # s before R; a PR interval of 400 ms
RESTLESS = 1.4  # times the slope that the quietest third of the line stays below, where muscle keeps it from being flat
T_PEAK, T_PEAK_SPREAD = 0.29, 0.12  # s after R at 60 beats a minute


@dataclass(frozen=True)
class Marks:
    """Boundaries of one wave, in seconds from the R peak; NaN in leads that show none.

    Attributes
    ----------
    onset, peak, offset : ndarray, shape (12,)
    """

    onset: np.ndarray
    peak: np.ndarray
    offset: np.ndarray

    @property
    def together(self) -> tuple[float, float, float] | None:
        """Third-earliest onset, median peak and third-latest offset over the leads, or None where no lead has one.

        One or two leads with a stray boundary then do not decide for all twelve.
        """
        seen = np.isfinite(self.onset)
        if not seen.any():
            return None
        spare = round(2 / 11 * (seen.sum() - 1))
        return (
            float(np.sort(self.onset[seen])[spare]),
            float(np.median(self.peak[seen])),
            float(np.sort(self.offset[seen])[-1 - spare]),
        )


def samples(seconds: float) -> int:
    """How many samples of the working rate."""
    return round(seconds * WORKING_RATE)


def level(beat: np.ndarray, origin: int, onset: int) -> np.ndarray:
    """The beat with the 16 ms before its QRS at zero."""
    first = int(np.argmax(np.isfinite(beat).any(axis=0)))
    a = max(first, origin + onset - samples(0.016))
    return beat - np.nanmean(beat[:, a : max(a + 2, origin + onset)], axis=1, keepdims=True)


def _edge(slope: np.ndarray, start: int, stop: int, share: float, steepest: float) -> int:
    """Walk from `start` to `stop` until the slope stays low for 10 ms.

    Low is `share` of the way from the flattest slope on the way to the steepest of the wave.
    """
    step = 1 if stop > start else -1
    way = slope[start:stop:step] if stop >= 0 else slope[start::step]
    if not len(way):
        return start
    floor = way.min()
    low = way < max(floor + share * (steepest - floor), RESTLESS * np.quantile(way, 0.3))
    run = samples(0.010)
    calm = np.flatnonzero(np.convolve(low, np.ones(run), "valid") >= run) if len(low) >= run else np.zeros(0, int)
    return start + step * int(calm[0] if len(calm) else np.argmin(way))


def qrs_marks(beat: Template, usable: np.ndarray) -> Marks | None:
    """Boundaries of the QRS complex.

    Returns
    -------
    Marks or None
        None where the median holds too little to draw on.
    """
    rows = np.flatnonzero(usable)
    y = np.nan_to_num(beat.signal[rows])
    o = beat.origin
    core = slice(max(0, o - samples(0.12)), o + samples(0.12))
    height = np.ptp(y[:, core], axis=1, keepdims=True)
    if not (height > 0).any():
        return None
    y = y / np.where(height > 0, height, 1)
    slope = moving_average(np.abs(np.gradient(y, axis=1)), 0.008)
    joint = np.sqrt((slope**2).mean(axis=0))
    centre = o - samples(0.10) + int(np.argmax(joint[o - samples(0.10) : o + samples(0.10)]))
    valid = np.flatnonzero(np.isfinite(beat.signal[rows[0]]))
    first, last = valid[0], valid[-1]
    if not first < centre < last:
        return None

    def bounds(s: np.ndarray, left: int, right: int, from_on: int, from_off: int) -> tuple[int, int]:
        top = s[max(0, centre - samples(0.12)) : centre + samples(0.12)].max()
        return (
            _edge(s, from_on, max(left, first) - 1, QRS_ONSET_SLOPE, top),
            _edge(s, from_off, min(right, last), QRS_OFFSET_SLOPE, top),
        )

    top = joint[centre]
    steep = np.flatnonzero(joint[max(first, centre - samples(0.10)) : centre + 1] > 0.3 * top)
    from_on = max(first, centre - samples(0.10)) + int(steep[0])
    steep = np.flatnonzero(joint[centre : centre + samples(0.12)] > 0.25 * top)
    from_off = centre + int(steep[-1])
    on, off = bounds(joint, centre - samples(0.16), centre + samples(0.20), from_on, from_off)
    on, off = min(on, centre - 1), max(off, centre + 1)
    onset, peak, offset = (np.full(12, np.nan) for _ in range(3))
    for k, row in enumerate(rows):
        if height[k] <= 0:
            continue
        s = slope[k]
        a, b = on + samples(0.024), off - samples(0.024)
        lead_on, lead_off = bounds(s, on - samples(0.020), off + samples(0.030), max(a, 0), max(b, 0))
        onset[row] = min(lead_on, centre - 1)
        offset[row] = max(lead_off, centre + 1)
        piece = y[k, on : off + 1] - np.interp(np.arange(on, off + 1), [on, off], y[k, [on, off]])
        peak[row] = on + int(np.argmax(np.abs(piece)))
    onset = on + OWN_WAY["QRS"] * (onset - on)
    offset = off + OWN_WAY["QRS"] * (offset - off)
    return Marks((onset - o) / WORKING_RATE, (peak - o) / WORKING_RATE, (offset - o) / WORKING_RATE)


def principal(y: np.ndarray) -> np.ndarray:
    """The one mixture of leads that holds most of what they show together, shape (m,)."""
    if len(y) == 1:
        return y[0]
    _, _, rows = np.linalg.svd(y - y.mean(axis=1, keepdims=True), full_matrices=False)
    mixture = rows[0]
    weights = y @ mixture
    return weights @ y / (np.linalg.norm(weights) + 1e-12)


def wave_end(y: np.ndarray, peak: int, limit: int, reach: float) -> int:
    """The end of a hump by the trapezium of largest area (Vazquez-Seisdedos et al. 2011, doi:10.1186/1475-925X-10-77).

    Parameters
    ----------
    y : ndarray, shape (m,)
    peak, limit : int
        The search goes from one to the other; it may run backwards.
    reach : float
        How far beyond the steepest point the base of the trapezium lies, s.
    """
    step = 1 if limit > peak else -1
    way = y[peak:limit:step] if limit >= 0 else y[peak::step]
    if len(way) < samples(0.02):
        return limit
    side = np.sign(way[0] - np.median(way[len(way) // 2 :])) or 1.0
    way = side * way
    fall = np.diff(way)
    # The steepest fall of this hump: before the curve has dropped to its lowest point.
    lowest = int(np.argmin(way[: samples(reach) + samples(0.08)]))
    steepest = int(np.argmin(fall[: max(2, lowest)]))
    base = min(len(way) - 1, steepest + samples(reach))
    i = np.arange(steepest, base + 1)
    area = 0.5 * (way[steepest] - way[i]) * (2 * base - i - steepest)
    return peak + step * int(i[np.argmax(area)])


def t_marks(beat: Template, usable: np.ndarray, qrs: Marks, latest: float, rr: float) -> Marks | None:
    """Boundaries of the T wave.

    Parameters
    ----------
    latest : float
        Seconds after R beyond which the next beat's P wave may stand.
    rr : float
        Usual interval between beats, s.
    """
    o = beat.origin
    rows = np.flatnonzero(usable & np.isfinite(qrs.onset))
    on, _, off = qrs.together
    y = level(beat.signal, o, samples(on))[rows]
    y = y / (np.nanmax(np.abs(y[:, o + samples(on) : o + samples(off)]), axis=1, keepdims=True) + 1e-12)
    finite = np.flatnonzero(np.isfinite(y[0]))
    first, last = o + samples(off) + samples(0.02), min(o + samples(latest), finite[-1])
    if last - first < samples(0.12):
        return None
    y = np.nan_to_num(y)
    joint = principal(y[:, first:last])
    base = np.interp(np.arange(len(joint)), [0, len(joint) - 1], [0, np.median(joint[-samples(0.04) :])])
    hump = np.abs(joint - base)
    # The T wave peaks some 290 ms after R at 60 beats a minute and earlier in faster rhythms; later humps are U waves
    # or the next P wave, earlier ones the ST segment.
    after_r = (np.arange(len(hump)) + first - o) / WORKING_RATE
    likely = np.exp(-0.5 * ((after_r - T_PEAK * np.cbrt(rr)) / T_PEAK_SPREAD) ** 2)
    joint_peak = int(np.argmax(hump * likely))
    end = wave_end(joint, joint_peak, len(joint), T_REACH[1])
    begin = wave_end(joint, joint_peak, -1, T_REACH[0])
    onset, peak, offset = (np.full(12, np.nan) for _ in range(3))
    for k, row in enumerate(rows):
        own = y[k, first:last]
        around = slice(max(0, joint_peak - samples(0.06)), joint_peak + samples(0.06))
        line = np.interp(np.arange(len(own)), [0, len(own) - 1], [own[0], own[-1]])
        p = around.start + int(np.argmax(np.abs(own - line)[around]))
        e = np.clip(wave_end(own, p, len(own), T_REACH[1]), end - samples(0.06), end + samples(0.06))
        b = np.clip(wave_end(own, p, -1, T_REACH[0]), begin - samples(0.06), begin + samples(0.06))
        onset[row] = first + b
        peak[row] = first + p
        offset[row] = first + e
    onset = np.nanmedian(onset) + OWN_WAY["T"] * (onset - np.nanmedian(onset))
    offset = np.nanmedian(offset) + OWN_WAY["T"] * (offset - np.nanmedian(offset))
    return Marks((onset - o) / WORKING_RATE, (peak - o) / WORKING_RATE, (offset - o) / WORKING_RATE)


def p_marks(beat: Template, usable: np.ndarray, qrs: Marks, earliest: float) -> Marks | None:
    """Boundaries of the tallest hump before the QRS, be it a P wave or not (`atria` decides that).

    Parameters
    ----------
    earliest : float
        Seconds from R (negative) before which the previous T wave may stand.
    """
    o = beat.origin
    rows = np.flatnonzero(usable & np.isfinite(qrs.onset))
    on, _, off = qrs.together
    finite = np.flatnonzero(np.isfinite(beat.signal[rows[0]]))
    first = max(o + samples(max(earliest, -EARLIEST_P)), finite[0])
    last = o + samples(on)
    if last - first < samples(0.08):
        return None
    y = beat.signal[rows]
    y = y / (np.nanmax(np.abs(y[:, o + samples(on) : o + samples(off)]), axis=1, keepdims=True) + 1e-12)
    y = np.nan_to_num(y[:, first:last])
    ends = y[:, [0, -1]]
    line = np.stack([np.interp(np.arange(y.shape[1]), [0, y.shape[1] - 1], e) for e in ends])
    y = moving_average(y - line, 0.010)
    joint = principal(y)
    joint_peak = int(np.argmax(np.abs(joint)))
    end = wave_end(joint, joint_peak, len(joint), P_REACH[1])
    begin = wave_end(joint, joint_peak, -1, P_REACH[0])
    onset, peak, offset = (np.full(12, np.nan) for _ in range(3))
    for k, row in enumerate(rows):
        around = slice(max(0, joint_peak - samples(0.03)), joint_peak + samples(0.03))
        p = around.start + int(np.argmax(np.abs(y[k, around])))
        e = np.clip(wave_end(y[k], p, len(joint), P_REACH[1]), end - samples(0.03), end + samples(0.03))
        b = np.clip(wave_end(y[k], p, -1, P_REACH[0]), begin - samples(0.03), begin + samples(0.03))
        onset[row], peak[row], offset[row] = first + b, first + p, first + e
    onset = np.nanmedian(onset) + OWN_WAY["P"] * (onset - np.nanmedian(onset))
    offset = np.nanmedian(offset) + OWN_WAY["P"] * (offset - np.nanmedian(offset))
    return Marks((onset - o) / WORKING_RATE, (peak - o) / WORKING_RATE, (offset - o) / WORKING_RATE)
