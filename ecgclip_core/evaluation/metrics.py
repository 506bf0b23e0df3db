"""Metrics with their intervals.

PRAUC is average precision (Davis and Goadrich 2006, doi:10.1145/1143844.1143874, for why it comes first where positives
are rare). Intervals are bias-corrected percentiles of a bootstrap over persons (Efron 1987,
doi:10.1080/01621459.1987.10478410): several recordings of one person move together, and average precision, which
repeated rows raise, is not taken for higher than it is.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

RESAMPLES = 1000


@dataclass(frozen=True)
class Estimate:
    """A number with its 95 % interval."""

    value: float
    low: float
    high: float


def resampled_weights(groups: np.ndarray, resamples: int = RESAMPLES, seed: int = 0) -> np.ndarray:
    """How often each row stands in each bootstrap sample of the groups.

    Parameters
    ----------
    groups : ndarray, shape (n,)
        Persons.
    resamples : int
    seed : int

    Returns
    -------
    ndarray of float, shape (resamples + 1, n)
        The first row is the data itself: all ones.
    """
    rng = np.random.default_rng(seed)
    _, member = np.unique(groups, return_inverse=True)
    number = member.max() + 1
    counts = rng.multinomial(number, np.full(number, 1 / number), size=resamples)
    return np.concatenate([np.ones((1, len(groups))), counts[:, member]])


def auroc(truth: np.ndarray, score: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Area under the ROC curve for each row of weights.

    Parameters
    ----------
    truth : ndarray of bool, shape (n,)
    score : ndarray of float, shape (n,)
    weights : ndarray, shape (b, n)

    Returns
    -------
    ndarray of float, shape (b,)
        NaN where a sample lacks positives or negatives.
    """
    _, tied = np.unique(score, return_inverse=True)
    positive, negative = (_sum_by(tied, weights * side) for side in (truth, ~truth))
    below = np.cumsum(negative, axis=1) - negative
    pairs = (positive * (below + 0.5 * negative)).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return pairs / (positive.sum(axis=1) * negative.sum(axis=1))


def prauc(truth: np.ndarray, score: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Average precision for each row of weights; parameters as in `auroc`."""
    _, tied = np.unique(-score, return_inverse=True)
    positive, everything = (_sum_by(tied, weights * side) for side in (truth, np.ones_like(truth)))
    with np.errstate(invalid="ignore", divide="ignore"):
        precision = np.cumsum(positive, axis=1) / np.cumsum(everything, axis=1)
        return np.nansum(precision * positive, axis=1) / positive.sum(axis=1)


def f1(truth: np.ndarray, decided: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """F1 of decisions for each row of weights, shape (b,); NaN where a sample has no positive and none is claimed."""
    hits, claims, positives = (weights @ side.astype(float) for side in (truth & decided, decided, truth))
    with np.errstate(invalid="ignore", divide="ignore"):
        return 2 * hits / (claims + positives)


def best_f1_threshold(truth: np.ndarray, score: np.ndarray) -> float:
    """The score from which on a positive is claimed so that F1 is largest; infinite without positives.

    It lies half-way to the next lower score, so that a new recording is not decided by the last digit of an old one.
    """
    if not truth.any():
        return float("inf")
    order = np.argsort(-score, kind="stable")
    hits = np.cumsum(truth[order])
    last = np.append(np.diff(score[order]) != 0, True)  # a threshold cannot part equal scores
    found = np.where(last, 2 * hits / (np.arange(1, len(score) + 1) + truth.sum()), -1.0)
    best = int(found.argmax())
    below = score[order][best + 1] if best + 1 < len(score) else score[order][best] - 1.0
    return float((score[order][best] + below) / 2)


def paired(ours: np.ndarray, theirs: np.ndarray) -> Estimate:
    """The difference of two models on the same recordings, with its interval.

    Parameters
    ----------
    ours, theirs : ndarray of float, shape (b,)
        The same measure of both on the data (first entry) and on the same bootstrap samples: what makes a sample of
        persons easy for one model makes it easy for the other, so the difference varies less than either.
    """
    return estimate(ours - theirs)


def estimate(values: np.ndarray) -> Estimate:
    """The value on the data (first entry) with the bias-corrected 95 % interval of the rest."""
    resampled = values[1:][np.isfinite(values[1:])]
    below = np.mean(resampled < values[0]) + 0.5 * np.mean(resampled == values[0])
    bias = norm.ppf(np.clip(below, 0.5 / len(resampled), 1 - 0.5 / len(resampled)))
    low, high = np.quantile(resampled, norm.cdf(2 * bias + norm.ppf([0.025, 0.975])))
    return Estimate(float(values[0]), float(low), float(high))


def _sum_by(groups: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Sums of columns by group, shape (b, number of groups)."""
    order = np.argsort(groups, kind="stable")
    edges = np.searchsorted(groups[order], np.arange(groups.max() + 1))
    return np.add.reduceat(values[:, order], edges, axis=1)
