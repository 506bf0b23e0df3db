"""Philips ECG XML (sierraecg, versions 1.03 and 1.04): samples as base64 of XLI-compressed or plain 16-bit numbers.

::

    restingecgdata
      documentinfo/documenttype, documentversion
      dataacquisition             date, time; machine; signalcharacteristics: samplingrate, signalresolution or
                                  resolution (microvolts of a unit), acquisitiontype, bitspersample
      patient/generalpatientdata  patientid, name, age, sex
      interpretations/interpretation/statement
      waveforms/parsedwaveforms   dataencoding, compression or compressmethod (XLI), durationperchannel (ms),
                                  numberofleads, leadlabels

III, aVR, aVL and aVF are stored as the little by which they differ from what follows of I and II. Representative beats
(repbeats) are set aside. Written after the public sierra-ecg-tools; never tried on a file of a real device.
"""

import re
from xml.etree.ElementTree import Element

import numpy as np

from ecgclip_core.ecg.channels import Channels
from ecgclip_core.ecg.demographics import age_between, patient_from
from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.ecg.limits import check_duration, check_sampling_rate
from ecgclip_core.ecg.names import shown
from ecgclip_core.ecg.readers.philips_xli import unpack_leads
from ecgclip_core.ecg.recording import Patient
from ecgclip_core.ecg.xml_tree import from_base64, number_in, root_called, text_at
from ecgclip_core.errors import RecordingError

FORMAT = "Philips XML"
EXTENSIONS = (".xml",)
KINDS = ("a Philips ECG XML file",)
TRIED_ON_REAL = False

ROOT = "restingecgdata"
MAX_LEADS = 64
_UNCOMPRESSED = ("", "uncompressed", "none", "false")


def companions(name: str, content: bytes) -> tuple[str, ...]:
    """None: such a recording is one file."""
    return ()


def read(name: str, files: dict[str, bytes]) -> Channels:
    """Read the rhythm of a Philips export.

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
        Where the file is damaged, of another dialect, or holds no rhythm.
    """
    root = root_called(ROOT, name, files[name])
    waves = root.find(".//parsedwaveforms")
    signal = root.find(".//signalcharacteristics")
    if waves is None or signal is None or not (waves.text or "").strip():
        raise RecordingError(
            f"{name} is a Philips file without a rhythm in it (no parsedwaveforms). Export it with its waveforms."
        )
    rate = number_in(name, "sampling rate", text_at(signal, "samplingrate"))
    check_sampling_rate(name, rate)
    labels = _labels(name, waves, signal)
    leads = _samples(name, waves, signal, rate, len(labels))
    values = np.stack(leads).astype(np.float64)
    _complete(labels, values)
    resolution = text_at(signal, "signalresolution") or text_at(signal, "resolution")
    unit = "uV" if resolution else None
    if resolution:
        # Signals are stored about an offset where they are not signed.
        offset = text_at(signal, "signaloffset")
        values = (values - (number_in(name, "offset", offset) if offset else 0)) * number_in(
            name, "resolution", resolution
        )
    notes = ["The representative beats of the file were set aside; its rhythm was read."]
    notes = notes if root.find(".//repbeats") is not None else []
    return Channels(
        tuple(labels), values, (unit,) * len(labels), rate, _patient(root), tuple(notes), _recorded(root, signal)
    )


def _labels(name: str, waves: Element, signal: Element) -> list[str]:
    stated = (waves.get("leadlabels") or "").split()
    number = waves.get("numberofleads") or text_at(signal, "numberchannelsallocated") or str(len(stated) or 12)
    count = int(number_in(name, "number of leads", number)) if number else 12
    if not 1 <= count <= MAX_LEADS:
        raise RecordingError(f"{name} claims {count} leads; a 12-lead ECG has 12.")
    return (stated or [*LEADS, *(f"channel {row}" for row in range(13, MAX_LEADS + 1))])[:count]


