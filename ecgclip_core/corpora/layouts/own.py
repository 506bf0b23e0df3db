"""A person's own folder: recordings of any format that can be read, and a table of them.

The table is ``records.csv`` (commas, semicolons or tabs) or ``records.parquet``. Its columns go by any of the names of
`COLUMNS`, in any case; all others are kept and not used::

    record,report,patient_id
    2021/a17.hea,Sinus rhythm. Left bundle branch block.,17
"""

import warnings
from pathlib import Path

import pandas as pd

from ecgclip_core.corpora.sources import Source
from ecgclip_core.ecg.names import listed
from ecgclip_core.errors import RecordingError

NAME = "a folder of your own"
SIGN = "a table records.csv or records.parquet with a column 'record'"
SOURCES: tuple[Source, ...] = ()

TABLES = ("records.csv", "records.parquet")
# The names that people give to what a column holds; the first is what it is called here.
COLUMNS = {
    "record": ("record", "file", "filename", "file_name", "path", "file_path", "recording", "ecg_file", "datei"),
    "report": ("report", "report_text", "text", "interpretation", "impression", "diagnosis", "conclusion", "befund"),
    "scp_codes": ("scp_codes", "scp_code", "scp"),
    "snomed_codes": ("snomed_codes", "snomed_code", "snomed_ct", "snomed", "dx"),
    "findings": ("findings", "finding", "labels", "label"),
    "patient_id": ("patient_id", "patient", "patientid", "subject_id", "subject", "person_id", "person"),
    "strat_fold": ("strat_fold", "fold"),
    "age": ("age", "age_years", "alter"),
}


def recognises(folder: Path) -> bool:
    """Whether there is a table of the name that a person's own has."""
    return any((folder / name).is_file() for name in TABLES)


def table(folder: Path) -> pd.DataFrame:
    """The rows of the table, its columns under their names here.

    Raises
    ------
    RecordingError
        Where the table cannot be read, has no column for the recordings or two for one thing.
    """
    file = next(folder / name for name in TABLES if (folder / name).is_file())
    return _renamed(_read_file(file), file.name)


def _read_file(file: Path) -> pd.DataFrame:
    """A table of any of the usual forms, every cell of a CSV as text.

    Raises
    ------
    RecordingError
        Where it is none.
    """
    if file.suffix.lower() == ".parquet":
        try:
            return pd.read_parquet(file)
        except (OSError, ValueError) as fault:
            raise RecordingError(f"{file.name} is not a Parquet file that can be read; export it again.") from fault
    content = file.read_bytes()
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            head = content.decode(encoding).split("\n", 1)[0]
        except UnicodeDecodeError:
            continue
        separator = max(",;\t", key=head.count)
        try:
            with warnings.catch_warnings():
                # Else a row with more cells than columns loses some of them, or all its cells move by one.
                warnings.simplefilter("error", pd.errors.ParserWarning)
                return pd.read_csv(file, sep=separator, encoding=encoding, low_memory=False, index_col=False)
        except (ValueError, pd.errors.ParserWarning) as fault:
            raise RecordingError(
                f"{file.name} is not a table that can be read: {_what_is_wrong(fault)}. Write one row a recording, "
                "under a first line with the columns' names; put texts with commas into double quotes."
            ) from fault
    raise RecordingError(f"{file.name} is not text. Save it as CSV in UTF-8.")


def _what_is_wrong(fault: Exception) -> str:
    """What pandas says is wrong, without the content of a cell."""
    if isinstance(fault, pd.errors.EmptyDataError):
        return "it is empty"
    ragged = isinstance(fault, pd.errors.ParserWarning) or "fields" in str(fault)
    return "its rows have different numbers of cells" if ragged else "it is no CSV"


def _renamed(rows: pd.DataFrame, name: str) -> pd.DataFrame:
    """With columns that go by another name called as they are here; a column that has its name keeps it."""
    plain = {str(column).strip().lower().replace(" ", "_"): column for column in reversed(rows.columns)}
    taken = {}
    for wanted, names in COLUMNS.items():
        found = [plain[other] for other in names if other in plain]
        if found and plain.get(wanted) is None and len(found) > 1 and wanted == "record":
            raise RecordingError(
                f"{name} has {listed(map(str, found))}; rename the one that names the recordings to 'record'."
            )
        if found:
            taken[found[0]] = wanted
    if "record" not in taken.values():
        raise RecordingError(
            f"{name} has no column 'record', which names one recording a row, relative to the folder. It has "
            f"{listed(map(str, rows.columns))}."
        )
    return rows.rename(columns=taken)
