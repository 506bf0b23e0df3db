"""EDF, EDF+ and BDF: a header in plain text, then records of a few seconds with the samples of every signal.

::

    version (8 bytes), patient (80), recording (80), date (8), time (8), bytes of the header (8), reserved (44:
    "EDF+C" continuous, "EDF+D" with gaps), number of records (8), duration of a record in s (8), signals (4)
    then for all signals: label (16), transducer (80), unit (8), physical minimum (8) and maximum (8), digital minimum
    (8) and maximum (8), prefilter (80), samples in a record (8), reserved (32)
    then the records: for every signal its samples, 16 bits (BDF 24 bits), little endian

References: Kemp et al. 1992, doi:10.1016/0013-4694(92)90009-7; Kemp and Olivan 2003, doi:10.1016/S1388-2457(03)00123-8;
https://www.edfplus.info/specs/edf.html
"""

import re
from dataclasses import dataclass

import numpy as np

from ecgclip_core.ecg.channels import Channels
from ecgclip_core.ecg.demographics import age_between, patient_from
from ecgclip_core.ecg.leads import lead_name
from ecgclip_core.ecg.limits import MAX_SAMPLING_RATE, check_duration
from ecgclip_core.ecg.names import listed, shown
from ecgclip_core.ecg.pieces import Piece, joined
from ecgclip_core.ecg.recognise import kind_of
from ecgclip_core.ecg.recording import Patient
from ecgclip_core.errors import RecordingError

FORMAT = "EDF and EDF+"
EXTENSIONS = (".edf", ".bdf")
KINDS = ("an EDF file", "a BDF file")
TRIED_ON_REAL = False

MAX_SIGNALS = 512
MAX_SAMPLES = 40_000_000  # half an hour of twelve leads at 1,850 Hz
_ANNOTATIONS = ("EDF Annotations", "BDF Annotations")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DATE = re.compile(r"(\d{1,2})-([A-Z]{3})-(\d{4})", re.IGNORECASE)
# The time-keeping annotation that opens every record of EDF+.
_ONSET = re.compile(rb"\s*([+-]\d{1,9}(?:\.\d{1,9})?)\x14")


@dataclass(frozen=True)
class _Signal:
    """One signal of the header."""

    label: str
    unit: str
    gain: float
    offset: float
    prefilter: str
    samples: int
    first: int

    @property
    def is_lead(self) -> bool:
        return self.label not in _ANNOTATIONS and lead_name(self.label.removeprefix("-")) is not None


@dataclass(frozen=True)
class _Header:
    """A header that has been held against the size of its file."""

    signals: tuple[_Signal, ...]
    size: int
    records: int
    duration: float
    width: int
    kind: str
    patient: str
    recording: str
    date: str


def companions(name: str, content: bytes) -> tuple[str, ...]:
    """None: such a recording is one file."""
    return ()


def read(name: str, files: dict[str, bytes]) -> Channels:
    """Read the leads of an EDF, EDF+ or BDF file; annotations and other signals are left out.

    Parameters
    ----------
    name : str
        Which of the files.
    files : dict of str to bytes

    Returns
    -------
    Channels

    Raises
    ------
    RecordingError
        Where the header is damaged or the file is shorter than it promises.
    """
    content = files[name]
    header = _parse(name, content)
    check_duration(name, int(header.records * header.duration * 1000), 1000)
    table = _records(content, header)
    notes: list[str] = []
    leads = [signal for signal in header.signals if signal.is_lead]
    if not leads:
        others = [signal.label for signal in header.signals if signal.label not in _ANNOTATIONS]
        raise RecordingError(
            f"{name} names none of the twelve leads (I, II, III, aVR, aVL, aVF, V1 to V6). Its channels are called "
            f"{listed(others) or 'nothing at all'}."
        )
    per_record = max(signal.samples for signal in leads)
    if len(leads) * header.records * per_record > MAX_SAMPLES:
        raise RecordingError(
            f"{name} would grow to {len(leads) * header.records * per_record:.2g} samples when its channels are "
            "brought to one rate. Export the part of interest with its twelve leads at one rate."
        )
    if len({signal.samples for signal in leads}) > 1:
        notes.append("The channels have different sampling rates; all were brought to the highest by interpolation.")
    others = [signal.label for signal in header.signals if not signal.is_lead and signal.label not in _ANNOTATIONS]
    if others:
        notes.append(f"Left out, since not among the twelve leads: {listed(others)}.")
    rate = per_record / header.duration
    names = tuple(signal.label for signal in leads)
    units = tuple(signal.unit or None for signal in leads)
    pieces = []
    for start, first, last in _runs(name, header, table):
        rows = [_at(signal, per_record, table[first:last]) for signal in leads]
        pieces.append(Piece(round(start * rate), names, units, np.stack(rows)))
    if len(pieces) > 1:
        notes.append(f"Recorded with {len(pieces) - 1} interruptions, which are left blank.")
    names, units, signal = joined(name, pieces, rate)
    return Channels(names, signal, units, rate, _patient(header), tuple(notes), _recorded(header, leads))


