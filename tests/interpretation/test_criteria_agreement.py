"""How much of a map lies where the criteria look, of one recording and over many."""

import numpy as np
import pandas as pd
import pytest

from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.findings.catalogue import catalogue
from ecgclip_core.interpretation.beat_aligned import TIMES, beat_aligned
from ecgclip_core.interpretation.criteria_agreement import agreement, measure_agreement, simulated
from ecgclip_core.interpretation.criteria_places import place_mask, places_of
from ecgclip_core.interpretation.criteria_table import (
    agreement_table,
    read_agreement,
    summarise_agreement,
    write_agreement,
)
from ecgclip_core.interpretation.saliency import DEFAULT, Saliency

RATE = 100.0
PRESENT = np.ones(12, dtype=bool)


@pytest.fixture
def waves():
    rows = [("all", beat, "QRS", beat + 0.45, beat + 0.5, beat + 0.55) for beat in range(10)]
    rows += [("all", beat, "T", beat + 0.7, beat + 0.8, beat + 0.9) for beat in range(10)]
    return pd.DataFrame(rows, columns=["lead", "beat", "wave", "onset_s", "peak_s", "offset_s"])


@pytest.fixture
def found(query):
    """A function that makes a map of values (12, 1000)."""
    return lambda values: Saliency(values.astype(np.float32), DEFAULT, query, 0.01, 1.0, None, RATE)


def test_criteria_name_waves_lead_by_lead():
    place = places_of(catalogue()["inferior_st_elevation_infarction"])["criteria"]
    assert set(place) == {"ST"}
    assert {"II", "III", "aVF"} <= set(place["ST"]) and "V5" not in place["ST"]


def test_every_finding_with_criteria_has_a_place():
    for finding in catalogue().values():
        assert bool(places_of(finding)["criteria"]) == bool(finding.criteria)


def test_a_map_inside_the_place_has_all_of_it_and_one_spread_evenly_has_chance(found, waves):
    finding = catalogue()["inferior_st_elevation_infarction"]
    mask = place_mask(places_of(finding)["criteria"], waves, 1000, RATE)
    inside = agreement(found(mask.astype(float)), finding, waves, PRESENT)["criteria"]
    even = agreement(found(np.ones((12, 1000))), finding, waves, PRESENT)["criteria"]
    assert inside.share == pytest.approx(1) and inside.gain == pytest.approx(1)
    assert even.share == pytest.approx(even.chance) and even.gain == pytest.approx(0)


def test_what_speaks_against_the_finding_does_not_count(found, waves):
    finding = catalogue()["inferior_st_elevation_infarction"]
    mask = place_mask(places_of(finding)["criteria"], waves, 1000, RATE)
    assert agreement(found(mask - 5.0 * ~mask), finding, waves, PRESENT)["criteria"].share == pytest.approx(1)


def test_chance_counts_only_leads_that_were_recorded(found, waves):
    finding = catalogue()["inferior_st_elevation_infarction"]
    limb_only = np.arange(12) < 6
    full = agreement(found(np.ones((12, 1000))), finding, waves, PRESENT)["criteria"]
    part = agreement(found(np.ones((12, 1000))), finding, waves, limb_only)["criteria"]
    assert part.chance == pytest.approx(2 * full.chance)


def test_what_repeats_with_every_beat_stays_and_what_does_not_averages_out():
    beats = np.arange(10) + 0.5
    values = np.zeros((12, 1000))
    values[3, (beats * RATE).round().astype(int) + 10] = 1.0
    values[5, 250] = 1.0
    mean = beat_aligned(values, RATE, beats)
    assert mean.shape == (12, len(TIMES))
    assert TIMES[mean[3].argmax()] == pytest.approx(0.1, abs=0.011)
    assert mean[3].max() == pytest.approx(10 * mean[5].max(), rel=0.3)


def test_beats_beyond_the_ends_and_no_beats_at_all_are_nothing():
    assert np.isfinite(beat_aligned(np.ones((12, 100)), RATE, np.array([0.0, 5.0]))).all()
    assert not beat_aligned(np.ones((12, 100)), RATE, np.array([])).any()


