"""DICOM waveforms: sensitivity, baseline, multiplex groups, padding, and files that hold something else."""

import io
from pathlib import Path

import numpy as np
import pydicom
import pytest
from binary_files import dicom_file
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian
from recorded_files import heart_beats

from ecgclip_core import read_ecg
from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.errors import RecordingError

SHORT = heart_beats(4, 250)


def changed(edit, files=None):
    """The same file after `edit(data set, rhythm group)`."""
    data = pydicom.dcmread(io.BytesIO((files or dicom_file(SHORT, 250, median=False))["r.dcm"]))
    edit(data, data.WaveformSequence[-1])
    stream = io.BytesIO()
    data.save_as(stream)
    return {"r.dcm": stream.getvalue()}


@pytest.mark.parametrize(
    ("sensitivity", "correction", "baseline"),
    [(1, None, 0), (2.44, None, 0), (5, 0.5, 0), (1.25, None, 320), (-1, None, 0)],
)
def test_amplitude_is_sensitivity_times_correction_plus_baseline(sensitivity, correction, baseline):
    ecg = read_ecg(dicom_file(SHORT, 250, sensitivity=sensitivity, correction=correction, baseline=baseline))
    assert np.abs(ecg.signal - SHORT).max() <= abs(sensitivity * (correction or 1)) / 1000


def test_another_program_reads_the_same_amplitudes():
    files = dicom_file(SHORT, 250, sensitivity=2.5, baseline=40, median=False)
    data = pydicom.dcmread(io.BytesIO(files["r.dcm"]))
    np.testing.assert_allclose(read_ecg(files).signal, data.waveform_array(0).T / 1000, atol=1e-6)


def test_median_beats_are_set_aside_with_a_note():
    ecg = read_ecg(dicom_file(SHORT, 250, median=True))
    assert ecg.duration == 4
    assert any("median beats" in note for note in ecg.notes)
    alone = dicom_file(SHORT, 250)
    with pytest.raises(RecordingError, match="median beats, no rhythm"):
        read_ecg(changed(lambda data, _: data.WaveformSequence.pop(), alone))


def test_groups_of_three_leads_make_one_recording():
    def split(data, rhythm):
        groups = []
        for number in range(4):
            group = pydicom.dcmread(
                io.BytesIO(
                    dicom_file(
                        SHORT[3 * number : 3 * number + 3], 250, LEADS[3 * number : 3 * number + 3], median=False
                    )["r.dcm"]
                )
            )
            groups.append(group.WaveformSequence[0])
            groups[-1].MultiplexGroupTimeOffset = 4000 * number
        data.WaveformSequence = groups

    ecg = read_ecg(changed(split))
    assert ecg.missing_leads == ()
    assert ecg.duration == 16
    np.testing.assert_allclose(ecg.lead("V1")[2000:3000], SHORT[6], atol=6e-4)
    assert np.isnan(ecg.lead("V1")[:2000]).all()
    assert any("not all recorded at the same time" in note for note in ecg.notes)


def test_a_rhythm_strip_is_longer_than_the_columns_above_it():
    def split(data, rhythm):
        long = heart_beats(10, 250)
        columns = [
            (SHORT[3 * number : 3 * number + 3, :625], LEADS[3 * number : 3 * number + 3]) for number in range(4)
        ]
        files = [dicom_file(rows, 250, names, median=False) for rows, names in [*columns, (long[1:2], ("II",))]]
        data.WaveformSequence = [pydicom.dcmread(io.BytesIO(one["r.dcm"])).WaveformSequence[0] for one in files]

    ecg = read_ecg(changed(split))
    assert ecg.duration == 10
    assert ecg.missing_leads == ()
    np.testing.assert_allclose(ecg.lead("II"), heart_beats(10, 250)[1], atol=6e-4)


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian])
def test_every_plain_transfer_syntax_is_read(syntax):
    data = pydicom.dcmread(io.BytesIO(dicom_file(SHORT, 250, median=False)["r.dcm"]))
    rhythm = data.WaveformSequence[0]
    if syntax is ExplicitVRBigEndian:
        rhythm.WaveformData = np.frombuffer(rhythm.WaveformData, "<i2").astype(">i2").tobytes()
    data.file_meta.TransferSyntaxUID = syntax
    stream = io.BytesIO()
    pydicom.dcmwrite(stream, data, little_endian=syntax.is_little_endian, implicit_vr=syntax.is_implicit_VR)
    np.testing.assert_allclose(read_ecg(stream.getvalue(), name="r.dcm").signal, SHORT, atol=6e-4)


