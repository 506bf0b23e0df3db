"""WFDB, the format of PhysioNet: a text header (`.hea`) and the binary signal files (`.dat`, `.mat`) it names.

::

    # comments may stand anywhere; many datasets put age, sex and diagnoses here
    RECORD[/SEGMENTS] SIGNALS [RATE[/COUNTER[(BASE)]] [SAMPLES [TIME [DATE]]]]
    FILE FORMAT[xPER_FRAME][:SKEW][+OFFSET] [GAIN[(BASELINE)][/UNITS]
         [RESOLUTION [ZERO [FIRST [CHECKSUM [BLOCK [NAME]]]]]]]
    ... one such line a signal

The `.mat` files of the PhysioNet Challenges are MATLAB version 4: 24 bytes of header, then plain samples, hence
their format ``16+24``. References: Moody, "WFDB Applications Guide", header(5) and signal(5),
https://physionet.org/physiotools/wag/header-5.htm

The header is parsed and held against the files here, before any sample is read. Samples are then decoded by the
wfdb package from a temporary folder, under names and with a header written here: nothing a stranger wrote into a
header (dates, comments, URLs, paths, sizes) reaches the package.
"""

import math
import re
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ecgclip_core.ecg.channels import Channels
from ecgclip_core.ecg.demographics import patient_from
from ecgclip_core.ecg.limits import MAX_SAMPLING_RATE, check_duration
from ecgclip_core.ecg.names import shown
from ecgclip_core.ecg.readers.wfdb_segments import headers_of, read_segments, segments_of
from ecgclip_core.ecg.recognise import decoded, kind_of
from ecgclip_core.ecg.recording import Patient
from ecgclip_core.errors import RecordingError

FORMAT = "WFDB"
EXTENSIONS = (".hea",)
KINDS = ()
TRIED_ON_REAL = True

MAX_SIGNALS = 256
MAX_HEADER_BYTES = 1_000_000

# signal(5): bytes a sample takes, and the value that stands for "no valid sample".
_BYTES = {"8": 1, "16": 2, "24": 3, "32": 4, "61": 2, "80": 1, "160": 2, "212": 3 / 2, "310": 4 / 3, "311": 4 / 3}
_INVALID = {"16": -(2**15), "24": -(2**23), "32": -(2**31), "61": -(2**15), "80": -(2**7), "160": -(2**15)}
_INVALID |= {"212": -(2**11), "310": -(2**9), "311": -(2**9)}

# header(5): the gain that may be assumed where none is given; the amplitude is then uncalibrated.
_ASSUMED_GAIN = 200.0

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
_MATLAB_5 = b"MATLAB 5.0"


@dataclass(frozen=True)
class _Signal:
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
class _Header:
    """A header that has been checked as far as it can be without its signal files."""

    signals: tuple[_Signal, ...]
    rate: float | None
    samples: int | None
    comments: tuple[str, ...]
    recorded: str

    @property
    def files(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(signal.file for signal in self.signals if signal.file))


def companions(name: str, content: bytes) -> tuple[str, ...]:
    """Base names of the signal files that a header names, or of the headers of its segments."""
    segments = segments_of(name, content)
    return _parse(name, content).files if segments is None else headers_of(name, segments)


