"""What holds for every format alike. A new reader needs one line in `EXAMPLES`."""

import numpy as np
import pytest
from binary_files import dicom_file, edf_file, scp_file
from recorded_files import challenge_files, csv_file, heart_beats, wfdb_files
from xml_files import aecg_file, muse_file, philips_file

from ecgclip_core import EcgclipError, read_ecg
from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.ecg.readers import FORMATS, READERS, reader_for
from ecgclip_core.ecg.uploads import recordings_in

# Format and variant -> files of a recording, shape (12, n) in mV, at a rate in Hz.
EXAMPLES = {
    ("WFDB", "dat"): wfdb_files,
    ("WFDB", "mat"): challenge_files,
    ("CSV", "comma"): csv_file,
    ("CSV", "semicolon"): lambda signal, rate: csv_file(signal, rate, separator=";", decimal=","),
    ("CSV", "tab"): lambda signal, rate: csv_file(signal, rate, separator="\t", name="r.tsv"),
    ("EDF and EDF+", "edf"): edf_file,
    ("EDF and EDF+", "bdf"): lambda signal, rate: edf_file(signal, rate, wide=True, name="r.bdf"),
    ("DICOM waveform", "dicom"): dicom_file,
    ("HL7 aECG", "microvolts"): aecg_file,
    ("HL7 aECG", "millivolts"): lambda signal, rate: aecg_file(signal, rate, unit="mV", scale=0.0005, origin=0.1),
    ("SCP-ECG", "second differences"): scp_file,
    ("SCP-ECG", "first differences"): lambda signal, rate: scp_file(signal, rate, order=1),
    ("SCP-ECG", "amplitudes"): lambda signal, rate: scp_file(signal, rate, order=0, huffman=False),
    ("GE MUSE XML", "muse"): muse_file,
    ("Philips XML", "1.04"): philips_file,
    ("Philips XML", "1.03"): lambda signal, rate: philips_file(signal, rate, version="1.03", packed=False),
}
# Formats that can mark a sample as none.
GAPS = {key: files for key, files in EXAMPLES.items() if key[0] in ("WFDB", "CSV", "DICOM waveform", "GE MUSE XML")}
each_example = pytest.mark.parametrize("files_of", EXAMPLES.values(), ids=["-".join(key) for key in EXAMPLES])


def test_every_reader_is_tested_here():
    assert {reader.FORMAT for reader in READERS} == {name for name, _ in EXAMPLES}


@each_example
def test_what_was_written_is_read(files_of):
    signal = heart_beats()
    ecg = read_ecg(files_of(signal, 500))
    assert ecg.signal.shape == (12, 5000)
    assert ecg.signal.dtype == np.float32
    assert ecg.sampling_rate == 500
    assert ecg.units == "mV"
    np.testing.assert_allclose(ecg.signal, signal, atol=6e-4)


@each_example
def test_bytes_and_paths_give_the_same_recording(files_of, tmp_path):
    files = files_of(heart_beats(3, 250), 250)
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    from_bytes = read_ecg(files)
    main = next(iter(files))
    for path in (tmp_path / main, str(tmp_path / main), (tmp_path / main).with_suffix("")):
        ecg = read_ecg(path)
        np.testing.assert_array_equal(ecg.signal, from_bytes.signal)
        assert (ecg.name, ecg.notes) == (from_bytes.name, from_bytes.notes)


@each_example
@pytest.mark.parametrize("seconds", [2, 3, 60])
def test_short_and_long_recordings_open(files_of, seconds):
    ecg = read_ecg(files_of(heart_beats(seconds, 100), 100))
    assert ecg.duration == pytest.approx(seconds)


@each_example
def test_under_a_second_there_is_no_heart_beat(files_of):
    with pytest.raises(EcgclipError, match="too short"):
        read_ecg(files_of(heart_beats(0.8, 250), 250))


@pytest.mark.parametrize("files_of", GAPS.values(), ids=["-".join(key) for key in GAPS])
def test_nan_stays_nan_and_is_told(files_of):
    signal = heart_beats(4, 250)
    signal[8, 100:150] = np.nan
    ecg = read_ecg(files_of(signal, 250))
    np.testing.assert_array_equal(np.isnan(ecg.signal[8]), np.isnan(signal[8]))
    assert np.isfinite(np.delete(ecg.signal, 8, axis=0)).all()
    assert any("V3 (5.0 %)" in note for note in ecg.notes)


@each_example
@pytest.mark.parametrize("fill", [0.0, np.nan])
def test_a_recording_without_signal_is_refused(files_of, fill):
    with pytest.raises(EcgclipError, match="no signal"):
        read_ecg(files_of(np.full((12, 2500), fill), 250))


@each_example
def test_a_flat_lead_opens_with_a_note(files_of):
    signal = heart_beats(4, 250)
    signal[LEADS.index("V2")] = 0
    ecg = read_ecg(files_of(signal, 250))
    assert any("flat line): V2" in note for note in ecg.notes)
    assert ecg.missing_leads == ()