def test_a_deflated_file_is_not_unpacked():
    data = pydicom.dcmread(io.BytesIO(dicom_file(SHORT, 250)["r.dcm"]))
    data.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    stream = io.BytesIO()
    data.save_as(stream)
    with pytest.raises(RecordingError, match="deflated"):
        read_ecg(stream.getvalue(), name="r.dcm")


def test_a_padding_value_of_zero_does_not_punch_holes_into_the_tracing():
    ecg = read_ecg(dicom_file(heart_beats(4, 250), 250, padding=0))
    near_qrs = ecg.lead("II")[60:90]
    assert np.isfinite(near_qrs).all()


def test_leads_are_known_by_code_by_meaning_and_by_label():
    def by_label(data, rhythm):
        for name, channel in zip(LEADS, rhythm.ChannelDefinitionSequence, strict=True):
            channel.ChannelSourceSequence[0].CodeValue = "local"
            channel.ChannelSourceSequence[0].CodeMeaning = "some channel"
            channel.ChannelLabel = name

    def by_meaning(data, rhythm):
        for channel in rhythm.ChannelDefinitionSequence:
            channel.ChannelSourceSequence[0].CodeValue = "local"

    def by_scp_code(data, rhythm):
        for channel in rhythm.ChannelDefinitionSequence:
            source = channel.ChannelSourceSequence[0]
            source.CodeValue, source.CodeMeaning = source.CodeValue.replace("2:", "5.6.3-9-"), ""

    for edit in (by_label, by_meaning, by_scp_code):
        np.testing.assert_allclose(read_ecg(changed(edit)).signal, SHORT, atol=6e-4)


def test_person_device_and_filters_are_kept_apart():
    ecg = read_ecg(dicom_file(SHORT, 250))
    assert (ecg.patient.age, ecg.patient.sex) == (56, "female")
    assert ecg.patient.identity["name"] == "Mustermann Erika"
    assert ecg.notes[-1] == "Recorded with Maker Model 7. Filters of the device: from 0.05 Hz to 150 Hz."
    assert "Mustermann" not in repr(ecg) + "".join(ecg.notes)


def test_an_image_is_called_one():
    def to_image(data, rhythm):
        del data.WaveformSequence
        data.SOPClassUID, data.Modality, data.Rows = "1.2.840.10008.5.1.4.1.1.1", "CR", 512

    with pytest.raises(RecordingError, match=r"an image \(modality CR\)"):
        read_ecg(changed(to_image))


@pytest.mark.parametrize(
    ("attribute", "value", "sentence"),
    [
        ("NumberOfWaveformSamples", 4_000_000_000, "minutes"),
        ("NumberOfWaveformSamples", 2000, "promises 2000 samples"),
        ("NumberOfWaveformSamples", 0, "too short"),
        ("NumberOfWaveformChannels", 65535, "claims 65535 channels but describes 12"),
        ("SamplingFrequency", 0, "not one of an ECG"),
        ("SamplingFrequency", "1e30", "not one of an ECG"),
        ("WaveformSampleInterpretation", "MB", "'MB'"),
        ("ChannelDefinitionSequence", [], "describes 0"),
    ],
)
def test_hostile_values_get_a_sentence(attribute, value, sentence):
    with pytest.raises(RecordingError, match=sentence):
        read_ecg(changed(lambda _, rhythm: setattr(rhythm, attribute, value)))


def test_a_sensitivity_of_nothing_is_refused():
    with pytest.raises(RecordingError, match="sensitivity of 0"):
        read_ecg(changed(lambda _, rhythm: setattr(rhythm.ChannelDefinitionSequence[3], "ChannelSensitivity", 0)))


def shipped(name):
    """A file that pydicom ships for tests of its own; its ECG is a real one."""
    file = Path(pydicom.__file__).parent / "data" / "test_files" / name
    if not file.is_file():
        pytest.skip(f"this pydicom comes without {name}")
    return file


def test_the_ecg_that_pydicom_ships_is_read_as_pydicom_reads_it():
    file = shipped("waveform_ecg.dcm")
    ecg = read_ecg(file)
    assert (ecg.sampling_rate, ecg.duration, ecg.units, ecg.missing_leads) == (1000, 10, "mV", ())
    np.testing.assert_allclose(ecg.signal, pydicom.dcmread(file).waveform_array(0).T / 1000, atol=1e-6)
    assert (
        ecg.notes[-1] == "Recorded with Mortara Instrument, Inc. el250. Filters of the device: from 0.05 Hz to 300 Hz."
    )
    assert not any(text in " ".join(ecg.notes) for text in ecg.patient.identity.values())


@pytest.mark.parametrize("name", ["CT_small.dcm", "MR_small.dcm"])
def test_the_images_that_pydicom_ships_are_called_images(name):
    with pytest.raises(RecordingError, match="an image"):
        read_ecg(shipped(name))
