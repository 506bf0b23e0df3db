"""Tables that people keep of their recordings: CSV of any program, or Parquet, with their own names of columns."""

import warnings
from pathlib import Path

import pandas as pd

from ecgclip_core.ecg.names import listed
from ecgclip_core.errors import RecordingError

ENDINGS = (".csv", ".parquet")
# The names that people give to what a column holds, in any case; the first is what it is called here.
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
# A first line is not longer than this many bytes.
_FIRST_LINE = 100_000


def read_table_file(file: Path) -> pd.DataFrame:
    """The rows of a table, its columns called as they are here; those of no known name keep theirs.

    Raises
    ------
    RecordingError
        Where the file is no table, or has no column, or several, that may name the recordings.
    """
    rows = _parquet(file) if file.suffix.lower() == ".parquet" else _csv(file)
    known = known_columns(rows.columns)
    named = known.get("record", [])
    if not named:
        raise RecordingError(
            f"{file.name} has no column 'record', which names one recording a row, relative to the folder. It has "
            f"{listed(map(str, rows.columns))}."
        )
    if len(named) > 1 and str(named[0]).strip().lower() != "record":
        raise RecordingError(
            f"{file.name} has {listed(map(str, named))}; rename the one that names the recordings to 'record'."
        )
    return rows.rename(columns={found[0]: wanted for wanted, found in known.items()})


def columns_of(file: Path) -> list[str]:
    """The columns of a table, from its beginning; none of a file that is no table."""
    try:
        if file.suffix.lower() == ".parquet":
            import pyarrow.parquet

            return pyarrow.parquet.read_schema(file).names
        with file.open("rb") as opened:
            encoding, separator = _form(opened.readline(_FIRST_LINE))
        return list(pd.read_csv(file, sep=separator, encoding=encoding, nrows=0).columns)
    except (OSError, ValueError):
        return []


def known_columns(columns) -> dict[str, list]:
    """For each name of `COLUMNS` the columns that go by it or by one of its other names, the usual one first."""
    plain = {str(column).strip().lower().replace(" ", "_"): column for column in reversed(list(columns))}
    found = {wanted: [plain[name] for name in names if name in plain] for wanted, names in COLUMNS.items()}
    return {wanted: names for wanted, names in found.items() if names}


def _parquet(file: Path) -> pd.DataFrame:
    try:
        return pd.read_parquet(file)
    except (OSError, ValueError) as fault:
        raise RecordingError(f"{file.name} is not a Parquet file that can be read; export it again.") from fault


def _csv(file: Path) -> pd.DataFrame:
    encoding, separator = _form(file.read_bytes())
    # As numbers, codes and identifiers in a column with gaps would end in ".0".
    texts = dict.fromkeys((column for found in known_columns(columns_of(file)).values() for column in found), str)
    try:
        with warnings.catch_warnings():
            # Else a row with more cells than columns loses some of them, or all its cells move by one.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            return pd.read_csv(file, sep=separator, encoding=encoding, dtype=texts, low_memory=False, index_col=False)
    except (ValueError, pd.errors.ParserWarning) as fault:
        raise RecordingError(
            f"{file.name} is not a table that can be read: {_what_is_wrong(fault)}. Write one row a recording, under "
            "a first line with the columns' names; put texts with commas into double quotes."
        ) from fault


def _form(content: bytes) -> tuple[str, str]:
    """Encoding and separator: UTF-8, or what Excel writes in Western Europe; what the first line has most of."""
    try:
        encoding, text = "utf-8-sig", content.decode("utf-8-sig")
    except UnicodeDecodeError:
        encoding, text = "cp1252", content.decode("cp1252", errors="replace")
    return encoding, max(",;\t", key=text.split("\n", 1)[0].count)


def _what_is_wrong(fault: Exception) -> str:
    """What pandas says is wrong, without the content of a cell."""
    if isinstance(fault, pd.errors.EmptyDataError):
        return "it is empty"
    if isinstance(fault, UnicodeDecodeError):
        return "it is not text"
    ragged = isinstance(fault, pd.errors.ParserWarning) or "fields" in str(fault)
    return "its rows have different numbers of cells" if ragged else "it is no CSV"
