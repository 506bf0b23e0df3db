"""SCP-ECG: sections of bytes, little endian, each with its own checksum (EN 1064, ANSI/AAMI EC71).

::

    checksum (2 bytes) and size (4) of the whole
    section:  checksum (2), number (2), length (4), versions (2), reserved (6), then its content
    section 0: for every section its number (2), length (4) and first byte (4), counted from 1
    section 1: tag (1), length (2), value: person, device, filters; tag 255 ends it
    section 2: tables of Huffman codes; without it samples are 16 bits each
    section 3: number of leads (1), flags (1), then for each lead its first and last sample (4 + 4) and its code (1)
    section 4: length of the reference beat in ms (2), its fiducial sample (2), number of complexes (2), for each: type
               (2), first sample (4), fiducial (4), last (4) of what was subtracted; then first (4) and last (4) sample
               of every protected zone
    section 5: the reference beat; section 6: the rhythm, or what is left of it where the beat was subtracted. Both:
               nanovolts in a unit (2), microseconds between samples (2), order of differences (1), in section 6 whether
               samples outside of the protected zones are fewer (1), bytes of each lead (2 each), then the codes

Written from the published descriptions of the format; the sections of measurements (7, 9 to 11) are not read.
"""

import struct
from dataclasses import dataclass

import numpy as np

from ecgclip_core.ecg.channels import Channels
from ecgclip_core.ecg.lead_codes import NAMES
from ecgclip_core.ecg.limits import check_duration, check_sampling_rate
from ecgclip_core.ecg.names import shown
from ecgclip_core.ecg.pieces import Piece, joined
from ecgclip_core.ecg.readers.scp_codes import Code, decode, parse_tables
from ecgclip_core.ecg.readers.scp_person import person_and_device
from ecgclip_core.ecg.recognise import kind_of
from ecgclip_core.errors import RecordingError

FORMAT = "SCP-ECG"
EXTENSIONS = (".scp", ".ecg")
KINDS = ("an SCP-ECG file",)
TRIED_ON_REAL = True

MAX_LEADS = 64
_READ = (1, 2, 3, 4, 5, 6, 8)
MAX_COMPLEXES = 5000
_SECTION = struct.Struct("<HHIBB6s")
_POINTER = struct.Struct("<HII")
_LEAD = struct.Struct("<IIB")
_COMPLEX = struct.Struct("<HIII")
_ZONE = struct.Struct("<II")


@dataclass(frozen=True)
class _Beat:
    """The reference beat and where it was subtracted; sample numbers count from 1."""

    length: float
    fiducial: int
    complexes: tuple[tuple[int, int, int, int], ...]
    zones: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class _Data:
    """Section 5 or 6: codes of every lead and what they stand for."""

    nanovolts: int
    microseconds: int
    differences: int
    fewer: bool
    leads: tuple[bytes, ...]


def companions(name: str, content: bytes) -> tuple[str, ...]:
    """None: such a recording is one file."""
    return ()


def read(name: str, files: dict[str, bytes]) -> Channels:
    """Read the rhythm of an SCP-ECG file.

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
        Where the file is damaged or cut off, or holds no rhythm.
    """
    notes: list[str] = []
    sections = _sections(name, files[name], notes)
    for number, what in ((3, "definition of leads"), (6, "rhythm")):
        if number not in sections:
            raise RecordingError(f"{name} is an SCP-ECG file without a {what} (section {number}). Export it again.")
    try:
        leads, subtracted = _leads(name, sections[3])
        tables = parse_tables(sections[2]) if 2 in sections else None
        rhythm = _data(sections[6], len(leads))
        beat = _beat(sections[4], subtracted or rhythm.fewer) if 4 in sections else None
        if beat is not None and not beat.complexes:
            subtracted = False
        pieces, rate = _pieces(name, leads, rhythm, tables, beat, sections, subtracted)
    except (struct.error, ValueError) as fault:
        # Of what is raised below, only messages about codes are sentences for a reader.
        detail = f" ({fault})" if type(fault) is ValueError else ""
        raise RecordingError(f"{name} is damaged or cut off{shown(detail)}. Copy or export it again.") from fault
    if len({(first, last) for first, last, _ in leads}) > 1:
        notes.append("The leads were not all recorded at the same time.")
    names, units, signal = joined(name, pieces, rate)
    patient, recorded = person_and_device(sections.get(1, b""), sections.get(8, b""))
    return Channels(names, signal, units, rate, patient, tuple(notes), recorded)


