"""The waves of one lead of one beat: P, Q, R, S, R', J point, ST and T, their sizes and durations."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ecgclip_core.ecg.filters import WORKING_RATE, moving_average

LEAST_MV = 0.03  # mV; a third of a millimetre on paper, the width of its line
LEAST_SHARE = 0.03  # of the height of the QRS, where the scale is lost
LEAST_MS = 8.0  # ms; a wave of the QRS is no single sample of noise
NOTCHES_SHOW_FROM = 250.0  # Hz
NOTCH_SHARE = 0.04  # of the height of the QRS, by which the trace must turn back
SLUR_SHARE = 0.50  # of the steepness on both sides, below which a flank nearly stops
SLUR_SIZE = 0.12  # of the height of the QRS, which such a flank must cover
NOTCH_BAND = 0.010  # s, moving average against mains and muscle
EDGE = 4  # samples at each end, where the QRS goes over into the level line
DELTA_SLOPE = 0.35  # of the steepest slope of the lead, which a delta wave does not reach
DELTA_MS = 38.0  # ms for which it lasts
DELTA_RISE = 0.04  # of the height of the QRS, by which it moves in that time
NAMES = ("q", "r", "s", "r2", "s2")


@dataclass(frozen=True)
class Spans:
    """Where the waves of a beat are, as samples of its row; None where there is none."""

    qrs: tuple[int, int]
    p: tuple[int, int] | None
    t: tuple[int, int] | None


@dataclass(frozen=True)
class Deflection:
    """One wave of the QRS: name, size without sign (units of the row), direction, start, end and peak in samples."""

    name: str
    size: float
    upward: bool
    start: int
    stop: int
    peak: int

    @property
    def ms(self) -> float:
        """Duration."""
        return 1000.0 * (self.stop - self.start) / WORKING_RATE


def deflections(row: np.ndarray, least: float) -> list[Deflection]:
    """Take a QRS complex apart at its crossings of the level before it.

    Parameters
    ----------
    row : ndarray, shape (m,)
        From QRS onset to J point, the level before it at zero.
    least : float
        Smaller deflections are noise, and join what is around them.

    Returns
    -------
    list of Deflection
        At most one each of q, r, s, r2 (R') and s2 (S'); a QS complex is one q and nothing else. The part that is
        largest at its very end is the beginning of the ST segment and no wave.
    """
    smooth = moving_average(row, 0.006)
    crossings = (0, *(np.flatnonzero(np.diff(np.sign(smooth)) != 0) + 1), len(row))
    parts: list[tuple[int, int, int]] = []
    for start, stop in pairwise(crossings):
        peak = start + int(np.argmax(np.abs(smooth[start:stop])))
        size = abs(smooth[peak])
        if size < least or 1000 * (stop - start) / WORKING_RATE < LEAST_MS or peak >= len(row) - 2:
            continue
        if parts and (smooth[parts[-1][2]] > 0) == (smooth[peak] > 0):
            earlier = parts.pop()
            start, peak = earlier[0], max(earlier[2], peak, key=lambda i: abs(smooth[i]))
        parts.append((start, stop, peak))
    found: dict[str, Deflection] = {}
    for start, stop, peak in parts:
        upward = bool(smooth[peak] > 0)
        name = _next_name(found, upward)
        size = float(np.abs(row[max(start, peak - 2) : peak + 3]).max())
        if name not in found or size > found[name].size:
            found[name] = Deflection(name, size, upward, start, stop, peak)
    return list(found.values())


def followed(waves: list[Deflection], row: np.ndarray) -> list[Deflection]:
    """The same waves in a single beat: each where that beat has its own peak and its own crossings of zero.

    A small wave that noise hides in one beat is then small there, and lends its name to no other.
    """
    smooth = moving_average(row, 0.006)
    found = []
    for wave in waves:
        way = smooth if wave.upward else -smooth
        first, last = max(0, wave.start - 3), min(len(way), wave.stop + 3)
        peak = first + int(np.argmax(way[first:last]))
        below = np.flatnonzero(way <= 0)
        start = int(below[below < peak].max(initial=-1)) + 1
        stop = int(below[below > peak].min(initial=len(way)))
        found.append(Deflection(wave.name, max(float(way[peak]), 0.0), wave.upward, start, stop, peak))
    return found


def _next_name(so_far: dict[str, Deflection], upward: bool) -> str:
    if upward:
        return "r2" if "s" in so_far else "r"
    return "s2" if "r2" in so_far else "s" if "r" in so_far else "q"


def is_notched(row: np.ndarray, least: float) -> bool:
    """Whether the QRS turns back on itself, or a flank nearly stops and goes on, as in bundle branch block.

    Parameters
    ----------
    row : ndarray, shape (m,)
        From QRS onset to J point, at `WORKING_RATE`.
    least : float
        Smaller turns are noise.
    """
    smooth = moving_average(row[EDGE:-EDGE] if len(row) > 4 * EDGE else row, NOTCH_BAND)
    height = np.ptp(smooth)
    turn = max(NOTCH_SHARE * height, least)
    slope = np.diff(smooth)
    flanks = np.split(slope, np.flatnonzero(np.diff(np.sign(slope)) != 0) + 1)
    return _turns_within(smooth, turn) or any(_nearly_stops(flank, height) for flank in flanks)


def _turns_within(smooth: np.ndarray, turn: float) -> bool:
    """Whether one deflection, between two crossings of zero, has two peaks with a dip between them."""
    for start, stop in pairwise((0, *(np.flatnonzero(np.diff(np.sign(smooth)) != 0) + 1), len(smooth))):
        part = np.abs(smooth[start:stop])
        if len(part) < 6:
            continue
        rise = np.maximum.accumulate(part)
        fall = np.maximum.accumulate(part[::-1])[::-1]
        if (np.minimum(rise, fall) - part).max() >= turn:
            return True
    return False


def _nearly_stops(slope: np.ndarray, height: float) -> bool:
    size = np.abs(slope)
    edge = round(0.008 * WORKING_RATE)
    if len(size) < 3 * edge or size.sum() < SLUR_SIZE * height:
        return False
    middle = edge + int(np.argmin(size[edge:-edge]))
    before, after = size[:middle], size[middle:]
    enough = min(before.sum(), after.sum()) >= 0.5 * SLUR_SIZE * height
    return bool(enough and size[middle] < SLUR_SHARE * min(before.max(), after.max()))


def begins_slowly(row: np.ndarray) -> bool:
    """Whether the QRS begins with a slow rise or fall that only then becomes steep: a delta wave.

    Parameters
    ----------
    row : ndarray, shape (m,)
        From QRS onset to J point, at `WORKING_RATE`.
    """
    smooth = moving_average(row, 0.008)
    slope, height = np.abs(np.gradient(smooth)), np.ptp(smooth)
    if height <= 0:
        return False
    steep = int(np.argmax(slope >= DELTA_SLOPE * slope.max()))
    late = 1000.0 * steep / WORKING_RATE >= DELTA_MS
    return bool(late and abs(smooth[steep] - smooth[0]) >= DELTA_RISE * height)


def against_line(row: np.ndarray, span: tuple[int, int]) -> np.ndarray:
    """The part of a row, with the line through the 10 ms before it and the 10 ms after it taken away."""
    reach = round(0.010 * WORKING_RATE)
    first, last = span
    before, after = row[max(0, first - reach) : first + 1].mean(), row[last : last + reach + 1].mean()
    return row[first : last + 1] - np.linspace(before, after, last - first + 1)


def largest(part: np.ndarray) -> float:
    """The value furthest from zero, with its sign."""
    return float(part[np.argmax(np.abs(part))])


def terminal_negative(p: np.ndarray) -> float:
    """Depth times duration of the negative end of a P wave, units of the row times ms; 0 where the end is not negative.

    Parameters
    ----------
    p : ndarray, shape (m,)
        From P onset to offset against the line.
    """
    below = p < 0
    positive = np.flatnonzero(~below[: len(p) - 2])
    end = p[positive[-1] + 1 :] if len(positive) else p
    if len(end) < 3 or end.min() >= 0:
        return 0.0
    return float(-end.min() * 1000.0 * len(end) / WORKING_RATE)
