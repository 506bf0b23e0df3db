"""Retrieval: does a recording find its report among all reports, and a report its recording among all recordings?

Reports that say the same are one report: a recording looks for it among the distinct reports, and where forty
recordings are reported as "sinus rhythm, normal ECG", each of them is right for that report. Recall at k is the share
of recordings, or of their reports, with a match among the first k; what lists in random order would reach stands beside
it.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from scipy.special import gammaln
from tqdm import tqdm

from ecgclip_core.corpora.folder import english_statements
from ecgclip_core.corpora.tables import read_record
from ecgclip_core.errors import EcgclipError
from ecgclip_core.evaluation.metrics import estimate, resampled_weights
from ecgclip_core.evaluation.written import keep_entry
from ecgclip_core.evaluation.zero_shot import rows_of
from ecgclip_core.model.ecgclip import ECGCLIP, LONGEST_TEXT

AT = (1, 5, 10)
DIRECTIONS = ("recording to report", "report to recording")
DESCRIPTION = "recordings and their reports finding each other"


@dataclass(frozen=True, eq=False)
class Pairs:
    """Recordings with their reports.

    Attributes
    ----------
    likeness : ndarray of float, shape (n, r)
        Of each recording and each of r distinct reports.
    report : ndarray of int, shape (n,)
        The column of each recording's own report.
    patients : ndarray of str, shape (n,)
    left_out : int
        Recordings that could not be read or have no report.
    """

    likeness: np.ndarray
    report: np.ndarray
    patients: np.ndarray
    left_out: int


def pair_all(model: ECGCLIP, folder: str | Path, folds: set[int] | None = None) -> Pairs:
    """Hold every recording of a folder against every report.

    Parameters
    ----------
    model : ECGCLIP
    folder : path
        That ``corpora.tables`` knows, with reports.
    folds : set of int, optional
        Values of ``strat_fold`` to take; all where left out.

    Raises
    ------
    EcgclipError
        Where there are no two readable recordings with reports.
    """
    rows = rows_of(folder, folds)
    reports = [english_statements(str(text)) for text in (rows["report"].fillna("") if "report" in rows else ())]
    vectors, kept = [], []
    for row in tqdm([row for row, said in enumerate(reports) if said], desc="Reading", unit="recording"):
        try:
            vectors.append(model.encode_ecg([read_record(folder, rows["record"][row])])[0])
        except EcgclipError:
            continue
        kept.append(row)
    if len(kept) < 2:
        raise EcgclipError(
            f"Retrieval needs readable recordings with reports; {Path(folder).name!r} has {len(kept)} here. "
            "Reports are read from the column 'report' of its table."
        )
    texts = [" ".join(reports[row]).casefold() for row in kept]
    _, first, own = np.unique(texts, return_index=True, return_inverse=True)
    likeness = likeness_of(model, np.array(vectors), [reports[kept[place]] for place in first])
    return Pairs(likeness, own, rows["patient_id"].to_numpy(dtype=str)[kept], len(rows) - len(kept))


def likeness_of(model: ECGCLIP, vectors: np.ndarray, reports: list[tuple[str, ...]]) -> np.ndarray:
    """How near each recording is to each report: the mean log probability that its statements hold.

    A statement that does not hold then counts for more than one that holds beyond doubt. On fold 8 of PTB-XL a
    recording found its report among the first ten with 0.58, by the mean of the logits with 0.50, by the report as one
    text with 0.46; reports found their recordings as often (0.72 to 0.73).

    Parameters
    ----------
    model : ECGCLIP
    vectors : ndarray of float32, shape (n, d)
    reports : list of m tuples of str
        In statements, as the model was taught.

    Returns
    -------
    ndarray of float, shape (n, m)
    """
    texts = sorted({statement for report in reports for statement in report})
    place = {text: number for number, text in enumerate(texts)}
    said = model.encode_text([text[:LONGEST_TEXT] for text in texts])
    with torch.no_grad():
        logits = model.logits(torch.from_numpy(vectors), torch.from_numpy(said)).numpy()
    holds = -np.logaddexp(0, -logits)
    return np.stack([holds[:, [place[text] for text in report]].mean(axis=1) for report in reports], axis=1)


def places_of_reports(pairs: Pairs) -> np.ndarray:
    """The place of each recording's own report among the distinct reports, from 1, shape (n,); of equals the last."""
    own = pairs.likeness[np.arange(len(pairs.report)), pairs.report]
    return (pairs.likeness >= own[:, None]).sum(axis=1)


def places_of_recordings(pairs: Pairs) -> np.ndarray:
    """For each recording's report, the place of the first recording with it, from 1, shape (n,); of equals the last."""
    place = np.empty(pairs.likeness.shape[1], dtype=int)
    for report, likeness in enumerate(pairs.likeness.T):
        has = pairs.report == report
        place[report] = 1 + (likeness[~has] >= likeness[has].max()).sum()
    return place[pairs.report]


def chance(own: np.ndarray, k: int) -> dict[str, float]:
    """Recall at k of lists in random order.

    Parameters
    ----------
    own : ndarray of int, shape (n,)
        As the `report` of `Pairs`.
    k : int

    Returns
    -------
    dict
        For each of `DIRECTIONS`; that of a report is one minus the hypergeometric share of lists without a match.
    """
    n, sizes = len(own), np.bincount(own)
    others = n - sizes[own]

    def log_choose(number):
        return gammaln(number + 1) - gammaln(k + 1) - gammaln(np.maximum(number - k, 0) + 1)

    missed = np.where(others >= k, np.exp(log_choose(others) - log_choose(n)), 0.0)
    return dict(zip(DIRECTIONS, (min(1.0, k / len(sizes)), float(1 - missed.mean())), strict=True))


def write_retrieval(file: Path, model: ECGCLIP, corpus: str, pairs: Pairs) -> dict:
    """Measure recall both ways with 95 % intervals over persons, and keep it beside other evaluations.

    Parameters
    ----------
    file : Path
    model : ECGCLIP
    corpus : str
        What it was measured on, in words.
    pairs : Pairs

    Returns
    -------
    dict
        The entry as written; ``retrieval`` has a row for each direction and k.
    """
    weights = resampled_weights(pairs.patients)
    rows, middle = [], {}
    for direction, found in zip(DIRECTIONS, (places_of_reports(pairs), places_of_recordings(pairs)), strict=True):
        middle[direction] = float(np.median(found))
        for k in AT:
            recall = estimate(weights @ (found <= k) / weights.sum(axis=1))
            by_chance = chance(pairs.report, k)[direction]
            rows.append({"direction": direction, "k": k, "recall": asdict(recall), "chance": by_chance})
    entry = {
        "task": "retrieval",
        "description": DESCRIPTION,
        "kind": "retrieval",
        "corpus": corpus,
        "checkpoint": {"name": model.name, "hash": model.hash},
        "recordings": len(pairs.report),
        "persons": len(set(pairs.patients)),
        "distinct_reports": len(set(pairs.report)),
        "most_often_the_same": int(np.bincount(pairs.report).max()),
        "left_out": pairs.left_out,
        "median_rank": middle,
        "retrieval": rows,
    }
    return keep_entry(file, entry)
