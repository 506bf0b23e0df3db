"""Where the heart beats: R peaks from the speed of the cardiac vector over all leads."""

from dataclasses import dataclass

import numpy as np
from scipy import signal as dsp

from ecgclip_core.ecg.filters import WORKING_RATE, WorkingCopy, band, moving_average
from ecgclip_core.ecg.templates import align_and_group, shapes

_REFRACTORY = 0.200  # s; 250 beats a minute leave 240 ms
_THRESHOLD = 0.32  # of the typical height of a beat nearby
_SEARCH_BACK = 0.18  # the same, where a beat is overdue
_T_WAVE_UNTIL = 0.360  # s after a beat, in which a lower hump is its T wave (Pan and Tompkins 1985)
_TALL_P_UNTIL = 0.280  # s before a beat, in which a lower hump is its P wave
_BLOCK = 2.4  # s; at 25 beats a minute every block still holds one
# Peak over median of the speed: Gaussian noise in twelve leads stays below 1.3, in one lead below 2; below 2.5 beats
# count only if they look alike, for in a tachycardia with broad complexes nothing is quiet.
_BEATS_STAND_OUT = 2.5
_ALIKE = 0.6  # share of the beats that must have one shape
_T_PEAK_UNTIL = 0.34  # s after R
_BLUNT = 0.5  # of the sharpness of the beat before
_EDGE = 0.08  # s
_NOISE_UNTIL = 2.5  # times the median speed; humps of Gaussian noise in one lead stay below
_LOW = 0.6  # of the typical height of a beat
_CLICK = 0.010  # s; a pacing spike or the step of a loose electrode is over by then, a QRS has barely begun
_CLICK_SHARE = 0.5  # of the path of all leads within 75 ms; a QRS of 60 ms spends a third at most


@dataclass(frozen=True)
class Search:
    """In which band and over which window the speed is taken."""

    frequencies: tuple[float, float]  # Hz
    window: float  # s


# Steeper parts than those of the T wave, slower than muscle (Thakor et al. 1984, doi:10.1109/TBME.1984.325393); then,
# for complexes so broad that muscle is as steep as they are, slower parts over a longer window.
SEARCHES = (Search((5.0, 30.0), 0.080), Search((2.5, 14.0), 0.120))
_SHARP = Search((15.0, 40.0), 0.080)  # a QRS is sharp there, the tallest T wave blunt


def spatial_velocity(copy: WorkingCopy, search: Search = SEARCHES[0]) -> np.ndarray:
    """Root of the summed squared slopes of all usable leads in the band of the search, averaged over its window.

    Each lead is brought to the same scale first and counts by how far its QRS stands above its noise, so that neither
    a lost calibration nor one bad electrode decides.

    Returns
    -------
    ndarray, shape (n,)
        Without unit; zero where no lead is usable.
    """
    n = copy.signal.shape[1]
    if not copy.usable.any() or n < 0.5 * WORKING_RATE:
        return np.zeros(n)
    slopes = np.abs(np.gradient(band(copy.signal[copy.usable], *search.frequencies), axis=1))
    steep = np.percentile(slopes, 98.5, axis=1, keepdims=True) + 1e-12
    quiet = np.median(slopes, axis=1, keepdims=True) + 1e-3 * steep
    trust = (steep / quiet) / (steep / quiet + 10)
    squares = np.minimum(slopes / steep * trust, 3.0) ** 2
    return np.sqrt(moving_average(squares.sum(axis=0), search.window).clip(0))


def find_beats(copy: WorkingCopy) -> np.ndarray:
    """Samples of the R peaks in a working copy.

    Returns
    -------
    ndarray of int, shape (k,)
        Empty where nothing stands out as a beat.
    """
    best, best_share, stands_out = np.zeros(0, int), 0.0, False
    if not copy.usable.any() or copy.signal.shape[1] < 0.5 * WORKING_RATE:
        return best
    x = shapes(copy)
    for search in SEARCHES:
        speed = spatial_velocity(copy, search)
        beats = _candidates(copy, speed)
        if len(beats):
            beats, group = align_and_group(x, copy.usable, beats)
            share = float(np.mean(group == 0))
            # A filter rings at the ends of a recording: what stands there counts only if it has the usual shape.
            edge = np.minimum(beats, copy.signal.shape[1] - 1 - beats) < _EDGE * WORKING_RATE
            kept = (~edge | (group == 0)) & ~_t_waves(copy, beats, group) & ~_noise(speed, beats, group)
            beats = beats[kept]
        else:
            share = 0.0
        if share > best_share + (0.15 if len(best) else 0.0):
            best, best_share = beats, share
            stands_out = _typical_top(speed) > _BEATS_STAND_OUT * np.median(speed)
        if stands_out and best_share >= _ALIKE:
            return best
    if stands_out or (len(best) >= 3 and best_share >= _ALIKE):
        return best
    return np.zeros(0, int)


