"""Several files at once: what belongs together, and what a stranger's archive may not do."""

import io
import re
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recorded_files import challenge_files, csv_file, heart_beats, wfdb_files

from ecgclip_core.ecg.uploads import recordings_in

SHORT = heart_beats(2, 100)


def record(name="r"):
    return wfdb_files(SHORT, 100, record=name)


def zipped(files, method=zipfile.ZIP_DEFLATED):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def the_problem(files):
    (upload,) = recordings_in(files)
    assert upload.ecg is None
    return upload.problem


def test_several_recordings_of_several_formats_are_found():
    files = {**record("a"), **record("b"), **challenge_files(SHORT, 100), **csv_file(SHORT, 100)}
    uploads = recordings_in(files)
    assert [upload.label for upload in uploads] == ["a", "b", "A0001", "r"]
    assert all(upload.ecg is not None and upload.problem is None for upload in uploads)
    assert sorted(name for upload in uploads for name in upload.files) == sorted(files)


def test_an_archive_gives_what_its_files_would():
    plain = recordings_in({**record("a"), **record("b")})
    packed = recordings_in({"x.zip": zipped({**record("a"), **record("b")})})
    assert [upload.label for upload in packed] == [upload.label for upload in plain]
    for one, other in zip(packed, plain, strict=True):
        np.testing.assert_array_equal(one.ecg.signal, other.ecg.signal)


def test_equal_names_in_two_folders_are_two_recordings_with_their_own_signals():
    louder = wfdb_files(SHORT * 2, 100)
    files = {f"one/{name}": content for name, content in record().items()}
    files |= {f"two/{name}": content for name, content in louder.items()}
    first, second = recordings_in({"x.zip": zipped(files)})
    assert (first.label, second.label) == ("r", "r (2)")
    np.testing.assert_allclose(second.ecg.signal, 2 * first.ecg.signal, atol=2e-3)


def test_a_header_takes_no_signal_from_another_folder():
    files = {"one/r.hea": record()["r.hea"], "two/r.dat": record()["r.dat"]}
    header, signal = recordings_in({"x.zip": zipped(files)})
    assert "needs r.dat" in header.problem
    assert "without its header" in signal.problem


def test_one_bad_file_does_not_hide_the_good_ones():
    files = {"bad.hea": b"nonsense", **record("good"), "letter.pdf": b"%PDF-1.7 ..."}
    uploads = recordings_in(files)
    assert [upload.label for upload in uploads if upload.ecg] == ["good"]
    assert sum(upload.problem is not None for upload in uploads) == 2


def test_a_damaged_header_keeps_its_signal_file_to_itself():
    (upload,) = recordings_in({"r.hea": b"nonsense", "r.dat": record()["r.dat"]})
    assert upload.files == ("r.hea", "r.dat")
    assert "not a WFDB header" in upload.problem


def test_a_header_alone_and_a_signal_alone_name_their_partner():
    assert "needs r.dat, which is missing" in the_problem({"r.hea": record()["r.hea"]})
    assert "r.hea" in the_problem({"r.dat": record()["r.dat"]})


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.dcm", bytes(128) + b"DICM" + bytes(99), "DICOM"),
        ("a.scp", bytes(16) + b"SCPECG" + bytes(99), "SCP-ECG"),
        ("a.edf", b"0       patient" + bytes(99), "EDF"),
        ("a.xml", b"<?xml version='1.0'?><AnnotatedECG/>", "aECG"),
        ("a.xml", b"<?xml version='1.0'?><a/>", "XML"),
        ("a.png", b"\x89PNG\r\n\x1a\n" + bytes(99), "PNG"),
        ("a.pdf", b"%PDF-1.4", "PDF"),
        ("a.dat", b"\x89PNG\r\n\x1a\n" + bytes(99), "PNG"),
        ("a.csv", b"%PDF-1.4", "PDF"),
        ("a.hea", bytes(128) + b"DICM" + bytes(99), "DICOM"),
        ("a.gz", b"\x1f\x8b\x08" + bytes(99), "gzip"),
        ("a.bin", bytes(99), "unknown format"),
    ],
)
def test_other_formats_are_named(name, content, kind):
    assert kind in the_problem({name: content})


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd.hea",
        "/absolute.hea",
        "C:\\x\\y.hea",
        "nul\0byte.hea",
        "n" * 5000 + ".hea",
        "心电图❤️.hea",
        "<b>![x](y).hea",
    ],
)
def test_hostile_names_are_only_ever_shown_tame(name):
    header = record()["r.hea"]
    for files in ({name: header, "r.dat": record()["r.dat"]}, {name: header}, {"x.zip": zipped({name: header})}):
        for upload in recordings_in(files):
            for text in (upload.label, upload.problem or "", *upload.files):
                assert not re.search(r"[<>\[\]/\\\0]|\.\.", text)
                assert len(text) < 400


