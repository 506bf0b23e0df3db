"""A folder of recordings with a `records.csv`, PTB-XL's columns or fewer.

`record` (the recording's file, relative to the folder) is needed; `report`, `scp_codes` (a Python or JSON dict of
codes with likelihoods, or codes separated by semicolons), `patient_id`, `strat_fold`, `age` are read where they are
there.
"""

import ast
import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from ecgclip_core.corpora.corpus import ABSENT, HOLDS, UNKNOWN, Corpus
from ecgclip_core.ecg.read import read_ecg
from ecgclip_core.errors import EcgclipError, RecordingError
from ecgclip_core.findings.catalogue import catalogue
from ecgclip_core.findings.reports import findings_of_codes, statements
from ecgclip_core.findings.translation import to_english
from ecgclip_core.model.preprocessing import Preprocessing

CHUNK = 256


def read_folder(
    folder: str | Path, preprocessing: Preprocessing, cache: str | Path, table: str = "records.csv"
) -> Corpus:
    """Read and prepare every recording of a folder, once.

    Parameters
    ----------
    folder : path
        With a ``records.csv``.
    preprocessing : Preprocessing
        Of the model that is to see the signals.
    cache : path
        A folder for the prepared signals; an interrupted call goes on where it stopped.
    table : str
        Name of the table in `folder`.

    Returns
    -------
    Corpus
        Recordings that cannot be read are left out; ``unreadable.csv`` in the cache lists them with the reason.

    Raises
    ------
    RecordingError
        Where the table is missing or has no column ``record``.
    """
    rows = read_table(Path(folder) / table)
    signals, calibrated, readable = _prepared(Path(folder), rows, preprocessing, Path(cache))
    rows = rows[readable].reset_index(drop=True)
    findings, labels = label_matrix(rows)
    return Corpus(
        tuple(rows["record"]),
        signals[readable],
        calibrated[readable],
        findings,
        labels,
        tuple(english_statements(report) for report in _column(rows, "report", "")),
        _column(rows, "patient_id", "").astype(str),
        pd.to_numeric(_column(rows, "strat_fold", 0)).astype(int),
        pd.to_numeric(_column(rows, "age", np.nan)).astype(float),
    )


def english_statements(report: str) -> tuple[str, ...]:
    """The statements of a report, German and Swedish ones put into English: the text encoder reads English."""
    return tuple(to_english(statement) for statement in statements(report))


def read_table(file: Path) -> pd.DataFrame:
    """The table of a folder, with its columns checked."""
    if not file.is_file():
        raise RecordingError(f"No {file.name} in {file.parent.name!r}. It needs a column 'record' with one file a row.")
    rows = pd.read_csv(file)
    if "record" not in rows:
        raise RecordingError(f"{file.name} has no column 'record'; it has {', '.join(map(str, rows.columns))}.")
    return rows


def label_matrix(rows: pd.DataFrame) -> tuple[tuple[str, ...], np.ndarray]:
    """What the codes of a table say of every finding that has a code.

    Parameters
    ----------
    rows : DataFrame
        With or without a column ``scp_codes``.

    Returns
    -------
    findings : tuple of str
        Entries with an SCP-ECG code and their ancestors.
    labels : ndarray of int8, shape (n, f)
        All `UNKNOWN` for a row without codes.
    """
    coded = {code for entry in catalogue().values() for code in entry.codes.get("scp", ())}
    findings = tuple(sorted({finding for code in coded for finding in findings_of_codes({code: 100.0})}))
    column = {finding: number for number, finding in enumerate(findings)}
    labels = np.full((len(rows), len(findings)), UNKNOWN, dtype=np.int8)
    for row, text in enumerate(_column(rows, "scp_codes", "")):
        codes = parse_codes(text)
        if codes:
            labels[row] = ABSENT
            labels[row, [column[finding] for finding in findings_of_codes(codes)]] = HOLDS
    return findings, labels


def parse_codes(text: str) -> dict[str, float]:
    """Codes with likelihoods from a dict written as text, or from codes separated by semicolons."""
    text = str(text).strip()
    if not text.startswith("{"):
        return {code.strip(): 100.0 for code in text.split(";") if code.strip()}
    return {str(code): float(likelihood) for code, likelihood in ast.literal_eval(text).items()}


def _column(rows: pd.DataFrame, name: str, missing) -> np.ndarray:
    return rows[name].fillna(missing).to_numpy() if name in rows else np.full(len(rows), missing)


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
            ecg = read_ecg(folder / name)
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
