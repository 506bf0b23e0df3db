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

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from ecgclip_core.ecg.channels import Channels
from ecgclip_core.ecg.limits import check_duration
from ecgclip_core.ecg.names import shown
from ecgclip_core.ecg.readers.wfdb_header import BYTES, Header, Signal, parse_header, person_of
from ecgclip_core.ecg.readers.wfdb_segments import headers_of, read_segments, segments_of
from ecgclip_core.ecg.recognise import kind_of
from ecgclip_core.errors import RecordingError

FORMAT = "WFDB"
EXTENSIONS = (".hea",)
KINDS = ()
TRIED_ON_REAL = True

# signal(5): the value that stands for "no valid sample".
_INVALID = {"16": -(2**15), "24": -(2**23), "32": -(2**31), "61": -(2**15), "80": -(2**7), "160": -(2**15)}
_INVALID |= {"212": -(2**11), "310": -(2**9), "311": -(2**9)}

# header(5): the gain that may be assumed where none is given; the amplitude is then uncalibrated.
_ASSUMED_GAIN = 200.0

_MATLAB_5 = b"MATLAB 5.0"


def companions(name: str, content: bytes) -> tuple[str, ...]:
    """Base names of the signal files that a header names, or of the headers of its segments."""
    segments = segments_of(name, content)
    return parse_header(name, content).files if segments is None else headers_of(name, segments)


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
    header = parse_header(name, files[name])
    if (segments := segments_of(name, files[name])) is not None:
        return replace(read_segments(name, segments, header.rate, files, read), patient=person_of(header))
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
        patient=person_of(header),
        notes=tuple(notes),
    )


def _frames(name: str, header: Header, files: dict[str, bytes]) -> tuple[int, list[str]]:
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
        held[file] = int(max(len(files[file]) - group[0].offset, 0) / BYTES[group[0].format] + 1e-6) // per_frame
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


def _decode(name: str, signals: list[Signal], frames: int, files: dict[str, bytes]) -> list[np.ndarray]:
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


def _samples_of(content: bytes, signal: Signal) -> bytes:
    """What follows the offset, format 61 as format 16: wfdb 4.3.1 fails on the former, which has its bytes swapped."""
    content = content[signal.offset :]
    if signal.format == "61":
        return np.frombuffer(content[: len(content) // 2 * 2], ">i2").astype("<i2").tobytes()
    return content


def _checksum_fails(signals: list[Signal], digital: list[np.ndarray]) -> bool:
    """Whether the samples of a signal do not add up, modulo 2**16, to what its header says (header(5))."""
    return any(
        signal.checksum is not None and (int(row.sum(dtype=np.int64)) - signal.checksum) % 65536
        for signal, row in zip(signals, digital, strict=True)
    )


def _at_one_rate(
    digital: list[np.ndarray], signals: list[Signal], rate: float | None, notes: list[str]
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
