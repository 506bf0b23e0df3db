import json

import numpy as np
import pandas as pd
import pytest

from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.errors import EcgclipError
from ecgclip_core.evaluation.retrieval import (
    DIRECTIONS,
    Pairs,
    chance,
    likeness_of,
    pair_all,
    places_of_recordings,
    places_of_reports,
    write_retrieval,
)


def pairs_of(likeness, report):
    return Pairs(np.asarray(likeness, dtype=float), np.asarray(report), np.arange(len(report)).astype(str), left_out=1)


def test_a_recording_looks_for_its_report_among_the_distinct_ones():
    pairs = pairs_of([[0.1, 0.9], [0.7, 0.3], [0.2, 0.8]], [0, 0, 1])
    assert places_of_reports(pairs).tolist() == [2, 1, 1]


def test_a_report_that_others_share_is_found_with_any_of_them():
    pairs = pairs_of([[0.1, 0.9], [0.7, 0.3], [0.2, 0.8]], [0, 0, 1])
    assert places_of_recordings(pairs).tolist() == [1, 1, 2]


def test_a_model_that_likes_everything_alike_finds_nothing_first():
    pairs = pairs_of(np.zeros((6, 6)), np.arange(6))
    assert (places_of_reports(pairs) == 6).all()
    assert (places_of_recordings(pairs) == 6).all()


@pytest.mark.parametrize("own", [np.arange(30), np.repeat([0, 1, 2, 3], [20, 6, 3, 1])])
def test_chance_is_what_lists_in_random_order_reach(own):
    rng = np.random.default_rng(0)
    drawn = [pairs_of(rng.random((30, own.max() + 1)), own) for _ in range(300)]
    for places, direction in zip((places_of_reports, places_of_recordings), DIRECTIONS, strict=True):
        found = np.concatenate([places(pairs) for pairs in drawn])
        for k in (1, 5, 10):
            assert chance(own, k)[direction] == pytest.approx((found <= k).mean(), abs=0.03)


def test_a_recording_is_likest_to_the_report_whose_statements_it_was_made_of(tiny_model):
    reports = [("sinus rhythm", "left bundle branch block"), ("atrial fibrillation",), ("pericarditis", "low voltage")]
    vectors = np.stack([tiny_model.encode_text(list(said)).mean(axis=0) for said in reports])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    assert (likeness_of(tiny_model, vectors, reports).argmax(axis=1) == [0, 1, 2]).all()


def test_both_directions_are_written_with_ordered_intervals_and_sizes(tiny_model, tmp_path):
    rng = np.random.default_rng(3)
    own = np.repeat(np.arange(12), 2)
    pairs = pairs_of(rng.random((24, 12)) + 0.4 * (own[:, None] == np.arange(12)), own)
    entry = write_retrieval(tmp_path / "evaluation.json", tiny_model, "drawn", pairs)
    assert json.loads((tmp_path / "evaluation.json").read_text()) == [entry]
    assert [(row["direction"], row["k"]) for row in entry["retrieval"]] == [
        (direction, k) for direction in DIRECTIONS for k in (1, 5, 10)
    ]
    assert entry["distinct_reports"] == 12
    for row in entry["retrieval"]:
        assert row["recall"]["low"] <= row["recall"]["value"] <= row["recall"]["high"]
        assert row["chance"] < row["recall"]["value"]


def test_a_folder_of_reports_is_paired_and_one_without_is_refused(tiny_model, make_ecg, tmp_path):
    rows = []
    for number, report in enumerate(["Sinusrhythmus.", "sinus rhythm", None, "atrial fibrillation; low voltage"]):
        ecg = make_ecg(number, sampling_rate=100)
        signals = pd.DataFrame(ecg.signal.T, columns=[f"{lead} (mV)" for lead in LEADS])
        signals.insert(0, "time (s)", ecg.times)
        signals.to_csv(tmp_path / f"{number}.csv", index=False)
        rows.append({"record": f"{number}.csv", "report": report})
    pd.DataFrame(rows).to_csv(tmp_path / "records.csv", index=False)
    pairs = pair_all(tiny_model, tmp_path)
    assert pairs.likeness.shape == (3, 2)
    assert pairs.report.tolist().count(pairs.report[0]) == 2
    assert pairs.left_out == 1
    pd.DataFrame(rows).drop(columns="report").to_csv(tmp_path / "records.csv", index=False)
    with pytest.raises(EcgclipError, match="'report'"):
        pair_all(tiny_model, tmp_path)
