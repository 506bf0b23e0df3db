"""Where the recordings of a cohort come from: a folder of files, or the simulator."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd

from ecgclip_core.corpora.labels import stated_by_name, stated_by_scp, stated_by_snomed
from ecgclip_core.corpora.layouts import layout_of
from ecgclip_core.corpora.tables import read_record, read_table
from ecgclip_core.ecg.readers import READERS
from ecgclip_core.ecg.recording import ECG
from ecgclip_core.errors import RecordingError
from ecgclip_core.simulation.conditions import CONDITIONS
from ecgclip_core.simulation.simulate import simulate

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
        A corpus that `read_table` knows; of any other, every file that a reader opens.

    Returns
    -------
    list of Entry

    Raises
    ------
    RecordingError
        Where the folder is missing or holds no recording, or as of `read_table`.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise RecordingError(f"There is no folder {folder.name!r}.")
    if layout_of(folder) is not None:
        rows = read_table(folder).drop_duplicates("record")
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


def _found(folder: Path, record: str, finding: str = "", findings: tuple[str, ...] = ()) -> Entry:
    return Entry(record, partial(read_record, folder, record), finding, findings)


def _tabled(folder: Path, row: dict) -> Entry:
    for column, read in (
        ("scp_codes", stated_by_scp),
        ("snomed_codes", stated_by_snomed),
        ("findings", stated_by_name),
    ):
        if not _missing(row.get(column)) and (stated := read(str(row[column]))):
            return _found(folder, row["record"], stated[0], stated)
    return _found(folder, row["record"])


def _missing(value: object) -> bool:
    return value is None or bool(pd.isna(value)) or not str(value).strip()
