"""WFDB headers: parsed by the grammar of header(5), and refused where no honest recording says such a thing."""

import math
import re
from dataclasses import dataclass

from ecgclip_core.ecg.demographics import patient_from
from ecgclip_core.ecg.limits import MAX_SAMPLING_RATE
from ecgclip_core.ecg.names import shown
from ecgclip_core.ecg.recognise import decoded, kind_of
from ecgclip_core.ecg.recording import Patient
from ecgclip_core.errors import RecordingError

MAX_SIGNALS = 256
MAX_HEADER_BYTES = 1_000_000

# signal(5): bytes that a sample takes.
BYTES = {"8": 1, "16": 2, "24": 3, "32": 4, "61": 2, "80": 1, "160": 2, "212": 3 / 2, "310": 4 / 3, "311": 4 / 3}

_FORMAT_FIELD = re.compile(
    r"(?P<format>\d{1,3})(x(?P<per_frame>\d{1,6}))?(:(?P<skew>\d{1,9}))?(\+(?P<offset>\d{1,12}))?", re.ASCII
)
# Each number after the gain may be left out together with all that follow it, but the name is often there nonetheless.
_SIGNAL_FIELDS = ("file", "layout", "scale", "zero", "first", "checksum", "label")
_SIGNAL_LINE = re.compile(
    r"""(?P<file>\S+) \s+ (?P<layout>\S+) (\s+ (?P<scale>\S+)
        (\s+ \d+ (\s+ (?P<zero>-?\d+) (\s+ (?P<first>-?\d+) (\s+ (?P<checksum>-?\d+) (\s+ \d+)?)?)?)?)?
        (\s+ (?P<label>.*))?)?""",
    re.VERBOSE | re.ASCII,
)
_GAIN_FIELD = re.compile(r"(?P<gain>[^(/]*)(\((?P<baseline>[^)]*)\))?(/(?P<units>.*))?")


@dataclass(frozen=True)
class Signal:
    """One signal line of a header."""

    file: str | None
    format: str
    per_frame: int
    skew: int
    offset: int
    gain: float | None
    baseline: int
    units: str
    first: int
    checksum: int | None
    name: str


@dataclass(frozen=True)
class Header:
    """A header that has been checked as far as it can be without its signal files."""

    signals: tuple[Signal, ...]
    rate: float | None
    samples: int | None
    comments: tuple[str, ...]
    recorded: str

    @property
    def files(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(signal.file for signal in self.signals if signal.file))


def parse_header(name: str, content: bytes) -> Header:
    """Parse a header and refuse what no honest recording says.

    Parameters
    ----------
    name : str
        The header's base name, for messages.
    content : bytes

    Raises
    ------
    RecordingError
        Where it is no header, is cut off, or claims what cannot be.
    """
    if len(content) > MAX_HEADER_BYTES:
        raise RecordingError(f"{name} is too long to be a WFDB header.")
    if (kind := kind_of(content)) != "text":
        raise RecordingError(f"{name} should be a WFDB header, which is plain text, but looks like {kind}.")
    lines = [line.strip() for line in decoded(content).splitlines() if line.strip()]
    comments = tuple(line.lstrip("#").strip() for line in lines if line.startswith("#"))
    lines = [line for line in lines if not line.startswith("#")]
    fields = lines[0].split() if lines else []
    if len(fields) < 2:
        raise RecordingError(
            f"{name} is not a WFDB header: its first line should give the record's name, the number of signals and "
            "the sampling rate."
        )
    n_signals = _integer(name, "number of signals", fields[1])
    if not 1 <= n_signals <= MAX_SIGNALS:
        raise RecordingError(f"{name} claims {shown(fields[1], 20)} signals; a 12-lead ECG has 12.")
    rate = None
    if len(fields) > 2:
        rate = _number(name, "sampling rate", re.split(r"[/(]", fields[2])[0])
        if not 0 < rate <= MAX_SAMPLING_RATE:  # of frames, which may hold many samples; the leads' own is checked later
            raise RecordingError(
                f"{name}: a sampling rate of {rate:g} Hz is not one of an ECG. Correct it in the header."
            )
    samples = _integer(name, "number of samples", fields[3]) if len(fields) > 3 else None
    if samples is not None and samples < 0:
        raise RecordingError(f"{name} claims {shown(fields[3], 20)} samples, fewer than none.")
    if re.search(r"/\d*$", fields[0]):
        # Its other lines name segments; `segments_of` reads them.
        return Header((), rate, samples or None, comments, " ".join(fields[4:6]))
    if len(lines) - 1 < n_signals:
        raise RecordingError(
            f"{name} claims {n_signals} signals but describes {len(lines) - 1}. The header is cut off or damaged; "
            "copy it again from its source."
        )
    signals = tuple(_parse_signal(name, line) for line in lines[1 : n_signals + 1])
    return Header(signals, rate, samples or None, comments, " ".join(fields[4:6]))