def _samples(name: str, waves: Element, signal: Element, rate: float, count: int) -> list[np.ndarray]:
    """The stored numbers of every lead, all of one length."""
    encoding = (waves.get("dataencoding") or "Base64").lower()
    method = (waves.get("compressmethod") or waves.get("compression") or "").lower()
    if not method and (waves.get("compressflag") or "").lower() == "true":
        method = "xli"
    duration = number_in(name, "duration", waves.get("durationperchannel") or "")
    samples = int(duration * rate / 1000 + 0.5)
    check_duration(name, samples, rate)
    bits = text_at(signal, "bitspersample") or "16"
    if bits != "16":
        raise RecordingError(f"{name} has samples of {shown(bits, 10)} bits; 16 are read. Export it as DICOM instead.")
    if encoding == "plain":
        raw = _numbers(name, waves.text).tobytes()
    elif encoding == "base64":
        raw = from_base64(name, "the samples", waves.text)
    else:
        raise RecordingError(f"{name} encodes its samples as '{shown(encoding, 20)}', which is not read.")
    if method == "xli":
        return _unpacked(name, raw, count, samples)
    if method not in _UNCOMPRESSED:
        raise RecordingError(
            f"{name} compresses its samples by '{shown(method, 20)}', which is not read. Export it as DICOM instead."
        )
    if len(raw) < 2 * count * samples:
        raise _short(name, samples, count, len(raw) // (2 * count))
    return list(np.frombuffer(raw[: 2 * count * samples], "<i2").reshape(count, samples).astype(np.int64))


def _unpacked(name: str, raw: bytes, count: int, samples: int) -> list[np.ndarray]:
    try:
        leads = unpack_leads(raw, count, samples)
    except ValueError as fault:
        raise RecordingError(
            f"{name} holds compressed samples that are damaged ({fault}). Copy or export it again."
        ) from fault
    shortest = min((len(lead) for lead in leads), default=0)
    if len(leads) < count or shortest < samples:
        raise _short(name, samples, count, shortest if len(leads) == count else 0)
    return [lead[:samples] for lead in leads]


def _short(name: str, samples: int, count: int, held: int) -> RecordingError:
    return RecordingError(
        f"{name} promises {samples} samples of {count} leads but holds {held}: it is cut off or damaged. "
        "Copy or export it again."
    )


def _numbers(name: str, text: str) -> np.ndarray:
    try:
        return np.array(re.split(r"[\s,]+", text.strip()), dtype=np.int64).astype("<i2")
    except (ValueError, OverflowError) as fault:
        raise RecordingError(
            f"{name}: its samples are not all whole numbers. It is damaged; export it again."
        ) from fault


def _complete(labels: list[str], values: np.ndarray) -> None:
    """Turn III, aVR, aVL and aVF from differences into leads, where they are stored so: III is then next to nothing."""
    row = {label.lower(): values[number] for number, label in enumerate(labels)}
    if not {"i", "ii", "iii"} <= row.keys():
        return
    first, second, third = row["i"], row["ii"], row["iii"]
    if np.std(second - first - third) <= np.std(third):
        return
    third[:] = second - first - third
    for label, lead in (("avr", -np.floor((first + second) / 2)), ("avl", np.floor((first - third) / 2))):
        if label in row:
            row[label][:] = lead - row[label]
    if "avf" in row:
        row["avf"][:] = np.floor((second + third) / 2) - row["avf"]


def _patient(root: Element) -> Patient:
    person = root.find(".//generalpatientdata")
    acquired = root.find("dataacquisition")
    one = (lambda path: "") if person is None else (lambda path: text_at(person, path))
    day, clock = ("", "") if acquired is None else (acquired.get("date", ""), acquired.get("time", ""))
    statements = [
        " ".join(text_at(statement, part) for part in ("leftstatement", "rightstatement")).strip()
        for statement in root.findall("interpretations/interpretation/statement")
    ]
    entries = {
        "age": one("age/years") or age_between(one("age/dateofbirth"), day),
        "sex": one("sex"),
        "name": f"{one('name/firstname')} {one('name/lastname')}".strip(),
        "identifier": one("patientid"),
        "born": one("age/dateofbirth"),
        "recorded": f"{day} {clock}".strip(),
        "institution": text_at(root, "dataacquisition/acquirer/institutionname"),
        "diagnosis": "\n".join(text for text in statements if text),
    }
    return patient_from(entries)


def _recorded(root: Element, signal: Element) -> str:
    device = shown(text_at(root, "dataacquisition/machine"), 40)
    filters = [
        f"{name} {shown(text_at(signal, tag), 8)} Hz"
        for name, tag in (("high pass", "hipass"), ("low pass", "lowpass"))
        if text_at(signal, tag)
    ]
    if band := text_at(signal, "signalbandwidth"):
        filters.append(f"{shown(band, 12)} Hz")
    says = f"Recorded with Philips {device}. " if device else ""
    return (says + (f"Filters of the device: {', '.join(filters)}." if filters else "")).strip()
