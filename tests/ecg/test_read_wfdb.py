"""WFDB: the grammar of its headers, its signal formats, and what a header may not do."""

import contextlib
import re
import time
import tracemalloc

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from recorded_files import challenge_files, encoded, heart_beats, wfdb_files, with_header

from ecgclip_core import EcgclipError, read_ecg
from ecgclip_core.errors import MissingInformationError, RecordingError

SHORT = heart_beats(2, 100)


def replaced(old, new, files=None):
    """Files whose header has `new` for the first match of `old`."""
    return with_header(files or wfdb_files(SHORT, 100), lambda text: re.sub(old, lambda _: new, text, count=1))


@pytest.mark.parametrize("layout", ["16", "24", "32", "61", "80", "160", "212", "310", "311", "8"])
def test_every_signal_format_gives_the_same_millivolts(layout):
    gain = 40 if layout in ("8", "80") else 150
    ecg = read_ecg(wfdb_files(SHORT, 100, layout=layout, gain=gain))
    np.testing.assert_allclose(ecg.signal, SHORT, atol=0.51 / gain)


def test_gain_baseline_and_unit_are_applied():
    ecg = read_ecg(wfdb_files(SHORT * 1000, 100, gain=2, baseline=-77, units="uV"))
    np.testing.assert_allclose(ecg.signal, SHORT, atol=3e-4)
    assert ecg.units == "mV"


def test_a_record_of_several_signal_files_of_different_formats_is_read():
    digital = np.round(SHORT * 500).astype(int)
    lines = ["r 12 100 200"]
    groups = {"limb.dat": ("16", slice(0, 6)), "early.dat": ("212", slice(6, 9)), "late.dat": ("32", slice(9, 12))}
    files = {}
    names = ["I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6"]
    for file, (layout, rows) in groups.items():
        files[file] = encoded(digital[rows], layout)
        lines += [f"{file} {layout} 500/mV 12 0 0 0 0 {name}" for name in names[rows]]
    ecg = read_ecg({"r.hea": "\n".join(lines).encode(), **files})
    np.testing.assert_allclose(ecg.signal, SHORT, atol=1.1e-3)


def test_capital_letters_in_file_names_do_not_matter():
    files = wfdb_files(SHORT, 100)
    assert read_ecg({"R.HEA": files["r.hea"], "R.DAT": files["r.dat"]}).sampling_rate == 100


def two_leads(digital, rate, samples, layouts=("16", "16")):
    lines = [f"r 2 {rate} {samples}"]
    lines += [f"r.dat {layout} 1000/mV 16 0 {lead}" for layout, lead in zip(layouts, ("I", "II"), strict=True)]
    return {"r.hea": "\n".join(lines).encode(), "r.dat": encoded(digital)}


def test_several_samples_in_a_frame_multiply_the_rate():
    digital = np.round(SHORT[:2] * 1000).astype(np.int64)
    frames = digital.reshape(2, 100, 2).transpose(0, 2, 1).reshape(4, 100)
    ecg = read_ecg(two_leads(frames, 50, 100, ("16x2", "16x2")))
    assert ecg.sampling_rate == 100
    np.testing.assert_allclose(ecg.signal[:2], SHORT[:2], atol=1e-3)


def test_channels_of_different_rates_are_brought_to_the_highest():
    digital = np.round(SHORT[:2] * 1000).astype(np.int64)
    frames = np.concatenate([digital[0].reshape(100, 2).T, digital[1:, ::2]])
    ecg = read_ecg(two_leads(frames, 50, 100, ("16x2", "16")))
    assert ecg.sampling_rate == 100
    np.testing.assert_allclose(ecg.signal[0], SHORT[0], atol=1e-3)
    np.testing.assert_allclose(ecg.signal[1, ::2], SHORT[1, ::2], atol=1e-3)
    assert any("interpolation" in note for note in ecg.notes)


