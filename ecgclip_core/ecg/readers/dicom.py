"""DICOM waveforms: multiplex groups of channels, each channel with its source, sensitivity and baseline.

A file of the 12-lead, the general or the ambulatory ECG class holds a waveform sequence. Its items, the multiplex
groups, are recordings of their own: the rhythm, often beside it median beats. Amplitude is the stored value times
sensitivity times its correction, plus the baseline. References: DICOM PS3.3 section C.10.9 and PS3.16 CID 3001,
https://dicom.nema.org/medical/dicom/current/output/html/part03.html#sect_C.10.9
"""

import io
import re
import warnings

import numpy as np

from ecgclip_core.ecg.channels import Channels
from ecgclip_core.ecg.leads import lead_name
from ecgclip_core.ecg.limits import check_duration, check_sampling_rate
from ecgclip_core.ecg.names import shown
from ecgclip_core.ecg.pieces import Piece, joined
from ecgclip_core.ecg.readers.dicom_about import lead_of, person_of, recorded_with, unit_of
from ecgclip_core.ecg.recognise import kind_of
from ecgclip_core.errors import RecordingError

FORMAT = "DICOM waveform"
EXTENSIONS = (".dcm", ".dicom")
KINDS = ("a DICOM file",)
TRIED_ON_REAL = True

MAX_CHANNELS = 256
_WAVEFORM_CLASSES = "1.2.840.10008.5.1.4.1.1.9."
_DEFLATED = b"1.2.840.10008.1.2.1.99"
# Waveform sample interpretation, PS3.3 C.10.9.1.5: signed or unsigned of 8, 16 or 32 bits; no ECG is companded.
_SAMPLES = {"SB": "i1", "UB": "u1", "SS": "i2", "US": "u2", "SL": "i4", "UL": "u4"}
_MEDIAN = re.compile(r"median|represent|average|template", re.IGNORECASE)
_SHORTEST_GAP = 1.0  # s
_LONGEST_BEAT = 2.5  # s; a derived group of this length or less is a beat, not a rhythm


def companions(name: str, content: bytes) -> tuple[str, ...]:
    """None: such a recording is one file."""
    return ()


def read(name: str, files: dict[str, bytes]) -> Channels:
    """Read the rhythm of a DICOM waveform; median beats are set aside.

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
        Where the file is damaged, an image, or holds no rhythm.
    """
    # Values that break a rule of DICOM are worth a warning to a programmer, not to a reader.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = _parse(name, files[name])
        try:
            return _channels(name, data)
        except RecordingError:
            raise
        except Exception as fault:  # pydicom reads values late and raises whatever a broken one causes
            raise _damaged(name) from fault


def _parse(name: str, content: bytes):
    """The data set, with its waveform sequence."""
    try:
        import pydicom
    except ImportError as fault:
        raise RecordingError(
            f"{name} is a DICOM file; reading those needs the package pydicom. Install it with: pip install pydicom"
        ) from fault
    kind = kind_of(content)
    if kind not in KINDS and kind != "data":
        raise RecordingError(f"{name} should be a DICOM file but looks like {kind.replace('text', 'a text file')}.")
    if _DEFLATED in content:
        raise RecordingError(f"{name} is a deflated DICOM file. Export it uncompressed (explicit VR little endian).")
    try:
        data = pydicom.dcmread(io.BytesIO(content), force=True)
        groups = data.get("WaveformSequence")
    except Exception as fault:  # as above
        raise _damaged(name) from fault
    if groups is None or not len(groups):
        if kind not in KINDS:
            raise RecordingError(f"{name} should be a DICOM file but holds binary data of another kind.")
        sop_class = str(data.get("SOPClassUID", ""))
        if not sop_class or sop_class.startswith(_WAVEFORM_CLASSES):
            raise _damaged(name)
        modality = shown(str(data.get("Modality", "")), 10)
        what = "an image" if "Rows" in data else "a document" if "EncapsulatedDocument" in data else "no waveform"
        raise RecordingError(
            f"{name} is a DICOM file with {what}{f' (modality {modality})' if modality else ''}, not an ECG waveform. "
            "Export the ECG as a DICOM waveform (12-lead ECG or general ECG)."
        )
    return data


def _damaged(name: str) -> RecordingError:
    return RecordingError(
        f"{name} looks like a DICOM file, but is damaged or cut off. Copy or export it again from its source."
    )


def _channels(name: str, data) -> Channels:
    notes: list[str] = []
    groups = [group for group in data.WaveformSequence if group.get("WaveformData") is not None]
    rhythm = [group for group in groups if not _is_beat(group)]
    if not rhythm:
        raise RecordingError(
            f"{name} holds {'median beats' if groups else 'no samples'}, no rhythm. Export the whole recording."
        )
    if len(rhythm) < len(groups):
        notes.append("The median beats of the file were set aside; its rhythm was read.")
    order = "<" if _is_little_endian(data) else ">"
    decoded = [_group(name, group, order) for group in rhythm]
    rate, chosen = _together(decoded)
    if len(chosen) < len(rhythm):
        notes.append(
            f"Of {len(rhythm)} groups of channels {len(rhythm) - len(chosen)} were left out: they repeat leads, have "
            "another rate, or hold no lead."
        )
    if len({piece.start for piece in chosen}) > 1:
        notes.append("The leads were not all recorded at the same time.")
    names, units, signal = joined(name, chosen, rate)
    return Channels(names, signal, units, rate, person_of(data), tuple(notes), recorded_with(data, rhythm))