def _tops(speed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The highest speed of each block, and the middles of the blocks in samples."""
    blocks = np.arange(0, len(speed), int(_BLOCK / 2 * WORKING_RATE))
    tops = np.array([speed[b : b + int(_BLOCK * WORKING_RATE)].max() for b in blocks])
    return tops, blocks + _BLOCK / 2 * WORKING_RATE


def _typical_top(speed: np.ndarray) -> float:
    return float(np.median(_tops(speed)[0]))


def _candidates(copy: WorkingCopy, speed: np.ndarray) -> np.ndarray:
    """Humps of the speed that are high enough among their neighbours, and neither T waves nor clicks."""
    padded = np.concatenate([[0.0], speed, [0.0]])
    peaks = dsp.find_peaks(padded, distance=int(_REFRACTORY * WORKING_RATE))[0] - 1
    heights = speed[peaks]
    tops, centres = _tops(speed)
    near = np.abs(centres[None, :] - peaks[:, None]) < 4 * WORKING_RATE
    typical = np.array([np.median(tops[row]) if row.any() else np.median(tops) for row in near])
    accepted: list[int] = []
    for i in np.flatnonzero(heights > _THRESHOLD * typical):
        since = (peaks[i] - peaks[accepted[-1]]) / WORKING_RATE if accepted else np.inf
        if since < _T_WAVE_UNTIL and heights[i] < 0.5 * heights[accepted[-1]]:
            continue
        if since < _TALL_P_UNTIL and heights[accepted[-1]] < 0.4 * heights[i]:
            accepted.pop()  # it was the P wave of this beat, or an artefact
        accepted.append(int(i))
    accepted = [i for i in accepted if not _is_click(copy, peaks[i])]
    accepted = _overdue(copy, peaks, heights, typical, accepted)
    return _sharpen(copy, peaks[accepted]) if accepted else np.zeros(0, int)


def _t_waves(copy: WorkingCopy, beats: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Which shapes always follow another beat at one short distance and are blunter: tall T waves."""
    found = np.zeros(len(beats), bool)
    sharpness = spatial_velocity(copy, _SHARP)
    sharp = np.array([sharpness[max(0, b - 15) : b + 16].max() for b in beats])  # 30 ms to each side
    for number in range(group.max() + 1):
        at = np.flatnonzero(group == number)
        after = at[at > 0]
        if not len(after) or (group[after - 1] == number).any():
            continue
        delay = (beats[after] - beats[after - 1]) / WORKING_RATE
        blunt = np.median(sharp[after]) < _BLUNT * np.median(sharp[after - 1])
        if blunt and delay.max() < _T_PEAK_UNTIL and np.ptp(delay) < 0.08:
            found[at] = True
    return found


def _noise(speed: np.ndarray, beats: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Which low humps are like no other and no higher than those of noise, as where one small lead is all there is."""
    heights = np.array([speed[max(0, b - 40) : b + 41].max() for b in beats])  # 80 ms to each side
    alone = np.bincount(group)[group] == 1
    return alone & (group > 0) & (heights < np.minimum(_NOISE_UNTIL * np.median(speed), _LOW * _typical_top(speed)))


def _overdue(
    copy: WorkingCopy, peaks: np.ndarray, heights: np.ndarray, typical: np.ndarray, accepted: list[int]
) -> list[int]:
    """Add the highest lower hump of every gap longer than 1.66 usual intervals (Pan and Tompkins 1985)."""
    if len(accepted) < 3:
        return accepted
    usual = np.median(np.diff(peaks[accepted]))
    found = list(accepted)
    for a, b in zip(accepted[:-1], accepted[1:], strict=True):
        if peaks[b] - peaks[a] < 1.66 * usual:
            continue
        apart = _T_WAVE_UNTIL * WORKING_RATE
        inside = [
            i
            for i in range(a + 1, b)
            if heights[i] > _SEARCH_BACK * typical[i]
            and not _is_click(copy, peaks[i])
            and peaks[i] - peaks[a] > apart
            and peaks[b] - peaks[i] > apart
        ]
        # A P wave of a blocked beat is a hump too; a QRS is steep beyond doubt against the other humps of its gap.
        inside.sort(key=lambda i: heights[i])
        if inside and (len(inside) == 1 or heights[inside[-1]] > 2 * heights[inside[-2]]):
            found.append(inside[-1])
    return sorted(found)


def _is_click(copy: WorkingCopy, centre: int) -> bool:
    """Whether nearly all that moves within 75 ms of a detection moves at once: a spike or a step, no QRS."""
    reach = int(0.075 * WORKING_RATE)
    around = copy.signal[copy.usable, max(0, centre - reach) : centre + reach + 1]
    scale = np.percentile(np.abs(np.diff(copy.signal[copy.usable], axis=1)), 98.5, axis=1, keepdims=True) + 1e-12
    path = np.minimum(np.abs(np.diff(around, axis=1)) / scale, 30).sum(axis=0)
    width = int(_CLICK * WORKING_RATE)
    at_once = np.convolve(path, np.ones(width), "valid").max(initial=0.0) if len(path) >= width else 0.0
    return at_once > _CLICK_SHARE * path.sum()


def _sharpen(copy: WorkingCopy, around: np.ndarray) -> np.ndarray:
    """Move each detection to where the cardiac vector is longest within 60 ms."""
    x = band(copy.signal[copy.usable], 3.0, 40.0)
    x = x / (np.percentile(np.abs(x), 98.5, axis=1, keepdims=True) + 1e-12)
    length = (np.minimum(np.abs(x), 3.0) ** 2).sum(axis=0)
    reach = int(0.060 * WORKING_RATE)
    sharp = []
    for centre in around:
        start = max(0, centre - reach)
        sharp.append(start + int(np.argmax(length[start : centre + reach + 1])))
    return np.unique(sharp)