def _sections(name: str, content: bytes, notes: list[str]) -> dict[int, bytes]:
    """The content of every section, by its number."""
    kind = kind_of(content)
    if kind not in (*KINDS, "data"):
        raise RecordingError(f"{name} should be an SCP-ECG file but looks like {kind.replace('text', 'a text file')}.")
    if len(content) < 6 + _SECTION.size:
        raise RecordingError(f"{name} is too short to be an SCP-ECG file. Copy or export it again.")
    checksum, size = struct.unpack_from("<HI", content)
    _, number, length, *_ = _SECTION.unpack_from(content, 6)
    if number != 0 or not _SECTION.size + _POINTER.size <= length <= 100_000:
        raise RecordingError(f"{name} should be an SCP-ECG file but its first section is not one.")
    if len(content) < size:
        raise RecordingError(
            f"{name} should have {size} bytes but has {len(content)}: it is cut off. Copy or export it again."
        )
    wrong = _checksum(content[2:size]) != checksum
    sections = {}
    for place in range(6 + _SECTION.size, min(6 + length, len(content)) - _POINTER.size + 1, _POINTER.size):
        number, long, first = _POINTER.unpack_from(content, place)
        # What nobody reads here may be missing or wrong.
        if long <= _SECTION.size or not first or number in sections or number not in _READ:
            continue
        whole = content[first - 1 : first - 1 + long]
        if len(whole) < long:
            raise RecordingError(f"{name} ends before its section {number}: it is cut off. Copy or export it again.")
        if _SECTION.unpack_from(whole)[1] != number:
            raise RecordingError(f"{name} has no section {number} where it should be: it is damaged. Export it again.")
        sections[number] = whole[_SECTION.size :]
    if wrong:
        notes.append("The checksum of the file does not fit: it may be damaged or may have been edited.")
    return sections


def _checksum(content: bytes) -> int:
    """CRC-CCITT, polynomial 0x1021, beginning with ones."""
    import binascii

    return binascii.crc_hqx(content, 0xFFFF)


def _leads(name: str, section: bytes) -> tuple[list[tuple[int, int, int]], bool]:
    """First sample, last sample and code of every lead, and whether a reference beat was subtracted."""
    count, flags = struct.unpack_from("<BB", section)
    if not 1 <= count <= MAX_LEADS:
        raise RecordingError(f"{name} claims {count} leads; a 12-lead ECG has 12.")
    leads = [_LEAD.unpack_from(section, 2 + _LEAD.size * row) for row in range(count)]
    # Some devices count from 0.
    begin = min(first for first, _, _ in leads)
    for first, last, _ in leads:
        if last < first:
            raise RecordingError(f"{name} has a lead that ends before it begins. It is damaged; export it again.")
    return [(first - begin + 1, last - begin + 1, code) for first, last, code in leads], bool(flags & 1)


def _data(section: bytes, count: int) -> _Data:
    nanovolts, microseconds, differences, fewer, *_ = struct.unpack_from("<HHBB", section)
    lengths = struct.unpack_from(f"<{count}H", section, 6)
    ends = np.cumsum((6 + 2 * count, *lengths))
    if ends[-1] > len(section):
        raise ValueError("samples that are cut off")
    if not nanovolts or not microseconds or differences > 2:
        raise ValueError("samples without a scale")
    leads = tuple(section[first:last] for first, last in zip(ends[:-1], ends[1:], strict=True))
    return _Data(nanovolts, microseconds, differences, bool(fewer), leads)


def _beat(section: bytes, needed: bool) -> _Beat | None:
    if not needed:
        return None
    length, fiducial, count = struct.unpack_from("<HHH", section)
    if count > MAX_COMPLEXES:
        raise ValueError(f"{count} complexes")
    complexes = tuple(_COMPLEX.unpack_from(section, 6 + _COMPLEX.size * row) for row in range(count))
    start = 6 + _COMPLEX.size * count
    zones = ()
    if len(section) >= start + _ZONE.size * count:
        zones = tuple(sorted(_ZONE.unpack_from(section, start + _ZONE.size * row) for row in range(count)))
    return _Beat(length, fiducial, complexes, zones)


