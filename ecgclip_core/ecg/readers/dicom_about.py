"""What a DICOM waveform says beside its samples: leads, units, person, device and filters."""

import re

from ecgclip_core.ecg.demographics import age_between, patient_from
from ecgclip_core.ecg.lead_codes import NAMES
from ecgclip_core.ecg.leads import lead_name
from ecgclip_core.ecg.names import listed, shown
from ecgclip_core.ecg.recording import Patient


def lead_of(channel) -> str:
    """The lead's name, from its code, what the code means, or the channel's label."""
    spellings = []
    for source in channel.get("ChannelSourceSequence") or []:
        number = re.search(r"(?:^2:|-)(\d{1,3})$", str(source.get("CodeValue", "")))
        if number and int(number[1]) in NAMES:
            return NAMES[int(number[1])]
        spellings += [str(source.get("CodeMeaning", "")), str(source.get("CodeValue", ""))]
    spellings.insert(0, str(channel.get("ChannelLabel", "")))
    for text in spellings:
        plain = re.sub(r"\(.*?\)", "", text[:60]).strip()
        if lead_name(plain.removeprefix("-")):
            return plain
    return next((text for text in spellings if text), "")


def unit_of(channel) -> str | None:
    """The unit of the sensitivity; ``"unscaled"`` without a sensitivity, None where a person has to be asked."""
    if channel.get("ChannelSensitivity") is None:
        return "unscaled"
    for unit in channel.get("ChannelSensitivityUnitsSequence") or []:
        return str(unit.get("CodeValue") or unit.get("CodeMeaning") or "") or None
    return None


def person_of(data) -> Patient:
    """Name, identifier, age, sex, dates and the statements of the device or of a physician."""
    recorded = (
        str(data.get("AcquisitionDateTime") or "") or f"{data.get('ContentDate', '')} {data.get('ContentTime', '')}"
    )
    born = str(data.get("PatientBirthDate") or "")
    statements = [
        str(note.UnformattedTextValue)
        for note in data.get("WaveformAnnotationSequence") or []
        if note.get("UnformattedTextValue")
    ]
    entries = {
        "age": str(data.get("PatientAge") or "") or age_between(born, recorded),
        "sex": str(data.get("PatientSex") or ""),
        "name": str(data.get("PatientName") or "").replace("^", " ").strip(),
        "identifier": str(data.get("PatientID") or ""),
        "born": born,
        "recorded": recorded.strip(),
        "institution": str(data.get("InstitutionName") or ""),
        "serial number of the device": str(data.get("DeviceSerialNumber") or ""),
        "diagnosis": "\n".join(statements),
    }
    return patient_from(entries)


def recorded_with(data, groups: list) -> str:
    """A sentence on the device and its filters; empty where the file does not say."""
    maker = str(data.get("Manufacturer") or "")
    device = [maker if maker.lower() != "unknown" else "", str(data.get("ManufacturerModelName") or "")]
    device = shown(" ".join(part for part in device if part), 60)
    filters = []
    for group in groups:
        for channel in group.get("ChannelDefinitionSequence") or []:
            low, high = channel.get("FilterLowFrequency"), channel.get("FilterHighFrequency")
            notch = channel.get("NotchFilterFrequency")
            parts = [f"from {float(low):g} Hz" if low else "", f"to {float(high):g} Hz" if high else ""]
            parts.append(f"without {float(notch):g} Hz" if notch else "")
            filters.append(" ".join(part for part in parts if part))
    filters = [text for text in dict.fromkeys(filters) if text]
    says = f"Recorded with {device}. " if device else ""
    return (says + (f"Filters of the device: {listed(filters, 3)}." if filters else "")).strip()
