"""Zero-shot evaluation: every finding asked of every recording of a labelled folder."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from sklearn.metrics import roc_auc_score
from tqdm import tqdm

from ecgclip_core.corpora.corpus import HOLDS, UNKNOWN
from ecgclip_core.corpora.folder import label_matrix, read_table
from ecgclip_core.ecg.read import read_ecg
from ecgclip_core.errors import EcgclipError
from ecgclip_core.evaluation.calibration import calibration_error, cross_fitted, reliability
from ecgclip_core.evaluation.metrics import Estimate, auroc, estimate, prauc, resampled_weights
from ecgclip_core.evaluation.tasks import Task
from ecgclip_core.findings.catalogue import catalogue
from ecgclip_core.model.ecgclip import ECGCLIP
from ecgclip_core.model.query import Query, ask_finding
from ecgclip_core.model.space import CommonSpace
from ecgclip_core.model.zero_shot import INTERVAL_Z, evidence, spread_of, views

FEWEST_POSITIVES = 5
FEW_POSITIVES = 10


@dataclass(frozen=True, eq=False)
class Answers:
    """What a model said of a labelled corpus.

    Attributes
    ----------
    findings : list of str
    logits : ndarray of float, shape (n, f)
        Of each recording as it is.
    copies : ndarray of float, shape (v, n, f)
        Of the recording as it is and of slightly changed copies.
    earlier : ndarray of float, shape (s, n, f)
        As the snapshots of the training answer, on their own scales.
    truth : ndarray of bool, shape (n, f)
    patients : ndarray of str, shape (n,)
    calibrated : ndarray of bool, shape (n,)
    unreadable : list of str
        Records left out.
    """

    findings: list[str]
    logits: np.ndarray
    copies: np.ndarray
    earlier: np.ndarray
    truth: np.ndarray
    patients: np.ndarray
    calibrated: np.ndarray
    unreadable: list[str]


def answer_all(model: ECGCLIP, folder: str | Path, task: Task, folds: set[int] | None = None) -> Answers:
    """Ask every recording of a folder about every finding of a task.

    Parameters
    ----------
    model : ECGCLIP
    folder : path
        With a ``records.csv`` that has a column ``scp_codes``.
    task : Task
    folds : set of int, optional
        Values of ``strat_fold`` to take; all where left out.

    Returns
    -------
    Answers
        Only findings with at least `FEWEST_POSITIVES` recordings with and without them.

    Raises
    ------
    EcgclipError
        Where nothing is left to evaluate.
    """
    rows = read_table(Path(folder) / "records.csv")
    if folds is not None and "strat_fold" in rows:
        rows = rows[rows["strat_fold"].isin(folds)]
    seen, kept, calibrated, unreadable = [], [], [], []
    for row, record in enumerate(tqdm(rows["record"], desc="Asking", unit="recording")):
        try:
            ecg = read_ecg(Path(folder) / record)
        except EcgclipError:
            unreadable.append(record)
            continue
        seen.append(views(model, ecg))
        calibrated.append(ecg.calibrated)
        kept.append(row)
    rows = rows.iloc[kept].reset_index(drop=True)
    columns, labels = label_matrix(rows)
    labelled = (labels != UNKNOWN).all(axis=1)
    if not labelled.any():
        raise EcgclipError("No recording of this folder has both a readable signal and codes in 'scp_codes'.")
    truth = labels[labelled] == HOLDS
    enough = np.minimum(truth.sum(axis=0), (~truth).sum(axis=0)) >= FEWEST_POSITIVES
    findings = [name for name, keep in zip(columns, enough, strict=True) if keep and task.includes(name)]
    if not findings:
        raise EcgclipError(f"No finding of the task {task.name!r} has {FEWEST_POSITIVES} recordings with it here.")
    seen = [seen[row] for row in np.flatnonzero(labelled)]
    queries = [ask_finding(model, catalogue()[finding]) for finding in findings]
    copies = _logits(model, [views.own for views in seen], queries, model)
    earlier = [
        _logits(model, [views.earlier[number] for views in seen], queries, space)[0]
        for number, space in enumerate(model.snapshots)
    ]
    patients = rows["patient_id"].astype(str) if "patient_id" in rows else rows["record"]
    return Answers(
        findings,
        copies[0],
        copies,
        np.array(earlier).reshape(len(earlier), *copies.shape[1:]),
        truth[:, [columns.index(finding) for finding in findings]],
        patients[labelled].to_numpy(),
        np.array(calibrated)[labelled],
        unreadable,
    )


def _logits(model: ECGCLIP, vectors: list[torch.Tensor], queries: list[Query], space: CommonSpace) -> np.ndarray:
    """Shape (v, n, f) for n recordings of v vectors each."""
    stacked = torch.stack(vectors)
    flat = stacked.reshape(-1, stacked.shape[2])
    with torch.no_grad():
        columns = [evidence(model, flat, query, space).reshape(stacked.shape[:2]).T.numpy() for query in queries]
    return np.stack(columns, axis=2).astype(float)


def table(answers: Answers) -> tuple[pd.DataFrame, dict[str, Estimate]]:
    """Each finding's PRAUC and AUROC with 95 % intervals over persons, and their macro averages.

    Returns
    -------
    per_finding : DataFrame
        ``finding, name, positives, recordings, prauc, prauc_low, prauc_high, auroc, auroc_low, auroc_high,
        prevalence``.
    macro : dict
        ``prauc`` and ``auroc`` over all findings; ``prauc_10`` and ``auroc_10`` over those with at least 10 positives.
    """
    weights = resampled_weights(answers.patients)
    rows, curves = [], {"prauc": [], "auroc": []}
    for column, finding in enumerate(answers.findings):
        truth, score = answers.truth[:, column], answers.logits[:, column]
        row = {
            "finding": finding,
            "name": catalogue()[finding].name,
            "positives": int(truth.sum()),
            "recordings": len(truth),
            "prevalence": float(truth.mean()),
        }
        for name, metric in (("prauc", prauc), ("auroc", auroc)):
            values = metric(truth, score, weights)
            curves[name].append(values)
            found = estimate(values)
            row |= {name: found.value, f"{name}_low": found.low, f"{name}_high": found.high}
        rows.append(row)
    per_finding = pd.DataFrame(rows)
    many = per_finding["positives"].to_numpy() >= FEW_POSITIVES
    macro = {name: estimate(np.nanmean(values, axis=0)) for name, values in curves.items()}
    if many.any():
        macro |= {
            f"{name}_{FEW_POSITIVES}": estimate(np.nanmean(np.array(values)[many], axis=0))
            for name, values in curves.items()
        }
    return per_finding, macro


def widths_and_errors(model: ECGCLIP, answers: Answers, probabilities: np.ndarray) -> dict[str, float]:
    """Whether intervals are wider where answers are wrong.

    Parameters
    ----------
    model : ECGCLIP
    answers : Answers
    probabilities : ndarray, shape (n, f)
        Cross-fitted; an answer is wrong where it lies on the other side of one half than the truth.

    Returns
    -------
    dict
        Median width, in logits, of right and of wrong answers, and the AUROC with which the width in logits and the
        width on the scale of the score tell wrong answers from right ones.
    """
    wrong = ((probabilities > 0.5) != answers.truth).ravel()
    spread = spread_of(model, answers.copies, answers.earlier).ravel()
    if not 0 < wrong.sum() < len(wrong):
        return {}
    on_score = spread * (probabilities * (1 - probabilities)).ravel()
    return {
        "median_right": float(np.median(2 * INTERVAL_Z * spread[~wrong])),
        "median_wrong": float(np.median(2 * INTERVAL_Z * spread[wrong])),
        "auroc_logit": float(roc_auc_score(wrong, spread)),
        "auroc_score": float(roc_auc_score(wrong, on_score)),
    }


def write_evaluation(file: Path, model: ECGCLIP, task: Task, corpus: str, answers: Answers) -> dict:
    """Write what was measured as JSON, for the evidence page and for anybody who wants to check it.

    Parameters
    ----------
    file : Path
        Evaluations of other tasks and corpora in it are kept; one of the same is replaced.
    model : ECGCLIP
    task : Task
    corpus : str
        What it was measured on, in words.
    answers : Answers

    Returns
    -------
    dict
        The entry as written.
    """
    per_finding, macro = table(answers)
    probabilities = cross_fitted(answers.logits, answers.truth, answers.patients)
    entry = {
        "task": task.name,
        "description": task.description,
        "kind": "zero-shot",
        "corpus": corpus,
        "checkpoint": {"name": model.name, "hash": model.hash},
        "recordings": len(answers.truth),
        "persons": len(set(answers.patients)),
        "recordings_without_scale": int((~answers.calibrated).sum()),
        "unreadable": len(answers.unreadable),
        "macro": {name: asdict(found) for name, found in macro.items()},
        "calibration": {
            "expected_error": calibration_error(probabilities, answers.truth),
            "reliability": reliability(probabilities, answers.truth),
        },
        "intervals": widths_and_errors(model, answers, probabilities),
        "findings": per_finding.to_dict("records"),
    }
    written = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else []
    others = [old for old in written if any(old[key] != entry[key] for key in ("task", "kind", "corpus"))]
    file.write_text(json.dumps([*others, entry], indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return entry