def test_skew_is_undone():
    shifted = np.round(np.stack([SHORT[0], np.roll(SHORT[1], 7)]) * 1000)
    ecg = read_ecg(two_leads(shifted, 100, 200, ("16", "16:7")))
    np.testing.assert_allclose(ecg.signal[1, :-7], SHORT[1, :-7], atol=1e-3)
    assert np.isnan(ecg.signal[1, -7:]).all()


@pytest.mark.parametrize("date", ["05-May-2020", "33/13/99", "12:30:30 01/02/2020", "25:99:99 00/00/0000", "yesterday"])
def test_odd_dates_open(date):
    ecg = read_ecg(replaced("100 200", f"100 200 {date}"))
    assert ecg.duration == 2
    assert "2020" not in " ".join(ecg.notes) + repr(ecg)


def test_a_header_without_a_number_of_samples_takes_it_from_the_file():
    assert read_ecg(replaced("100 200", "100")).duration == 2


def test_a_header_without_a_rate_asks_for_it():
    files = replaced("r 12 100 200", "r 12")
    with pytest.raises(MissingInformationError) as caught:
        read_ecg(files)
    assert caught.value.needed == ("sampling_rate",)
    assert read_ecg(files, sampling_rate=100).duration == 2


def test_a_rate_asked_for_beats_the_files_own_and_is_told():
    ecg = read_ecg(wfdb_files(SHORT, 100), sampling_rate=200)
    assert ecg.sampling_rate == 200
    assert any("the file says 100 Hz" in note for note in ecg.notes)


@pytest.mark.parametrize("scale", ["1000(0)/NU", "1000(0)/adu", "1000(0)/mmHg"])
def test_a_unit_that_is_no_voltage_means_uncalibrated(scale):
    ecg = read_ecg(with_header(wfdb_files(SHORT, 100), lambda text: text.replace("1000(0)/mV", scale)))
    assert ecg.units == "unscaled"
    assert any("not calibrated" in note for note in ecg.notes)


def test_a_missing_gain_means_uncalibrated():
    files = two_leads(np.round(SHORT[:2] * 200), 100, 200)
    with pytest.raises(EcgclipError, match="none of the twelve leads"):
        read_ecg({**files, "r.hea": b"r 2 100 200\nr.dat 16\nr.dat 16"})
    named = b"r 2 100 200\nr.dat 16 (0)/mV 16 0 0 0 0 I\nr.dat 16 (0)/mV 16 0 0 0 0 II"
    assert read_ecg({**files, "r.hea": named}).units == "unscaled"


def test_a_signal_file_longer_than_its_header_says_is_told():
    ecg = read_ecg(replaced("100 200", "100 150"))
    assert ecg.duration == 1.5
    assert any("longer than its header" in note for note in ecg.notes)


