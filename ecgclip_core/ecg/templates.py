"""Beats of one shape, aligned and median-averaged: what every boundary is drawn on."""

from dataclasses import dataclass

import numpy as np

from ecgclip_core.ecg.filters import WORKING_RATE, WorkingCopy, band

# Diagnostic shapes without drift and muscle; 40 Hz so that recordings of 100 Hz and of 1000 Hz give the same marks.
SHAPE_BAND = (0.5, 40.0)  # Hz
BEFORE, AFTER = 0.50, 0.80  # s around the R peak
_SAME_SHAPE = 0.90  # correlation of the QRS over all leads
_CORE = (0.10, 0.16)  # s around R, the part that is compared
_JITTER = 0.030  # s, by which an R peak may be off before alignment


@dataclass(frozen=True)
class Template:
    """One shape of beat.

    Attributes
    ----------
    members : ndarray of int
        Which beats, as positions in the list of R peaks.
    signal : ndarray, shape (12, m)
        Median over the members, at `WORKING_RATE`, in the units of the recording; NaN where no member reaches.
    noise : ndarray, shape (12,)
        Usual distance of a member from the median, the same units.
    origin : int
        The sample of `signal` that stands for the R peak.
    """

    members: np.ndarray
    signal: np.ndarray
    noise: np.ndarray
    origin: int


def shapes(copy: WorkingCopy) -> np.ndarray:
    """The working copy in the band in which shapes are compared, shape (12, n)."""
    return band(copy.signal, *SHAPE_BAND)


def lead_scale(x: np.ndarray) -> np.ndarray:
    """The height of each lead's QRS: what leads are divided by before they are compared, shape (12, 1)."""
    return np.percentile(np.abs(x), 98.5, axis=1, keepdims=True) + 1e-12


def cut(x: np.ndarray, centres: np.ndarray, before: int, after: int) -> np.ndarray:
    """Windows about the given samples, NaN beyond the ends.

    Returns
    -------
    ndarray, shape (k, 12, before + after)
    """
    padded = np.pad(x, ((0, 0), (before, after)), constant_values=np.nan)
    index = np.asarray(centres)[:, None] + np.arange(before + after)
    return np.moveaxis(padded[:, index], 0, 1)


def align_and_group(x: np.ndarray, usable: np.ndarray, r: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Bring beats of one shape to one fiducial, and say which beats share a shape.

    Parameters
    ----------
    x : ndarray, shape (12, n)
        From `shapes`.
    usable : ndarray of bool, shape (12,)
    r : ndarray of int, shape (k,)

    Returns
    -------
    r : ndarray of int, shape (k,)
        Shifted by 30 ms at most.
    group : ndarray of int, shape (k,)
        0 for the most frequent shape, then 1, 2, ...
    """
    before, after, slack = (int(s * WORKING_RATE) for s in (*_CORE, _JITTER))
    scaled = x[usable] / lead_scale(x[usable])
    wide = np.nan_to_num(cut(scaled, r, before + slack, after + slack))
    # Every fourth sample: 8 ms for the comparison, which concerns nothing above 40 Hz.
    lags = np.arange(-slack, slack + 1, 2)
    group = np.full(len(r), -1)
    shift = np.zeros(len(r), int)
    width = before + after

    def unit(windows):
        flat = windows[..., ::4].reshape(len(windows), -1)
        flat = flat - flat.mean(axis=1, keepdims=True)
        return flat / (np.linalg.norm(flat, axis=1, keepdims=True) + 1e-12)

    lagged = np.stack([unit(wide[:, :, slack + lag : slack + lag + width]) for lag in lags])
    left = np.arange(len(r))
    number = 0
    while len(left):
        now = lagged[:, left]
        centred = now[len(lags) // 2]
        reference = centred[np.argmax((centred @ centred.T).clip(0).sum(axis=1))]
        for _ in range(2):
            likeness = now @ reference
            best = likeness.argmax(axis=0)
            same = likeness.max(axis=0) >= _SAME_SHAPE
            if not same.any():
                same[np.argmax(likeness.max(axis=0))] = True
            picked = now[best[same], np.flatnonzero(same)]
            reference = np.median(picked, axis=0)
            reference /= np.linalg.norm(reference) + 1e-12
        likeness = now @ reference
        best, same = likeness.argmax(axis=0), likeness.max(axis=0) >= _SAME_SHAPE
        if not same.any():
            same[np.argmax(likeness.max(axis=0))] = True
        group[left[same]] = number
        shift[left[same]] = lags[best[same]]
        left = left[~same]
        number += 1
    by_size = np.argsort(-np.bincount(group), kind="stable")
    return r + shift, np.argsort(by_size)[group]


def template(x: np.ndarray, r: np.ndarray, members: np.ndarray) -> Template:
    """The median of some beats, each only as far as its neighbours leave it alone.

    Parameters
    ----------
    x : ndarray, shape (12, n)
    r : ndarray of int, shape (k,)
        All beats, aligned.
    members : ndarray of int
    """
    before, after = int(BEFORE * WORKING_RATE), int(AFTER * WORKING_RATE)
    windows = cut(x, r[members], before, after)
    position = np.arange(-before, after)
    previous = np.concatenate([[-(10**9)], r[:-1]])[members] - r[members]
    following = np.concatenate([r[1:], [10**9]])[members] - r[members]
    # The QRS of the neighbours, 60 ms before their R peak and 120 ms after it, would leave steps in the median.
    alone = (position > previous[:, None] + 0.12 * WORKING_RATE) & (position < following[:, None] - 0.06 * WORKING_RATE)
    windows = np.where(alone[:, None, :], windows, np.nan)
    enough = np.isfinite(windows[:, 0]).sum(axis=0) >= max(1, (len(members) + 1) // 2)
    middle = nan_median(windows)
    middle[:, ~enough] = np.nan
    noise = np.nanmedian(np.abs(windows - middle), axis=(0, 2)) * 1.4826 if len(members) > 1 else np.zeros(12)
    return Template(np.asarray(members), middle, np.nan_to_num(noise), before)


def nan_median(stack: np.ndarray) -> np.ndarray:
    """Median over the first axis without the NaN; by sorting, which is far faster than ``np.nanmedian`` here."""
    ordered = np.sort(stack, axis=0)
    count = np.isfinite(stack).sum(axis=0)
    low, high = np.maximum(count - 1, 0) // 2, np.minimum(count // 2, np.maximum(count - 1, 0))
    low_value = np.take_along_axis(ordered, low[None], 0)[0]
    return 0.5 * (low_value + np.take_along_axis(ordered, high[None], 0)[0])
