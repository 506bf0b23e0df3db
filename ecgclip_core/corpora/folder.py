"""A folder of recordings as a corpus: read, prepared once, with what its table says of each."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from ecgclip_core.corpora.corpus import Corpus
from ecgclip_core.corpora.labels import label_matrix
from ecgclip_core.corpora.shards import Shards, facts_of, is_written, write_shard
from ecgclip_core.corpora.tables import read_record, read_table
from ecgclip_core.errors import EcgclipError, RecordingError
from ecgclip_core.findings.reports import statements
from ecgclip_core.findings.translation import to_english
from ecgclip_core.model.preprocessing import Preprocessing

# Recordings in a file: at most 25 MB, and some seconds of work are lost by an interruption.
SHARD = 1024


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
        As of `read_table` and `label_matrix`, and where no recording can be read.
    """
    rows = read_table(folder)
    signals, calibrated, readable = _prepared(Path(folder), list(rows["record"]), preprocessing, Path(cache))
    if not readable.any():
        raise RecordingError(f"None of the {len(rows)} recordings of {Path(folder).name!r} can be read.")
    rows = rows[readable].reset_index(drop=True)
    findings, labels = label_matrix(rows)
    reports = rows["report"].fillna("").astype(str) if "report" in rows else pd.Series([""] * len(rows))
    # Recorders write the same report ten thousand times.
    said = {report: english_statements(report) for report in reports.unique()}
    return Corpus(
        tuple(rows["record"]),
        signals.view(np.flatnonzero(readable)),
        calibrated[readable],
        findings,
        labels,
        tuple(said[report] for report in reports),
        rows["patient_id"].to_numpy(dtype=str),
        rows["strat_fold"].to_numpy(dtype=int) if "strat_fold" in rows else np.zeros(len(rows), dtype=int),
        rows["age"].to_numpy(dtype=float),
    )


def english_statements(report: str) -> tuple[str, ...]:
    """The statements of a report, German and Swedish ones put into English: the text encoder reads English."""
    return tuple(to_english(statement) for statement in statements(report))


def _prepared(
    folder: Path, records: list[str], preprocessing: Preprocessing, cache: Path
) -> tuple[Shards, np.ndarray, np.ndarray]:
    """Signals, whether calibrated, whether readable; in shards, so that an interrupted call resumes.

    A shard goes by the records in it: of a folder that has grown, only what is new is prepared.
    """
    place = cache / folder.resolve().name
    place.mkdir(parents=True, exist_ok=True)
    groups = [records[start : start + SHARD] for start in range(0, len(records), SHARD)]
    files = [place / f"{_key(group, preprocessing)}.npy" for group in groups]
    with tqdm(total=len(records), desc=f"Preparing {folder.resolve().name}", unit="recording") as bar:
        for group, file in zip(groups, files, strict=True):
            if is_written(file):
                bar.update(len(group))
            else:
                _prepare_shard(folder, group, preprocessing, file, bar)
    facts = [facts_of(file) for file in files]
    calibrated, problems = (np.concatenate([part[key] for part in facts]) for key in ("calibrated", "problems"))
    _list_problems(place / "unreadable.csv", records, problems)
    return Shards(files, [len(group) for group in groups]), calibrated, problems == ""


def _key(group: list[str], preprocessing: Preprocessing) -> str:
    described = json.dumps([preprocessing.to_dict(), group], sort_keys=True)
    return hashlib.sha256(described.encode()).hexdigest()[:16]


def _prepare_shard(folder: Path, group: list[str], preprocessing: Preprocessing, file: Path, bar: tqdm) -> None:
    signals = np.zeros((len(group), 12, preprocessing.length), dtype=np.float16)
    calibrated = np.zeros(len(group), dtype=bool)
    problems = [""] * len(group)
    for row, record in enumerate(group):
        try:
            ecg = read_record(folder, record)
        except EcgclipError as error:
            problems[row] = str(error)
        else:
            signals[row] = preprocessing.windows(ecg)[0][0]
            calibrated[row] = ecg.calibrated
        bar.update()
    write_shard(file, signals, calibrated=calibrated, problems=np.array(problems, dtype=str))


def _list_problems(file: Path, records: list[str], problems: np.ndarray) -> None:
    """Which recordings were left out and why; no file where there are none."""
    rows = np.flatnonzero(problems)
    if len(rows):
        listed = {"record": [records[row] for row in rows], "reason": problems[rows]}
        pd.DataFrame(listed).to_csv(file, index=False)
    else:
        file.unlink(missing_ok=True)
