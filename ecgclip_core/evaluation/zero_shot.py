"""Zero-shot evaluation: every label of a task asked of every recording of a labelled folder."""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from sklearn.metrics import roc_auc_score
from tqdm import tqdm

from ecgclip_core.corpora.corpus import HOLDS, UNKNOWN
from ecgclip_core.corpora.tables import read_record, read_table
from ecgclip_core.errors import EcgclipError
from ecgclip_core.evaluation.calibration import calibration_error, cross_fitted, reliability
from ecgclip_core.evaluation.decisions import PARTS, decide_cross_fitted
from ecgclip_core.evaluation.metrics import (
    Estimate,
    auroc,
    best_f1_threshold,
    estimate,
    f1,
    prauc,
    resampled_weights,
)
from ecgclip_core.evaluation.tasks import Label, Task, labels_of
from ecgclip_core.evaluation.written import keep_entry
from ecgclip_core.findings.catalogue import catalogue
from ecgclip_core.model.ecgclip import ECGCLIP
from ecgclip_core.model.query import Query, ask, ask_finding
from ecgclip_core.model.space import CommonSpace
from ecgclip_core.model.zero_shot import INTERVAL_Z, Views, evidence, spread_of, views

FEWEST_POSITIVES = 5
FEW_POSITIVES = 10
CROSS_FITTED = f"best F1 on the other persons, in {PARTS} parts"


@dataclass(frozen=True, eq=False)
class Seen:
    """The recordings of a folder as a model sees them; several tasks can be asked of them.

    Attributes
    ----------
    rows : DataFrame
        What the table says of each of n recordings.
    views : list of Views
    calibrated : ndarray of bool, shape (n,)
    unreadable : list of str
        Records left out.
    """

    rows: pd.DataFrame
    views: list[Views]
    calibrated: np.ndarray
    unreadable: list[str]


@dataclass(frozen=True, eq=False)
class Answers:
    """What a model said of a labelled corpus.

    Attributes
    ----------
    findings : list of str
        Keys of the labels.
    logits : ndarray of float, shape (n, f)
        Of each recording as it is.
    copies : ndarray of float, shape (v, n, f)
        Of the recording as it is and of slightly changed copies.
    earlier : ndarray of float, shape (s, n, f)
        As the snapshots of the training answer, on their own scales.
    truth : ndarray of bool, shape (n, f)
    known : ndarray of bool, shape (n, f)
        Where the table says nothing of a label, `truth` is False and means nothing.
    patients : ndarray of str, shape (n,)
    calibrated : ndarray of bool, shape (n,)
    unreadable : list of str
        Records left out.
    too_few : dict of str to int
        Labels of the task that too few recordings have, or lack, with their positives.
    """

    findings: list[str]
    logits: np.ndarray
    copies: np.ndarray
    earlier: np.ndarray
    truth: np.ndarray
    known: np.ndarray
    patients: np.ndarray
    calibrated: np.ndarray
    unreadable: list[str]
    too_few: dict[str, int]


def see_all(model: ECGCLIP, folder: str | Path, folds: set[int] | None = None) -> Seen:
    """Read and encode every recording of a folder.

    Parameters
    ----------
    model : ECGCLIP
    folder : path
        That ``corpora.tables`` knows; a recording longer than the model's window is read
        in windows.
    folds : set of int, optional
        Values of ``strat_fold`` to take; all where left out.

    Raises
    ------
    EcgclipError
        Where the table has no such fold, or no recording can be read.
    """
    rows = rows_of(folder, folds)
    seen, kept, calibrated, unreadable = [], [], [], []
    for row, record in enumerate(tqdm(rows["record"], desc="Reading", unit="recording")):
        try:
            ecg = read_record(folder, record)
        except EcgclipError:
            unreadable.append(record)
            continue
        seen.append(views(model, ecg))
        calibrated.append(ecg.calibrated)
        kept.append(row)
    if not seen:
        raise EcgclipError(f"None of the {len(rows)} recordings of {Path(folder).name!r} can be read.")
    return Seen(rows.iloc[kept].reset_index(drop=True), seen, np.array(calibrated), unreadable)


def check_apart(reporting: Seen, validating: Seen) -> None:
    """Refuse thresholds that come from persons whose recordings report.

    Raises
    ------
    EcgclipError
        With the number of persons on both sides.
    """
    both = set(reporting.rows["patient_id"]) & set(validating.rows["patient_id"])
    if both:
        raise EcgclipError(
            f"{len(both)} persons are both in the folds that report and in those that give the thresholds of F1. "
            "Choose other --validate-folds, or leave them out: thresholds then come from the other persons."
        )


