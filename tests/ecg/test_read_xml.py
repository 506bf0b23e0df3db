"""HL7 aECG, GE MUSE and Philips: scales, counts, entities, dialects that are not read."""

import re

import numpy as np
import pytest
from recorded_files import heart_beats
from xml_files import MUSE_LEADS, aecg_file, lzw_codes, muse_file, philips_file, xli

from ecgclip_core import read_ecg
from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.ecg.readers.philips_xli import unpack_leads
from ecgclip_core.errors import MissingInformationError, RecordingError

SHORT = heart_beats(4, 250)
DIALECTS = {"aECG": aecg_file, "MUSE": muse_file, "Philips": philips_file}
each_dialect = pytest.mark.parametrize("file_of", DIALECTS.values(), ids=list(DIALECTS))


def edited(files, *changes):
    """The file with texts exchanged by regular expressions."""
    (name, content), *_ = files.items()
    text = content.decode("latin-1")
    for old, new in changes:
        assert re.search(old, text), old
        text = re.sub(old, lambda _, new=new: new, text, count=1)
    return {name: text.encode("latin-1")}


# All dialects


@each_dialect
def test_entities_are_never_expanded(file_of):
    bomb = '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>'
    root = {"aECG": "<AnnotatedECG", "MUSE": "<RestingECG>", "Philips": "<restingecgdata"}
    dialect = next(name for name, one in DIALECTS.items() if one is file_of)
    files = muse_file(SHORT, 250, doctype=False) if dialect == "MUSE" else file_of(SHORT, 250)
    with pytest.raises(RecordingError, match="declares entities"):
        read_ecg(edited(files, (root[dialect], bomb + root[dialect])))