def _parse_signal(name: str, line: str) -> Signal:
    match = _SIGNAL_LINE.fullmatch(line)
    if match is None:
        raise RecordingError(f"{name}: '{shown(line, 30)}' is not a signal line of a WFDB header.")
    file, layout, scale, zero, first, checksum, label = (match[key] or "" for key in _SIGNAL_FIELDS)
    match = _FORMAT_FIELD.fullmatch(layout)
    if match is None:
        raise RecordingError(f"{name}: '{shown(layout, 30)}' is not a WFDB signal format.")
    layout = match.groupdict()
    if layout["format"] not in BYTES and file != "~":
        raise RecordingError(
            f"{name}: WFDB format {layout['format']} is not read here. Formats {', '.join(BYTES)} are; "
            "convert the recording with the WFDB program xform."
        )
    per_frame = int(layout["per_frame"] or 1)
    if not 1 <= per_frame <= MAX_SAMPLING_RATE:
        raise RecordingError(f"{name} claims {per_frame} samples in a frame.")
    match = _GAIN_FIELD.fullmatch(scale)
    gain_text = match["gain"] if match else scale
    gain = _number(name, "gain", gain_text) if gain_text else None
    if gain == 0:
        raise RecordingError(
            f"{name} gives {shown(label, 30) or 'a signal'} a gain of 0, so its amplitude cannot be worked out. "
            "Correct the gain in the header."
        )
    baseline_text = (match["baseline"] if match else None) or zero or "0"
    return Signal(
        file=None if file == "~" else _safe(name, file),
        format=layout["format"],
        per_frame=per_frame,
        skew=int(layout["skew"] or 0),
        offset=int(layout["offset"] or 0),
        gain=gain,
        baseline=_integer(name, "baseline", baseline_text),
        units=(match["units"] if match else None) or "mV",
        first=_integer(name, "initial value", first or "0"),
        checksum=_integer(name, "checksum", checksum) if checksum else None,
        name=label.strip(),
    )


def _safe(name: str, file: str) -> str:
    """The base name of a signal file that lies beside its header, or a refusal."""
    if re.search(r"[/\\:\0]", file) or file in (".", "..", "-") or len(file) > 255:
        raise RecordingError(
            f"{name} names a signal file outside its own folder ('{shown(file, 30)}'). For safety only files beside "
            "the header are read: put both in one folder and leave the folder out of the header."
        )
    if file.lower() == name.lower():
        raise RecordingError(f"{name} names itself as its signal file.")
    return file


def person_of(header: Header) -> Patient:
    """Age, sex and all else the comments say of a person."""
    entries: dict[str, list[str]] = {}
    key = "remarks"
    for comment in header.comments:
        marked = re.findall(r"<([^<>]{1,40})>\s*:?\s*([^<]*)", comment)
        plain = re.fullmatch(r"([A-Za-z][\w \-/]{0,39}?)\s*[:=]\s*(.*)", comment)
        if marked:
            found = marked
        elif key.startswith("diagnos") or not plain:
            found = [(key, comment)]
        else:
            found = [plain.groups()]
        for label, text in found:
            # A mark without a text, as LUDB's <diagnoses>:, opens a list that the next comments continue.
            key = label.strip().lower() if marked and not text.strip() else key
            entries.setdefault(label.strip().lower(), []).append(text.strip())
    if header.recorded:
        entries["recorded"] = [header.recorded]
    return patient_from({label: "\n".join(filter(None, texts)) for label, texts in entries.items()})


def _number(name: str, what: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise RecordingError(f"{name}: '{shown(text, 30)}' is not a {what}.")
    return value


def _integer(name: str, what: str, text: str) -> int:
    if not re.fullmatch(r"[+-]?\d{1,15}", text, re.ASCII):
        raise RecordingError(f"{name}: '{shown(text, 30)}' is not a {what}.")
    return int(text)
