"""GE MUSE XML: the export of GE's ECG database, samples as base64 of 16-bit numbers.

::

    RestingECG
      PatientDemographics         PatientID, PatientAge, AgeUnits, Gender, DateofBirth, names
      TestDemographics            AcquisitionDevice, AcquisitionDate (mm-dd-yyyy), AcquisitionTime
      Diagnosis/DiagnosisStatement/StmtText
      Waveform                    WaveformType: Rhythm, or Median (set aside); SampleBase x 10^SampleExponent in Hz
        LeadData                  LeadID, LeadAmplitudeUnitsPerBit, LeadAmplitudeUnits, LeadSampleCountTotal,
                                  LeadTimeOffset, LeadSampleSize, WaveFormData

I, II and V1 to V6 are stored; the other limb leads follow from I and II. Written from published descriptions of the
export and public readers of it; never tried on a file of a real device.
"""

import re
from xml.etree.ElementTree import Element

import numpy as np

from ecgclip_core.ecg.channels import Channels
from ecgclip_core.ecg.demographics import age_between, patient_from
from ecgclip_core.ecg.limits import check_sampling_rate
from ecgclip_core.ecg.names import listed, shown
from ecgclip_core.ecg.pieces import Piece, joined
from ecgclip_core.ecg.recording import Patient
from ecgclip_core.ecg.xml_tree import from_base64, number_in, root_called, text_at
from ecgclip_core.errors import RecordingError

FORMAT = "GE MUSE XML"
EXTENSIONS = (".xml",)
KINDS = ("a GE MUSE XML file",)
TRIED_ON_REAL = False

ROOT = "RestingECG"
_MICROVOLTS = {"microvolts": "uV", "microvolt": "uV", "millivolts": "mV", "millivolt": "mV"}
# What a 16-bit converter never gives for a valid sample.
_NO_SAMPLE = -32768


def companions(name: str, content: bytes) -> tuple[str, ...]:
    """None: such a recording is one file."""
    return ()


def read(name: str, files: dict[str, bytes]) -> Channels:
    """Read the rhythm of a MUSE export.

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
    every = [one for one in root.iter("Waveform") if one.find("LeadData") is not None]
    rhythms = [one for one in every if text_at(one, "WaveformType").lower() != "median"]
    if not rhythms:
        what = "median beats, no rhythm" if every else "no waveform"
        raise RecordingError(f"{name} is a GE MUSE file with {what}. Export the ECG with its rhythm waveforms.")
    notes = []
    if len(rhythms) < len(every):
        notes.append("The median beats of the file were set aside; its rhythm was read.")
    decoded = [_waveform(name, one) for one in rhythms]
    rate, pieces = max(decoded, key=lambda one: sum(piece.signal.size for piece in one[1]))
    if len(decoded) > 1:
        notes.append(f"The file holds {len(decoded)} rhythm recordings; the one with the most samples was read.")
    if off := [text_at(lead, "LeadID") for lead in root.iter("LeadData") if text_at(lead, "LeadOff").upper() == "TRUE"]:
        notes.append(f"The device reports an electrode off in {listed(dict.fromkeys(off))}.")
    names, units, signal = joined(name, pieces, rate)
    return Channels(names, signal, units, rate, _patient(root), tuple(notes), _recorded(root, rhythms[0]))


def _waveform(name: str, waveform: Element) -> tuple[float, list[Piece]]:
    """Sampling rate (Hz) and leads of one waveform."""
    base = number_in(name, "sampling rate (SampleBase)", text_at(waveform, "SampleBase"))
    exponent = number_in(name, "exponent of the sampling rate", text_at(waveform, "SampleExponent") or "0")
    rate = base * 10.0**exponent if abs(exponent) <= 6 else float("inf")
    check_sampling_rate(name, rate)
    return rate, [_lead(name, lead, rate) for lead in waveform.findall("LeadData")]


def _lead(name: str, lead: Element, rate: float) -> Piece:
    called = text_at(lead, "LeadID")
    size = text_at(lead, "LeadSampleSize") or "2"
    if size not in ("2", "4"):
        raise RecordingError(f"{name}: lead {shown(called, 20)} has samples of {shown(size, 10)} bytes; 2 are read.")
    raw = from_base64(name, f"the samples of lead {shown(called, 20)}", text_at(lead, "WaveFormData"))
    digits = np.frombuffer(raw[: len(raw) // int(size) * int(size)], f"<i{size}")
    stated = text_at(lead, "LeadSampleCountTotal")
    if stated and number_in(name, "number of samples", stated) != len(digits):
        raise RecordingError(
            f"{name} promises {shown(stated, 12)} samples of lead {shown(called, 20)} but holds {len(digits)}: it is "
            "cut off or damaged. Copy or export it again."
        )
    values = digits.astype(np.float64)
    if size == "2":
        values[digits == _NO_SAMPLE] = np.nan
    scale = text_at(lead, "LeadAmplitudeUnitsPerBit")
    unit = text_at(lead, "LeadAmplitudeUnits")
    unit = _MICROVOLTS.get(unit.lower(), unit) or None
    if scale:
        values = values * number_in(name, "amplitude of a bit", scale)
    else:
        unit = None
    late = text_at(lead, "LeadTimeOffset")
    start = round(number_in(name, "time offset", late) / 1000 * rate) if late else 0
    return Piece(max(start, 0), (called,), (unit,), values[None])


def _patient(root: Element) -> Patient:
    person, test = root.find("PatientDemographics"), root.find("TestDemographics")
    one = (lambda path: "") if person is None else (lambda path: text_at(person, path))
    other = (lambda path: "") if test is None else (lambda path: text_at(test, path))
    day, born = _year_first(other("AcquisitionDate")), _year_first(one("DateofBirth"))
    age = f"{one('PatientAge')} {one('AgeUnits').lower()}".strip() if one("PatientAge") else ""
    # The statements as a physician left them, not those of the device (OriginalDiagnosis).
    statements = [text_at(statement, "StmtText") for statement in root.findall("Diagnosis/DiagnosisStatement")]
    entries = {
        "age": age or age_between(born, day),
        "sex": one("Gender"),
        "name": f"{one('PatientFirstName')} {one('PatientLastName')}".strip(),
        "identifier": one("PatientID"),
        "born": born,
        "recorded": f"{day} {other('AcquisitionTime')}".strip(),
        "institution": other("SiteName"),
        "diagnosis": "\n".join(text for text in statements if text),
    }
    return patient_from(entries)


def _year_first(text: str) -> str:
    match = re.fullmatch(r"(\d{1,2})-(\d{1,2})-(\d{4})", text)
    return f"{match[3]}-{int(match[1]):02d}-{int(match[2]):02d}" if match else text


def _recorded(root: Element, waveform: Element) -> str:
    device = shown(text_at(root, "TestDemographics/AcquisitionDevice"), 40)
    filters = []
    high, low, mains = (text_at(waveform, tag) for tag in ("HighPassFilter", "LowPassFilter", "ACFilter"))
    if re.fullmatch(r"[1-9]\d{0,4}", high):
        # Hundredths of a hertz, as 16 for 0.16 Hz.
        filters.append(f"high pass {int(high) / 100:g} Hz")
    filters += [f"low pass {low} Hz"] if re.fullmatch(r"[1-9]\d{0,4}", low) else []
    filters += [f"notch {mains} Hz"] if re.fullmatch(r"[1-9]\d{0,2}", mains) else []
    says = f"Recorded with GE {device}. " if device else ""
    return (says + (f"Filters of the device: {', '.join(filters)}." if filters else "")).strip()