def test_samples_that_fail_their_checksum_are_told():
    files = wfdb_files(SHORT, 100)
    content = bytearray(files["r.dat"])
    content[200] ^= 0xFF
    assert any("checksum" in note for note in read_ecg({**files, "r.dat": bytes(content)}).notes)
    assert not any("checksum" in note for note in read_ecg(files).notes)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("r 12", "r 100000000", "claims 100000000 signals"),
        ("r 12", "r 0", "claims 0 signals"),
        ("r 12", "r -3", "claims -3 signals"),
        ("r 12", "r 13", "describes 12"),
        ("r 12", "r twelve", "not a number of signals"),
        ("r 12", "r/300 12", "300 segments"),
        ("100 200", "0 200", "sampling rate"),
        ("100 200", "-500 200", "sampling rate"),
        ("100 200", "nan 200", "sampling rate"),
        ("100 200", "inf 200", "sampling rate"),
        ("100 200", "1e9 200", "sampling rate"),
        ("100 200", "10 200", "sampling rate"),
        ("100 200", "100 99999999999", "promises 99999999999 samples"),
        ("100 200", "100 " + "9" * 5000, "not a number of samples"),
        ("100 200", "100 -5", "fewer than none"),
        ("100 200", "100 250", "promises 250 samples in each lead, but r.dat holds only 200"),
        ("r.dat 16", "r.dat 516", "format 516"),
        ("r.dat 16", "r.dat 16x999999", "samples in a frame"),
        ("r.dat 16", "r.dat 16x2", "promises 200"),
        ("r.dat 16", "r.dat 16+99999999", "two different ways"),
        ("r.dat 16", "r.dat 16:999999", "more than the whole recording"),
        ("r.dat 16", "r.dat banana", "not a WFDB signal format"),
        ("r.dat 16", "../r.dat 16", "outside its own folder"),
        ("r.dat 16", "/etc/passwd 16", "outside its own folder"),
        ("r.dat 16", r"C:\r.dat 16", "outside its own folder"),
        ("r.dat 16", "s3://bucket/r.dat 16", "outside its own folder"),
        ("r.dat 16", "http://host/r.dat 16", "outside its own folder"),
        ("r.dat 16", "r.hea 16", "names itself"),
        ("r.dat 16", "other.dat 16", "needs other.dat, which is missing"),
        (r"1000\(0\)", "0(0)", "gain of 0"),
        (r"1000\(0\)", "nan(0)", "not a gain"),
        (r"1000\(0\)", "inf(0)", "not a gain"),
        (r"1000\(0\)", "1000(x)", "not a baseline"),
    ],
)
def test_a_header_that_lies_gets_a_sentence(old, new, sentence):
    with pytest.raises(RecordingError, match=re.escape(sentence)):
        read_ecg(replaced(old, new))


@pytest.mark.parametrize("claim", ["r 12 100 99999999999", "r 100000000 100 200"])
def test_a_lying_header_costs_neither_time_nor_memory(claim):
    files = replaced("r 12 100 200", claim)
    tracemalloc.start()
    start = time.perf_counter()
    with pytest.raises(EcgclipError):
        read_ecg(files)
    assert time.perf_counter() - start < 3
    assert tracemalloc.get_traced_memory()[1] < 20e6
    tracemalloc.stop()


@pytest.mark.parametrize("recording", [heart_beats(1900, 50)[:2]])
def test_more_than_half_an_hour_is_refused(recording):
    with pytest.raises(RecordingError, match="32 minutes"):
        read_ecg(wfdb_files(recording, 50, names=["I", "II"]))


def test_more_than_twenty_megabytes_are_refused():
    files = wfdb_files(SHORT, 100)
    with pytest.raises(RecordingError, match="20 MB"):
        read_ecg({**files, "r.dat": bytes(21_000_000)})


def test_a_matlab_file_of_a_later_version_is_named():
    files = challenge_files(SHORT, 100)
    with pytest.raises(RecordingError, match="version 5"):
        read_ecg({**files, "A0001.mat": b"MATLAB 5.0 MAT-file, Platform: GLNXA64" + bytes(9000)})


@pytest.mark.parametrize(
    "content",
    [
        b"Sehr geehrte Frau Kollegin, anbei das EKG der Patientin. " * 200,
        "Уважаемая коллега, во вложении электрокардиограмма. ".encode() * 200,
        "敬启者：附上心电图。".encode() * 400,
    ],
)
def test_a_text_file_renamed_is_recognised(content):
    files = wfdb_files(SHORT, 100)
    with pytest.raises(RecordingError, match="looks like a text file"):
        read_ecg({**files, "r.dat": content})
    with pytest.raises(RecordingError, match="not a|claims|describes"):
        read_ecg({**files, "r.hea": content})


@pytest.mark.parametrize("mark", [b"\x89PNG\r\n\x1a\n", b"%PDF-1.7", bytes(128) + b"DICM", b"PK\x03\x04"])
def test_another_format_renamed_is_recognised(mark):
    files = wfdb_files(SHORT, 100)
    for name in files:
        with pytest.raises(RecordingError, match="looks like"):
            read_ecg({**files, name: mark + bytes(range(256)) * 40})


