"""One table for every corpus: which recordings there are and what is known of each."""

from pathlib import Path

import numpy as np
import pandas as pd

from ecgclip_core.corpora.layouts import LAYOUTS, layout_of
from ecgclip_core.ecg.demographics import age_in_years
from ecgclip_core.ecg.read import read_ecg
from ecgclip_core.ecg.recording import ECG
from ecgclip_core.errors import RecordingError

LABEL_COLUMNS = ("scp_codes", "snomed_codes", "findings", "asked")


def read_table(folder: str | Path) -> pd.DataFrame:
    """The recordings of a folder, whatever corpus it is.

    Parameters
    ----------
    folder : path
        A person's own with a ``records.csv`` or ``records.parquet``, or any corpus of `layouts.LAYOUTS` as its makers
        publish it, or a part of one.

    Returns
    -------
    DataFrame
        One row a recording, with

        ``record``
            what `read_record` takes, relative to the folder,
        ``report``
            free text, where there are reports,
        ``scp_codes``, ``snomed_codes``, ``findings``
            labels, where there are any: SCP-ECG codes (a dict of likelihoods as text, or codes), SNOMED CT codes, or
            catalogue findings, separated by semicolons,
        ``asked``
            the findings that were decided on, where these are not all that the labels have codes for,
        ``patient_id``
            whose it is, as text; where nobody said, each recording counts as another person's,
        ``strat_fold``
            a number, where the corpus has folds (0 in a row without one); `splits.folds_by_patient` deals others,
        ``age``
            years, NaN where unknown

        and the corpus's own columns.

    Raises
    ------
    RecordingError
        Where the folder is missing, is no corpus that is known, holds no recording, or a cell is not what its column
        should hold.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise RecordingError(f"There is no folder {folder.name!r}.")
    layout = layout_of(folder)
    if layout is None:
        known = "; ".join(f"{layout.NAME} ({layout.SIGN})" for layout in LAYOUTS)
        raise RecordingError(f"The folder {folder.name!r} is no corpus that is known here. Known are {known}.")
    rows = layout.table(folder)
    if not len(rows):
        raise RecordingError(f"The folder {folder.name!r} is {layout.NAME}, but holds none of its recordings.")
    return _completed(rows.reset_index(drop=True))


def read_record(folder: str | Path, record: str) -> ECG:
    """Read one recording of a corpus.

    Parameters
    ----------
    folder : path
    record : str
        From the table of the folder.

    Raises
    ------
    RecordingError
        Where it cannot be read, or lies outside of the folder.
    """
    folder = Path(folder)
    path = (folder / record).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise RecordingError(f"The record {path.name!r} lies outside of the folder. Name it relative to the folder.")
    for layout in LAYOUTS:
        if hasattr(layout, "holds") and layout.holds(record):
            return layout.read(folder, record)
    return read_ecg(path)


def _completed(rows: pd.DataFrame) -> pd.DataFrame:
    """With every cell checked, and with a person of its own for a recording of which nobody said whose it is."""
    empty = rows["record"].isna() | (rows["record"].astype(str).str.strip() == "")
    if empty.any():
        raise RecordingError(f"Row {_first(empty)} of the table names no recording in its column 'record'.")
    rows["record"] = rows["record"].astype(str).str.strip()
    if (again := rows["record"].duplicated()).any():
        raise RecordingError(
            f"Row {_first(again)} of the table names a recording that an earlier row names. Give each recording one "
            "row, with all that is said of it."
        )
    for column in LABEL_COLUMNS:
        if column in rows:
            rows[column] = rows[column].map(_as_text)
    rows["age"] = rows["age"].map(_years).astype(float) if "age" in rows else np.nan
    known = rows["patient_id"].map(_identifier) if "patient_id" in rows else pd.Series("", index=rows.index)
    rows["patient_id"] = known.where(known != "", rows["record"])
    if "strat_fold" in rows and rows["strat_fold"].notna().any():
        folds = pd.to_numeric(rows["strat_fold"], errors="coerce")
        wrong = (folds.isna() & rows["strat_fold"].notna()) | (folds.notna() & (folds % 1 != 0))
        if wrong.any():
            raise RecordingError(
                f"Row {_first(wrong)} of the table has a 'strat_fold' that is no whole number; number the folds, or "
                "leave the column out."
            )
        rows["strat_fold"] = folds.fillna(0).astype(int)
        return rows
    return rows.drop(columns="strat_fold", errors="ignore")


def _first(marked: pd.Series) -> int:
    """The number of the first row that is marked, as a person counts rows under the columns' names."""
    return int(np.flatnonzero(marked)[0]) + 1


def _as_text(cell: object) -> str:
    """Codes or names as one text, from whatever a Parquet file may hold of them."""
    if isinstance(cell, dict):
        return str({code: likelihood for code, likelihood in cell.items() if likelihood is not None})
    if isinstance(cell, list | tuple | np.ndarray):
        return ";".join(map(_identifier, cell))
    return _identifier(cell)


def _years(cell: object) -> float:
    years = None if pd.isna(cell) else age_in_years(f"{cell:g}" if isinstance(cell, float) else str(cell))
    return np.nan if years is None else years


def _identifier(cell: object) -> str:
    """An identifier as text; a table with gaps makes 17 into 17.0."""
    if pd.isna(cell):
        return ""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell).strip()
