"""Text tables: one column a lead, one row a sample, the first row with the names.

::

    # lines that begin with a hash are passed over; "# sampling_rate: 500" and "# units: uV" are understood
    time (s),I (mV),II (mV),V1 (mV)
    0.000,0.012,0.034,-0.051
    0.002,0.013,0.036,-0.049

Separators are comma, semicolon and tab; beside the latter two, decimals may have a comma. The unit may stand in the
name (``I (mV)``, ``II [uV]``, ``V1_mV``). A column of times gives the sampling rate. There is no standard for ECGs in
such files; for the quoting see RFC 4180, https://www.rfc-editor.org/rfc/rfc4180
"""

import io
import re
import warnings

import numpy as np

from ecgclip_core.ecg.channels import Channels
from ecgclip_core.ecg.leads import lead_name
from ecgclip_core.ecg.names import listed, shown
from ecgclip_core.ecg.recognise import decoded, kind_of
from ecgclip_core.ecg.units import is_scaleless, millivolts_per
from ecgclip_core.errors import RecordingError

FORMAT = "CSV"
EXTENSIONS = (".csv", ".tsv", ".txt")
KINDS = ()
TRIED_ON_REAL = True

MAX_COLUMNS = 256
_LONGEST_NAME = 100
_SEPARATORS = (";", "\t", ",")
_UNIT_IN_BRACKETS = re.compile(r"(?P<name>.*?)\s*[(\[](?P<unit>[^()\[\]]*)[)\]]\s*")
_UNIT_AT_END = re.compile(r"(?P<name>.+?)[\s_/]+(?P<unit>[muµμn]v)", re.IGNORECASE)
_TIME_NAMES = re.compile(r"(t|time|times|timestamp|zeit|temps|tiempo|tempo|seconds|sec|secs|ms|milliseconds)")
_COUNTER_NAMES = re.compile(r"(sample|samples|index|frame|row|nr|no|n|#|)(number|nummer|no|nr)?")
_SECONDS = {"s": 1.0, "sec": 1.0, "secs": 1.0, "seconds": 1.0, "ms": 1e-3, "msec": 1e-3, "milliseconds": 1e-3}
_SECONDS |= {"us": 1e-6, "µs": 1e-6, "μs": 1e-6}
_REMARK = re.compile(r"(?P<key>sampling[ _]?(rate|frequency)|fs|units?)\s*[:=]\s*(?P<value>[^\s,;]+)", re.IGNORECASE)


def companions(name: str, content: bytes) -> tuple[str, ...]:
    """None: such a recording is one file."""
    return ()


def read(name: str, files: dict[str, bytes]) -> Channels:
    """Read a table of leads.

    Parameters
    ----------
    name : str
        Which of the files.
    files : dict of str to bytes

    Returns
    -------
    Channels
        With None for a rate or units that the file does not say.

    Raises
    ------
    RecordingError
        Where the file is no table of numbers under lead names.
    """
    if (kind := kind_of(files[name])) != "text":
        kind = kind if kind != "data" else "binary data"
        raise RecordingError(f"{name} should be a text table but looks like {kind}.")
    lines = [line for line in decoded(files[name]).splitlines() if line.strip(' ;,\t"')]
    stated = _remarks(line for line in lines if line.lstrip().startswith("#"))
    lines = [line for line in lines if not line.lstrip().startswith("#")]
    if lines and re.fullmatch(r"\"?sep=.\"?", lines[0].strip(), re.IGNORECASE):
        lines = lines[1:]
    if len(lines) < 2:
        raise RecordingError(
            f"{name} holds no table: a first row with lead names and a row for every sample are needed."
        )
    separator = max(_SEPARATORS, key=lines[0].count)
    names = [field.strip().strip("\"'").strip() for field in lines[0].split(separator)]
    _check_names(name, names)
    leads, units = zip(*(_name_and_unit(field) for field in names), strict=True)
    kept = [column for column, lead in enumerate(leads) if not _is_clock(lead)]
    table, words = _numbers(name, lines[1:], separator, len(names))
    notes = []
    if words[kept].sum():
        notes.append(f"{words[kept].sum()} cells of the table are no numbers and count as missing samples.")
    rate = stated.get("rate")
    for column in set(range(len(leads))) - set(kept):
        rate = rate or _rate_from(leads[column], units[column], table[:, column], notes)
    return Channels(
        names=tuple(leads[column] for column in kept),
        signal=table[:, kept].T,
        units=tuple(units[column] or stated.get("unit") for column in kept),
        sampling_rate=rate,
        notes=tuple(notes),
    )