@pytest.mark.parametrize(
    "comment",
    [
        "Diagnose: Zustand nach Myokardinfarkt, Größe 1,70 m".encode("latin-1"),
        "Diagnose: Größe ❤️ 心电图".encode(),
        b"\x80\x81\xfe\xff",
        "Заключение: синусовый ритм".encode("cp1251"),
    ],
)
def test_comments_in_any_language_do_not_stop_the_reading(comment):
    files = wfdb_files(SHORT, 100)
    files["r.hea"] += b"\n# " + comment
    assert read_ecg(files).duration == 2


def test_lead_names_in_any_language_are_shown_safely():
    names = ["Ⅰ", "Ⅱ", "❤️", "Ärm", "<b>x", "V1", "V2", "V3", "V4", "V5", "V6", "心"]
    ecg = read_ecg(wfdb_files(SHORT, 100, names=names))
    note = next(note for note in ecg.notes if note.startswith("Left out"))
    assert "❤" in note
    assert "<" not in note
    assert ecg.missing_leads == ()


@pytest.mark.parametrize(
    ("comments", "age", "sex"),
    [
        (["Age: 56", "Sex: Female"], 56, "female"),
        (["<age>: 51 <sex>: F"], 51, "female"),
        (["<age>: 71", "<sex>: M", "<diagnoses>:", "Rhythm: Sinus rhythm.", "Electric axis: normal."], 71, "male"),
        (["age: 81", "gender: m"], 81, "male"),
        (["Age: 300", "Sex: Unknown"], 90, None),
        (["Age: NaN"], None, None),
        (["Age: -3"], None, None),
        (["Age: 6 months"], 0.5, None),
        (["Age: 1e400", "Sex: 17"], None, None),
    ],
)
def test_age_and_sex_are_found_in_the_comments(comments, age, sex):
    patient = read_ecg(wfdb_files(SHORT, 100, comments=comments)).patient
    assert (patient.age, patient.sex) == (age, sex)


def test_nothing_of_the_patient_is_in_notes_repr_or_errors():
    comments = ["Age: 56", "Sex: Female", "Dx: 164865005", "Name: Erika Mustermann", "Reason: chest pain"]
    files = wfdb_files(SHORT, 100, comments=comments)
    ecg = read_ecg(files)
    assert ecg.patient.identity["stated diagnosis"] == "164865005"
    assert ecg.patient.identity["name"] == "Erika Mustermann"
    with pytest.raises(EcgclipError) as caught:
        read_ecg({**files, "r.dat": files["r.dat"][:-50]})
    for text in (*ecg.notes, repr(ecg), repr(ecg.patient), str(caught.value)):
        assert not re.search("56|female|164865005|Mustermann|chest", text, re.IGNORECASE)


HEADER = wfdb_files(SHORT, 100, comments=["Age: 56", "Dx: 426783006"])["r.hea"]


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.tuples(
            st.integers(0, len(HEADER)),
            st.integers(0, 12),
            st.one_of(
                st.binary(max_size=6),
                st.sampled_from(
                    [b"\n", b" ", b"0", b"-1", b"9" * 12, b"1e999", b"nan", b"../", b"+24", b"x7", b":3", b"~", b"#"]
                ),
            ),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_any_mutation_of_a_header_gives_an_ecg_or_a_sentence(edits):
    header = HEADER
    for start, length, new in edits:
        header = header[:start] + new + header[start + length :]
    try:
        ecg = read_ecg({"r.hea": header, "r.dat": wfdb_files(SHORT, 100)["r.dat"]})
    except EcgclipError as error:
        assert str(error).rstrip().endswith((".", "?"))
        assert len(str(error)) < 600
    else:
        assert ecg.signal.shape[0] == 12
        assert not np.isinf(ecg.signal).any()


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=3000), st.binary(max_size=300))
def test_any_bytes_give_an_ecg_or_a_sentence(samples, header):
    files = wfdb_files(SHORT, 100)
    for broken in ({**files, "r.dat": samples}, {**files, "r.hea": header}):
        with contextlib.suppress(EcgclipError):
            read_ecg(broken)