def read(name: str, files: dict[str, bytes]) -> Channels:
    """Read a recording from its header and signal files.

    Parameters
    ----------
    name : str
        Base name of the header among `files`.
    files : dict of str to bytes
        By base name, as `companions` gives them.

    Returns
    -------
    Channels

    Raises
    ------
    RecordingError
        Where the header is damaged, contradicts the files, or a file is missing.
    """
    header = _parse(name, files[name])
    if (segments := segments_of(name, files[name])) is not None:
        return replace(read_segments(name, segments, header.rate, files, read), patient=_patient(header))
    frames, notes = _frames(name, header, files)
    if header.rate is not None:
        check_duration(name, frames, header.rate)
    present = [signal for signal in header.signals if signal.file]
    if len(present) < len(header.signals):
        notes.append(f"{len(header.signals) - len(present)} channels of the header have no signal file.")
    digital = _decode(name, present, frames, files)
    if _checksum_fails(present, digital):
        notes.append(
            "The checksums in the header do not fit the samples: the file may be damaged or may have been edited."
        )
    rows, rate = _at_one_rate(digital, present, header.rate, notes)
    return Channels(
        names=tuple(signal.name for signal in present),
        signal=np.stack(rows),
        units=tuple("NU" if signal.gain is None else signal.units for signal in present),
        sampling_rate=rate,
        patient=_patient(header),
        notes=tuple(notes),
    )


def _parse(name: str, content: bytes) -> _Header:
    """Parse a header and refuse what no honest recording says."""
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
        return _Header((), rate, samples or None, comments, " ".join(fields[4:6]))
    if len(lines) - 1 < n_signals:
        raise RecordingError(
            f"{name} claims {n_signals} signals but describes {len(lines) - 1}. The header is cut off or damaged; "
            "copy it again from its source."
        )
    signals = tuple(_parse_signal(name, line) for line in lines[1 : n_signals + 1])
    return _Header(signals, rate, samples or None, comments, " ".join(fields[4:6]))


