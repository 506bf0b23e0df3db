"""Zero-shot evaluation: every finding asked of every recording of a labelled folder."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
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
from ecgclip_core.model.zero_shot import ask_finding, evidence

FEWEST_POSITIVES = 5
FEW_POSITIVES = 10


@dataclass(frozen=True, eq=False)
class Answers:
    """What a model said of a labelled corpus.

    Attributes
    ----------
    findings : list of str
    logits : ndarray of float, shape (n, f)
    truth : ndarray of bool, shape (n, f)
    patients : ndarray of str, shape (n,)
    calibrated : ndarray of bool, shape (n,)
    unreadable : list of str
        Records left out.
    """

    findings: list[str]
    logits: np.ndarray
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
    vectors, kept, calibrated, unreadable = [], [], [], []
    for row, record in enumerate(tqdm(rows["record"], desc="Asking", unit="recording")):
        try:
            ecg = read_ecg(Path(folder) / record)
        except EcgclipError:
            unreadable.append(record)
            continue
        vectors.append(model.encode_ecg([ecg])[0])
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
    signal = torch.from_numpy(np.stack(vectors)[labelled])
    with torch.no_grad():
        logits = [evidence(model, signal, ask_finding(model, catalogue()[finding])).numpy() for finding in findings]
    patients = rows["patient_id"].astype(str) if "patient_id" in rows else rows["record"]
    return Answers(
        findings,
        np.stack(logits, axis=1).astype(float),
        truth[:, [columns.index(finding) for finding in findings]],
        patients[labelled].to_numpy(),
        np.array(calibrated)[labelled],
        unreadable,
    )


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
        "findings": per_finding.to_dict("records"),
    }
    written = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else []
    others = [old for old in written if any(old[key] != entry[key] for key in ("task", "kind", "corpus"))]
    file.write_text(json.dumps([*others, entry], indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return entry
