"""MIMIC-IV-ECG as PhysioNet publishes it: ``record_list.csv``, ``machine_measurements.csv``, WFDB records in ``files``.

The report is that of the recorder, in English, up to 18 lines in the columns ``report_0`` to ``report_17``. Ages are
not part of it: they are in MIMIC-IV itself, which asks for a training and an agreement. Reference:
doi:10.13026/4nqg-sb35.
"""

from pathlib import Path

import pandas as pd

from ecgclip_core.corpora.layouts.present import that_are_there
from ecgclip_core.corpora.sources import ODBL_1, Source
from ecgclip_core.errors import RecordingError

NAME = "MIMIC-IV-ECG"
SIGN = "record_list.csv and machine_measurements.csv"
SOURCES = (
    Source(
        "mimic-iv-ecg",
        "MIMIC-IV-ECG",
        "1.0",
        ODBL_1,
        "Gow B, Pollard T, Nathanson LA, et al. MIMIC-IV-ECG: Diagnostic Electrocardiogram Matched Subset. PhysioNet "
        "2023. doi:10.13026/4nqg-sb35",
        "https://physionet.org/files/mimic-iv-ecg/1.0/",
    ),
)

_LIST, _REPORTS = "record_list.csv", "machine_measurements.csv"
_LINES = [f"report_{number}" for number in range(18)]


def recognises(folder: Path) -> bool:
    """Whether both tables of MIMIC-IV-ECG are there."""
    return (folder / _LIST).is_file() and (folder / _REPORTS).is_file()


def table(folder: Path) -> pd.DataFrame:
    """One row a recording, its report in one text; no labels."""
    rows = pd.read_csv(folder / _LIST, dtype={"subject_id": str, "study_id": str})
    said = pd.read_csv(folder / _REPORTS, dtype=str, usecols=lambda name: name in ("study_id", *_LINES))
    if missing := {"subject_id", "study_id", "path"} - set(rows.columns):
        raise RecordingError(f"{_LIST} lacks {', '.join(sorted(missing))}: it is not that of MIMIC-IV-ECG 1.0.")
    lines = said.reindex(columns=_LINES).fillna("")
    report = lines.apply(lambda line: "; ".join(text.strip(" .;") for text in line if text.strip(" .;")), axis=1)
    reports = pd.Series(report.to_numpy(), index=said["study_id"])
    rows = rows[that_are_there(folder, rows["path"])]
    reports = reports[~reports.index.duplicated()]
    return pd.DataFrame(
        {
            "record": rows["path"],
            "report": rows["study_id"].map(reports),
            "patient_id": rows["subject_id"],
        }
    ).reset_index(drop=True)