def _is_beat(group) -> bool:
    label = str(group.get("MultiplexGroupLabel", ""))
    if _MEDIAN.search(label):
        return True
    rate = float(group.get("SamplingFrequency") or 0)
    seconds = int(group.get("NumberOfWaveformSamples") or 0) / rate if rate > 0 else 0
    return str(group.get("WaveformOriginality", "")) == "DERIVED" and "RHYTHM" not in label and seconds < _LONGEST_BEAT


def _is_little_endian(data) -> bool:
    syntax = getattr(data.file_meta, "TransferSyntaxUID", None)
    return syntax is None or bool(syntax.is_little_endian)


def _group(name: str, group, order: str) -> tuple[float, Piece]:
    """Sampling rate (Hz) and channels of one multiplex group."""
    count, samples = int(group.NumberOfWaveformChannels), int(group.NumberOfWaveformSamples)
    rate = float(group.SamplingFrequency)
    check_sampling_rate(name, rate)
    definitions = list(group.get("ChannelDefinitionSequence") or [])
    if not 1 <= count <= MAX_CHANNELS or len(definitions) != count:
        raise RecordingError(
            f"{name} claims {count} channels but describes {len(definitions)}. It is damaged; export it again."
        )
    check_duration(name, samples, rate)
    kind = str(group.get("WaveformSampleInterpretation", ""))
    if kind not in _SAMPLES:
        raise RecordingError(
            f"{name} stores its samples as '{shown(kind, 10)}', which is not read. Export it with 16-bit samples."
        )
    layout = np.dtype(order + _SAMPLES[kind])
    raw = group.WaveformData
    if len(raw) < count * samples * layout.itemsize:
        raise RecordingError(
            f"{name} promises {samples} samples of {count} channels, but holds "
            f"{len(raw) // (count * layout.itemsize)} each: it is cut off. Copy or export it again."
        )
    values = np.frombuffer(raw[: count * samples * layout.itemsize], layout).reshape(samples, count).T
    padding = _padding(group, layout)
    rows = [_physical(name, channel, row, padding, rate) for channel, row in zip(definitions, values, strict=True)]
    names = tuple(lead_of(channel) for channel in definitions)
    units = tuple(unit_of(channel) for channel in definitions)
    start = round(float(group.get("MultiplexGroupTimeOffset") or 0) / 1000 * rate)
    return rate, Piece(max(start, 0), names, units, np.stack(rows))


def _padding(group, layout: np.dtype) -> int | None:
    """The value that stands for "no sample"."""
    raw = group.get("WaveformPaddingValue")
    if raw is None:
        return None
    if isinstance(raw, bytes):
        return int(np.frombuffer(raw[: layout.itemsize].ljust(layout.itemsize, b"\0"), layout)[0])
    return int(raw)


def _physical(name: str, channel, row: np.ndarray, padding: int | None, rate: float) -> np.ndarray:
    sensitivity = channel.get("ChannelSensitivity")
    gain = float(sensitivity if sensitivity is not None else 1)
    # A correction of zero would be no correction but an empty field.
    gain *= float(channel.get("ChannelSensitivityCorrectionFactor") or 1)
    if gain == 0 or not np.isfinite(gain):
        raise RecordingError(f"{name} gives a channel a sensitivity of {gain:g}. It is damaged; export it again.")
    values = row * gain + float(channel.get("ChannelBaseline") or 0)
    if padding is not None:
        values[_padded(row, padding, rate)] = np.nan
    shift = channel.get("ChannelSampleSkew")
    shift = float(shift) if shift else float(channel.get("ChannelTimeSkew") or 0) * rate
    if abs(shift) >= 1 and abs(shift) < len(values):
        moved = np.full(len(values), np.nan)
        step = round(shift)
        moved[max(step, 0) : len(values) + min(step, 0)] = values[max(-step, 0) : len(values) - max(step, 0)]
        values = moved
    return values


def _padded(row: np.ndarray, padding: int, rate: float) -> np.ndarray:
    """Which samples are none. Some writers state 0, which a tracing crosses all the time: then only long runs count."""
    equal = row == padding
    if abs(padding) >= np.iinfo(row.dtype).max:
        return equal
    edges = np.flatnonzero(np.diff(np.concatenate([[False], equal, [False]]).astype(np.int8)))
    kept = np.zeros(len(row), dtype=bool)
    for first, last in edges.reshape(-1, 2):
        kept[first:last] = last - first >= _SHORTEST_GAP * rate
    return kept


def _together(groups: list[tuple[float, Piece]]) -> tuple[float, list[Piece]]:
    """The groups that make one recording: at the rate that holds the most leads; one that only repeats leads is left
    out, unless it is a rhythm strip that lasts longer than what it repeats."""
    leads = {rate: _leads_of([piece for each, piece in groups if each == rate]) for rate, _ in groups}
    rate = max(leads, key=lambda each: (len(leads[each]), each))
    chosen: list[Piece] = []
    for each, piece in sorted(groups, key=lambda group: -len(_leads_of([group[1]]))):
        if each != rate:
            continue
        longest = max((one.signal.shape[1] for one in chosen), default=0)
        if _leads_of([piece]) - _leads_of(chosen) or (chosen and piece.signal.shape[1] > longest):
            chosen.append(piece)
    return rate, chosen or [groups[0][1]]


def _leads_of(pieces: list[Piece]) -> set[str]:
    return {lead_name(name.removeprefix("-")) for piece in pieces for name in piece.names} - {None}
