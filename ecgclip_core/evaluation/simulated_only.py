"""Whether a finding that only simulations taught was learned, or the simulator itself.

A model that saw a finding in simulated recordings alone can score it by whatever tells simulated recordings from real
ones. So its score is compared between simulated and real recordings that both lack the finding: an AUROC of 0.5 says
that the score cannot tell them apart, and above `LEARNED_THE_SIMULATOR` the finding is not offered to a reader.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from ecgclip_core.corpora.corpus import HOLDS
from ecgclip_core.corpora.labels import label_matrix
from ecgclip_core.corpora.simulated import simulate_corpus
from ecgclip_core.corpora.tables import read_record
from ecgclip_core.errors import EcgclipError
from ecgclip_core.evaluation.calibration import CALIBRATION_FIRST_SEED
from ecgclip_core.evaluation.metrics import auroc, estimate, resampled_weights
from ecgclip_core.evaluation.zero_shot import rows_of
from ecgclip_core.findings.catalogue import catalogue
from ecgclip_core.findings.reports import findings_of_report
from ecgclip_core.model.checkpoint import SIMULATED_ONLY
from ecgclip_core.model.ecgclip import ECGCLIP
from ecgclip_core.model.query import ask_finding
from ecgclip_core.model.zero_shot import evidence

LEARNED_THE_SIMULATOR = 0.7
MOST_REAL = 1000
FEWEST = 50


@dataclass(frozen=True, eq=False)
class RealOnes:
    """Real recordings with what is stated of each.

    Attributes
    ----------
    vectors : ndarray of float32, shape (n, d)
    stated : list of set of str
        Findings that the codes or the report of a recording state or doubt.
    patients : ndarray of str, shape (n,)
    """

    vectors: np.ndarray
    stated: list[set[str]]
    patients: np.ndarray


def check_simulated_only(
    model: ECGCLIP, folder: str | Path, folds: set[int] | None, simulated: int, cache: str | Path
) -> list[dict]:
    """Compare the scores of simulated and of real recordings without each finding that only simulations taught.

    Parameters
    ----------
    model : ECGCLIP
    folder : path
        Of real recordings with reports or codes.
    folds : set of int or None
        Values of ``strat_fold`` to take; recordings that trained the model will do, since none of them has the finding.
    simulated : int
        Recordings to simulate, the conditions in turn, of seeds that neither training nor tests use.
    cache : path
        A folder for them.

    Returns
    -------
    list of dict
        One a finding, highest first: ``finding, name, auroc, auroc_low, auroc_high`` (simulated that it was not put
        into against real ones of which nobody stated it), ``real, simulated`` (how many of each), ``within`` (AUROC of
        simulated ones with it against those without), ``learned_simulator``.

    Raises
    ------
    EcgclipError
        Where the checkpoint has no such finding, or no real recording can be read.
    """
    findings = [name for name in sorted(model.config.get("taught_by_simulation", ())) if name in catalogue()]
    if not findings:
        raise EcgclipError(f"No finding of {model.name} was taught by simulated recordings alone: nothing to check.")
    real = _real_ones(model, folder, folds)
    corpus = simulate_corpus(simulated, model.preprocessing, cache, CALIBRATION_FIRST_SEED)
    drawn = model.encode_windows(corpus.signals)
    rows = []
    for finding in findings:
        if finding in corpus.findings:
            held = corpus.labels[:, corpus.findings.index(finding)] == HOLDS
            rows.append(_compared(model, finding, real, drawn, held))
    return sorted((row for row in rows if row), key=lambda row: -row["auroc"])


def write_check(file: Path, model: ECGCLIP, corpus: str, rows: list[dict]) -> dict:
    """Keep the result in a checkpoint, where the app reads which findings not to offer."""
    entry = {
        "checkpoint": {"name": model.name, "hash": model.hash},
        "corpus": corpus,
        "threshold": LEARNED_THE_SIMULATOR,
        "findings": rows,
    }
    file.write_text(json.dumps(entry, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return entry


def check_file(model: ECGCLIP) -> Path:
    """Where the result of a checkpoint is kept."""
    return model.folder / SIMULATED_ONLY


def _compared(model: ECGCLIP, finding: str, real: RealOnes, drawn: np.ndarray, held: np.ndarray) -> dict | None:
    """The row of one finding; None where too few recordings lack it."""
    lacking, absent = np.array([finding not in stated for stated in real.stated]), ~held
    if min(lacking.sum(), absent.sum()) < FEWEST:
        return None
    query = ask_finding(model, catalogue()[finding])
    with torch.no_grad():
        of_real = evidence(model, torch.from_numpy(real.vectors[lacking]), query).numpy()
        of_drawn = evidence(model, torch.from_numpy(drawn), query).numpy()
    is_simulated = np.repeat([False, True], [lacking.sum(), absent.sum()])
    persons = np.append(real.patients[lacking], [f"simulated {number}" for number in np.flatnonzero(absent)])
    scores = np.append(of_real, of_drawn[absent])
    found = estimate(auroc(is_simulated, scores, resampled_weights(persons)))
    within = auroc(held, of_drawn, np.ones((1, len(held))))[0]
    return {
        "finding": finding,
        "name": catalogue()[finding].name,
        "auroc": found.value,
        "auroc_low": found.low,
        "auroc_high": found.high,
        "real": int(lacking.sum()),
        "simulated": int(absent.sum()),
        "within": float(within) if np.isfinite(within) else None,
        "learned_simulator": found.value > LEARNED_THE_SIMULATOR,
    }


def _real_ones(model: ECGCLIP, folder: str | Path, folds: set[int] | None) -> RealOnes:
    """At most `MOST_REAL` recordings of the folder, drawn the same way every time."""
    rows = rows_of(folder, folds)
    rows = rows.iloc[np.sort(np.random.default_rng(0).permutation(len(rows))[:MOST_REAL])].reset_index(drop=True)
    findings, labels = label_matrix(rows)
    vectors, kept, stated = [], [], []
    for row, record in enumerate(tqdm(rows["record"], desc="Reading", unit="recording")):
        try:
            vectors.append(model.encode_ecg([read_record(folder, record)])[0])
        except EcgclipError:
            continue
        kept.append(row)
        coded = {finding for finding, value in zip(findings, labels[row], strict=True) if value == HOLDS}
        stated.append(coded | _reported(rows, row))
    if not vectors:
        raise EcgclipError(f"None of the recordings of {Path(folder).name!r} can be read.")
    return RealOnes(np.array(vectors), stated, rows["patient_id"].to_numpy(dtype=str)[kept])


def _reported(rows, row: int) -> set[str]:
    """Findings that the report of a row states or doubts."""
    report = rows["report"].fillna("")[row] if "report" in rows else ""
    return {finding for finding, said in findings_of_report(str(report)).items() if said != "absent"}
