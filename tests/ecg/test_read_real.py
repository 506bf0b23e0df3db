"""Real recordings: all open, and each has the scale that its source left it."""

import numpy as np
import pytest

from ecgclip_core import EcgclipError, measure, read_ecg

# Folder, every n-th of its recordings, units after reading.
COLLECTIONS = [
    ("ptbxl/records100", 20, "mV"),
    ("ptbxl/records500", 5, "mV"),
    ("ptbxl/unscaled", 20, "unscaled"),
    ("ludb/data", 1, "unscaled"),
    ("challenge", 1, "mV"),
]


@pytest.mark.parametrize(("folder", "step", "units"), COLLECTIONS, ids=[folder for folder, _, _ in COLLECTIONS])
def test_real_recordings_open_with_their_scale(real_data, folder, step, units):
    headers = sorted((real_data / folder).rglob("*.hea"))[::step]
    assert headers
    for header in headers:
        ecg = read_ecg(header.with_suffix(""))
        assert ecg.units == units, header.name
        assert ecg.missing_leads == (), header.name
        assert np.isfinite(ecg.signal).all(), header.name
        assert not any("checksum" in note for note in ecg.notes), header.name


def test_ludb_is_unscaled_even_when_only_its_limb_leads_are_there(real_data):
    lost = 0
    headers = sorted((real_data / "ludb/data").glob("*.hea"))
    for header in headers:
        lines = header.read_text().splitlines()
        signal = header.with_suffix(".dat").read_bytes()
        frames = np.frombuffer(signal, "<i2").reshape(-1, 12)[:, :3]
        files = {"r.hea": "\n".join([lines[0].replace(" 12 ", " 3 "), *lines[1:4]]).replace(header.stem + ".", "r.")}
        ecg = read_ecg({"r.hea": files["r.hea"].encode(), "r.dat": frames.tobytes()})
        lost += ecg.units == "unscaled"
    assert lost == len(headers)


@pytest.mark.parametrize(("folder", "step"), [("ludb/data", 10), ("challenge", 1)])
def test_age_and_sex_are_found_in_real_headers(real_data, folder, step):
    for header in sorted((real_data / folder).glob("*.hea"))[::step]:
        patient = read_ecg(header).patient
        assert 0 < patient.age < 120
        assert patient.sex in ("female", "male")
        assert patient.identity["stated diagnosis"]


# One recording, exported by its owners in three formats.
SAME = ("example.scp", "example.dcm", "example_aecg.xml")


def test_one_recording_in_three_formats_is_the_same_to_the_last_bit(real_data):
    first, *others = (read_ecg(real_data / "formats" / name) for name in SAME)
    assert first.signal.shape == (12, 5000)
    assert np.isfinite(first.signal).all()
    for ecg in others:
        np.testing.assert_array_equal(ecg.signal, first.signal)
        assert (ecg.sampling_rate, ecg.units) == (500, "mV")
        assert (ecg.patient.age, ecg.patient.sex) == (49, "male")
    for ecg in (first, *others):
        assert any("ELI250" in note for note in ecg.notes)
        assert ecg.patient.identity["name"] not in " ".join(ecg.notes) + repr(ecg)


def test_rhythm_beats_at_a_plausible_rate_in_every_real_sample(real_data):
    for name in (*SAME, "subject1_0_aecg.xml"):
        ecg = read_ecg(real_data / "formats" / name)
        rate = measure(ecg).heart_rate.value
        assert 40 < rate < 150, name
        residual = ecg.lead("II") - ecg.lead("I") - ecg.lead("III")
        assert np.abs(residual).max() < 0.01, name


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("empty.xml", "without a recording in it"), ("minimum_aecg.xml", "13 samples")],
)
def test_a_file_without_a_rhythm_gets_a_sentence(real_data, name, sentence):
    with pytest.raises(EcgclipError, match=sentence):
        read_ecg(real_data / "formats" / name)


@pytest.mark.parametrize("name", [*SAME, "subject1_0_aecg.xml"])
def test_a_real_file_under_another_name_is_known_by_its_content(real_data, name):
    content = (real_data / "formats" / name).read_bytes()
    wanted = read_ecg(content, name=name).signal
    for other in ("a.csv", "a.hea", "a.edf", "a.xml", "a.scp", "IM000001"):
        np.testing.assert_array_equal(read_ecg(content, name=other).signal, wanted)
