"""PTB-XL as PhysioNet publishes it: ``ptbxl_database.csv``, and every recording at 100 and at 500 Hz.

Reference: Wagner et al. 2020, doi:10.1038/s41597-020-0495-6.
"""

from pathlib import Path

import pandas as pd

from ecgclip_core.corpora.layouts.present import that_are_there
from ecgclip_core.corpora.sources import CC_BY_4, Source

NAME = "PTB-XL"
SIGN = "ptbxl_database.csv"
SOURCES = (
    Source(
        "ptb-xl",
        "PTB-XL",
        "1.0.3",
        CC_BY_4,
        "Wagner P, Strodthoff N, Bousseljot R, et al. PTB-XL, a large publicly available electrocardiography dataset. "
        "Sci Data 2020;7:154. doi:10.1038/s41597-020-0495-6; PhysioNet, doi:10.13026/kfzx-aw45",
        "https://physionet.org/files/ptb-xl/1.0.3/",
    ),
)

_TABLE = "ptbxl_database.csv"


def recognises(folder: Path) -> bool:
    """Whether the table of PTB-XL is there."""
    return (folder / _TABLE).is_file()


def table(folder: Path) -> pd.DataFrame:
    """PTB-XL's own columns; ``record`` is the recording at 100 Hz, or at 500 Hz where only that is there."""
    rows = pd.read_csv(folder / _TABLE)
    low, high = that_are_there(folder, rows["filename_lr"]), that_are_there(folder, rows["filename_hr"])
    rows["record"] = rows["filename_lr"].where(low, rows["filename_hr"])
    return rows[low | high].reset_index(drop=True)
