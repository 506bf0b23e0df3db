"""WFDB recordings in several segments: one axis of time, gaps left blank, and headers that name the wrong things."""

import numpy as np
import pytest
from recorded_files import heart_beats, wfdb_files

from ecgclip_core import read_ecg
from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.ecg.uploads import recordings_in
from ecgclip_core.errors import RecordingError

WHOLE = heart_beats(8, 250)


def parts(lines, *pieces, names=LEADS, comments=()):
    """A header of segments `lines` and, as s1, s2, ..., the pieces of a signal."""
    files = {}
    for number, piece in enumerate(pieces, start=1):
        files |= wfdb_files(piece, 250, names, record=f"s{number}")
    total = sum(int(line.split()[1]) for line in lines)
    head = [f"r/{len(lines)} {len(names)} 250 {total}", *lines, *(f"# {comment}" for comment in comments)]
    return {"r.hea": "\n".join(head).encode(), **files}


def test_segments_follow_each_other():
    files = parts(["s1 1000", "s2 1000"], WHOLE[:, :1000], WHOLE[:, 1000:], comments=["Age: 56", "Sex: F"])
    ecg = read_ecg(files)
    np.testing.assert_allclose(ecg.signal, WHOLE, atol=6e-4)
    assert (ecg.patient.age, ecg.patient.sex) == (56, "female")
    assert ecg.notes[0] == "Put together from 2 segments."


def test_a_gap_is_left_blank():
    ecg = read_ecg(parts(["s1 1000", "~ 500", "s2 1000"], WHOLE[:, :1000], WHOLE[:, 1000:]))
    assert ecg.duration == 10
    assert np.isnan(ecg.signal[:, 1000:1500]).all()
    np.testing.assert_allclose(ecg.signal[:, 1500:], WHOLE[:, 1000:], atol=6e-4)
    assert any("gaps are left blank" in note for note in ecg.notes)


def test_a_first_segment_that_only_describes_the_signals_is_passed_over():
    layout = wfdb_files(WHOLE[:, :2], 250, record="layout")["layout.hea"].replace(b"layout.dat", b"~")
    files = parts(["layout 0", "s1 1000", "s2 1000"], WHOLE[:, :1000], WHOLE[:, 1000:])
    np.testing.assert_allclose(read_ecg({**files, "layout.hea": layout}).signal, WHOLE, atol=6e-4)


def test_segments_may_hold_different_leads():
    files = parts(["s1 1000", "s2 1000"], WHOLE[:, :1000], names=LEADS)
    files |= wfdb_files(WHOLE[:2, 1000:], 250, LEADS[:2], record="s2")
    ecg = read_ecg(files)
    np.testing.assert_allclose(ecg.lead("II"), WHOLE[1], atol=6e-4)
    assert np.isnan(ecg.lead("V1")[1000:]).all()


def test_paths_uploads_and_bytes_give_the_same_recording(tmp_path):
    files = parts(["s1 1000", "s2 1000"], WHOLE[:, :1000], WHOLE[:, 1000:])
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    wanted = read_ecg(files).signal
    np.testing.assert_array_equal(read_ecg(tmp_path / "r").signal, wanted)
    for order in (files, dict(reversed(files.items()))):
        (upload,) = recordings_in(order)
        assert upload.label == "r"
        assert sorted(upload.files) == sorted(files)
        np.testing.assert_array_equal(upload.ecg.signal, wanted)


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (["s1 1000", "s9 1000"], "needs s9.hea, which is missing"),
        (["r 1000", "s1 1000"], "has segments itself"),
        (["~ 1000", "~ 1000"], "no segment with samples"),
        (["../s1 1000", "s2 1000"], "not a segment that lies beside"),
        (["s1 999999999", "s2 1000"], "minutes"),
        (["s1 many", "s2 1000"], "not a segment"),
    ],
)
def test_a_hostile_header_of_segments_gets_a_sentence(lines, sentence):
    files = parts(["s1 1000", "s2 1000"], WHOLE[:, :1000], WHOLE[:, 1000:])
    head = "\n".join(["r/2 12 250 2000", *lines]).encode()
    with pytest.raises(RecordingError, match=sentence):
        read_ecg({**files, "r.hea": head}, name="r.hea")


@pytest.mark.parametrize("head", ["r/0 12 250", "r/99999999 12 250", "r/3 12 250\ns1 1000", "r/x 12 250\ns1 1000"])
def test_a_wrong_number_of_segments_gets_a_sentence(head):
    with pytest.raises(RecordingError, match="segments|not a WFDB header|signals"):
        read_ecg({"r.hea": head.encode()})
