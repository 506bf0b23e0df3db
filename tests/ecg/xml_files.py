"""Recordings in the XML dialects, written by hand: no reader is tested by its own writer."""

import base64
import struct

import numpy as np

from ecgclip_core.ecg.leads import LEADS

MUSE_LEADS = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")


def aecg_file(signal, rate=500, names=LEADS, name="r.xml", scale=0.5, unit="uV", origin=0.0, kind="SLIST_PQ", extra=""):
    per_mv = {"uV": 1000.0, "mV": 1.0}[unit]
    digital = np.round((np.nan_to_num(signal) * per_mv - origin) / scale).astype(int)
    sequences = "".join(
        f'<component><sequence><code code="MDC_ECG_LEAD_{lead.upper()}" codeSystem="2.16.840.1.113883.6.24"/>'
        f'<value xsi:type="{kind}"><origin value="{origin:g}" unit="{unit}"/><scale value="{scale:g}" unit="{unit}"/>'
        f"<digits>{' '.join(map(str, row))}</digits></value></sequence></component>"
        for lead, row in zip(names, digital, strict=True)
    )
    text = f"""<?xml version="1.0" encoding="UTF-8"?>
<!-- written by a test -->
<AnnotatedECG xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" type="Observation">
<effectiveTime><center value="20240916101112"/></effectiveTime>
<componentOf><timepointEvent><componentOf><subjectAssignment><subject><trialSubject>
<id root="1.2" extension="0815"/><subjectDemographicPerson><name>Erika Mustermann</name>
<administrativeGenderCode code="F"/><birthTime value="19680301"/></subjectDemographicPerson>
</trialSubject></subject></subjectAssignment></componentOf></timepointEvent></componentOf>
<component><series><code code="RHYTHM"/><effectiveTime><low value="20240916101112"/></effectiveTime>
<author><seriesAuthor><manufacturedSeriesDevice><manufacturerModelName>Model 7</manufacturerModelName>
</manufacturedSeriesDevice><manufacturerOrganization><name>Maker</name></manufacturerOrganization></seriesAuthor></author>
<component><sequenceSet><component><sequence><code code="TIME_ABSOLUTE"/><value xsi:type="GLIST_TS">
<head value="20240916101112.000"/><increment value="{1 / rate:.9g}" unit="s"/></value></sequence></component>
{sequences}</sequenceSet></component>{extra}</series></component></AnnotatedECG>"""
    return {name: text.encode()}


def muse_file(signal, rate=500, name="r.xml", per_bit=0.5, median=True, leads=MUSE_LEADS, doctype=True):
    """As MUSE exports: I, II and V1 to V6; the test's other leads follow from I and II."""
    rows = [signal[LEADS.index(lead)] for lead in leads]
    digital = [np.where(np.isnan(row), -32768, np.round(np.nan_to_num(row) * 1000 / per_bit)) for row in rows]
    median_rows = [np.full(600, 9) for _ in leads]
    waves = _muse_waveform("Median", median_rows, rate, leads, per_bit) if median else ""
    waves += _muse_waveform("Rhythm", digital, rate, leads, per_bit)
    kind = '<!DOCTYPE RestingECG SYSTEM "restecg.dtd">' if doctype else ""
    text = f"""<?xml version="1.0" encoding="ISO-8859-1"?>
{kind}
<RestingECG><MuseInfo><MuseVersion>8.0</MuseVersion></MuseInfo>
<PatientDemographics><PatientID>0815</PatientID><PatientAge>56</PatientAge><AgeUnits>YEARS</AgeUnits>
<DateofBirth>03-01-1968</DateofBirth><Gender>FEMALE</Gender><PatientLastName>Mustermann</PatientLastName>
<PatientFirstName>Erika</PatientFirstName></PatientDemographics>
<TestDemographics><AcquisitionDevice>MAC55</AcquisitionDevice><AcquisitionTime>10:11:12</AcquisitionTime>
<AcquisitionDate>09-16-2024</AcquisitionDate></TestDemographics>
<Diagnosis><DiagnosisStatement><StmtText>Sinusrhythmus, größer</StmtText></DiagnosisStatement></Diagnosis>
{waves}</RestingECG>"""
    return {name: text.encode("latin-1")}