def _rows(finding, gains, unlearned, target=2.0):
    place = [{"share": 0.5 * gain + 0.2, "chance": 0.2, "gain": gain, "redrawn_gain": unlearned} for gain in gains]
    same = {"leads": [1 / 12] * 12, "waves": [0.2, 0.1, 0.5, 0.2], "time": [0.5, 0.1, 0.1, 0.3]}
    same |= {"map": np.zeros((12, len(TIMES))).tolist(), "beat": np.ones((12, len(TIMES))).tolist(), "target": target}
    return [{"finding": finding, "criteria": one, "catalogue": one} | same for one in place]


@pytest.fixture
def rows():
    return pd.DataFrame(
        _rows("left_bundle_branch_block", [0.5, 0.6, 0.4, 0.5], 0.1)
        + _rows("left_ventricular_hypertrophy", [0.2, 0.3, 0.25, 0.2], 0.6)
        + _rows("t_wave_inversion", [-0.2, -0.1, -0.2, -0.1], 0.1)
        + _rows("atrial_fibrillation", [0.2, -0.3, 0.1, -0.1], 0.0)
        + _rows("sinus_rhythm", [0.5, 0.5, 0.5], 0.0, target=-1.0)
        + _rows("atrial_flutter", [0.5], 0.0)
    )


def test_verdicts_tell_the_criteria_from_tall_waves_from_something_else_and_from_chance(rows, tiny_model):
    summary = summarise_agreement(rows, tiny_model, "simulated", real=False)
    verdicts = {finding: entry["verdict"] for finding, entry in summary["findings"].items()}
    assert verdicts == {
        "left_bundle_branch_block": "criteria",
        "left_ventricular_hypertrophy": "tall waves",
        "t_wave_inversion": "elsewhere",
        "atrial_fibrillation": "open",
        "sinus_rhythm": "not known",
        "atrial_flutter": "too few",
    }
    table = agreement_table(summary)
    assert table["finding"].iloc[0] == "left_bundle_branch_block"
    assert (table["low"] <= table["gain"]).all() and (table["gain"] <= table["high"]).all()
    assert table["gathers"].iloc[0].startswith("QRS (5.0 times its time)")


def test_the_mean_beat_of_a_few_persons_is_not_kept(rows, tiny_model):
    real = summarise_agreement(rows, tiny_model, "a corpus", real=True)["findings"]
    assert all(entry["beat"] is None for entry in real.values())
    made = summarise_agreement(rows, tiny_model, "simulated", real=False)["findings"]
    assert len(made["sinus_rhythm"]["beat"]) == len(LEADS)


def test_the_file_holds_one_summary_a_source_and_only_of_these_weights(rows, tiny_model, tmp_path, monkeypatch):
    monkeypatch.setattr(tiny_model, "folder", tmp_path, raising=False)
    write_agreement(tmp_path, summarise_agreement(rows, tiny_model, "simulated", False))
    write_agreement(tmp_path, summarise_agreement(rows, tiny_model, "simulated", False))
    write_agreement(tmp_path, summarise_agreement(rows, tiny_model, "a corpus", True))
    assert [one["source"] for one in read_agreement(tiny_model)] == ["simulated", "a corpus"]
    monkeypatch.setattr(tiny_model, "hash", "others")
    assert read_agreement(tiny_model) == []


def test_recordings_are_measured_once_and_the_work_goes_on_where_it_stopped(tiny_model, tmp_path):
    file = tmp_path / "rows.jsonl"
    first = measure_agreement(tiny_model, simulated(["left_bundle_branch_block"], 1), file, quiet=True)
    with file.open("a") as lines:
        lines.write('{"finding": "cut off')
    opened = []
    again = simulated(["left_bundle_branch_block"], 1)
    object.__setattr__(again[0], "open", lambda: opened.append(1))
    second = measure_agreement(tiny_model, again, file, quiet=True)
    assert not opened
    assert first.to_dict("records") == second.to_dict("records")
    (row,) = first.to_dict("records")
    assert 0 < row["criteria"]["chance"] < 1 and "redrawn_gain" in row["criteria"]
    assert np.shape(row["map"]) == np.shape(row["beat"]) == (12, len(TIMES))
    assert sum(row["leads"]) == pytest.approx(1, abs=0.01)
