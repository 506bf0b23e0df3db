"""EDF, EDF+ and BDF: rates, ranges, gaps, and headers that no honest recording has."""

import numpy as np
import pytest
from binary_files import edf_bytes, edf_file
from recorded_files import heart_beats

from ecgclip_core import read_ecg
from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.errors import MissingInformationError, RecordingError

SHORT = heart_beats(4, 250)


def records(row, per):
    return np.asarray(row).reshape(-1, per)


def lead(name, samples, per=250, unit="uV", low=-3276.8, high=3276.7):
    return (name, unit, low, high, -32768, 32767, records(np.round(samples * 10000), per))


def edited(start, text, size=8):
    content = edf_file(SHORT, 250)["r.edf"]
    return {"r.edf": content[:start] + text.encode().ljust(size)[:size] + content[start + size :]}


def test_another_program_reads_the_same_amplitudes(tmp_path):
    pyedflib = pytest.importorskip("pyedflib")
    file = tmp_path / "r.edf"
    file.write_bytes(edf_file(SHORT, 250)["r.edf"])
    with pyedflib.EdfReader(str(file)) as other:
        wanted = np.stack([other.readSignal(row) for row in range(12)])
    np.testing.assert_allclose(read_ecg(file).signal, wanted, atol=1e-6)


def test_samples_come_back_within_one_step_of_the_converter():
    assert np.abs(read_ecg(edf_file(SHORT, 250)).signal - SHORT).max() <= 32 / 65535
    assert np.abs(read_ecg(edf_file(SHORT, 250, wide=True, name="r.bdf")).signal - SHORT).max() <= 1e-5


@pytest.mark.parametrize("spelling", ["ECG {}", "EKG {}", "ECG {}-Ref", "Lead {}", "{}"])
def test_usual_labels_are_understood_or_listed(spelling):
    names = [spelling.format(name) for name in LEADS]
    if "Ref" in spelling:
        with pytest.raises(RecordingError, match="ECG I-Ref"):
            read_ecg(edf_file(SHORT, 250, names=names))
    else:
        assert read_ecg(edf_file(SHORT, 250, names=names)).missing_leads == ()


def test_channels_at_several_rates_are_brought_to_the_highest():
    signals = [lead("ECG I", SHORT[0]), lead("ECG II", SHORT[1][::2], per=125)]
    signals.append(("SpO2", "%", 0, 100, 0, 100, np.full((4, 1), 97)))
    ecg = read_ecg(edf_bytes({"r.edf": signals}))
    assert ecg.sampling_rate == 250
    assert np.abs(ecg.lead("II") - SHORT[1]).max() < 0.06
    assert any("different sampling rates" in note for note in ecg.notes)
    assert any("SpO2" in note for note in ecg.notes)


def test_annotations_are_passed_over():
    notes = ("EDF Annotations", "", -1, 1, -32768, 32767, np.full((4, 8), 0x1414))
    ecg = read_ecg(edf_bytes({"r.edf": [lead("I", SHORT[0]), lead("II", SHORT[1]), notes]}, reserved="EDF+C"))
    assert not any("Annotations" in note for note in ecg.notes)
    assert ecg.duration == 4


def test_interruptions_are_left_blank():
    onsets = [b"+0\x14\x14\0", b"+1\x14\x14\0", b"+3.5\x14\x14\0", b"+4.5\x14\x14\0"]
    clock = np.stack([np.frombuffer(text.ljust(16, b"\0"), "<i2") for text in onsets])
    notes = ("EDF Annotations", "", -1, 1, -32768, 32767, clock)
    ecg = read_ecg(edf_bytes({"r.edf": [lead("I", SHORT[0]), lead("II", SHORT[1]), notes]}, reserved="EDF+D"))
    assert ecg.duration == 5.5
    np.testing.assert_allclose(ecg.lead("I")[875:], SHORT[0][500:], atol=1e-3)
    assert np.isnan(ecg.lead("I")[500:875]).all()
    assert any("1 interruption" in note for note in ecg.notes)


def test_a_file_with_gaps_but_without_times_is_refused():
    with pytest.raises(RecordingError, match="has gaps but does not say"):
        read_ecg(edf_file(SHORT, 250, reserved="EDF+D"))


def test_person_device_and_filters_are_kept_apart():
    ecg = read_ecg(
        edf_file(SHORT, 250, patient="0815 F 01-MAR-1968 Erika_Mustermann", recording="Startdate 16-SEP-2024 X X Mod_7")
    )
    assert (ecg.patient.age, ecg.patient.sex) == (56, "female")
    assert ecg.patient.identity["name"] == "Erika Mustermann"
    assert ecg.patient.identity["recorded"] == "2024-09-16"
    assert ecg.notes[-1] == "Recorded with Mod 7. Filters of the device: HP:0.05Hz LP:150Hz."
    assert "Mustermann" not in repr(ecg) + "".join(ecg.notes)


def test_free_text_about_the_person_is_hidden_as_a_whole():
    ecg = read_ecg(edf_file(SHORT, 250, patient="Erika Mustermann, 01.03.68"))
    assert ecg.patient.identity["name"] == "Erika Mustermann, 01.03.68"
    assert "Mustermann" not in "".join(ecg.notes)


def test_a_missing_unit_is_asked_for():
    files = edf_bytes({"r.edf": [lead("I", SHORT[0], unit=""), lead("II", SHORT[1], unit="")]})
    with pytest.raises(MissingInformationError) as caught:
        read_ecg(files)
    assert caught.value.needed == ("units",)
    assert read_ecg(files, units="uV").units == "mV"


def test_an_unknown_number_of_records_is_counted():
    assert read_ecg(edf_file(SHORT, 250, count=-1)).duration == 4


@pytest.mark.parametrize(
    ("start", "text", "sentence"),
    [
        (252, "9999", "claims 9999 signals"),
        (252, "-1", "claims -1 signals"),
        (252, "12.5", "claims 12.5 signals"),
        (252, "", "does not state the number of signals"),
        (184, "256", "does not fit its signals"),
        (236, "99999999", "promises 99999999 records but holds 4"),
        (236, "0", "promises 1 records"),
        (236, "four", "not a number of records"),
        (244, "0", "records of 0 s"),
        (244, "-1", "records of -1 s"),
        (244, "nan", "not a duration"),
        (244, "1e9", "records of 1e"),
        (256 + 12 * 104, "16", "range of nothing"),
        (256 + 12 * 120, "32767", "range of nothing"),
        (256 + 12 * 216, "0", "claims 0 samples in a record"),
        (256 + 12 * 216, "9999999", "claims 9999999 samples in a record"),
    ],
)
def test_a_hostile_header_gets_a_sentence(start, text, sentence):
    with pytest.raises(RecordingError, match=sentence):
        read_ecg(edited(start, text, 4 if start == 252 else 8))


def test_channels_that_would_fill_the_memory_are_refused():
    rows = [("I", "uV", -1, 1, -1, 1, np.zeros((1, 1)))] * 500
    rows.append(("II", "uV", -1, 1, -1, 1, np.zeros((1, 500_000))))
    with pytest.raises(RecordingError, match="brought to one rate"):
        read_ecg(edf_bytes({"r.edf": rows}, record=60))
