"""Recordings as EDF, DICOM and SCP-ECG, written by hand from the specifications: no reader is tested by its own writer.

NaN becomes the format's mark for an invalid sample where it has one, else 0.
"""

import binascii
import io
import struct

import numpy as np

from ecgclip_core.ecg.leads import LEADS

SCP_LEADS = dict(zip(LEADS, (1, 2, 61, 62, 63, 64, 3, 4, 5, 6, 7, 8), strict=True))


def edf_file(signal, rate=500, names=LEADS, unit="mV", name="r.edf", record=1.0, wide=False, **head):
    """One record a second; the last is filled up with its last samples, so give whole seconds."""
    low, high = (-(2**23), 2**23 - 1) if wide else (-32768, 32767)
    limit = 16.0 * {"mV": 1, "uV": 1000}[unit]
    step = 2 * limit / (high - low)
    digital = np.round((np.nan_to_num(signal) * {"mV": 1, "uV": 1000}[unit] + limit) / step + low).astype(np.int64)
    per = round(record * rate)
    records = max(signal.shape[1] // per, 1)
    if records * per > signal.shape[1]:
        record, per = signal.shape[1] / rate, signal.shape[1]
    return edf_bytes(
        {
            name: [
                (lead, unit, -limit, limit, low, high, row[: records * per].reshape(records, per))
                for lead, row in zip(names, digital, strict=True)
            ]
        },
        record,
        wide,
        **head,
    )


def edf_bytes(files, record=1.0, wide=False, patient="X X X X", recording="", reserved="", count=None):
    """Files of signals: label, unit, physical and digital range, and samples of shape (records, k)."""
    written = {}
    for name, signals in files.items():
        records = len(signals[0][-1])
        first = b"\xffBIOSEMI" if wide else b"0       "
        fields = [
            (patient, 80),
            (recording, 80),
            ("16.09.24", 8),
            ("10.11.12", 8),
            (str(256 * (len(signals) + 1)), 8),
            (reserved, 44),
            (str(records if count is None else count), 8),
            (f"{record:g}", 8),
            (str(len(signals)), 4),
        ]
        columns = [
            (16, [one[0] for one in signals]),
            (80, [""] * len(signals)),
            (8, [one[1] for one in signals]),
            *((8, [f"{one[place]:.8g}" for one in signals]) for place in (2, 3, 4, 5)),
            (80, ["HP:0.05Hz LP:150Hz"] * len(signals)),
            (8, [str(one[6].shape[1]) for one in signals]),
            (32, [""] * len(signals)),
        ]
        fields += [(text, size) for size, texts in columns for text in texts]
        header = first + b"".join(text.encode("ascii").ljust(size)[:size] for text, size in fields)
        body = []
        for number in range(records):
            for one in signals:
                four = one[6][number].astype("<i4")
                body.append(
                    four.view(np.uint8).reshape(-1, 4)[:, :3].tobytes() if wide else four.astype("<i2").tobytes()
                )
        written[name] = header + b"".join(body)
    return written


def dicom_file(
    signal,
    rate=500,
    names=LEADS,
    name="r.dcm",
    sensitivity=1.0,
    baseline=0.0,
    correction=None,
    median=True,
    unit="uV",
    padding=-32768,
    **attributes,
):
    """A 12-lead ECG of two multiplex groups: the rhythm and, to be set aside, a median beat."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, generate_uid

    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.9.1.1"
    meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=["test"])
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data = Dataset()
    data.file_meta = meta
    data.SOPClassUID, data.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    data.PatientName, data.PatientID, data.PatientSex, data.PatientAge = "Mustermann^Erika", "0815", "F", "056Y"
    data.AcquisitionDateTime, data.Modality = "20240916101112", "ECG"
    data.Manufacturer, data.ManufacturerModelName = "Maker", "Model 7"
    gain = sensitivity * (correction or 1.0)
    digital = np.where(np.isnan(signal), padding, np.round((np.nan_to_num(signal) * 1000 - baseline) / gain))
    rhythm = _group(digital, rate, names, sensitivity, baseline, correction, unit, padding)
    rhythm.MultiplexGroupLabel, rhythm.WaveformOriginality = "RHYTHM", "ORIGINAL"
    groups = [rhythm]
    if median:
        beat = _group(np.full((len(names), 600), 7), rate, names, sensitivity, 0.0, None, unit, padding)
        beat.MultiplexGroupLabel, beat.WaveformOriginality = "MEDIAN BEAT", "DERIVED"
        groups.insert(0, beat)
    data.WaveformSequence = groups
    for key, value in attributes.items():
        setattr(data, key, value)
    stream = io.BytesIO()
    data.save_as(stream, enforce_file_format=True)
    return {name: stream.getvalue()}


def _group(digital, rate, names, sensitivity, baseline, correction, unit, padding):
    from pydicom.dataset import Dataset

    group = Dataset()
    group.NumberOfWaveformChannels, group.NumberOfWaveformSamples = digital.shape
    group.SamplingFrequency = rate
    group.WaveformBitsAllocated, group.WaveformSampleInterpretation = 16, "SS"
    group.add_new((0x5400, 0x100A), "OW", struct.pack("<h", padding))
    group.WaveformData = np.asarray(digital).T.astype("<i2").tobytes()
    channels = []
    for lead in names:
        channel, source, units = Dataset(), Dataset(), Dataset()
        number = SCP_LEADS.get(lead.removeprefix("-"))
        source.CodeValue = f"2:{number}" if number else "Z"
        source.CodingSchemeDesignator, source.CodeMeaning = "MDC", f"Lead {lead} (Einthoven)"
        channel.ChannelSourceSequence = [source]
        channel.ChannelSensitivity, channel.ChannelBaseline = sensitivity, baseline
        if correction:
            channel.ChannelSensitivityCorrectionFactor = correction
        units.CodeValue, units.CodingSchemeDesignator = unit, "UCUM"
        channel.ChannelSensitivityUnitsSequence = [units]
        channel.FilterLowFrequency, channel.FilterHighFrequency = 0.05, 150
        channel.WaveformBitsStored = 16
        channels.append(channel)
    group.ChannelDefinitionSequence = channels
    return group


# SCP-ECG. The codes of annex C as strings of bits: n ones, a zero and a sign; then 8 and 16 bits.


def default_code(number):
    if number == 0:
        return "0"
    if abs(number) <= 8:
        return "1" * abs(number) + "0" + ("1" if number < 0 else "0")
    bits = 8 if -128 <= number <= 127 else 16
    return ("1111111110" if bits == 8 else "1111111111") + format(number & (2**bits - 1), f"0{bits}b")


def packed(bits):
    whole = bits + "0" * (-len(bits) % 8)
    return int(whole, 2).to_bytes(len(whole) // 8, "big") if whole else b""


def differences(samples, order):
    samples = np.asarray(samples, dtype=np.int64)
    for _ in range(order):
        samples = np.concatenate([samples[:1], np.diff(samples)])
    if order == 2:
        samples[1] += samples[0]  # the second stands as it is, not as a difference
    return samples


def scp_section(number, content):
    content += b"\0" * (len(content) % 2)
    head = struct.pack("<HIBB6s", number, len(content) + 16, 13, 13, b"SCPECG" if number == 0 else b"")
    return struct.pack("<H", binascii.crc_hqx(head + content, 0xFFFF)) + head + content


def scp_data(rows, nanovolts, microseconds, order, fewer=0, code=default_code):
    leads = []
    for row in rows:
        numbers = differences(row, order)
        leads.append(
            numbers.astype("<i2").tobytes()
            if code is None
            else packed("".join(code(number) for number in numbers.tolist()))
        )
    head = struct.pack("<HHBB", nanovolts, microseconds, order, fewer)
    return head + b"".join(struct.pack("<H", len(lead)) for lead in leads) + b"".join(leads)


def scp_bytes(sections):
    """The whole of sections by number, with section 0 and all checksums."""
    numbers = sorted({*range(12), *sections})
    place = 6 + 16 + 10 * len(numbers)
    pointers, body = b"", b""
    for number in numbers:
        whole = scp_section(number, sections[number]) if number in sections else b""
        length = 16 + 10 * len(numbers) if number == 0 else len(whole)
        pointers += struct.pack("<HII", number, length, 7 if number == 0 else (place + 1 if whole else 0))
        if number:
            body += whole
            place += len(whole)
    rest = scp_section(0, pointers) + body
    size = struct.pack("<I", len(rest) + 6)
    return struct.pack("<H", binascii.crc_hqx(size + rest, 0xFFFF)) + size + rest


def scp_person():
    tags = [(0, b"Mustermann\0"), (1, b"Erika\0"), (2, b"0815\0"), (4, struct.pack("<HB", 56, 1)), (8, b"\2")]
    tags += [(14, bytes(8) + b"Mod7\0\0" + bytes(21) + b"\0" + b"\0" * 5), (25, struct.pack("<HBB", 2024, 9, 16))]
    tags += [(26, bytes([10, 11, 12])), (27, struct.pack("<H", 5)), (28, struct.pack("<H", 150)), (29, b"\2")]
    return b"".join(struct.pack("<BH", tag, len(value)) + value for tag, value in tags) + b"\xff\0\0"


def scp_leads(names, samples, flags=0x04):
    rows = b"".join(struct.pack("<IIB", 1, samples, SCP_LEADS[lead]) for lead in names)
    return struct.pack("<BB", len(names), flags | min(len(names), 31) << 3) + rows


def scp_file(signal, rate=500, names=LEADS, name="r.scp", order=2, nanovolts=1000, huffman=True):
    """Rhythm without a reference beat, second differences in the default code unless told otherwise."""
    digital = np.round(np.nan_to_num(signal) * 1e6 / nanovolts).astype(np.int64)
    code = default_code if huffman else None
    sections = {
        0: b"",
        1: scp_person(),
        3: scp_leads(names, signal.shape[1]),
        6: scp_data(digital, nanovolts, round(1e6 / rate), order, code=code),
    }
    if huffman:
        sections[2] = struct.pack("<H", 19999)
    return {name: scp_bytes(sections)}
