"""WFDB recordings in several segments: a header that names other headers, one after the other in time.

::

    RECORD/SEGMENTS SIGNALS [RATE [SAMPLES ...]]
    SEGMENT SAMPLES
    ... one such line a segment; "~" stands for a gap, and a first segment of 0 samples only describes the signals

Reference: header(5), "Multi-segment records", https://physionet.org/physiotools/wag/header-5.htm
"""

import re
from collections.abc import Callable

from ecgclip_core.ecg.channels import Channels
from ecgclip_core.ecg.limits import check_duration
from ecgclip_core.ecg.names import shown
from ecgclip_core.ecg.pieces import Piece, joined
from ecgclip_core.ecg.recognise import decoded, kind_of
from ecgclip_core.errors import RecordingError

MAX_SEGMENTS = 2000
# header(5): the rate that holds where none is given; here it only serves to see how long the whole can be.
_DEFAULT_RATE = 250.0


def segments_of(name: str, content: bytes) -> list[tuple[str, int]] | None:
    """Record and number of samples of each segment, a gap as ``"~"``; None where the recording is in one piece."""
    if kind_of(content) != "text":
        return None
    lines = [
        line.strip() for line in decoded(content).splitlines() if line.strip() and not line.lstrip().startswith("#")
    ]
    match = re.match(r"\S+/(\d*)\s", lines[0] + " ") if lines else None
    if match is None:
        return None
    count = int(match[1]) if re.fullmatch(r"\d{1,6}", match[1]) else 0
    if not 1 <= count <= MAX_SEGMENTS:
        raise RecordingError(f"{name} claims {shown(match[1], 12) or 'no'} segments; 1 to {MAX_SEGMENTS} are read.")
    if len(lines) - 1 < count:
        raise RecordingError(
            f"{name} claims {count} segments but names {len(lines) - 1}. The header is cut off or damaged; copy it "
            "again from its source."
        )
    segments = []
    for line in lines[1 : count + 1]:
        match = re.fullmatch(r"(\S+)\s+(\d{1,12})", line)
        if match is None or re.search(r"[/\\:\0]", match[1]) or match[1] in (".", ".."):
            raise RecordingError(f"{name}: '{shown(line, 30)}' is not a segment that lies beside this header.")
        segments.append((match[1], int(match[2])))
    return segments


def headers_of(name: str, segments: list[tuple[str, int]]) -> tuple[str, ...]:
    """Names of the segments' headers."""
    return tuple(dict.fromkeys(f"{record}.hea" for record, _ in segments if record != "~"))


def read_segments(
    name: str, segments: list[tuple[str, int]], rate: float | None, files: dict[str, bytes], read: Callable
) -> Channels:
    """All segments on one axis of time, gaps left blank.

    Parameters
    ----------
    name : str
        Base name of the header that names the segments.
    segments : list of (str, int)
        As `segments_of` gives them.
    rate : float or None
        Frames a second.
    files : dict of str to bytes
        With the headers of the segments and their signal files.
    read : callable
        ``read(name, files) -> Channels`` for one segment.
    """
    check_duration(name, sum(samples for _, samples in segments), rate or _DEFAULT_RATE)
    pieces: list[Piece] = []
    notes: list[str] = []
    place = 0
    rates = set()
    known: dict[str, Channels] = {}
    for record, samples in segments:
        if record != "~" and samples > 0:
            header = f"{record}.hea"
            if header.lower() == name.lower() or (header in files and segments_of(header, files[header]) is not None):
                raise RecordingError(f"{name} names {shown(header)} as a segment, which has segments itself.")
            if header not in files:
                raise RecordingError(
                    f"{name} needs {shown(header)}, which is missing. Add it with its signal files to the same folder "
                    "or upload."
                )
            one = known[header] = known.get(header) or read(header, files)
            faster = round((one.sampling_rate or _DEFAULT_RATE) / (rate or one.sampling_rate or _DEFAULT_RATE))
            rates.add(faster)
            pieces.append(Piece(place * faster, one.names, one.units, one.signal[:, : samples * faster]))
            notes += [note for note in one.notes if note not in notes]
        place += samples
    if not pieces:
        raise RecordingError(f"{name} names no segment with samples: there is nothing to read.")
    if len(rates) > 1:
        raise RecordingError(f"{name} has segments of different sampling rates. Open the single segments instead.")
    faster = rates.pop()
    names, units, signal = joined(name, pieces, (rate or _DEFAULT_RATE) * faster)
    notes.insert(0, f"Put together from {len(pieces)} segments.")
    if any(record == "~" for record, _ in segments):
        notes.insert(1, "Between segments nothing was recorded; the gaps are left blank.")
    return Channels(names, signal, units, None if rate is None else rate * faster, notes=tuple(notes))
