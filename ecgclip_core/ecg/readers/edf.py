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

import numpy as np

from ecgclip_core.ecg.channels import Channels
from ecgclip_core.ecg.limits import check_duration
from ecgclip_core.ecg.names import listed
from ecgclip_core.ecg.pieces import Piece, joined
from ecgclip_core.ecg.readers.edf_header import (
    ANNOTATIONS,
    Header,
    Signal,
    parse_header,
    person_of,
    recorded_with,
)
from ecgclip_core.errors import RecordingError

FORMAT = "EDF and EDF+"
EXTENSIONS = (".edf", ".bdf")
KINDS = ("an EDF file", "a BDF file")
TRIED_ON_REAL = False

MAX_SAMPLES = 40_000_000  # half an hour of twelve leads at 1,850 Hz
# The time-keeping annotation that opens every record of EDF+.
_ONSET = re.compile(rb"\s*([+-]\d{1,9}(?:\.\d{1,9})?)\x14")


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
    header = parse_header(name, content)
    check_duration(name, int(header.records * header.duration * 1000), 1000)
    table = _records(content, header)
    notes: list[str] = []
    leads = [signal for signal in header.signals if signal.is_lead]
    if not leads:
        others = [signal.label for signal in header.signals if signal.label not in ANNOTATIONS]
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
    others = [signal.label for signal in header.signals if not signal.is_lead and signal.label not in ANNOTATIONS]
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
    return Channels(names, signal, units, rate, person_of(header), tuple(notes), recorded_with(header, leads))


def _records(content: bytes, header: Header) -> np.ndarray:
    """All samples, shape (records, samples of a record)."""
    each = sum(signal.samples for signal in header.signals)
    raw = content[header.size : header.size + header.records * each * header.width]
    if header.width == 2:
        return np.frombuffer(raw, "<i2").reshape(header.records, each)
    three = np.frombuffer(raw, np.uint8).reshape(header.records, each, 3).astype(np.int32)
    return ((three[..., 0] << 8 | three[..., 1] << 16 | three[..., 2] << 24) >> 8).astype(np.int32)


def _at(signal: Signal, per_record: int, table: np.ndarray) -> np.ndarray:
    """Physical values of one signal, with as many samples in a record as the fastest has."""
    values = table[:, signal.first : signal.first + signal.samples].ravel() * signal.gain + signal.offset
    if signal.samples == per_record:
        return values
    times = np.arange(len(table) * per_record) / per_record
    return np.interp(times, np.arange(len(values)) / signal.samples, values)


def _runs(name: str, header: Header, table: np.ndarray) -> list[tuple[float, int, int]]:
    """Records without a gap between them: seconds from the start, first record, the one after the last."""
    if "+D" not in header.kind:
        return [(0.0, 0, header.records)]
    keeper = next((signal for signal in header.signals if signal.label in ANNOTATIONS), None)
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