def _parse(name: str, content: bytes) -> _Header:
    """Parse a header and refuse what no honest recording says."""
    if (kind := kind_of(content)) not in KINDS:
        kind = {"data": "binary data of another kind", "text": "a text file"}.get(kind, kind)
        raise RecordingError(f"{name} should be an EDF file but looks like {kind}.")
    width = 3 if kind == "a BDF file" else 2
    text = content[:256].decode("latin-1")
    if len(text) < 256:
        raise _cut_off(name)
    count = _number(name, "number of signals", text[252:256])
    if not 1 <= count <= MAX_SIGNALS or count != int(count):
        raise RecordingError(f"{name} claims {shown(text[252:256])} signals; a 12-lead ECG has 12.")
    count = int(count)
    size = 256 * (count + 1)
    if len(content) < size:
        raise _cut_off(name)
    if int(_number(name, "size of the header", text[184:192])) != size:
        raise RecordingError(f"{name} gives its header a size that does not fit its signals: it is damaged.")
    duration = _number(name, "duration of a record", text[244:252])
    if not 0 < duration <= 3600:
        raise RecordingError(f"{name} has records of {duration:g} s: it holds no waveform, or is damaged.")
    signals = _parse_signals(name, content[256:size].decode("latin-1"), count, duration)
    bytes_each = width * sum(signal.samples for signal in signals)
    held = (len(content) - size) // bytes_each
    records = _number(name, "number of records", text[236:244])
    # -1 stands for "not known while recording".
    records = held if records == -1 else int(records)
    if records > held or records < 1:
        raise RecordingError(
            f"{name} promises {max(records, 1)} records but holds {held}: it is cut off. Copy or download it again."
        )
    return _Header(
        signals,
        size,
        records,
        duration,
        width,
        text[192:236].strip(),
        text[8:88].strip(),
        text[88:168].strip(),
        text[168:176],
    )


def _parse_signals(name: str, text: str, count: int, duration: float) -> tuple[_Signal, ...]:
    start = 0
    fields = []
    for size in (16, 80, 8, 8, 8, 8, 8, 80, 8, 32):
        fields.append([text[start + size * row : start + size * (row + 1)].strip() for row in range(count)])
        start += size * count
    signals = []
    first = 0
    for label, _, unit, low, high, digital_low, digital_high, prefilter, samples, _ in zip(*fields, strict=True):
        number = int(_number(name, "number of samples", samples))
        if not 1 <= number <= MAX_SAMPLING_RATE * max(duration, 1):
            raise RecordingError(f"{name} claims {shown(samples, 20)} samples in a record.")
        gain, offset = 1.0, 0.0
        if label not in _ANNOTATIONS:
            physical = _number(name, "physical minimum", low), _number(name, "physical maximum", high)
            digital = _number(name, "digital minimum", digital_low), _number(name, "digital maximum", digital_high)
            if physical[0] == physical[1] or digital[0] == digital[1]:
                if lead_name(label.removeprefix("-")):
                    raise RecordingError(
                        f"{name} gives {shown(label, 30)} a range of nothing, so its amplitude cannot be worked out. "
                        "Correct it in the header, or export the recording again."
                    )
            else:
                gain = (physical[1] - physical[0]) / (digital[1] - digital[0])
                offset = physical[0] - gain * digital[0]
        signals.append(_Signal(label, unit, gain, offset, prefilter, number, first))
        first += number
    return tuple(signals)


def _records(content: bytes, header: _Header) -> np.ndarray:
    """All samples, shape (records, samples of a record)."""
    each = sum(signal.samples for signal in header.signals)
    raw = content[header.size : header.size + header.records * each * header.width]
    if header.width == 2:
        return np.frombuffer(raw, "<i2").reshape(header.records, each)
    three = np.frombuffer(raw, np.uint8).reshape(header.records, each, 3).astype(np.int32)
    return ((three[..., 0] << 8 | three[..., 1] << 16 | three[..., 2] << 24) >> 8).astype(np.int32)


