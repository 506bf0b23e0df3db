"""CODE-15 % as Zenodo publishes it: ``exams.csv`` and recordings in ``exams_part0.hdf5`` and so on.

A part holds ``exam_id`` (n,) and ``tracings`` (n, 4096, 12), 400 Hz, in the order of `_LEADS`, with zeros before and
after recordings of 7 or 10 seconds. A record here is ``exams_part0.hdf5/EXAM_ID``. References:
doi:10.5281/zenodo.4916206, doi:10.1038/s41467-021-25351-7.
"""

from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from ecgclip_core.corpora.sources import CC_BY_4, Source
from ecgclip_core.ecg.assemble import assemble
from ecgclip_core.ecg.channels import Channels
from ecgclip_core.ecg.names import shown
from ecgclip_core.ecg.recording import ECG
from ecgclip_core.errors import RecordingError

NAME = "CODE-15%"
SIGN = "exams.csv and exams_part0.hdf5"
SOURCES = (
    Source(
        "code-15",
        "CODE-15%",
        "1.0.0",
        CC_BY_4,
        "Ribeiro AH, Paixao GMM, Lima EM, et al. CODE-15%: a large scale annotated dataset of 12-lead ECGs. Zenodo "
        "2021. doi:10.5281/zenodo.4916206",
        "https://zenodo.org/api/records/4916206",
        "zenodo",
    ),
)

_TABLE = "exams.csv"
_LEADS = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
_RATE = 400.0
_LABELS = {
    "1dAVb": "first_degree_av_block",
    "RBBB": "right_bundle_branch_block",
    "LBBB": "left_bundle_branch_block",
    "SB": "sinus_bradycardia",
    "ST": "sinus_tachycardia",
    "AF": "atrial_fibrillation",
}
_NOTE = (
    "The makers of CODE-15% state its unit in two ways that contradict each other; shapes and times hold, voltages not."
)


def recognises(folder: Path) -> bool:
    """Whether the table and a part are there."""
    return (folder / _TABLE).is_file() and any(folder.glob("exams_part*.hdf5"))


def table(folder: Path) -> pd.DataFrame:
    """One row an exam whose part is there; six findings, each known of every exam."""
    rows = pd.read_csv(folder / _TABLE)
    needed = {"exam_id", "patient_id", "age", "trace_file", *_LABELS}
    if missing := needed - set(rows.columns):
        raise RecordingError(f"{_TABLE} lacks {', '.join(sorted(missing))}: it is not that of CODE-15%.")
    held = {file.name for file in folder.glob("exams_part*.hdf5")}
    rows = rows[rows["trace_file"].isin(held)].reset_index(drop=True)
    stated = rows[list(_LABELS)].astype(str).apply(lambda column: column.str.lower().isin(("true", "1", "1.0")))
    findings = [
        ";".join(finding for label, finding in _LABELS.items() if line[label]) for line in stated.to_dict("records")
    ]
    return pd.DataFrame(
        {
            "record": rows["trace_file"] + "/" + rows["exam_id"].astype(str),
            "findings": findings,
            "asked": ";".join(_LABELS.values()),
            "patient_id": rows["patient_id"].astype(str),
            "age": rows["age"],
        }
    )


def holds(record: str) -> bool:
    """Whether a record is an exam in a part."""
    return ".hdf5/" in record


def read(folder: Path, record: str) -> ECG:
    """One exam of a part, without the zeros around it.

    Raises
    ------
    RecordingError
        Where the part or the exam in it is missing or damaged, or h5py is not installed.
    """
    part, _, exam = record.rpartition("/")
    opened, place = _opened(folder / part)
    if exam not in place:
        raise RecordingError(f"{shown(part)} holds no exam {shown(exam, 20)}.")
    try:
        tracing = opened["tracings"][place[exam]]
    except (OSError, KeyError, ValueError) as fault:
        raise RecordingError(f"{shown(part)} is damaged; fetch it again.") from fault
    filled = np.flatnonzero(np.any(tracing != 0, axis=1))
    if tracing.shape[1:] != (len(_LEADS),) or not len(filled):
        raise RecordingError(f"Exam {shown(exam, 20)} of {shown(part)} holds no twelve leads.")
    signal = tracing[filled[0] : filled[-1] + 1].T.astype(float)
    channels = Channels(_LEADS, signal, ("NU",) * len(_LEADS), _RATE, notes=(_NOTE,))
    return assemble(channels, part, f"exam {exam}")


@lru_cache(maxsize=32)
def _opened(file: Path):
    """An open part and where each exam lies in it; parts stay open, since a corpus is read from them one by one."""
    try:
        import h5py
    except ImportError as fault:
        raise RecordingError(
            "CODE-15% lies in HDF5 files. Install the 'corpora' extra (pip install 'ecgclip-studio[corpora]')."
        ) from fault
    try:
        opened = h5py.File(file, "r")
        return opened, {str(int(exam)): row for row, exam in enumerate(opened["exam_id"][:])}
    except (OSError, KeyError, ValueError) as fault:
        raise RecordingError(
            f"{shown(file.name)} is not a part of CODE-15% that can be read; fetch it again."
        ) from fault