def rows_of(folder: str | Path, folds: set[int] | None = None) -> pd.DataFrame:
    """The table of a folder, or the rows of some folds of it.

    Raises
    ------
    EcgclipError
        Where the table has no folds, or none of those asked for.
    """
    rows = read_table(folder)
    if folds is None:
        return rows
    if "strat_fold" not in rows:
        raise EcgclipError("The table has no column 'strat_fold', so no folds of it can be taken; leave --folds out.")
    rows = rows[rows["strat_fold"].isin(folds)].reset_index(drop=True)
    if rows.empty:
        raise EcgclipError(f"The table has no recording of fold {', '.join(map(str, sorted(folds)))}.")
    return rows


def answer_all(model: ECGCLIP, folder: str | Path, task: Task, folds: set[int] | None = None) -> Answers:
    """Ask every recording of a folder every label of a task; `see_all` and `answer_task` together."""
    return answer_task(model, see_all(model, folder, folds), task)


def answer_task(model: ECGCLIP, seen: Seen, task: Task, fewest: int = FEWEST_POSITIVES) -> Answers:
    """Ask recordings that were seen every label of a task.

    Parameters
    ----------
    model : ECGCLIP
    seen : Seen
    task : Task
    fewest : int
        Labels that fewer recordings have, or lack, are left out.

    Raises
    ------
    EcgclipError
        Where nothing is left to evaluate.
    """
    keys, labels = labels_of(task, seen.rows)
    rows = np.flatnonzero((labels != UNKNOWN).any(axis=1))
    if not len(rows):
        raise EcgclipError(
            f"No readable recording of this folder has labels for the task {task.name!r}. Labels are read from the "
            "columns 'scp_codes', 'snomed_codes' and 'findings' of its table, or from those that a task names."
        )
    labels = labels[rows]
    positives, negatives = (labels == HOLDS).sum(axis=0), ((labels != HOLDS) & (labels != UNKNOWN)).sum(axis=0)
    enough = np.minimum(positives, negatives) >= fewest
    if not enough.any():
        raise EcgclipError(f"No label of the task {task.name!r} has {fewest} recordings with it and without it here.")
    queries = [query_of(model, task.label(key)) for key, kept in zip(keys, enough, strict=True) if kept]
    chosen = [seen.views[row] for row in rows]
    copies = _logits(model, [view.own for view in chosen], queries, model)
    earlier = [
        _logits(model, [view.earlier[number] for view in chosen], queries, space)[0]
        for number, space in enumerate(model.snapshots)
    ]
    return Answers(
        [key for key, kept in zip(keys, enough, strict=True) if kept],
        copies[0],
        copies,
        np.array(earlier).reshape(len(earlier), *copies.shape[1:]),
        labels[:, enough] == HOLDS,
        labels[:, enough] != UNKNOWN,
        seen.rows["patient_id"].to_numpy(dtype=str)[rows],
        seen.calibrated[rows],
        seen.unreadable,
        {key: int(number) for key, number, kept in zip(keys, positives, enough, strict=True) if not kept},
    )


def query_of(model: ECGCLIP, label: Label) -> Query:
    """A label as the model is asked for it: through the catalogue where it has an entry, else in its own words."""
    return ask_finding(model, catalogue()[label.finding]) if label.finding else ask(model, label.question)


def _logits(model: ECGCLIP, vectors: list[torch.Tensor], queries: list[Query], space: CommonSpace) -> np.ndarray:
    """Shape (v, n, f) for n recordings of v vectors each."""
    stacked = torch.stack(vectors)
    flat = stacked.reshape(-1, stacked.shape[2])
    with torch.no_grad():
        columns = [evidence(model, flat, query, space).reshape(stacked.shape[:2]).T.numpy() for query in queries]
    return np.stack(columns, axis=2).astype(float)