def _at(signal: _Signal, per_record: int, table: np.ndarray) -> np.ndarray:
    """Physical values of one signal, with as many samples in a record as the fastest has."""
    values = table[:, signal.first : signal.first + signal.samples].ravel() * signal.gain + signal.offset
    if signal.samples == per_record:
        return values
    times = np.arange(len(table) * per_record) / per_record
    return np.interp(times, np.arange(len(values)) / signal.samples, values)


def _runs(name: str, header: _Header, table: np.ndarray) -> list[tuple[float, int, int]]:
    """Records without a gap between them: seconds from the start, first record, the one after the last."""
    if "+D" not in header.kind:
        return [(0.0, 0, header.records)]
    keeper = next((signal for signal in header.signals if signal.label in _ANNOTATIONS), None)
    onsets = []
    for row in table:
        held = row[keeper.first : keeper.first + keeper.samples] if keeper else row[:0]
        raw = (
            held.astype("<i2").tobytes()
            if header.width == 2
            else b"".join(int(value & 0xFFFFFF).to_bytes(3, "little") for value in held[:30])
        )
        match = _ONSET.match(raw)
        if match is None:
            raise RecordingError(
                f"{name} has gaps but does not say when its records begin: it is damaged. Export it again as "
                "continuous EDF+."
            )
        onsets.append(float(match[1]))
    onsets = np.array(onsets) - onsets[0]
    steps = np.diff(onsets)
    if (steps < 0.99 * header.duration).any():
        raise RecordingError(f"{name} has records that overlap in time: it is damaged. Export it again.")
    check_duration(name, int((onsets[-1] + header.duration) * 1000), 1000)
    firsts = [0, *(np.flatnonzero(steps > 1.01 * header.duration) + 1)]
    return [(float(onsets[a]), int(a), int(b)) for a, b in zip(firsts, [*firsts[1:], header.records], strict=True)]


def _patient(header: _Header) -> Patient:
    """EDF+ writes code, sex, date of birth and name; plain EDF anything."""
    entries = {"recorded": _day(header.date)}
    fields = header.patient.split(" ")
    stamped = re.match(r"Startdate (\S+) (\S+) (\S+) (\S+)", header.recording)
    if stamped:
        entries["recorded"] = _date(stamped[1]) or entries["recorded"]
        entries |= {"examination": stamped[2], "technician": stamped[3]}
    elif header.recording:
        entries["recording"] = header.recording
    if len(fields) >= 4 and fields[1] in ("F", "M", "X"):
        code, sex, born, who = fields[:4]
        entries |= {"identifier": code, "sex": sex, "name": who.replace("_", " "), "born": _date(born)}
        entries["age"] = age_between(_date(born), entries["recorded"])
        if fields[4:]:
            entries["remarks"] = " ".join(fields[4:])
    elif header.patient:
        entries["name"] = header.patient
    return patient_from({key: "" if text == "X" else text for key, text in entries.items()})


def _recorded(header: _Header, leads: list[_Signal]) -> str:
    stamped = re.match(r"Startdate \S+ \S+ \S+ (\S+)", header.recording)
    device = stamped[1].replace("_", " ") if stamped and stamped[1] != "X" else ""
    filters = list(dict.fromkeys(signal.prefilter for signal in leads if signal.prefilter))
    says = f"Recorded with {shown(device, 40)}. " if device else ""
    return (says + (f"Filters of the device: {listed(filters, 3)}." if filters else "")).strip()


def _date(text: str) -> str:
    match = _DATE.fullmatch(text)
    if match is None or match[2].upper() not in _MONTHS:
        return ""
    return f"{match[3]}-{_MONTHS.index(match[2].upper()) + 1:02d}-{int(match[1]):02d}"


def _day(text: str) -> str:
    """dd.mm.yy; the specification has years from 1985 to 2084."""
    match = re.fullmatch(r"(\d\d)[.\-/](\d\d)[.\-/](\d\d)", text.strip())
    if match is None:
        return ""
    year = int(match[3])
    return f"{1900 + year if year >= 85 else 2000 + year}-{match[2]}-{match[1]}"


def _number(name: str, what: str, text: str) -> float:
    if not re.fullmatch(r"[+-]?\d{0,12}\.?\d{0,12}(e[+-]?\d{1,2})?", text.strip().replace(",", "."), re.IGNORECASE):
        raise RecordingError(f"{name}: '{shown(text, 20)}' is not a {what}. The header is damaged; export it again.")
    try:
        return float(text.strip().replace(",", "."))
    except ValueError as fault:
        raise RecordingError(f"{name} does not state the {what}. The header is damaged; export it again.") from fault


def _cut_off(name: str) -> RecordingError:
    return RecordingError(
        f"{name} is an EDF file that ends within its header: it is cut off. Copy or download it again."
    )
