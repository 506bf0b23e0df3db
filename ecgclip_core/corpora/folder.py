"""A folder of recordings as a corpus: read, prepared once, with what its table says of each."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from ecgclip_core.corpora.corpus import Corpus
from ecgclip_core.corpora.labels import label_matrix
from ecgclip_core.corpora.tables import read_record, read_table
from ecgclip_core.errors import EcgclipError
from ecgclip_core.findings.reports import statements
from ecgclip_core.findings.translation import to_english
from ecgclip_core.model.preprocessing import Preprocessing

CHUNK = 256


def read_folder(folder: str | Path, preprocessing: Preprocessing, cache: str | Path) -> Corpus:
    """Read and prepare every recording of a folder, once.

    Parameters
    ----------
    folder : path
        Any that `read_table` knows.
    preprocessing : Preprocessing
        Of the model that is to see the signals.
    cache : path
        A folder for the prepared signals; an interrupted call goes on where it stopped.

    Returns
    -------
    Corpus
        Recordings that cannot be read are left out; ``unreadable.csv`` in the cache lists them with the reason.

    Raises
    ------
    RecordingError
        As of `read_table` and `label_matrix`.
    """
    rows = read_table(folder)
    signals, calibrated, readable = _prepared(Path(folder), rows, preprocessing, Path(cache))
    rows = rows[readable].reset_index(drop=True)
    findings, labels = label_matrix(rows)
    reports = rows["report"].fillna("").astype(str) if "report" in rows else [""] * len(rows)
    return Corpus(
        tuple(rows["record"]),
        signals[readable],
        calibrated[readable],
        findings,
        labels,
        tuple(english_statements(report) for report in reports),
        rows["patient_id"].to_numpy(dtype=str),
        rows["strat_fold"].to_numpy(dtype=int) if "strat_fold" in rows else np.zeros(len(rows), dtype=int),
        rows["age"].to_numpy(dtype=float),
    )


def english_statements(report: str) -> tuple[str, ...]:
    """The statements of a report, German and Swedish ones put into English: the text encoder reads English."""
    return tuple(to_english(statement) for statement in statements(report))


def _prepared(
    folder: Path, rows: pd.DataFrame, preprocessing: Preprocessing, cache: Path
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Signals, whether calibrated, whether readable; kept in chunks so that an interrupted call resumes."""
    described = json.dumps([preprocessing.to_dict(), list(rows["record"])], sort_keys=True)
    place = cache / f"{folder.name}-{hashlib.sha256(described.encode()).hexdigest()[:12]}"
    place.mkdir(parents=True, exist_ok=True)
    problems = []
    starts = range(0, len(rows), CHUNK)
    with tqdm(total=len(rows), desc=f"Preparing {folder.name}", unit="recording") as bar:
        for start in starts:
            names = list(rows["record"][start : start + CHUNK])
            file = place / f"{start:07d}.npz"
            if not file.is_file():
                problems += _prepare_chunk(folder, names, preprocessing, file)
            bar.update(len(names))
    if problems:
        pd.DataFrame(problems, columns=["record", "reason"]).to_csv(place / "unreadable.csv", mode="a", index=False)
    parts = [np.load(place / f"{start:07d}.npz", allow_pickle=False) for start in starts]
    return tuple(np.concatenate([part[key] for part in parts]) for key in ("signals", "calibrated", "readable"))


def _prepare_chunk(folder: Path, names: list[str], preprocessing: Preprocessing, file: Path) -> list[tuple[str, str]]:
    signals = np.zeros((len(names), 12, preprocessing.length), dtype=np.float16)
    calibrated = np.zeros(len(names), dtype=bool)
    readable = np.ones(len(names), dtype=bool)
    problems = []
    for row, name in enumerate(names):
        try:
            ecg = read_record(folder, name)
        except EcgclipError as error:
            readable[row] = False
            problems.append((name, str(error)))
            continue
        signals[row] = preprocessing.windows(ecg)[0][0]
        calibrated[row] = ecg.calibrated
    partial = file.with_suffix(".part")
    with partial.open("wb") as opened:
        np.savez(opened, signals=signals, calibrated=calibrated, readable=readable)
    partial.rename(file)
    return problems