def _remarks(comments) -> dict:
    stated = {}
    for comment in comments:
        for match in _REMARK.finditer(comment):
            if match["key"].lower().startswith("unit"):
                stated["unit"] = match["value"]
            elif re.fullmatch(r"\d{1,6}(\.\d{1,6})?(Hz)?", match["value"], re.IGNORECASE):
                stated["rate"] = float(re.sub(r"(?i)hz", "", match["value"]))
    return stated


def _check_names(name: str, names: list[str]) -> None:
    if len(names) > MAX_COLUMNS:
        raise RecordingError(
            f"{name} has {len(names)} columns; a 12-lead ECG has 12, and at most {MAX_COLUMNS} are read."
        )
    if all(re.fullmatch(r"[-+]?[\d.,]+(e[-+]?\d+)?", field, re.IGNORECASE) for field in names if field):
        raise RecordingError(
            f"{name} begins with numbers. Its first row should name the leads: I,II,III,aVR,aVL,aVF,V1,V2,V3,V4,V5,V6"
        )
    if not any(lead_name(_name_and_unit(field)[0].removeprefix("-")) for field in names):
        raise RecordingError(
            f"{name} is a text file, but its first row names none of the twelve leads (I, II, III, aVR, ... V6). "
            f"It begins with: {listed(names, 6)}."
        )


def _numbers(name: str, lines: list[str], separator: str, width: int) -> tuple[np.ndarray, np.ndarray]:
    """The table as float64 (rows, width), NaN where a cell is no number, and how many such cells each column has."""
    import pandas as pd

    decimal = "," if separator != "," and re.search(r"\d,\d", "\n".join(lines[:200])) else "."
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", pd.errors.DtypeWarning)
            frame = pd.read_csv(
                io.StringIO("\n".join(lines)),
                sep=separator,
                decimal=decimal,
                header=None,
                skipinitialspace=True,
                index_col=False,
            )
    except (ValueError, OverflowError, pd.errors.ParserError) as fault:
        raise RecordingError(f"{name} is not a table: its rows have different numbers of columns.") from fault
    if frame.shape[1] < width or frame.shape[1] > width + 1:
        raise RecordingError(f"{name} has {width} names but {frame.shape[1]} columns of numbers.")
    frame = frame.iloc[:, :width]
    values = np.column_stack([pd.to_numeric(frame[column], errors="coerce").to_numpy(np.float64) for column in frame])
    return values, (frame.notna().to_numpy() & np.isnan(values)).sum(axis=0)


def _name_and_unit(field: str) -> tuple[str, str | None]:
    match = None
    if len(field) <= _LONGEST_NAME:
        match = _UNIT_IN_BRACKETS.fullmatch(field) or _UNIT_AT_END.fullmatch(field)
    if match is None:
        return field, None
    unit = match["unit"].strip()
    known = millivolts_per(unit) is not None or (unit and is_scaleless(unit)) or unit.lower() in _SECONDS
    return match["name"], unit if known else None


def _is_clock(column: str) -> bool:
    word = column.strip().lower()
    return bool(_TIME_NAMES.fullmatch(word) or _COUNTER_NAMES.fullmatch(word))


def _rate_from(column: str, unit: str | None, times: np.ndarray, notes: list[str]) -> float | None:
    """The sampling rate (Hz) that a column of times shows; None where it does not, as a column of sample numbers."""
    word = column.strip().lower()
    if not _TIME_NAMES.fullmatch(word) or len(times) < 3 or not np.isfinite(times).all():
        return None
    step = (times[-1] - times[0]) / (len(times) - 1)
    if step <= 0 or np.abs(np.diff(times) - step).max() > 0.6 * step:
        notes.append("The times in the file are not evenly spaced.")
        return None
    second = _SECONDS.get((unit or word).lower())
    if second is None:
        # Without a unit, steps of a whole millisecond or more can only be milliseconds, and fractions seconds; a step
        # of exactly one may as well count samples.
        if step == 1:
            return None
        second = 1e-3 if step > 1 else 1.0
    rate = 1 / (step * second)
    rate = round(rate) if abs(rate - round(rate)) < 0.002 * rate else rate
    notes.append(f"Sampling rate of {rate:g} Hz taken from the column '{shown(word, 20)}'.")
    return float(rate)
