"""A person's own folder: recordings of any format that can be read, and ``records.csv`` or ``records.parquet``::

    record,report,patient_id
    2021/a17.hea,Sinus rhythm. Left bundle branch block.,17

`table_files.COLUMNS` has the names that its columns may go by.
"""

from pathlib import Path

import pandas as pd

from ecgclip_core.corpora.layouts.table_files import read_table_file
from ecgclip_core.corpora.sources import Source

NAME = "a folder of your own"
SIGN = "a table records.csv or records.parquet with a column 'record'"
SOURCES: tuple[Source, ...] = ()

_TABLES = ("records.csv", "records.parquet")


def recognises(folder: Path) -> bool:
    """Whether there is a table of the name that a person's own has."""
    return any((folder / name).is_file() for name in _TABLES)


def table(folder: Path) -> pd.DataFrame:
    """The rows of the table."""
    return read_table_file(next(folder / name for name in _TABLES if (folder / name).is_file()))
