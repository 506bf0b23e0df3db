"""Where the recordings of a cohort come from: a folder of files, or the simulator."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd

from ecgclip_core.corpora.folder import parse_codes, read_table
from ecgclip_core.ecg.read import read_ecg
from ecgclip_core.ecg.readers import READERS
from ecgclip_core.ecg.recording import ECG
from ecgclip_core.errors import RecordingError
from ecgclip_core.findings.catalogue import ancestors, find, with_code
from ecgclip_core.findings.reports import findings_of_codes
from ecgclip_core.simulation.conditions import CONDITIONS
from ecgclip_core.simulation.simulate import simulate

TABLE = "records.csv"
SIMULATED = "simulated"
# Training keeps its seeds below 1,000,000, tests and benchmarks begin there.
COHORT_FIRST_SEED = 2_000_000


@dataclass(frozen=True)
class Entry:
    """One recording that is to join a cohort.

    Attributes
    ----------
    record : str
        Tells it from the others; for a file its path relative to the folder, with forward slashes.
    read : callable
        ``read() -> ECG``; raises `RecordingError`.
    finding : str
        What it is known for, before it is read; ``""`` where nobody said.
    findings : tuple of str
        All that hold, with those above them.
    seed : int
        -1 for a file.
    """

    record: str
    read: Callable[[], ECG]
    finding: str = ""
    findings: tuple[str, ...] = ()
    seed: int = -1


def folder_entries(folder: str | Path) -> list[Entry]:
    """The recordings of a folder and of all folders in it.

    Parameters
    ----------
    folder : path
        With a ``records.csv`` (column ``record``; ``scp_codes`` or ``findings`` where known), whose rows are the
        recordings; without one, every file that a reader opens.

    Returns
    -------
    list of Entry

    Raises
    ------
    RecordingError
        Where the folder is missing, holds no recording, or its table has no column ``record``.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise RecordingError(f"There is no folder {folder.name!r}.")
    if (folder / TABLE).is_file():
        rows = read_table(folder / TABLE).drop_duplicates("record")
        entries = [_tabled(folder, row) for row in rows.to_dict("records")]
    else:
        endings = {ending for reader in READERS for ending in reader.EXTENSIONS}
        files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in endings and path.is_file())
        entries = [_found(folder, path.relative_to(folder).as_posix()) for path in files]
    if not entries:
        raise RecordingError(f"The folder {folder.name!r} holds no recording in a format that can be read.")
    return entries


def simulated_entries(number: int, first_seed: int = COHORT_FIRST_SEED) -> list[Entry]:
    """Simulated recordings, the conditions in turn, each with a seed of its own."""
    conditions = list(CONDITIONS)
    chosen = [(conditions[row % len(conditions)], first_seed + row) for row in range(number)]
    return [Entry(f"{finding}/{seed}", partial(simulate, finding, seed), finding, (), seed) for finding, seed in chosen]


def with_ancestors(findings: tuple[str, ...]) -> tuple[str, ...]:
    """Findings and all that hold wherever one of them holds, each once."""
    above = (entry.id for finding in findings for entry in ancestors(finding))
    return tuple(dict.fromkeys((*findings, *above)))


def read_inside(folder: Path, record: str) -> ECG:
    """Read a record that lies in a folder or below it; a name that leads out of it is refused."""
    path = (folder / record).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise RecordingError(f"The record {path.name!r} lies outside of the folder. Name it relative to the folder.")
    return read_ecg(path)


def _found(folder: Path, record: str, finding: str = "", findings: tuple[str, ...] = ()) -> Entry:
    return Entry(record, partial(read_inside, folder, record), finding, findings)


def _tabled(folder: Path, row: dict) -> Entry:
    record = str(row["record"])
    if not _missing(row.get("scp_codes")):
        codes = parse_codes(row["scp_codes"])
        stated = [with_code("scp", code) for code in sorted(codes, key=codes.get, reverse=True)]
        known = [entry.id for entry in stated if entry]
        return _found(folder, record, known[0] if known else "", tuple(findings_of_codes(codes)))
    if not _missing(row.get("findings")):
        named = [find(text) for text in str(row["findings"]).split(";")]
        known = tuple(entry.id for entry in named if entry)
        return _found(folder, record, known[0] if known else "", with_ancestors(known))
    return _found(folder, record)


def _missing(value: object) -> bool:
    return value is None or bool(pd.isna(value)) or not str(value).strip()
