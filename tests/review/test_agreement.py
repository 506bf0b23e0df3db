"""Agreement over reviewed recordings: counted once a recording, apart for both leanings."""

import pytest

from ecgclip_core.review.agreement import agreement, wilson
from ecgclip_core.review.entry import AGREE, DISAGREE, UNSURE, WITHDRAWN, Entry
from ecgclip_core.review.store import entries, keep


def kept(folder, *rows):
    for recording, reviewer, decision, score in rows:
        keep(Entry(recording, reviewer, "sinus_rhythm", decision, "", "thin", "abc", score, score, score), folder)
    return agreement(entries(folder=folder))


def test_shares_are_apart_for_both_leanings(tmp_path):
    table = kept(tmp_path, ("a", "x", AGREE, 0.9), ("b", "x", DISAGREE, 0.8), ("c", "x", AGREE, 0.1))
    assert dict(zip(table["leaning"], table["share"], strict=True)) == {"for": 0.5, "against": 1.0}


def test_two_readers_of_one_recording_count_as_one_recording(tmp_path):
    table = kept(tmp_path, ("a", "x", AGREE, 0.9), ("a", "y", DISAGREE, 0.9), ("b", "x", AGREE, 0.9))
    assert (table["recordings"][0], table["readers"][0]) == (2, 2)
    assert table["share"][0] == pytest.approx(0.75)
    assert (table["low"][0], table["high"][0]) == pytest.approx(wilson(0.75, 2))


def test_only_what_was_decided_last_counts_and_doubt_is_beside(tmp_path):
    rows = [("a", "x", AGREE, 0.9), ("a", "x", DISAGREE, 0.9), ("b", "x", UNSURE, 0.9)]
    table = kept(tmp_path, *rows, ("c", "x", AGREE, 0.9), ("c", "x", WITHDRAWN, 0.9))
    assert table["share"][0] == 0.0
    assert tuple(table.loc[0, ["agree", "disagree", "unsure"]]) == (0, 1, 1)


def test_the_interval_is_wilsons():
    # 8 of 10 by hand: (0.8 + 0.19207 ± 1.95996 sqrt(0.016 + 0.0096036)) / 1.38415
    assert wilson(0.8, 10) == pytest.approx((0.4901625, 0.9433178), abs=1e-6)
    assert wilson(1.0, 5)[1] == 1.0


def test_without_decisions_there_is_an_empty_table(tmp_path):
    assert agreement(entries(folder=tmp_path)).empty