@each_example
def test_half_a_file_is_an_ecg_or_a_sentence(files_of):
    files = files_of(heart_beats(2, 250), 250)
    for name, content in files.items():
        for end in range(0, len(content), max(len(content) // 23, 1)):
            try:
                assert read_ecg({**files, name: content[:end]}).signal.shape[0] == 12
            except EcgclipError as error:
                assert str(error).endswith(".")


@each_example
def test_the_file_name_never_carries_markup_or_a_path_into_the_recording(files_of):
    files = files_of(heart_beats(2, 250), 250)
    main = next(iter(files))
    hostile = "../../<img src=x>![a](b)" + main
    ecg = read_ecg({hostile: files.pop(main), **files})
    assert not set("<>[]/\\") & set(ecg.name)


def test_what_is_not_there_gets_a_sentence_without_its_folder(tmp_path):
    for path in (tmp_path / "nothing", tmp_path / "nothing.hea", tmp_path, tmp_path / ("n" * 400), "", "nul\0byte"):
        with pytest.raises(EcgclipError) as caught:
            read_ecg(path)
        assert str(tmp_path.parent) not in str(caught.value)


def test_bytes_need_a_name():
    with pytest.raises(EcgclipError, match="file name"):
        read_ecg(b"I,II")


def test_two_recordings_are_not_one():
    files = wfdb_files(heart_beats(2, 100), 100) | csv_file(heart_beats(2, 100), 100)
    with pytest.raises(EcgclipError, match="2 recordings"):
        read_ecg(files)
    assert read_ecg(files, name="r.csv").sampling_rate == 100


@each_example
def test_a_unit_asked_for_beats_the_files_own_and_is_told(files_of):
    ecg = read_ecg(files_of(heart_beats(2, 250), 250), units="unscaled")
    assert ecg.units == "unscaled"
    assert any("as asked for" in note for note in ecg.notes)


ONE_FILE = {key: files for key, files in EXAMPLES.items() if key[0] not in ("WFDB", "CSV")}


each_one_file = pytest.mark.parametrize("files_of", ONE_FILE.values(), ids=["-".join(key) for key in ONE_FILE])


@each_one_file
def test_random_damage_gives_an_ecg_or_a_sentence(files_of):
    files = files_of(heart_beats(2, 250), 250)
    main = next(iter(files))
    random = np.random.default_rng(0)
    content = np.frombuffer(files[main], np.uint8)
    # Headers stand at the beginning: half of the changes go there.
    for trial in range(24):
        changed = content.copy()
        places = random.integers(0, len(content) if trial % 2 else min(len(content), 2000), random.integers(1, 6))
        changed[places] = random.integers(0, 256, len(places))
        try:
            assert read_ecg({**files, main: changed.tobytes()}).signal.shape[0] == 12
        except EcgclipError as error:
            assert str(error).endswith(".")
            assert "Mustermann" not in str(error)


@each_one_file
@pytest.mark.parametrize("name", ["a.csv", "a.hea", "a.dcm", "a.edf", "a.scp", "a.xml", "IM000001"])
def test_content_decides_where_the_ending_is_wrong(files_of, name, tmp_path):
    ((_, content),) = files_of(heart_beats(2, 250), 250).items()
    wanted = read_ecg(content, name="r").signal
    np.testing.assert_array_equal(read_ecg(content, name=name).signal, wanted)
    (tmp_path / name).write_bytes(content)
    np.testing.assert_array_equal(read_ecg(tmp_path / name).signal, wanted)
    (upload,) = recordings_in({name: content})
    np.testing.assert_array_equal(upload.ecg.signal, wanted)


@pytest.mark.parametrize("name", [f"a{ending}" for form in FORMATS for ending in form.extensions])
@pytest.mark.parametrize("content", [b"", b"\0" * 5000, b"hello, this is a letter\n" * 300, bytes(range(256)) * 40])
def test_a_file_of_another_kind_gets_a_sentence_whatever_its_ending(name, content):
    with pytest.raises(EcgclipError) as caught:
        read_ecg(content, name=name)
    assert str(caught.value).endswith(".")


def test_the_list_of_formats_says_which_were_tried_on_real_files():
    tried = {form.name: form.tried_on_real for form in FORMATS}
    assert tried["DICOM waveform"] and tried["HL7 aECG"] and tried["SCP-ECG"] and tried["WFDB"]
    assert not tried["GE MUSE XML"] and not tried["Philips XML"]
    assert all(ending.startswith(".") for form in FORMATS for ending in form.extensions)


@each_one_file
def test_a_reader_never_tried_on_a_real_file_says_so(files_of):
    ((name, content),) = files_of(heart_beats(2, 250), 250).items()
    untried = not reader_for(name, content).TRIED_ON_REAL
    assert untried == any("never tried on a real file" in note for note in read_ecg({name: content}).notes)


@pytest.mark.parametrize(
    ("content", "name", "kind"),
    [
        (b"ISHNE1.0" + bytes(2000), "a.ecg", "an ISHNE Holter file"),
        (b"PK\x03\x04" + bytes(2000), "a.xml", "a ZIP archive"),
        (b"@ MFR " + bytes(2000), "a.mwf", "an MFER file"),
        (b"<!DOCTYPE html><html></html>", "a.xml", "a web page"),
    ],
)
def test_what_ends_like_a_recording_but_is_another_thing_is_named(content, name, kind):
    with pytest.raises(EcgclipError, match=f"looks like {kind}.*This version reads WFDB, CSV"):
        read_ecg(content, name=name)
    (upload,) = recordings_in({name: content})
    assert upload.ecg is None
