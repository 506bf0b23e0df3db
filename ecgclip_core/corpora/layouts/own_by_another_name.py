"""A person's own folder whose table goes by a name of its own, as ``reports 2024.csv``.

It is taken for the table only where it is the one file at the top of the folder that has a column for the recordings
and one for what is known of them: so no recording that is itself a CSV is, and of two tables neither is guessed.
"""

from pathlib import Path

import pandas as pd

from ecgclip_core.corpora.layouts.table_files import ENDINGS, columns_of, known_columns, read_table_file
from ecgclip_core.corpora.sources import Source

NAME = "the same"
SIGN = "one table of another name, with a column for the recordings and one for reports or labels"
SOURCES: tuple[Source, ...] = ()

# Who has more such files at the top of a folder keeps recordings there.
_MOST = 200
_KNOWN = {"report", "scp_codes", "snomed_codes", "findings"}


def recognises(folder: Path) -> bool:
    """Whether there is exactly one such table."""
    return len(_tables(folder)) == 1


def table(folder: Path) -> pd.DataFrame:
    """The rows of the table."""
    return read_table_file(_tables(folder)[0])


def _tables(folder: Path) -> list[Path]:
    files = sorted(file for file in folder.iterdir() if file.suffix.lower() in ENDINGS and file.is_file())
    columns = {file: known_columns(columns_of(file)) for file in files} if len(files) <= _MOST else {}
    return [file for file, held in columns.items() if "record" in held and _KNOWN & set(held)]
