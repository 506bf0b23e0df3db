"""Clusters over a cohort: how much of each goes with a finding, and which tell two groups of recordings apart."""

import numpy as np
import pandas as pd

RESAMPLES = 1000


def proportions_by(proportions: np.ndarray, held: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean proportions of the recordings with each finding, and against those of all.

    Parameters
    ----------
    proportions : ndarray, shape (n, K)
    held : ndarray of bool, shape (n, f)

    Returns
    -------
    mean, lift : ndarray, shape (f, K)
        The lift is the mean divided by that over all recordings; NaN for a finding that none holds.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = held.T.astype(float) @ proportions / held.sum(axis=0)[:, None]
    return mean, mean / np.maximum(proportions.mean(axis=0), 1e-9)


def compare_groups(proportions: np.ndarray, first: np.ndarray, second: np.ndarray, seed: int = 0) -> pd.DataFrame:
    """Which clusters separate two groups.

    Parameters
    ----------
    proportions : ndarray, shape (n, K)
    first, second : ndarray of bool, shape (n,)
        The groups; they share no recording, and each has at least two.
    seed : int
        Of the bootstrap.

    Returns
    -------
    DataFrame, K rows, the clearest first
        ``cluster``; ``first`` and ``second``, mean proportions; ``difference`` with its 95 % interval ``low``, ``high``
        (percentiles of a bootstrap over recordings); ``superiority`` (chance that a recording of the first group has
        more of it than one of the second); ``p`` (Mann and Whitney 1947) corrected after Holm 1979 for all clusters.
    """
    from scipy.stats import mannwhitneyu

    one, other = proportions[first].astype(float), proportions[second].astype(float)
    tested = mannwhitneyu(one, other, axis=0)
    random = np.random.default_rng(seed)
    drawn = [_resampled_means(group, random) for group in (one, other)]
    low, high = np.quantile(drawn[0] - drawn[1], [0.025, 0.975], axis=0)
    table = pd.DataFrame(
        {
            "cluster": np.arange(proportions.shape[1]),
            "first": one.mean(axis=0),
            "second": other.mean(axis=0),
            "difference": one.mean(axis=0) - other.mean(axis=0),
            "low": low,
            "high": high,
            "superiority": tested.statistic / (len(one) * len(other)),
            "p": holm(tested.pvalue),
        }
    )
    clear = np.abs(table["superiority"] - 0.5)
    return table.iloc[np.lexsort((-clear, table["p"]))].reset_index(drop=True)


def holm(p: np.ndarray) -> np.ndarray:
    """P values corrected for their number (Holm 1979)."""
    order = np.argsort(p)
    stepped = np.maximum.accumulate(p[order] * (len(p) - np.arange(len(p))))
    corrected = np.empty(len(p))
    corrected[order] = np.minimum(stepped, 1)
    return corrected


def _resampled_means(group: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Means of bootstrap samples, shape (RESAMPLES, K)."""
    counts = random.multinomial(len(group), np.full(len(group), 1 / len(group)), size=RESAMPLES)
    return counts @ group / len(group)