def _pieces(
    name: str,
    leads: list[tuple[int, int, int]],
    rhythm: _Data,
    tables: tuple[tuple[Code, ...], ...] | None,
    beat: _Beat | None,
    sections: dict[int, bytes],
    subtracted: bool,
) -> tuple[list[Piece], float]:
    """Every lead in nanovolts, and the sampling rate (Hz)."""
    reference = _data(sections[5], len(leads)) if (subtracted or rhythm.fewer) and 5 in sections else None
    if subtracted and (reference is None or beat is None):
        raise RecordingError(
            f"{name} stores what is left after a reference beat was subtracted, but not that beat. Export it again."
        )
    # Where samples were thinned out, the reference beat has the full rate, in which all sample numbers count.
    every = 1
    if reference is not None and rhythm.microseconds % reference.microseconds == 0:
        every = rhythm.microseconds // reference.microseconds
    if every > 4 or (rhythm.fewer and (beat is None or not beat.zones)):
        raise RecordingError(f"{name} thins out its samples in a way that is not read. Export it uncompressed.")
    rate = 1e6 * every / rhythm.microseconds
    check_sampling_rate(name, rate)
    check_duration(name, max(last for _, last, _ in leads), rate)
    pieces = []
    for row, (first, last, code) in enumerate(leads):
        samples = last - first + 1
        places = _stored_at(first, last, every, beat.zones if rhythm.fewer and beat else ())
        stored = _samples(rhythm, row, len(places), tables).astype(np.float64)
        values = stored if every == 1 else np.interp(np.arange(first, last + 1), places, stored)
        values = values[:samples] * rhythm.nanovolts
        if subtracted:
            shape = _samples(reference, row, int(beat.length * 1000 / reference.microseconds), tables)
            _add(values, shape * float(reference.nanovolts), first, beat)
        pieces.append(Piece(first - 1, (NAMES.get(code, f"lead {code}"),), ("nV",), values[None]))
    return pieces, rate


def _stored_at(first: int, last: int, every: int, zones: tuple[tuple[int, int], ...]) -> np.ndarray:
    """The sample numbers that stored values stand for: all within the zones, the middle of every few outside."""
    if every == 1:
        return np.arange(first, last + 1)
    places: list[np.ndarray] = []
    at = first
    for begin, end in [*zones, (last + 1, last)]:
        begin = min(max(begin, at), last + 1)
        places.append(np.arange(at, begin, every) + (every - 1) / 2)
        end = min(end, last)
        if end >= begin:
            places.append(np.arange(begin, end + 1))
        at = max(end + 1, begin)
    return np.concatenate(places)


def _samples(data: _Data, row: int, count: int, tables: tuple[tuple[Code, ...], ...] | None) -> np.ndarray:
    """Decoded numbers of one lead, differences summed up."""
    raw = data.leads[row]
    if tables is None:
        if len(raw) < 2 * count:
            raise ValueError(f"only {len(raw) // 2} of {count} samples")
        values = np.frombuffer(raw[: 2 * count], "<i2").astype(np.int64)
    else:
        if count > 8 * len(raw):
            raise ValueError(f"no room for {count} samples")
        values = decode(raw, count, tables)
    if data.differences == 2 and len(values) > 2:
        # The first two are amplitudes, what follows are differences of differences.
        slope = np.concatenate([[values[0], values[1] - values[0]], values[2:]])
        slope[1:] = np.cumsum(slope[1:])
        return np.cumsum(slope)
    return np.cumsum(values) if data.differences == 1 else values


def _add(values: np.ndarray, shape: np.ndarray, first: int, beat: _Beat) -> None:
    """Add the reference beat wherever it was subtracted, its fiducial on that of the complex."""
    for kind, begin, fiducial, end in beat.complexes:
        if kind != 0:  # a beat of another shape, kept as it is
            continue
        numbers = np.arange(max(begin, first), min(end, first + len(values) - 1) + 1)
        index = beat.fiducial + numbers - fiducial - 1
        inside = (index >= 0) & (index < len(shape))
        values[numbers[inside] - first] += shape[index[inside]]
