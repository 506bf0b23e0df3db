"""From logits to probabilities: logistic calibration per finding, on recordings that trained nothing.

Platt scaling with one slope for all findings and an intercept for each: a finding with few positives borrows its slope.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import torch
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from ecgclip_core.corpora.corpus import HOLDS
from ecgclip_core.corpora.simulated import simulate_corpus
from ecgclip_core.evaluation.decisions import PARTS, parts_of_persons
from ecgclip_core.findings.catalogue import catalogue
from ecgclip_core.model.ecgclip import ECGCLIP
from ecgclip_core.model.query import ask_finding
from ecgclip_core.model.zero_shot import evidence

# Pulls each intercept towards their mean; chosen beforehand, as strong as one recording either way.
INTERCEPT_PENALTY = 0.5
BINS = 10
CALIBRATION_FIRST_SEED = 4_000_000


@dataclass(frozen=True)
class Calibration:
    """probability = expit(slope * logit + intercept of the finding)."""

    slope: float
    intercepts: np.ndarray

    def probabilities(self, logits: np.ndarray) -> np.ndarray:
        """Shape (n, f) in, shape (n, f) out."""
        return expit(self.slope * logits + self.intercepts)


def fit_calibration(logits: np.ndarray, truth: np.ndarray, known: np.ndarray | None = None) -> Calibration:
    """Maximum likelihood with a weak pull of the intercepts to their mean.

    Parameters
    ----------
    logits : ndarray of float, shape (n, f)
    truth : ndarray of bool, shape (n, f)
    known : ndarray of bool, shape (n, f), optional
        Where `truth` counts; everywhere where left out.
    """
    counts = np.ones_like(logits) if known is None else known.astype(float)

    def loss(parameters):
        slope, intercepts = np.exp(parameters[0]), parameters[1:]
        z = slope * logits + intercepts
        away = intercepts - intercepts.mean()
        error = counts * (expit(z) - truth)
        value = (counts * (np.logaddexp(0, z) - truth * z)).sum() + INTERCEPT_PENALTY * (away**2).sum()
        gradient = np.concatenate([[slope * (error * logits).sum()], error.sum(axis=0) + 2 * INTERCEPT_PENALTY * away])
        return value, gradient

    start = np.concatenate([[0.0], np.zeros(logits.shape[1])])
    best = minimize(loss, start, jac=True, method="L-BFGS-B").x
    return Calibration(float(np.exp(best[0])), best[1:])


def cross_fitted(
    logits: np.ndarray, truth: np.ndarray, patients: np.ndarray, known: np.ndarray | None = None
) -> np.ndarray:
    """Probabilities of shape (n, f), each from a calibration that saw no recording of that person."""
    part = parts_of_persons(patients)
    known = np.ones_like(truth) if known is None else known
    probabilities = np.empty_like(logits)
    for number in range(PARTS):
        held_out = part == number
        fitted = fit_calibration(logits[~held_out], truth[~held_out], known[~held_out])
        probabilities[held_out] = fitted.probabilities(logits[held_out])
    return probabilities


def reliability(probabilities: np.ndarray, truth: np.ndarray) -> list[dict[str, float]]:
    """Mean probability, observed share and number of answers in each of `BINS` equally filled bins, of any shape."""
    order = np.argsort(probabilities.ravel())
    return [
        {
            "probability": float(probabilities.ravel()[rows].mean()),
            "observed": float(truth.ravel()[rows].mean()),
            "answers": len(rows),
        }
        for rows in np.array_split(order, BINS)
    ]


def calibration_error(probabilities: np.ndarray, truth: np.ndarray) -> float:
    """Expected calibration error over equally filled bins (Naeini 2015, doi:10.1609/aaai.v29i1.9602)."""
    bins = reliability(probabilities, truth)
    return sum(abs(bin["probability"] - bin["observed"]) * bin["answers"] for bin in bins) / probabilities.size


def calibrate_on_simulations(model: ECGCLIP, number: int) -> dict[str, dict]:
    """Which way the model leans where only simulated recordings taught a finding.

    Such answers are never shown as probabilities; but without this the turning point between for and against would lie
    where rare findings of real recordings have theirs. Here recordings with and without the finding weigh alike.

    Parameters
    ----------
    model : ECGCLIP
    number : int
        Simulated recordings, of seeds that neither training nor tests use.

    Returns
    -------
    dict
        Finding to ``slope`` and ``intercept``.
    """
    findings = sorted(model.config.get("taught_by_simulation", ()))
    if not findings:
        return {}
    with TemporaryDirectory() as cache:
        corpus = simulate_corpus(number, model.preprocessing, cache, CALIBRATION_FIRST_SEED)
        vectors = torch.from_numpy(model.encode_windows(corpus.signals))
    entries = {}
    for finding in findings:
        held = corpus.labels[:, corpus.findings.index(finding)] == HOLDS
        with torch.no_grad():
            logits = evidence(model, vectors, ask_finding(model, catalogue()[finding])).numpy()
        fitted = LogisticRegression(class_weight="balanced").fit(logits[:, None], held)
        entries[finding] = {"slope": float(fitted.coef_[0, 0]), "intercept": float(fitted.intercept_[0])}
    return entries


def scales_of_snapshots(logits: np.ndarray, earlier: np.ndarray) -> list[dict[str, float]]:
    """The line that brings the logits of each snapshot of the training onto the model's own scale.

    Parameters
    ----------
    logits : ndarray, shape (n, f)
    earlier : ndarray, shape (s, n, f)
    """
    lines = [np.polyfit(snapshot.ravel(), logits.ravel(), 1) for snapshot in earlier]
    return [{"slope": float(slope), "intercept": float(intercept)} for slope, intercept in lines]


def save_calibration(
    folder: Path,
    findings: pd.DataFrame,
    fitted: Calibration,
    corpus: str,
    simulated: dict[str, dict],
    snapshots: list[dict[str, float]],
) -> None:
    """Write ``calibration.json`` into a checkpoint: how its logits become probabilities, and what that rests on.

    Parameters
    ----------
    folder : Path
        Of the checkpoint.
    findings : DataFrame
        ``finding, positives, recordings, auroc_low``, one row an intercept of `fitted`. A finding is said to be better
        than chance where the whole interval of its AUROC lies above 0.5.
    fitted : Calibration
    corpus : str
        What it was fitted on, in words.
    simulated : dict
        From `calibrate_on_simulations`.
    snapshots : list of dict
        From `scales_of_snapshots`.
    """
    entries = {
        row.finding: {
            "slope": fitted.slope,
            "intercept": float(intercept),
            "positives": int(row.positives),
            "recordings": int(row.recordings),
            "better_than_chance": bool(row.auroc_low > 0.5),
        }
        for row, intercept in zip(findings.itertuples(), fitted.intercepts, strict=True)
    }
    other = {"slope": fitted.slope, "intercept": float(np.median(fitted.intercepts))}
    content = {"corpus": corpus, "findings": entries, "simulated": simulated, "other": other, "snapshots": snapshots}
    (folder / "calibration.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