@each_dialect
def test_no_other_file_is_asked_for(file_of, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("Mustermann")
    outside = f'<!DOCTYPE a [<!ENTITY x SYSTEM "file://{secret}">]>'
    files = muse_file(SHORT, 250, doctype=False) if file_of is muse_file else file_of(SHORT, 250)
    with pytest.raises(RecordingError, match="declares entities or calls for other files"):
        read_ecg(edited(files, (r"\?>", "?>" + outside)))


@each_dialect
def test_a_file_cut_off_says_in_which_line(file_of):
    content = file_of(SHORT, 250)["r.xml"]
    with pytest.raises(RecordingError, match=r"damaged XML \(line \d+\)"):
        read_ecg(content[: len(content) // 2], name="r.xml")


@each_dialect
def test_person_device_and_filters_are_kept_apart(file_of):
    ecg = read_ecg(file_of(SHORT, 250))
    assert (ecg.patient.age, ecg.patient.sex) == (56, "female")
    assert "Erika Mustermann" in ecg.patient.identity["name"]
    assert ecg.patient.identity["identifier"] == "0815"
    assert ecg.notes[-1].startswith("Recorded with")
    assert "Mustermann" not in repr(ecg) + "".join(ecg.notes)


@each_dialect
@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_other_encodings_are_read(file_of, encoding):
    text = file_of(SHORT, 250)["r.xml"].decode("latin-1")
    text = re.sub(r'\bencoding="[^"]*"', f'encoding="{encoding.removesuffix("-sig")}"', text)
    np.testing.assert_allclose(read_ecg(text.encode(encoding), name="r.xml").signal, SHORT, atol=1e-3)


def test_utf_16_without_its_mark_and_zeros_at_the_end_are_read():
    text = muse_file(SHORT, 250)["r.xml"].decode("latin-1").replace("ISO-8859-1", "UTF-16")
    np.testing.assert_allclose(read_ecg(text.encode("utf-16-le"), name="r.xml").signal, SHORT, atol=2e-3)
    padded = aecg_file(SHORT, 250)["r.xml"] + bytes(3)
    np.testing.assert_allclose(read_ecg(padded, name="r.xml").signal, SHORT, atol=1e-3)


def test_an_encoding_that_the_file_does_not_have_is_put_right():
    files = edited(aecg_file(SHORT, 250), ('encoding="UTF-8"', 'encoding="UTF-16"'))
    np.testing.assert_allclose(read_ecg(files).signal, SHORT, atol=1e-3)


def test_more_elements_than_any_ecg_are_refused():
    with pytest.raises(RecordingError, match="more elements than any ECG"):
        read_ecg(b"<AnnotatedECG>" + b"<a/>" * 500_000 + b"</AnnotatedECG>", name="r.xml")


def test_elements_nested_fifty_thousand_deep_do_no_harm():
    with pytest.raises(RecordingError):
        read_ecg(b"<AnnotatedECG>" + b"<a>" * 50_000 + b"</a>" * 50_000 + b"</AnnotatedECG>", name="r.xml")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<CardiologyXML><a/></CardiologyXML>", ["CardiologyXML", "GE CardioSoft", "Export", "DICOM"]),
        ("<examdescript/>", ["examdescript", "Schiller"]),
        ("<Recording><DeviceManufacturer>Edan Instruments</DeviceManufacturer></Recording>", ["Recording", "Edan"]),
        ('<x:EcgFile xmlns:x="urn:x"><Unit deviceModel="Fukuda FX-8222"/></x:EcgFile>', ["EcgFile", "Fukuda"]),
        ("<note>hello</note>", ["note", "not read"]),
        ("<!-- a -->\n<!DOCTYPE b [ <!ELEMENT b ANY> ]>\n<b/>", ["'b'"]),
        ("<ClinicalDocument/>", ["ClinicalDocument", "HL7 CDA"]),
    ],
)
@pytest.mark.parametrize("name", ["a.xml", "a.aecg", "a.unknown"])
def test_an_unknown_dialect_is_named_by_what_it_shows(text, words, name):
    with pytest.raises(RecordingError) as caught:
        read_ecg(b"<?xml version='1.0'?>" + text.encode(), name=name)
    for word in words:
        assert word in str(caught.value)


def test_a_patient_called_like_a_vendor_is_not_named():
    with pytest.raises(RecordingError) as caught:
        read_ecg(b"<Recording><PatientName>Anna Schiller</PatientName></Recording>", name="a.xml")
    assert "Schiller" not in str(caught.value)


# HL7 aECG


@pytest.mark.parametrize(("unit", "scale", "origin"), [("uV", 2.5, 0), ("uV", 4.88, -100), ("mV", 0.005, 0.25)])
def test_amplitude_is_origin_plus_scale_times_digit(unit, scale, origin):
    ecg = read_ecg(aecg_file(SHORT, 250, unit=unit, scale=scale, origin=origin, kind="SLIST_INT"))
    assert np.abs(ecg.signal - SHORT).max() <= 0.51 * scale * {"uV": 1e-3, "mV": 1}[unit]


@pytest.mark.parametrize(("value", "unit"), [("4", "ms"), ("4000", "us"), ("0.004", "s")])
def test_the_increment_has_a_unit(value, unit):
    files = edited(aecg_file(SHORT, 250), ('value="0.004" unit="s"', f'value="{value}" unit="{unit}"'))
    assert read_ecg(files).sampling_rate == 250


def test_relative_time_serves_as_well():
    head = r'<head value="20240916101112.000"/>'
    files = edited(
        aecg_file(SHORT, 250),
        ("TIME_ABSOLUTE", "TIME_RELATIVE"),
        ("GLIST_TS", "GLIST_PQ"),
        (head, '<head value="0" unit="s"/>'),
    )
    assert read_ecg(files).duration == 4


def test_sequence_sets_at_different_times_stand_where_they_were():
    first = aecg_file(SHORT[:6], 250, LEADS[:6])["r.xml"].decode()
    second = aecg_file(SHORT[6:], 250, LEADS[6:])["r.xml"].decode().replace("101112.000", "101116.000")
    other = re.search(r"<component><sequenceSet>.*</sequenceSet></component>", second, re.DOTALL)[0]
    ecg = read_ecg(
        first.replace("</sequenceSet></component>", "</sequenceSet></component>" + other).encode(), name="r.xml"
    )
    assert ecg.duration == 8
    np.testing.assert_allclose(ecg.lead("V1")[1000:], SHORT[6], atol=1e-3)
    assert np.isnan(ecg.lead("I")[1000:]).all()


def test_representative_beats_are_set_aside_with_a_note():
    beat = '<derivation><derivedSeries><code code="REPRESENTATIVE_BEAT"/></derivedSeries></derivation>'
    ecg = read_ecg(aecg_file(SHORT, 250, extra=beat))
    assert any("representative beats" in note for note in ecg.notes)
    files = edited(aecg_file(SHORT, 250), ('"RHYTHM"', '"REPRESENTATIVE_BEAT"'))
    with pytest.raises(RecordingError, match="representative beats, no rhythm"):
        read_ecg(files)


def test_limb_leads_that_are_missing_are_calculated():
    rows = [LEADS.index(name) for name in MUSE_LEADS]
    ecg = read_ecg(aecg_file(SHORT[rows], 250, MUSE_LEADS))
    np.testing.assert_allclose(ecg.signal, SHORT, atol=1e-3)


def test_a_scale_without_a_unit_is_asked_for():
    files = aecg_file(SHORT, 250)
    files = {"r.xml": files["r.xml"].replace(b' unit="uV"', b"")}
    with pytest.raises(MissingInformationError) as caught:
        read_ecg(files)
    assert caught.value.needed == ("units",)
    np.testing.assert_allclose(read_ecg(files, units="uV").signal, SHORT, atol=1e-3)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('increment value="0.004"', 'increment value="0"', "which is no time"),
        ('increment value="0.004"', 'increment value="-1"', "which is no time"),
        ('increment value="0.004"', 'increment value="1e-12"', "not one of an ECG"),
        ('increment value="0.004"', 'increment value="often"', "not a time between two samples"),
        ('value="0.004" unit="s"', 'value="0.004" unit="m"', "which is no time"),
        ("<increment [^>]*>", "", "how far its samples are apart"),
        ("<digits>0", "<digits>zero", "not all numbers"),
        ('scale value="0.5"', 'scale value="x"', "not a scale"),
    ],
)
def test_hostile_numbers_of_an_aecg_get_a_sentence(old, new, sentence):
    with pytest.raises(RecordingError, match=sentence):
        read_ecg(edited(aecg_file(SHORT, 250), (old, new)))