def table(
    answers: Answers, task: Task | None = None, validation: Answers | None = None
) -> tuple[pd.DataFrame, dict[str, Estimate]]:
    """Each label's PRAUC, AUROC and F1 with 95 % intervals over persons, and their macro averages.

    Parameters
    ----------
    answers : Answers
    task : Task, optional
        For the names of labels that are no findings.
    validation : Answers, optional
        Other recordings, whose best F1 gives each label's threshold. Where left out, thresholds are cross-fitted: each
        person is decided on by that of the other persons.

    Returns
    -------
    per_finding : DataFrame
        ``finding, name, positives, recordings, prevalence`` and for each measure m of ``prauc, auroc, f1``: ``m, m_low,
        m_high``; F1 is NaN where the validation recordings have no positive.
    macro : dict
        Each measure over all labels; ``m_10`` over those with at least 10 positives.
    """
    weights = resampled_weights(answers.patients)
    rows, curves = [], {"prauc": [], "auroc": [], "f1": []}
    for column, finding in enumerate(answers.findings):
        known = answers.known[:, column]
        truth, score = answers.truth[known, column], answers.logits[known, column]
        row = {
            "finding": finding,
            "name": task.label(finding).name if task else catalogue()[finding].name,
            "positives": int(truth.sum()),
            "recordings": len(truth),
            "prevalence": float(truth.mean()),
        }
        decided = _decided(answers, column, validation)
        for name, metric, said in (("prauc", prauc, score), ("auroc", auroc, score), ("f1", f1, decided)):
            values = np.full(len(weights), np.nan) if said is None else metric(truth, said, weights[:, known])
            curves[name].append(values)
            found = estimate(values) if said is not None else Estimate(np.nan, np.nan, np.nan)
            row |= {name: found.value, f"{name}_low": found.low, f"{name}_high": found.high}
        rows.append(row)
    per_finding = pd.DataFrame(rows)
    many = per_finding["positives"].to_numpy() >= FEW_POSITIVES
    macro = {}
    for suffix, chosen in (("", np.ones_like(many)), (f"_{FEW_POSITIVES}", many)):
        for name, values in curves.items():
            there = chosen & per_finding[name].notna().to_numpy()
            if there.any():
                macro[f"{name}{suffix}"] = estimate(_mean(np.array(values)[there]))
    return per_finding, macro


def _mean(values: np.ndarray) -> np.ndarray:
    """Over labels, leaving out those of which a sample has no positive or no negative; shape (f, b) to (b,)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.nansum(values, axis=0) / np.isfinite(values).sum(axis=0)


def _decided(answers: Answers, column: int, validation: Answers | None) -> np.ndarray | None:
    """Yes or no for each recording of which a label is known; None where no threshold can be had."""
    known = answers.known[:, column]
    truth, score = answers.truth[known, column], answers.logits[known, column]
    if validation is None:
        return decide_cross_fitted(truth, score, answers.patients[known])
    if answers.findings[column] not in validation.findings:
        return None
    other = validation.findings.index(answers.findings[column])
    there = validation.known[:, other]
    return score >= best_f1_threshold(validation.truth[there, other], validation.logits[there, other])


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
    wrong = ((probabilities > 0.5) != answers.truth)[answers.known]
    spread = spread_of(model, answers.copies, answers.earlier)[answers.known]
    if not 0 < wrong.sum() < len(wrong):
        return {}
    on_score = spread * (probabilities * (1 - probabilities))[answers.known]
    return {
        "median_right": float(np.median(2 * INTERVAL_Z * spread[~wrong])),
        "median_wrong": float(np.median(2 * INTERVAL_Z * spread[wrong])),
        "auroc_logit": float(roc_auc_score(wrong, spread)),
        "auroc_score": float(roc_auc_score(wrong, on_score)),
    }


def write_evaluation(
    file: Path, model: ECGCLIP, task: Task, corpus: str, answers: Answers, validation: tuple[str, Answers] | None = None
) -> dict:
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
    validation : (str, Answers), optional
        What the thresholds of F1 come from, in words, and the answers there.

    Returns
    -------
    dict
        The entry as written.
    """
    per_finding, macro = table(answers, task, validation[1] if validation else None)
    probabilities = cross_fitted(answers.logits, answers.truth, answers.patients, known=answers.known)
    said, held = probabilities[answers.known], answers.truth[answers.known]
    per_finding["basis"] = [query_of(model, task.label(key)).basis for key in answers.findings]
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
        "fewest_positives": FEWEST_POSITIVES,
        "too_few": {task.label(key).name: number for key, number in answers.too_few.items()},
        "threshold": f"best F1 on {validation[0]}" if validation else CROSS_FITTED,
        "macro": {name: asdict(found) for name, found in macro.items()},
        "calibration": {"expected_error": calibration_error(said, held), "reliability": reliability(said, held)},
        "intervals": widths_and_errors(model, answers, probabilities),
        "findings": per_finding.to_dict("records"),
    }
    return keep_entry(file, entry)