def _parse_signal(name: str, line: str) -> _Signal:
    match = _SIGNAL_LINE.fullmatch(line)
    if match is None:
        raise RecordingError(f"{name}: '{shown(line, 30)}' is not a signal line of a WFDB header.")
    file, layout, scale, zero, first, checksum, label = (match[key] or "" for key in _SIGNAL_FIELDS)
    match = _FORMAT_FIELD.fullmatch(layout)
    if match is None:
        raise RecordingError(f"{name}: '{shown(layout, 30)}' is not a WFDB signal format.")
    layout = match.groupdict()
    if layout["format"] not in _BYTES and file != "~":
        raise RecordingError(
            f"{name}: WFDB format {layout['format']} is not read here. Formats {', '.join(_BYTES)} are; "
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
    return _Signal(
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


def _frames(name: str, header: _Header, files: dict[str, bytes]) -> tuple[int, list[str]]:
    """How many frames can be read, from the files' sizes, and what a reader should know about them."""
    notes = []
    if not header.files:
        raise RecordingError(f"{name} names no signal file: there is nothing to read.")
    held = {}
    for file in header.files:
        if file not in files:
            raise RecordingError(f"{name} needs {shown(file)}, which is missing. Add it to the same folder or upload.")
        rows = [number for number, signal in enumerate(header.signals) if signal.file == file]
        group = [header.signals[row] for row in rows]
        if rows != list(range(rows[0], rows[-1] + 1)) or len({(s.format, s.offset) for s in group}) > 1:
            raise RecordingError(f"{name} describes {shown(file)} in two different ways; the header is damaged.")
        _check_signal_file(file, files[file])
        per_frame = sum(signal.per_frame for signal in group)
        held[file] = int(max(len(files[file]) - group[0].offset, 0) / _BYTES[group[0].format] + 1e-6) // per_frame
    shortest = min(held, key=held.get)
    frames = header.samples if header.samples is not None else held[shortest]
    if held[shortest] < frames:
        raise RecordingError(
            f"{name} promises {frames} samples in each lead, but {shown(shortest)} holds only {held[shortest]}: the "
            "signal file is cut off or belongs to another header. Copy or download it again."
        )
    if frames == 0:
        raise RecordingError(f"{shown(shortest)} holds no samples.")
    if any(signal.skew >= frames for signal in header.signals):
        raise RecordingError(f"{name} shifts a signal against the others by more than the whole recording.")
    if header.samples is not None and held[shortest] > frames + 1:
        notes.append(
            f"The signal file is longer than its header says: {frames} of {held[shortest]} samples a lead were read."
        )
    return frames, notes


def _check_signal_file(file: str, content: bytes) -> None:
    if content.startswith(_MATLAB_5):
        raise RecordingError(
            f"{shown(file)} is a MATLAB file of version 5 or later; WFDB signal files are of version 4. "
            "Save it again in MATLAB with the option -v4."
        )
    kind = kind_of(content, shortest_mark=4)
    if kind == "text" and len(content) < 200:
        return  # too short to tell; its size will be held against the header
    if kind != "data":
        kind = "a text file" if kind == "text" else kind
        raise RecordingError(f"{shown(file)} should be a WFDB signal file but looks like {kind}.")


def _decode(name: str, signals: list[_Signal], frames: int, files: dict[str, bytes]) -> list[np.ndarray]:
    """Digital samples of each signal, decoded by the wfdb package under a header written here."""
    import wfdb  # pandas, requests and fsspec come with it: not before a recording is read

    given = list(dict.fromkeys(signal.file for signal in signals))
    with tempfile.TemporaryDirectory(prefix="ecgclip-") as folder:
        lines = [f"r {len(signals)} 1 {frames}"]
        for number, file in enumerate(given):
            described = next(signal for signal in signals if signal.file == file)
            Path(folder, f"s{number}.dat").write_bytes(_samples_of(files[file], described))
        for signal in signals:
            layout = f"{'16' if signal.format == '61' else signal.format}x{signal.per_frame}"
            lines.append(f"s{given.index(signal.file)}.dat {layout} 1(0)/NU 16 0 {signal.first} 0 0 s")
        Path(folder, "r.hea").write_text("\n".join(lines) + "\n", encoding="ascii")
        try:
            record = wfdb.rdrecord(str(Path(folder, "r")), physical=False, smooth_frames=False)
        except (ValueError, IndexError, OverflowError, TypeError) as fault:
            raise RecordingError(f"The signal files of {name} do not fit the header.") from fault
    return [np.asarray(row) for row in record.e_d_signal]


def _samples_of(content: bytes, signal: _Signal) -> bytes:
    """What follows the offset, format 61 as format 16: wfdb 4.3.1 fails on the former, which has its bytes swapped."""
    content = content[signal.offset :]
    if signal.format == "61":
        return np.frombuffer(content[: len(content) // 2 * 2], ">i2").astype("<i2").tobytes()
    return content


def _checksum_fails(signals: list[_Signal], digital: list[np.ndarray]) -> bool:
    """Whether the samples of a signal do not add up, modulo 2**16, to what its header says (header(5))."""
    return any(
        signal.checksum is not None and (int(row.sum(dtype=np.int64)) - signal.checksum) % 65536
        for signal, row in zip(signals, digital, strict=True)
    )


def _at_one_rate(
    digital: list[np.ndarray], signals: list[_Signal], rate: float | None, notes: list[str]
) -> tuple[list[np.ndarray], float | None]:
    """Physical values of all signals at one rate, the highest among them, and that rate."""
    keep = max(signal.per_frame for signal in signals)
    rows = []
    for signal, row in zip(signals, digital, strict=True):
        values = row.astype(np.float64)
        if signal.format in _INVALID:
            values[row == _INVALID[signal.format]] = np.nan
        values = (values - signal.baseline) / (signal.gain or _ASSUMED_GAIN)
        if signal.per_frame != keep:
            times = np.arange(len(values) // signal.per_frame * keep) / keep
            values = np.interp(times, np.arange(len(values)) / signal.per_frame, values)
        if shift := signal.skew * keep:
            values = np.concatenate([values[shift:], np.full(shift, np.nan)])
        rows.append(values)
    if len({signal.per_frame for signal in signals}) > 1:
        notes.append("The channels have different sampling rates; all were brought to the highest by interpolation.")
    return rows, None if rate is None else rate * keep


def _patient(header: _Header) -> Patient:
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
