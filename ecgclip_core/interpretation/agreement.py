"""How far two maps of one recording agree in the order of their cells."""

import numpy as np
from scipy.stats import rankdata

from ecgclip_core.interpretation.saliency import METHODS, Saliency

CELL_S = 0.1  # about a P or a QRS; finer cells only compare noise


def cells(values: np.ndarray, sampling_rate: float, cell_s: float = CELL_S) -> np.ndarray:
    """Means of a map over cells of equal length.

    Parameters
    ----------
    values : ndarray, shape (12, n)
    sampling_rate : float
        Hz.
    cell_s : float
        Seconds.

    Returns
    -------
    ndarray of float64, shape (12, c)
        Cell j covers the seconds from ``j * cell_s`` to ``(j + 1) * cell_s``; the last may be shorter.
    """
    cell = np.floor(np.arange(values.shape[1]) / sampling_rate / cell_s + 1e-9).astype(int)
    count = np.bincount(cell)
    return np.stack([np.bincount(cell, weights=row) for row in values.astype(np.float64)]) / count


def told_apart(values: np.ndarray, by_lead: bool, by_time: bool) -> np.ndarray:
    """Cells, shape (12, c), averaged over what a method does not tell apart: (1, c) without leads, (12, 1) without
    time."""
    values = values if by_lead else values.mean(axis=0, keepdims=True)
    return values if by_time else values.mean(axis=1, keepdims=True)


def rank_agreement(first: Saliency, second: Saliency) -> float:
    """Spearman's correlation of the cells of two maps.

    Over what both tell apart, leads or moments or both. Two signed methods are compared with their signs, any other two
    by size.

    Returns
    -------
    float
        In [-1, 1]; NaN where one of them is the same everywhere or they tell nothing apart in common.
    """
    one, other = METHODS[first.method], METHODS[second.method]
    signed = one.signed and other.signed
    by_lead, by_time = one.by_lead and other.by_lead, one.by_time and other.by_time
    pair = [
        told_apart(cells(found.values if signed else np.abs(found.values), found.sampling_rate), by_lead, by_time)
        for found in (first, second)
    ]
    return rank_correlation(*pair)


def rank_correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Spearman's correlation of two arrays of one shape; NaN where one is constant."""
    a, b = rankdata(first.ravel()), rankdata(second.ravel())
    if len(a) < 3 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return float("nan")
    return float(np.corrcoef(a, b)[0, 1])
