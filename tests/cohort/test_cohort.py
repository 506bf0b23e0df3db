"""Cohorts: built, resumed, read again, asked."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ecgclip_core.cohort import build
from ecgclip_core.cohort.build import build_cohort, build_simulated_cohort
from ecgclip_core.cohort.neighbours import inside_polygon, neighbours, place, recording_of, score_question
from ecgclip_core.cohort.plane import lay_out
from ecgclip_core.cohort.store import load_cohort, save_cohort
from ecgclip_core.corpora import tables
from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.errors import CheckpointError, RecordingError
from ecgclip_core.model.query import Query

QUERY = Query("a", "a", None, (("left bundle branch block",),), ("no block",), True, "ecg", "never taught", 0)


def write_csv(ecg, file):
    """A CSV that says its own rate and unit."""
    table = pd.DataFrame(ecg.signal.T.astype(float).round(4), columns=[f"{lead} (mV)" for lead in LEADS])
    table.insert(0, "time (s)", np.round(ecg.times, 4))
    table.to_csv(file, index=False)


@pytest.fixture
def folder(tmp_path, make_ecg):
    place = tmp_path / "recordings"
    (place / "deeper").mkdir(parents=True)
    for seed in range(12):
        write_csv(make_ecg(seed=seed, sampling_rate=100), place / ("deeper" if seed % 2 else ".") / f"r{seed:02d}.csv")
    (place / "broken.csv").write_text("this is no recording\n")
    (place / "cut.hea").write_text("cut 12 500 5000\n")
    (place / "notes.md").write_text("not looked at\n")
    return place


@pytest.fixture(scope="module")
def simulated(tiny_model, tmp_path_factory):
    return build_simulated_cohort(tiny_model, tmp_path_factory.mktemp("cohort"), number=78, quiet=True)


def test_a_folder_becomes_a_cohort_and_what_cannot_be_read_is_listed(tiny_model, folder, tmp_path):
    out = tmp_path / "out"
    cohort = build_cohort(tiny_model, folder, out, quiet=True)
    assert len(cohort) == 12
    assert cohort.embeddings.dtype == np.float16
    assert cohort.coordinates.shape == (12, 2)
    assert np.isfinite(cohort.coordinates).all()
    assert set(cohort.table["record"]) == {f"{'deeper/' if seed % 2 else ''}r{seed:02d}.csv" for seed in range(12)}
    assert cohort.table["heart_rate"].between(55, 105).all()
    skipped = pd.read_csv(out / "skipped.csv")
    assert set(skipped["record"]) == {"broken.csv", "cut.hea"}
    assert skipped["reason"].str.len().gt(10).all()
    assert sorted(path.name for path in out.iterdir()) == [
        "cohort.json",
        "cohort.parquet",
        "cohort.safetensors",
        "skipped.csv",
    ]
    assert cohort.meta["skipped"] == 2
    assert cohort.meta["checkpoint"] == tiny_model.hash
    assert cohort.meta["map"]["n_neighbors"] == 11
    assert cohort.meta["versions"]["umap-learn"]


def test_an_interrupted_build_goes_on_and_repeats_nothing(tiny_model, folder, tmp_path, monkeypatch):
    monkeypatch.setattr(build, "PART", 3)
    whole = build_cohort(tiny_model, folder, tmp_path / "whole", quiet=True)
    read, stop_after = [], 8

    def counted(path):
        if len(read) == stop_after:
            raise KeyboardInterrupt
        read.append(path.name)
        return original(path)

    original = tables.read_ecg
    monkeypatch.setattr(tables, "read_ecg", counted)
    with pytest.raises(KeyboardInterrupt):
        build_cohort(tiny_model, folder, tmp_path / "out", quiet=True)
    first = list(read)
    stop_after = None
    resumed = build_cohort(tiny_model, folder, tmp_path / "out", quiet=True)
    second = read[len(first) :]
    repeated = set(first) & set(second)
    assert len(repeated) <= 2  # of the part that was in hand
    assert len(first) + len(second) == 14 + len(repeated)
    assert np.array_equal(resumed.embeddings, whole.embeddings)
    assert np.allclose(resumed.coordinates, whole.coordinates)
    pd.testing.assert_frame_equal(resumed.table, whole.table)


def test_a_finished_cohort_takes_up_new_recordings_only(tiny_model, folder, tmp_path, make_ecg, monkeypatch):
    out = tmp_path / "out"
    build_cohort(tiny_model, folder, out, quiet=True)
    write_csv(make_ecg(seed=50, sampling_rate=100), folder / "new.csv")
    read = []
    original = tables.read_ecg
    monkeypatch.setattr(tables, "read_ecg", lambda path: read.append(path.name) or original(path))
    assert len(build_cohort(tiny_model, folder, out, quiet=True)) == 13
    assert set(read) == {"new.csv", "broken.csv", "cut.hea"}


def test_parts_that_were_not_cleared_away_count_once(tiny_model, folder, tmp_path, monkeypatch):
    out = tmp_path / "out"
    with monkeypatch.context() as context:
        context.setattr(build.shutil, "rmtree", lambda folder: None)
        build_cohort(tiny_model, folder, out, quiet=True)
    assert (out / "parts").is_dir()
    assert len(build_cohort(tiny_model, folder, out, quiet=True)) == 12
    assert not (out / "parts").exists()


def test_a_table_of_records_says_which_they_are_and_what_they_show(tiny_model, folder, tmp_path):
    rows = [
        ("r00.csv", "{'NORM': 0.0, 'CLBBB': 100.0, 'SR': 0.0}"),
        ("deeper/r01.csv", "{'AFIB': 0.0}"),
        ("gone.csv", ""),
        ("../outside.csv", ""),
    ]
    pd.DataFrame(rows, columns=["record", "scp_codes"]).to_csv(folder / "records.csv", index=False)
    cohort = build_cohort(tiny_model, folder, tmp_path / "out", quiet=True)
    assert cohort.table["finding"].tolist() == ["left_bundle_branch_block", "atrial_fibrillation"]
    assert "left_bundle_branch_block" in cohort.table["findings"][0].split(";")
    skipped = pd.read_csv(tmp_path / "out" / "skipped.csv")
    assert set(skipped["record"]) == {"gone.csv", "../outside.csv"}
    assert str(folder) not in skipped["reason"].str.cat()


def test_an_empty_folder_and_one_without_a_readable_recording_say_so(tiny_model, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "a.csv").write_text("x\n")
    with pytest.raises(RecordingError, match="no recording"):
        build_cohort(tiny_model, tmp_path / "empty", tmp_path / "out", quiet=True)
    with pytest.raises(RecordingError, match="skipped.csv"):
        build_cohort(tiny_model, tmp_path / "bad", tmp_path / "out", quiet=True)
    with pytest.raises(RecordingError, match="no folder"):
        build_cohort(tiny_model, tmp_path / "nowhere", tmp_path / "out", quiet=True)


def test_another_checkpoint_is_refused(tiny_model, simulated, monkeypatch):
    monkeypatch.setattr(tiny_model, "hash", "another00000")
    with pytest.raises(CheckpointError, match="another checkpoint"):
        build_simulated_cohort(tiny_model, simulated.folder, number=78, quiet=True)
    with pytest.raises(CheckpointError, match="Build the cohort again"):
        load_cohort(simulated.folder, tiny_model)
    with pytest.raises(CheckpointError, match="Build the cohort again"):
        score_question(tiny_model, simulated, QUERY)


def test_a_cohort_read_again_is_the_same(tiny_model, simulated, tmp_path):
    save_cohort(simulated, tmp_path)
    again = load_cohort(tmp_path, tiny_model)
    assert np.array_equal(again.embeddings, simulated.embeddings)
    assert np.array_equal(again.coordinates, simulated.coordinates)
    assert again.meta == simulated.meta
    pd.testing.assert_frame_equal(again.table, simulated.table)
    with pytest.raises(ValueError, match="read-only"):
        again.coordinates[0] = 0


def test_a_missing_or_damaged_cohort_says_so(simulated, tmp_path):
    with pytest.raises(CheckpointError, match="no cohort"):
        load_cohort(tmp_path)
    save_cohort(simulated, tmp_path)
    (tmp_path / "cohort.json").write_text(json.dumps(simulated.meta | {"recordings": 3}))
    with pytest.raises(CheckpointError, match="cannot be read"):
        load_cohort(tmp_path)
    (tmp_path / "cohort.safetensors").write_bytes(b"no")
    with pytest.raises(CheckpointError, match="cannot be read"):
        load_cohort(tmp_path)


def test_simulated_recordings_know_their_finding_and_can_be_made_again(simulated):
    row = 15
    ecg = recording_of(simulated, row)
    assert simulated.table["finding"][row] in simulated.table["findings"][row].split(";")
    assert simulated.table["finding"][row] in ecg.truth.findings
    assert simulated.table["name"][row] == ecg.name
    assert simulated.table["finding"].nunique() == 39
    assert simulated.table["record"].is_unique


def test_files_are_read_again_from_where_they_lie(tiny_model, folder, tmp_path):
    cohort = build_cohort(tiny_model, folder, tmp_path / "out", quiet=True)
    row = int(np.flatnonzero(cohort.table["record"] == "deeper/r01.csv")[0])
    assert recording_of(cohort, row).signal.shape == (12, 1000)
    (folder / "deeper" / "r01.csv").unlink()
    with pytest.raises(RecordingError):
        recording_of(cohort, row)


def test_neighbours_are_those_of_a_full_search(simulated):
    random = np.random.default_rng(0)
    vector = random.normal(size=simulated.embeddings.shape[1])
    vector /= np.linalg.norm(vector)
    found = neighbours(simulated, vector, 10)
    cosines = [float(vector @ row) for row in simulated.vectors]
    assert found["row"].tolist() == sorted(range(len(cosines)), key=lambda row: -cosines[row])[:10]
    assert found["similarity"].is_monotonic_decreasing
    assert found["record"][0] == simulated.table["record"][found["row"][0]]


def test_a_member_is_its_own_nearest_neighbour_and_lands_near_itself(tiny_model, simulated):
    extent = np.ptp(simulated.coordinates, axis=0).max()
    for row in (0, 20, 41):
        vector = tiny_model.encode_ecg([recording_of(simulated, row)])[0]
        placed = place(simulated, vector, k=5)
        assert placed.neighbours["row"][0] == row
        away = np.hypot(*(simulated.coordinates[row] - (placed.x, placed.y)))
        assert away <= max(2 * placed.spread, 0.2 * extent)
        assert placed.spread < extent


def test_neighbours_on_two_islands_give_a_large_spread(simulated):
    far = simulated.coordinates.copy()
    far[::2] += 100
    halved = replace(simulated, coordinates=far)
    vector = simulated.vectors[3]
    assert place(halved, vector).spread > 5 * place(simulated, vector).spread


def test_a_question_is_answered_for_every_recording_as_for_one(tiny_model, simulated):
    margins = score_question(tiny_model, simulated, QUERY)
    assert margins.shape == (len(simulated),)
    vector = simulated.vectors[7]
    assert score_question(tiny_model, simulated, QUERY)[7] == margins[7]
    ecg = recording_of(simulated, 7)
    fresh = replace(simulated, embeddings=tiny_model.encode_ecg([ecg]).astype(np.float16))
    assert fresh.vectors[0] == pytest.approx(vector, abs=1e-3)
    assert margins.std() > 0


def test_a_map_repeats_exactly_and_says_how_far_to_trust_it(simulated):
    again, described = lay_out(simulated.embeddings.astype(np.float32))
    assert np.array_equal(again, simulated.coordinates)
    assert described == simulated.meta["map"]
    assert 0.5 < described["trustworthiness"] <= 1
    assert 0 < described["neighbour_overlap"] <= 1


@pytest.mark.parametrize("n", [1, 2, 5])
def test_a_handful_of_recordings_still_gets_a_map(n):
    coordinates, described = lay_out(np.eye(4)[np.arange(n) % 4])
    assert coordinates.shape == (n, 2)
    assert np.isfinite(coordinates).all()
    assert described["method"] == "principal components"


def test_a_lasso_holds_what_lies_inside():
    points = np.array([[0.5, 0.5], [1.5, 0.5], [0.9, 0.95], [-1, 0.5]])
    assert inside_polygon(points, [[0, 0], [1, 0], [1, 1], [0, 1]]).tolist() == [True, False, True, False]
    notched = [[0, 0], [2, 0], [2, 1], [1, 0.2], [0, 1]]
    assert inside_polygon(points, notched).tolist() == [True, True, False, False]
