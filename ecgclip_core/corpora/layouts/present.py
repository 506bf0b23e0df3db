"""Which rows of a published table have their recording: a download may hold a part of a corpus."""

from pathlib import Path

import pandas as pd


def that_are_there(folder: Path, records: pd.Series) -> pd.Series:
    """Whether the header of each WFDB record is in a folder; each folder in it is looked at once."""
    held: dict[str, set[str]] = {}

    def is_there(record: str) -> bool:
        place, _, name = str(record).rpartition("/")
        if place not in held:
            inside = (folder / place).iterdir() if (folder / place).is_dir() else ()
            held[place] = {file.name for file in inside}
        return f"{name}.hea" in held[place]

    return records.map(is_there).astype(bool)
