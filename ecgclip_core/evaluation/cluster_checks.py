"""What the time-localized clusters are worth: do they hold what the model decides by, and the waves of the ECG?

Every number comes with its 95 % interval over persons; ``benchmarks/clusters.py`` measures them and writes
``clusters_checks.json`` beside the checkpoint.
"""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np

from ecgclip_core.errors import CheckpointError
from ecgclip_core.evaluation.metrics import Estimate, auroc, best_f1_threshold, estimate, paired, resampled_weights
from ecgclip_core.interpretation.cluster_mislabelled import candidates, with_wrong_labels
from ecgclip_core.interpretation.waves import WAVES
from ecgclip_core.model.ecgclip import ECGCLIP

CHECKS_FILE = "clusters_checks.json"
WRONG_SHARE = 0.05
FIRST_SHARE = 0.1
INJECTIONS = 20
CLEAR_SHARE = 0.5  # of the foretold changes, the largest: signs of changes about zero mean nothing


def best_thresholds(truth: np.ndarray, known: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """For each question the score with the best F1, shape (f,), from truth, known and scores of shape (n, f)."""
    columns = range(scores.shape[1])
    return np.array([best_f1_threshold(truth[known[:, f], f], scores[known[:, f], f]) for f in columns])


def repeated_decisions(
    model_scores: np.ndarray,
    forest_scores: np.ndarray,
    thresholds: np.ndarray,
    truth: np.ndarray,
    known: np.ndarray,
    persons: np.ndarray,
) -> dict:
    """How far decisions from cluster proportions repeat those of the model, and what both are worth.

    Parameters
    ----------
    model_scores, forest_scores : ndarray, shape (n, f)
    thresholds : ndarray, shape (f,)
        The model's, from other recordings; the forest is held to the same ones.
    truth, known : ndarray of bool, shape (n, f)
        Labels, and whether there is one.
    persons : ndarray, shape (n,)

    Returns
    -------
    dict
        ``equal`` (share of equal recording-by-question decisions), ``kappa`` (Cohen 1960) over all of them,
        ``kappa_macro`` (mean over questions), ``majority`` (share that always deciding as the model mostly does would
        reach), ``hard_model``, ``hard_forest``, ``hard_gap``,
        ``soft_model``, ``soft_forest``, ``soft_gap`` (macro AUROC of decisions and of scores on the true
        labels; a gap is the model's less the forest's), each an `Estimate`; ``questions``: share and kappa of each.
    """
    weights = resampled_weights(persons)
    own, other = model_scores >= thresholds, forest_scores >= thresholds
    total = weights.sum(axis=1, keepdims=True)
    equal, yes, also = (weights @ part.astype(float) / total for part in (own == other, own, other))
    hard = [_macro(truth, known, decided.astype(float), weights) for decided in (own, other)]
    soft = [_macro(truth, known, scores, weights) for scores in (model_scores, forest_scores)]
    return {
        "equal": estimate(equal.mean(axis=1)),
        "kappa": estimate(_kappa(equal.mean(axis=1), yes.mean(axis=1), also.mean(axis=1))),
        "kappa_macro": estimate(_kappa(equal, yes, also).mean(axis=1)),
        "majority": estimate(np.maximum(yes, 1 - yes).mean(axis=1)),
        "hard_model": estimate(hard[0]),
        "hard_forest": estimate(hard[1]),
        "hard_gap": paired(*hard),
        "soft_model": estimate(soft[0]),
        "soft_forest": estimate(soft[1]),
        "soft_gap": paired(*soft),
        "questions": {
            "equal": equal[0].round(4).tolist(),
            "kappa": _kappa(equal, yes, also)[0].round(4).tolist(),
            "majority": np.maximum(yes, 1 - yes)[0].round(4).tolist(),
        },
    }


def _kappa(equal: np.ndarray, yes: np.ndarray, also: np.ndarray) -> np.ndarray:
    by_chance = yes * also + (1 - yes) * (1 - also)
    return (equal - by_chance) / np.maximum(1 - by_chance, 1e-12)


def _macro(truth: np.ndarray, known: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    columns = [auroc(truth[k, f], scores[k, f], weights[:, k]) for f, k in enumerate(known.T)]
    return np.nanmean(columns, axis=0)


def wave_agreement(tables: np.ndarray, named: np.ndarray) -> dict:
    """How well clusters line up with waves that were drawn by hand.

    Parameters
    ----------
    tables : ndarray, shape (r, K, 4)
        Moments of each recording by cluster and wave (`WAVES`).
    named : ndarray of int, shape (K,)
        The wave that each cluster is named after, from other recordings.

    Returns
    -------
    dict
        ``purity`` (each cluster counted for the wave that most of its moments here lie in), ``information`` (mutual,
        divided by the mean of both entropies), ``named`` (share of moments in the wave that their cluster is named
        after), ``majority`` (purity of one single cluster), as `Estimate` over recordings; ``recall``: for each wave
        the share of its moments in clusters counted for it; ``moments``.
    """
    weights = resampled_weights(np.arange(len(tables)))
    counts = np.einsum("br,rkw->bkw", weights, tables.astype(float))
    total = counts.sum(axis=(1, 2))
    inside = np.take_along_axis(counts, np.broadcast_to(named[None, :, None], (*counts.shape[:2], 1)), axis=2)
    own = counts[0].argmax(axis=1)
    recall = [counts[0][own == wave, wave].sum() / max(counts[0][:, wave].sum(), 1.0) for wave in range(len(WAVES))]
    return {
        "purity": estimate(counts.max(axis=2).sum(axis=1) / total),
        "information": estimate(_information(counts / total[:, None, None])),
        "named": estimate(inside.sum(axis=(1, 2)) / total),
        "majority": estimate(counts.sum(axis=1).max(axis=1) / total),
        "recall": dict(zip(WAVES, np.round(recall, 4).tolist(), strict=True)),
        "moments": int(total[0]),
        "recordings": len(tables),
    }


def _information(joint: np.ndarray) -> np.ndarray:
    def entropy(p: np.ndarray) -> np.ndarray:
        return -(p * np.log(np.maximum(p, 1e-300))).sum(axis=-1)

    both = entropy(joint.reshape(len(joint), -1))
    clusters, waves = entropy(joint.sum(axis=2)), entropy(joint.sum(axis=1))
    return 2 * (clusters + waves - both) / (clusters + waves)


def occlusion_agreement(foretold: np.ndarray, seen: np.ndarray, persons: np.ndarray) -> dict:
    """Whether taking clusters away changes answers as their proportions foretell.

    Parameters
    ----------
    foretold, seen : ndarray, shape (r, K, f)
        Change of each answer when each cluster of each recording is taken away; each question on its own scale.
    persons : ndarray, shape (r,)

    Returns
    -------
    dict
        ``correlation`` (Pearson, all recordings, clusters and questions together), ``sign`` (share of the larger half
        of the foretold changes that go the way foretold), ``sign_majority`` (what always saying the likelier sign would
        reach), as `Estimate`; ``changes``: how many.
    """
    weights = resampled_weights(persons)
    x, y = (part.reshape(len(part), -1) for part in (foretold, seen))
    sums = [weights @ part.sum(axis=1) for part in (np.ones_like(x), x, y, x * x, y * y, x * y)]
    n, mx, my = sums[0], sums[1] / sums[0], sums[2] / sums[0]
    covariance = sums[5] / n - mx * my
    clear = np.abs(x) >= np.quantile(np.abs(x), 1 - CLEAR_SHARE)
    right, up = (weights @ (clear & part).sum(axis=1) for part in ((x > 0) == (y > 0), y > 0))
    counted = weights @ clear.sum(axis=1)
    return {
        "correlation": estimate(covariance / np.sqrt((sums[3] / n - mx**2) * (sums[4] / n - my**2))),
        "sign": estimate(right / counted),
        "sign_majority": estimate(np.maximum(up, counted - up) / counted),
        "changes": int(x.size),
        "recordings": len(x),
    }


def wrong_labels_found(
    representation: np.ndarray,
    labels: np.ndarray,
    findings: list[str],
    persons: np.ndarray,
    uncertainty: np.ndarray,
    injections: int = INJECTIONS,
) -> dict:
    """How many injected wrong labels stand in the first tenth of the list of candidates.

    Returns
    -------
    dict
        ``found``: mean over `injections` draws and the range of the middle 95 % of them, as `Estimate`; ``wrong`` and
        ``first``, the shares of recordings with injected labels and of the list that is read; ``recordings``.
    """
    found = []
    for seed in range(injections):
        changed, wrong = with_wrong_labels(labels, WRONG_SHARE, np.random.default_rng(seed))
        listed = candidates(representation, changed, findings, persons, uncertainty, seed)
        first = listed["row"].to_numpy()[: round(FIRST_SHARE * len(labels))]
        found.append(wrong[first].sum() / wrong.sum())
    low, high = np.quantile(found, [0.025, 0.975])
    return {
        "found": Estimate(float(np.mean(found)), float(low), float(high)),
        "wrong": WRONG_SHARE,
        "first": FIRST_SHARE,
        "injections": injections,
        "recordings": len(labels),
    }


def write_checks(folder: str | Path, checks: dict) -> Path:
    """Write what was measured into a checkpoint's folder; what another run measured there and this did not is kept."""
    file = Path(folder) / CHECKS_FILE
    before = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    if before.get("checkpoint") != checks["checkpoint"]:
        before = {}
    plain = json.dumps(before | checks, indent=1, default=_rounded)
    file.write_text(plain + "\n", encoding="utf-8")
    return file


def _rounded(value: object) -> object:
    if isinstance(value, Estimate):
        return {name: round(number, 4) for name, number in asdict(value).items()}
    raise TypeError(type(value).__name__)


def checks_of(model: ECGCLIP) -> dict:
    """What was measured of a checkpoint's clusters; empty where nothing was.

    Raises
    ------
    CheckpointError
        Where the file is damaged or of other weights.
    """
    file = None if model.folder is None else Path(model.folder) / CHECKS_FILE
    if file is None or not file.is_file():
        return {}
    try:
        checks = json.loads(file.read_text(encoding="utf-8"))
        made_for = checks["checkpoint"]
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise CheckpointError(
            f"The checks of the clusters of {model.name!r} cannot be read. Run them again."
        ) from error
    if made_for != model.hash:
        raise CheckpointError(
            f"The checks of the clusters were made for checkpoint {made_for}, not for {model.name} ({model.hash}). "
            "Run them again: python benchmarks/clusters.py"
        )
    return checks
