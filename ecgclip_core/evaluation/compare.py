"""Models side by side: each with its intervals, and the differences of pairs on the same persons."""

from dataclasses import asdict, dataclass

import numpy as np

from ecgclip_core.corpora.corpus import HOLDS, UNKNOWN
from ecgclip_core.evaluation.metrics import auroc, best_f1_threshold, estimate, f1, paired, prauc
from ecgclip_core.evaluation.probe import Scored

FEW_POSITIVES = 10


@dataclass(frozen=True, eq=False)
class Reported:
    """Labels of the recordings that report.

    Attributes
    ----------
    labels : ndarray of int8, shape (n, f)
    weights : ndarray, shape (b, n)
        How often each recording stands in each bootstrap sample of persons; the first row is the data itself.
    """

    labels: np.ndarray
    weights: np.ndarray


def pooled(rounds: list[Scored], labels: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Scores and decisions of all rounds in one table.

    Parameters
    ----------
    rounds : list of Scored
    labels : list of ndarray of int8, shape (recordings that choose, f)
        One a round; the threshold of each finding is the best one there by F1.

    Returns
    -------
    scores : ndarray of float, shape (n, f)
        Rounds were fitted each on their own; in units of their spread over the recordings that choose they compare.
    decided : ndarray of bool, shape (n, f)
    """
    scores, decided = [], []
    for scored, known in zip(rounds, labels, strict=True):
        spread = scored.choose.std(axis=0)
        thresholds = [
            best_f1_threshold(seen[seen != UNKNOWN] == HOLDS, score[seen != UNKNOWN]) if score.any() else np.inf
            for seen, score in zip(known.T, scored.choose.T, strict=True)
        ]
        scores.append((scored.test - scored.choose.mean(axis=0)) / np.where(spread > 0, spread, 1.0))
        decided.append(scored.test >= thresholds)
    return np.concatenate(scores), np.concatenate(decided)


def curves(reported: Reported, runs: list[tuple[np.ndarray, np.ndarray]]) -> dict[str, np.ndarray]:
    """Each measure of each finding on the data and on every bootstrap sample, averaged over the runs of a model.

    Parameters
    ----------
    reported : Reported
    runs : list of (scores, decided), each of shape (n, f)
        Of the same model with other draws of the labels or of its weights.

    Returns
    -------
    dict of ndarray of float, shape (f, b)
        ``prauc``, ``auroc``, ``f1``.
    """
    found = {"prauc": [], "auroc": [], "f1": []}
    for column in range(reported.labels.shape[1]):
        known = reported.labels[:, column] != UNKNOWN
        truth, weights = reported.labels[known, column] == HOLDS, reported.weights[:, known]
        found["prauc"].append(np.mean([prauc(truth, scores[known, column], weights) for scores, _ in runs], axis=0))
        found["auroc"].append(np.mean([auroc(truth, scores[known, column], weights) for scores, _ in runs], axis=0))
        found["f1"].append(np.mean([f1(truth, decided[known, column], weights) for _, decided in runs], axis=0))
    return {name: np.array(values) for name, values in found.items()}


def macro(curves: dict[str, np.ndarray], positives: np.ndarray) -> dict[str, np.ndarray]:
    """Macro averages on the data and on every sample: of all findings, and of those with at least `FEW_POSITIVES`.

    Returns
    -------
    dict of ndarray of float, shape (b,)
        ``prauc, auroc, f1`` and ``prauc_10, auroc_10, f1_10`` where a finding has as many.
    """
    many = positives >= FEW_POSITIVES
    found = {name: _mean(values) for name, values in curves.items()}
    if many.any():
        found |= {f"{name}_{FEW_POSITIVES}": _mean(values[many]) for name, values in curves.items()}
    return found


def _mean(values: np.ndarray) -> np.ndarray:
    """Over the findings that a sample can judge; NaN for a sample that can judge none."""
    there = np.isfinite(values)
    with np.errstate(invalid="ignore"):
        return np.where(there, values, 0).sum(axis=0) / there.sum(axis=0)


def estimates(macros: dict[str, np.ndarray]) -> dict[str, dict]:
    """Values with their intervals, as plain numbers."""
    return {name: asdict(estimate(values)) for name, values in macros.items()}


def differences(ours: dict[str, np.ndarray], theirs: dict[str, np.ndarray]) -> dict[str, dict]:
    """What ours has more than theirs, with intervals over persons, as plain numbers."""
    return {name: asdict(paired(ours[name], theirs[name])) for name in ours if name in theirs}
