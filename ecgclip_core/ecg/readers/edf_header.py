"""The header of EDF, EDF+ and BDF files, held against the size of its file; and what it says of person and device."""

import re
from dataclasses import dataclass

from ecgclip_core.ecg.demographics import age_between, patient_from
from ecgclip_core.ecg.leads import lead_name
from ecgclip_core.ecg.limits import MAX_SAMPLING_RATE
from ecgclip_core.ecg.names import listed, shown
from ecgclip_core.ecg.recognise import kind_of
from ecgclip_core.ecg.recording import Patient
from ecgclip_core.errors import RecordingError

_KINDS = ("an EDF file", "a BDF file")
MAX_SIGNALS = 512
ANNOTATIONS = ("EDF Annotations", "BDF Annotations")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DATE = re.compile(r"(\d{1,2})-([A-Z]{3})-(\d{4})", re.IGNORECASE)


@dataclass(frozen=True)
class Signal:
    """One signal of the header.

    Attributes
    ----------
    label, unit, prefilter : str
    gain, offset : float
        Physical value = gain x stored value + offset.
    samples : int
        In one record.
    first : int
        Place of its first sample in a record.
    """

    label: str
    unit: str
    gain: float
    offset: float
    prefilter: str
    samples: int
    first: int

    @property
    def is_lead(self) -> bool:
        return self.label not in ANNOTATIONS and lead_name(self.label.removeprefix("-")) is not None


@dataclass(frozen=True)
class Header:
    """A header that has been held against the size of its file.

    Attributes
    ----------
    signals : tuple of Signal
    size : int
        Bytes of the header.
    records : int
    duration : float
        Seconds of a record.
    width : int
        Bytes of a sample, 2 or 3.
    kind, patient, recording, date : str
        As the file has them.
    """

    signals: tuple[Signal, ...]
    size: int
    records: int
    duration: float
    width: int
    kind: str
    patient: str
    recording: str
    date: str


def parse_header(name: str, content: bytes) -> Header:
    """Parse a header and refuse what no honest recording says.

    Parameters
    ----------
    name : str
        The file's base name, for messages.
    content : bytes
        The whole file.

    Raises
    ------
    RecordingError
        Where it is no EDF, is cut off, or claims what cannot be.
    """
    if (kind := kind_of(content)) not in _KINDS:
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
    return Header(
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


def _parse_signals(name: str, text: str, count: int, duration: float) -> tuple[Signal, ...]:
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
        if label not in ANNOTATIONS:
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
        signals.append(Signal(label, unit, gain, offset, prefilter, number, first))
        first += number
    return tuple(signals)


def person_of(header: Header) -> Patient:
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


def recorded_with(header: Header, leads: list[Signal]) -> str:
    """A sentence on the device and its filters; empty where the file does not say."""
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