def test_an_archive_that_grows_a_thousandfold_is_not_unpacked():
    bomb = zipped({"r.dat": bytes(60_000_000)})
    assert len(bomb) < 60_000
    tracemalloc.start()
    assert "would grow" in the_problem({"bomb.zip": bomb})
    assert tracemalloc.get_traced_memory()[1] < 1e6
    tracemalloc.stop()


def test_an_archive_larger_than_the_limit_is_not_unpacked(monkeypatch):
    monkeypatch.setattr("ecgclip_core.ecg.uploads.MAX_UNPACKED_BYTES", 10_000)
    files = {f"{number}.dat": np.random.default_rng(number).bytes(3000) for number in range(4)}
    assert "would grow" in the_problem({"large.zip": zipped(files)})


def test_an_archive_that_lies_about_its_sizes_gets_a_sentence():
    content = bytearray(zipped({"r.dat": bytes(1_000_000), **{"a.hea": record()["r.hea"]}}))
    for found in list(re.finditer(re.escape(struct.pack("<I", 1_000_000)), bytes(content))):
        content[found.start() : found.end()] = struct.pack("<I", 10)
    assert all(upload.problem for upload in recordings_in({"x.zip": bytes(content)}))


def test_an_encrypted_archive_gets_a_sentence():
    content = bytearray(zipped({"r.hea": b"x" * 50}, zipfile.ZIP_STORED))
    content[content.index(b"PK\x03\x04") + 6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    assert "encrypted" in the_problem({"x.zip": bytes(content)})


def test_an_archive_in_an_archive_gets_a_sentence_and_hides_nothing():
    uploads = recordings_in({"x.zip": zipped({"inner.zip": zipped(record()), **record("a")})})
    assert [upload.label for upload in uploads if upload.ecg] == ["a"]
    assert any("archive within an archive" in (upload.problem or "") for upload in uploads)


@pytest.mark.parametrize("content", [b"PK\x03\x04 not really", zipped(record())[:-40], zipped(record())[:300]])
def test_a_damaged_archive_gets_a_sentence(content):
    assert "damaged" in the_problem({"x.zip": content})


def test_an_empty_archive_gets_a_sentence():
    assert "empty" in the_problem({"x.zip": zipped({})})


def test_what_operating_systems_leave_behind_is_ignored():
    files = {**record(), ".DS_Store": b"x", "__MACOSX/._r.hea": b"\0\5", "Thumbs.db": b"x"}
    (upload,) = recordings_in({"x.zip": zipped(files)})
    assert upload.ecg is not None
    (upload,) = recordings_in(files)
    assert upload.ecg is not None


def test_annotations_beside_a_recording_share_one_remark():
    files = {**record(), **{f"r.{ending}": b"\1\0\2\0" for ending in ("i", "ii", "iii", "atr")}, "README": b"Hello"}
    first, rest = recordings_in(files)
    assert first.ecg is not None
    assert rest.ecg is None
    assert len(rest.files) == 5
    assert "Passed over" in rest.problem


def test_what_a_file_does_not_say_is_asked_for_and_answered():
    files = csv_file(SHORT, unit="", time=False) | record("a")
    table, other = recordings_in(files)
    assert table.needed == ("sampling_rate", "units")
    assert table.problem
    table, other = recordings_in(files, sampling_rate=200, units="mV")
    assert table.ecg.sampling_rate == 200
    assert other.ecg.sampling_rate == 100


def test_no_file_is_an_empty_list():
    assert recordings_in({}) == []


def test_beyond_two_hundred_recordings_the_rest_is_counted():
    files = {}
    for number in range(205):
        files |= {f"{number}.csv": b"I,II\n1,2\n"}
    uploads = recordings_in(files)
    assert len(uploads) == 201
    assert len(uploads[-1].files) == 5


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_damage_to_an_archive_keeps_every_file_in_one_upload_or_refuses_it(data):
    content = bytearray(ARCHIVE)
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    uploads = recordings_in({"x.zip": bytes(content)})
    names = [name for upload in uploads for name in upload.files]
    assert len(names) == len(set(names)) or len(names) <= 5
    assert all((upload.ecg is None) != (upload.problem is None) for upload in uploads)


ARCHIVE = zipped({**record("a"), **record("b")})


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.text(max_size=30), st.binary(max_size=200), max_size=5))
def test_any_files_are_accounted_for(files):
    uploads = recordings_in(files)
    assert all((upload.ecg is None) != (upload.problem is None) for upload in uploads)
    assert sum(len(upload.files) for upload in uploads) <= len(files)
