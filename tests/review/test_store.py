"""Notes and decisions: never lost, never changed, never with a name of a person or a file."""

import sqlite3
import subprocess
import sys
from dataclasses import replace
from io import BytesIO
from multiprocessing import get_context

import pandas as pd
import pytest

from ecgclip_core.ecg.recording import Patient
from ecgclip_core.errors import ReviewError
from ecgclip_core.review.entry import AGREE, DISAGREE, WITHDRAWN, Entry, recording_key
from ecgclip_core.review.home import home
from ecgclip_core.review.store import FILE, as_csv, damaged_files, entries, keep, latest

NOTE = Entry("a" * 32, "reader", note="a long PR interval")
DECISION = Entry("a" * 32, "reader", "atrial_fibrillation", AGREE, "", "thin", "abc", 0.9, 0.8, 0.95)


def test_what_is_kept_comes_back_with_its_time(tmp_path):
    for entry in (NOTE, DECISION):
        assert keep(entry, tmp_path) == ""
    held = entries("a" * 32, tmp_path)
    assert list(held["note"]) == ["a long PR interval", ""]
    assert list(held["decision"]) == ["", AGREE]
    assert held["score"][1] == 0.9
    assert pd.to_datetime(held["at"]).dt.tz is not None
    assert entries("b" * 32, tmp_path).empty


def test_a_change_adds_to_the_history_and_the_last_holds(tmp_path):
    for decision in (AGREE, DISAGREE):
        keep(replace(DECISION, decision=decision), tmp_path)
    assert len(entries(folder=tmp_path)) == 2
    assert list(latest(entries(folder=tmp_path))["decision"]) == [DISAGREE]
    keep(replace(DECISION, decision=WITHDRAWN), tmp_path)
    assert len(entries(folder=tmp_path)) == 3
    assert latest(entries(folder=tmp_path)).empty


@pytest.mark.parametrize("statement", ["DELETE FROM entries", "UPDATE entries SET note = ''"])
def test_no_statement_changes_or_removes_an_entry(tmp_path, statement):
    keep(NOTE, tmp_path)
    with pytest.raises(sqlite3.IntegrityError, match="kept as they are"):
        sqlite3.connect(tmp_path / FILE).execute(statement)


def test_an_entry_outlives_a_process_that_is_killed_right_after(tmp_path):
    code = (
        "import os, pathlib, sys\n"
        "from ecgclip_core.review.store import keep\nfrom ecgclip_core.review.entry import Entry\n"
        "keep(Entry('k', 'reader', note='kept'), pathlib.Path(sys.argv[1]))\nos.kill(os.getpid(), 9)\n"
    )
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path)]).returncode != 0
    assert list(entries(folder=tmp_path)["note"]) == ["kept"]


def _write(place):
    folder, number = place
    for turn in range(5):
        keep(replace(NOTE, reviewer=f"reader {number}", note=str(turn)), folder)


def test_readers_who_write_at_once_lose_nothing(tmp_path):
    with get_context("fork").Pool(4) as pool:
        pool.map(_write, [(tmp_path, number) for number in range(4)])
    held = entries(folder=tmp_path)
    assert len(held) == 20
    assert not damaged_files(tmp_path)
    for _, mine in held.groupby("reviewer"):
        assert list(mine["note"]) == list("01234")


def test_a_damaged_file_is_set_aside_whole_and_said(tmp_path):
    content = b"not a database at all" * 100
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(ReviewError, match="set aside"):
        entries(folder=tmp_path)
    (aside,) = damaged_files(tmp_path)
    assert (tmp_path / aside).read_bytes() == content
    assert entries(folder=tmp_path).empty


def test_an_entry_is_kept_although_the_file_is_damaged(tmp_path):
    keep(NOTE, tmp_path)
    content = bytearray((tmp_path / FILE).read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    (tmp_path / FILE).write_bytes(content)
    assert "set aside" in keep(replace(NOTE, note="after"), tmp_path)
    assert list(entries(folder=tmp_path)["note"]) == ["after"]
    assert (tmp_path / damaged_files(tmp_path)[0]).read_bytes() == content


def test_a_file_of_a_later_version_is_left_alone(tmp_path):
    connection = sqlite3.connect(tmp_path / FILE)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(ReviewError, match="later version"):
        keep(NOTE, tmp_path)
    assert not damaged_files(tmp_path)


def test_a_file_that_another_holds_is_not_taken_for_damaged(tmp_path, monkeypatch):
    keep(NOTE, tmp_path)
    monkeypatch.setattr("ecgclip_core.review.store.PATIENCE_S", 0.05)
    other = sqlite3.connect(tmp_path / FILE, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(ReviewError, match="locked"):
        keep(NOTE, tmp_path)
    other.execute("ROLLBACK")
    other.close()
    assert not damaged_files(tmp_path)
    assert len(entries(folder=tmp_path)) == 1


def test_reading_makes_no_file(tmp_path):
    assert entries(folder=tmp_path / "nothing").empty
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize(
    "entry",
    [
        replace(NOTE, reviewer=" "),
        replace(NOTE, note="x" * 5001),
        replace(DECISION, decision="perhaps"),
        replace(DECISION, finding=""),
        replace(DECISION, note="and a note"),
    ],
)
def test_what_is_no_entry_is_not_kept(tmp_path, entry):
    with pytest.raises(ReviewError):
        keep(entry, tmp_path)
    assert entries(folder=tmp_path).empty


def test_the_key_of_a_recording_is_made_of_its_samples_alone(make_ecg):
    ecg = make_ecg(seed=1)
    named = replace(ecg, name="Doe, Jane", patient=Patient(70, "female", {"name": "Jane Doe"}), notes=("repaired",))
    assert recording_key(named) == recording_key(ecg)
    assert recording_key(make_ecg(seed=2)) != recording_key(ecg)
    assert recording_key(replace(ecg, units="unscaled")) != recording_key(ecg)


def test_the_table_for_others_reads_back(tmp_path):
    keep(replace(NOTE, note='Überleitung, "lang"\nzweite Zeile'), tmp_path)
    back = pd.read_csv(BytesIO(as_csv(entries(folder=tmp_path))))
    assert back["note"][0] == 'Überleitung, "lang"\nzweite Zeile'


def test_the_folder_is_the_one_that_the_environment_names(tmp_path, monkeypatch):
    monkeypatch.setenv("ECGCLIP_HOME", str(tmp_path / "mine"))
    assert home() == tmp_path / "mine"
    keep(NOTE)
    assert (tmp_path / "mine" / FILE).is_file()