def _muse_waveform(kind, rows, rate, leads, per_bit):
    base, exponent = (round(rate), 0) if rate % 10 else (round(rate / 10), 1)
    parts = [
        f"""<LeadData><LeadByteCountTotal>{2 * len(row)}</LeadByteCountTotal><LeadTimeOffset>0</LeadTimeOffset>
<LeadSampleCountTotal>{len(row)}</LeadSampleCountTotal><LeadAmplitudeUnitsPerBit>{per_bit:g}</LeadAmplitudeUnitsPerBit>
<LeadAmplitudeUnits>MICROVOLTS</LeadAmplitudeUnits><LeadID>{lead}</LeadID><LeadSampleSize>2</LeadSampleSize>
<LeadOff>FALSE</LeadOff><WaveFormData>
{_lines(np.asarray(row).astype("<i2").tobytes())}
</WaveFormData></LeadData>"""
        for lead, row in zip(leads, rows, strict=True)
    ]
    return f"""<Waveform><WaveformType>{kind}</WaveformType><NumberofLeads>{len(leads)}</NumberofLeads>
<SampleType>CONTINUOUS_SAMPLES</SampleType><SampleBase>{base}</SampleBase><SampleExponent>{exponent}</SampleExponent>
<HighPassFilter>5</HighPassFilter><LowPassFilter>150</LowPassFilter><ACFilter>50</ACFilter>{"".join(parts)}</Waveform>"""


def _lines(raw):
    text = base64.b64encode(raw).decode()
    return "\n".join(text[start : start + 76] for start in range(0, len(text), 76))


def philips_file(signal, rate=500, name="r.xml", microvolts=1.0, version="1.04", packed=True, encoding="utf-8"):
    """Version 1.04 with XLI, or plain numbers as 1.03 may have them."""
    digital = np.round(np.nan_to_num(signal) * 1000 / microvolts).astype(np.int64)
    if packed:
        raw = b"".join(xli(row) for row in as_differences(digital))
        method = 'compressflag="True" compressmethod="XLI"' if version == "1.03" else 'compression="XLI"'
    else:
        raw, method = digital.astype("<i2").tobytes(), 'compressflag="False"'
    resolution = "signalresolution" if version == "1.03" else "resolution"
    labels = "" if version == "1.03" else f' leadlabels="{" ".join(LEADS)}"'
    text = f"""<?xml version="1.0" encoding="{encoding}"?>
<restingecgdata xmlns="http://www3.medical.philips.com" status="New">
<documentinfo><documenttype>SierraECG</documenttype><documentversion>{version}</documentversion></documentinfo>
<dataacquisition date="2024-09-16" time="10:11:12"><machine machineid="">PageWriter TC70</machine>
<signalcharacteristics><samplingrate>{rate:g}</samplingrate><{resolution}>{microvolts:g}</{resolution}>
<hipass>0.05</hipass><lowpass>150</lowpass><acquisitiontype>STD-12</acquisitiontype><bitspersample>16</bitspersample>
<signaloffset>0</signaloffset><signalsigned>True</signalsigned>
<numberchannelsallocated>12</numberchannelsallocated></signalcharacteristics></dataacquisition>
<patient><generalpatientdata><patientid>0815</patientid><name><lastname>Mustermann</lastname>
<firstname>Erika</firstname></name><age><years>56</years></age><sex>Female</sex></generalpatientdata></patient>
<interpretations><interpretation><statement><leftstatement>SINUSRHYTHMUS</leftstatement></statement></interpretation>
</interpretations>
<waveforms><parsedwaveforms dataencoding="Base64" {method} numberofleads="12"{labels}
durationperchannel="{signal.shape[1] / rate * 1000:g}">{_lines(raw)}</parsedwaveforms></waveforms></restingecgdata>"""
    return {name: text.encode(encoding)}


def as_differences(digital):
    """The four leads that follow from I and II as what they differ by, rounded down as the format has it."""
    first, second, third, avr, avl, avf = digital[:6]
    stored = digital.copy()
    stored[2] = second - first - third
    stored[3] = -avr - np.floor((first + second) / 2)
    stored[4] = np.floor((first - third) / 2) - avl
    stored[5] = np.floor((second + third) / 2) - avf
    return stored


def xli(samples):
    """One lead: its second differences, high bytes before low bytes, in LZW codes of 10 bits."""
    bends = 2 * samples[1:-1] - samples[:-2] - samples[2:]
    numbers = np.concatenate([samples[:2], bends[1:] + 64, [64]]) if len(samples) > 2 else samples
    wrapped = numbers.astype(np.int16).astype(">i2").view(np.uint8).reshape(-1, 2)
    codes = lzw_codes(wrapped[:, 0].tobytes() + wrapped[:, 1].tobytes()) + [1023]
    bits = "".join(format(code, "010b") for code in codes)
    bits += "0" * (-len(bits) % 8 + 32)
    content = int(bits, 2).to_bytes(len(bits) // 8, "big")
    return struct.pack("<ihh", len(content), 0, int(bends[0]) if len(bends) else 0) + content


def lzw_codes(content):
    """Lempel-Ziv-Welch with at most 1023 strings."""
    known = {bytes([byte]): byte for byte in range(256)}
    codes, string = [], b""
    for byte in content:
        longer = string + bytes([byte])
        if longer in known:
            string = longer
            continue
        codes.append(known[string])
        if len(known) < 1023:
            known[longer] = len(known)
        string = bytes([byte])
    return codes + [known[string]]