# GE MUSE


def test_muse_stores_eight_leads_and_twelve_are_read():
    ecg = read_ecg(muse_file(SHORT, 250, per_bit=4.88))
    assert np.abs(ecg.signal - SHORT).max() < 4.88e-3 * 1.1
    assert any("III, aVR, aVL and aVF: not recorded, calculated" in note for note in ecg.notes)
    assert any("median beats" in note for note in ecg.notes)
    assert ecg.patient.identity["stated diagnosis"] == "Sinusrhythmus, größer"
    assert ecg.notes[-1] == (
        "Recorded with GE MAC55. Filters of the device: high pass 0.05 Hz, low pass 150 Hz, notch 50 Hz."
    )


def test_an_electrode_off_is_told():
    ecg = read_ecg(edited(muse_file(SHORT, 250), ("<LeadOff>FALSE", "<LeadOff>TRUE")))
    assert any("electrode off in I." in note for note in ecg.notes)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("<LeadSampleCountTotal>1000", "<LeadSampleCountTotal>999999999", "promises 999999999 samples of lead I"),
        (
            "<SampleBase>25</SampleBase><SampleExponent>1",
            "<SampleBase>25</SampleBase><SampleExponent>99",
            "not one of an ECG",
        ),
        ("<SampleBase>25", "<SampleBase>many", "not a sampling rate"),
        ("<LeadAmplitudeUnitsPerBit>0.5", "<LeadAmplitudeUnitsPerBit>inf", "not a amplitude of a bit"),
        ("<LeadSampleSize>2", "<LeadSampleSize>7", "samples of 7 bytes"),
        ("<WaveFormData>\n", "<WaveFormData>\n*", "no base64 text"),
        ("<WaveformType>Rhythm", "<WaveformType>Median", "median beats, no rhythm"),
    ],
)
def test_hostile_numbers_of_a_muse_file_get_a_sentence(old, new, sentence):
    with pytest.raises(RecordingError, match=sentence):
        read_ecg(edited(muse_file(SHORT, 250, median=False), (old, new)))


# Philips


def test_lzw_with_a_string_that_is_still_being_written():
    content = b"aaaaaaaaaaaaaaaabababababab" * 40
    assert any(code == 256 for code in lzw_codes(content)[:3])
    samples = np.frombuffer(content[:1000], "<i2").astype(np.int64)
    np.testing.assert_array_equal(unpack_leads(xli(samples), 1, len(samples))[0], samples)


@pytest.mark.parametrize(
    "samples", [np.zeros(50), np.arange(-500, 500), np.random.default_rng(0).integers(-3000, 3000, 3000)]
)
def test_any_samples_survive_xli(samples):
    samples = np.asarray(samples, dtype=np.int64)
    np.testing.assert_array_equal(unpack_leads(xli(samples), 1, len(samples))[0], samples)


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("version", ["1.03", "1.04"])
def test_both_versions_packed_or_not_give_the_leads(packed, version):
    ecg = read_ecg(philips_file(SHORT, 250, version=version, packed=packed, microvolts=5))
    assert np.abs(ecg.signal - SHORT).max() <= 0.0026
    assert ecg.patient.identity["stated diagnosis"] == "SINUSRHYTHMUS"


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('durationperchannel="4000"', 'durationperchannel="99999999999"', "minutes"),
        ('durationperchannel="4000"', 'durationperchannel="9000"', "promises 2250 samples"),
        ('durationperchannel="4000"', 'durationperchannel=""', "not a duration"),
        ('numberofleads="12"', 'numberofleads="9999"', "claims 9999 leads"),
        ('"XLI"', '"ZIP"', "by 'zip'"),
        ('dataencoding="Base64"', 'dataencoding="Hex"', "'hex'"),
        ("<samplingrate>250", "<samplingrate>0", "not one of an ECG"),
        ("<bitspersample>16", "<bitspersample>64", "64 bits"),
        (r'durationperchannel="4000">\w{12}', 'durationperchannel="4000">////////////', "cut off|damaged"),
        (r"<parsedwaveforms[^<]*</parsedwaveforms>", "", "without a rhythm"),
    ],
)
def test_hostile_numbers_of_a_philips_file_get_a_sentence(old, new, sentence):
    with pytest.raises(RecordingError, match=sentence):
        read_ecg(edited(philips_file(SHORT, 250), (old, new)))
