"""What was measured in a recording and answered about it, as one plain result to be printed or written as JSON."""

import json
import math
from dataclasses import dataclass, field
from datetime import datetime

import pandas as pd

from ecgclip_core.ecg.measure import Measurements
from ecgclip_core.ecg.recording import ECG, Patient

RESEARCH_USE = "For research and teaching only. Not a medical device: do not diagnose or treat by it."
UNITS = {
    "score, low, high": "share from 0 to 1; low and high are the range of the score",
    "p_axis, qrs_axis, t_axis": "degrees in the frontal plane, -180 to 180",
    "st_*, st60_*": "mV at the J point and 60 ms later, against the level before the QRS complex",
}


@dataclass(frozen=True)
class Summary:
    """One recording with all that is handed on beside its samples.

    Attributes
    ----------
    ecg : ECG
    key : str
        Made of the samples; tells the recording from others without naming anybody.
    title : str
        Nothing of the person, unless the reader revealed it.
    measurements : Measurements
    flags, remarks : tuple of str
        What must not be missed, and what hinders reading: in sentences.
    findings : DataFrame
        Columns finding, name, score, low, high, n; the likeliest first. Empty where none may be ranked.
    question : str
        As the reader asked it; empty where nothing was asked.
    answers : tuple of dict
        Each with name, and score, low and high, None where no probability may be given; and ``words``.
    explanation : tuple of str
        What carries the answer, by which method, and how far that goes.
    checkpoint, checkpoint_hash : str
    written : datetime
    patient : Patient or None
        None unless the reader revealed the person.
    """

    ecg: ECG
    key: str
    title: str
    measurements: Measurements
    flags: tuple[str, ...]
    remarks: tuple[str, ...]
    findings: pd.DataFrame
    question: str
    answers: tuple[dict, ...]
    explanation: tuple[str, ...]
    checkpoint: str
    checkpoint_hash: str
    written: datetime
    patient: Patient | None = field(default=None, repr=False)


def as_json(summary: Summary) -> bytes:
    """A summary as JSON, with units; what is not a number is null."""
    ecg = summary.ecg
    frame = summary.measurements.to_frame()
    content = {
        "written_by": "ECGCLIP Studio",
        "written_at": summary.written.isoformat(timespec="seconds"),
        "use": RESEARCH_USE,
        "recording": {
            "key": summary.key,
            "title": summary.title,
            "duration_s": ecg.duration,
            "sampling_rate_hz": ecg.sampling_rate,
            "units": ecg.units,
            "missing_leads": list(ecg.missing_leads),
            "simulated": ecg.truth is not None,
        },
        "checkpoint": {"name": summary.checkpoint, "hash": summary.checkpoint_hash},
        "measurements": frame.to_dict("records"),
        "measurement_remarks": list(summary.measurements.remarks),
        "flags": list(summary.flags),
        "quality": list(summary.remarks),
        "findings": summary.findings.to_dict("records"),
        "question": summary.question,
        "answers": list(summary.answers),
        "explanation": list(summary.explanation),
        "units": UNITS,
    }
    if summary.patient is not None:
        person = summary.patient
        content["patient"] = {"age_years": person.age, "sex": person.sex, "identity": person.identity}
    return json.dumps(_plain(content), ensure_ascii=False, allow_nan=False, indent=2).encode()


def person_words(patient: Patient | None) -> str:
    """A person in one line; that it is hidden, where it is."""
    if patient is None:
        return "patient hidden"
    age = "age unknown" if patient.age is None else f"{patient.age:g} years"
    named = [f"{key} {value}" for key, value in patient.identity.items()]
    return ", ".join([age, patient.sex or "sex unknown", *named])


def _plain(value):
    """The same without what JSON does not know."""
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
