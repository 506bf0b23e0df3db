import dataclasses
import functools
import re
import time
from pathlib import Path

import numpy as np
import pytest
from drawn import HEIGHTS, drawn_ecg
from hypothesis import given, settings
from hypothesis import strategies as st

from ecgclip_core.ecg.facts import facts
from ecgclip_core.ecg.lead_waves import begins_slowly, deflections, is_notched
from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.ecg.measure import ABSENT, MEASURED, NOT_MEASURABLE, measure
from ecgclip_core.ecg.recording import ECG
from ecgclip_core.ecg.vocabulary import LEAD_FACTS, RECORDING_FACTS, YES_OR_NO
from ecgclip_core.simulation.simulate import simulate

simulated = functools.cache(simulate)
CHEST = ("V1", "V2", "V3", "V4", "V5", "V6")


def values(ecg: ECG) -> dict:
    """All facts that were measured, by (name, lead)."""
    frame = facts(ecg).to_frame()
    return {(row.name_, row.lead): row.value for row in frame.rename(columns={"name": "name_"}).itertuples()}


def _said(ecg: ECG) -> None:
    """Every fact is a value of the right kind or a reason; none is both or neither."""
    frame = facts(ecg).to_frame()
    assert set(frame["name"]) == {*RECORDING_FACTS, *LEAD_FACTS}
    for _, row in frame.iterrows():
        kind = RECORDING_FACTS.get(row["name"]) or LEAD_FACTS[row["name"]]
        assert row["unit"] == kind.unit
        assert row["status"] in (MEASURED, ABSENT, NOT_MEASURABLE)
        assert (row["value"] is None or row["value"] != row["value"]) == (row["status"] != MEASURED), row
        assert bool(row["reason"]) == (row["status"] != MEASURED)
        if row["status"] == MEASURED and kind.unit != YES_OR_NO:
            assert row["value"] >= kind.lowest


def test_every_name_is_in_the_documentation_and_the_other_way_round():
    text = (Path(__file__).parents[2] / "docs" / "criteria.md").read_text(encoding="utf-8")
    tables = text.split("## The whole recording")[1].split("## Patterns")[0]
    rows = [line.split("|")[1] for line in tables.splitlines() if line.startswith("| `")]
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == {*RECORDING_FACTS, *LEAD_FACTS}


@pytest.mark.parametrize("sampling_rate", [100, 250, 500, 1000])
def test_amplitudes_are_those_that_were_drawn(sampling_rate):
    ecg, _ = drawn_ecg(sampling_rate=sampling_rate, noise=0.003)
    tolerance = 0.10 if sampling_rate == 100 else 0.05
    leads = facts(ecg).leads
    for column, lead in enumerate(("I", "II", *CHEST)):
        # R and S overlap for 10 ms in the drawing.
        assert leads["r_mv"][lead].value == pytest.approx(HEIGHTS["R"][column], abs=0.02 + tolerance)
        assert leads["s_mv"][lead].value == pytest.approx(-HEIGHTS["S"][column], abs=0.02 + tolerance)
        assert leads["t_mv"][lead].value == pytest.approx(HEIGHTS["T"][column], abs=0.03)
        assert leads["p_mv"][lead].value == pytest.approx(HEIGHTS["P"][column], abs=0.03)
        assert leads["q_mv"][lead].value == 0 and not leads["qs"][lead].value
        assert abs(leads["j_mv"][lead].value) < 0.05
        assert 30 <= leads["r_ms"][lead].value <= 70
    assert facts(ecg).recording["transition"].value == 4
    assert facts(ecg).recording["p_duration"].value == pytest.approx(100, abs=20)


def test_st_levels_are_those_that_were_drawn():
    leads = facts(drawn_ecg(st=0.3, noise=0.003)[0]).leads
    assert all(leads["j_mv"][lead].value == pytest.approx(0.3, abs=0.06) for lead in ("V2", "V3", "V4"))
    assert all(leads["st60_mv"][lead].value == pytest.approx(0.3, abs=0.06) for lead in ("V2", "V3", "V4"))
    assert all(abs(leads["st60_mv"][lead].value) < 0.05 for lead in ("I", "V1", "V6"))


@pytest.mark.parametrize(
    "finding",
    [
        "sinus_rhythm",
        "left_bundle_branch_block",
        "right_bundle_branch_block",
        "old_inferior_infarction",
    ],
)
def test_simulated_amplitudes_come_near_to_the_truth(finding):
    names = {"q_mv": "q", "r_mv": "r", "s_mv": "s", "j_mv": "j", "st60_mv": "st60", "t_positive_mv": "t_max"}
    ecg = simulated(finding, 1_000_010)
    leads, truth = facts(ecg).leads, ecg.truth.put_in["basic_beat"]
    for ours, theirs in names.items():
        away = [abs(leads[ours][lead].value - truth[theirs][lead]) for lead in LEADS]
        assert np.median(away) < 0.03 and max(away) < 0.2, (ours, away)


def test_the_spread_over_the_beats_grows_with_the_noise():
    quiet, noisy = (facts(drawn_ecg(noise=noise)[0]).leads["r_mv"]["V5"] for noise in (0.003, 0.04))
    assert quiet.beats == noisy.beats >= 9
    assert quiet.spread < 0.01 < noisy.spread < 0.1


def test_dropped_beats_and_varying_pr_are_seen():
    found = facts(simulated("mobitz_i_av_block", 1_000_000)).recording
    assert found["dropped_beats"].value == 2 and found["p_waves"].value and found["pr_range"].value > 80
    assert found["pr"].status == NOT_MEASURABLE and "changes from beat to beat" in found["pr"].reason
    found = facts(simulated("mobitz_ii_av_block", 1_000_000)).recording
    assert found["dropped_beats"].value >= 2 and found["pr_range"].value < 30
    assert found["atrial_rate"].value > found["heart_rate"].value + 10


@pytest.mark.parametrize(
    ("finding", "name", "holds"),
    [
        ("sinus_rhythm", "p_waves", True),
        ("sinus_rhythm", "regular", True),
        ("atrial_fibrillation", "p_waves", False),
        ("atrial_fibrillation", "any_p_waves", False),
        ("atrial_fibrillation", "regular", False),
        ("third_degree_av_block", "dissociated", True),
        ("third_degree_av_block", "p_waves", False),
        ("third_degree_av_block", "any_p_waves", True),
        ("third_degree_av_block", "regular", True),
        ("ventricular_bigeminy", "bigeminy", True),
        ("sinus_rhythm", "bigeminy", False),
        ("sinus_rhythm", "ventricular_pacing_spikes", False),
        ("sinus_arrhythmia", "regular", False),
        ("sinus_arrhythmia", "p_waves", True),
    ],
)
def test_the_rhythm_is_read(finding, name, holds):
    read = [facts(simulated(finding, seed)).recording[name].value for seed in (1_100_001, 1_100_002)]
    assert read == [holds, holds]


def test_premature_beats_are_counted():
    for seed in (1_100_000, 1_100_001):
        ecg = simulated("premature_ventricular_beats", seed)
        put_in = (ecg.truth.waves.query("wave == 'QRS'").kind == "ectopic").sum()
        assert facts(ecg).recording["premature_broad_beats"].value == put_in
        assert facts(simulated("premature_atrial_beats", seed)).recording["premature_beats"].value >= 1
        assert facts(simulated("sinus_rhythm", seed)).recording["premature_beats"].value == 0


def test_flutter_waves_are_no_p_waves():
    found = facts(simulated("atrial_flutter", 1_100_000)).recording
    assert found["flutter_waves"].value and not found["p_waves"].value and found["pr"].status == ABSENT
    assert 240 < found["atrial_rate"].value < 360
    assert not facts(simulated("sinus_rhythm", 1_100_000)).recording["flutter_waves"].value


def test_at_100_hz_neither_notches_nor_spikes_are_judged():
    found = facts(simulated("ventricular_pacing", seed=1_000_001, sampling_rate=100))
    for fact in (
        found.leads["notched"]["V1"],
        found.leads["slurred_onset"]["I"],
        found.recording["atrial_pacing_spikes"],
    ):
        assert fact.status == NOT_MEASURABLE and "100 Hz" in fact.reason


def test_no_beats_give_a_reason_for_every_fact():
    ecg = ECG(np.random.default_rng(0).normal(0, 0.01, (12, 5000)), 500)
    _said(ecg)
    assert facts(ecg).recording["qrs"].status == NOT_MEASURABLE
    _said(ECG(np.full((12, 5000), np.nan), 500))


@settings(max_examples=3, deadline=None)
@given(st.sets(st.sampled_from(LEADS), max_size=11), st.integers(1_000_000, 1_000_002), st.sampled_from([100.0, 500.0]))
def test_a_missing_lead_takes_nothing_but_its_own_facts(missing, seed, sampling_rate):
    ecg, _ = drawn_ecg(noise=0.01, seed=seed, duration=6.0, sampling_rate=sampling_rate)
    signal = ecg.signal.copy()
    signal[[LEADS.index(lead) for lead in missing]] = np.nan
    less = ECG(signal, sampling_rate)
    _said(less)
    for lead in LEADS:
        assert (facts(less).leads["r_mv"][lead].status == MEASURED) == (lead not in missing)


@settings(max_examples=3, deadline=None)
@given(st.floats(0.5, 2.0), st.integers(1_000_000, 1_000_002))
def test_voltages_scale_with_the_recording_and_times_stay(factor, seed):
    ecg = simulated("sinus_rhythm", seed)
    once, more = values(ecg), values(dataclasses.replace(ecg, signal=ecg.signal * np.float32(factor)))
    for name, lead in (("qrs", ""), ("pr", ""), ("qrs_axis", ""), ("r_peak_ms", "V5")):
        assert more[name, lead] == pytest.approx(once[name, lead], abs=3)
    for lead in LEADS:
        assert more["qrs_mv", lead] == pytest.approx(factor * once["qrs_mv", lead], rel=0.02, abs=0.01)
        assert more["t_mv", lead] == pytest.approx(factor * once["t_mv", lead], rel=0.02, abs=0.01)


@settings(max_examples=3, deadline=None)
@given(st.integers(1, 400), st.integers(1_000_000, 1_000_002))
def test_a_later_start_changes_little(cut_off, seed):
    ecg = simulated("sinus_rhythm", seed)
    once, later = values(ecg), values(dataclasses.replace(ecg, signal=ecg.signal[:, cut_off:]))
    for name in ("qrs", "pr", "qt"):
        assert later[name, ""] == pytest.approx(once[name, ""], abs=12)
    for lead in LEADS:
        assert later["r_mv", lead] == pytest.approx(once["r_mv", lead], abs=0.12)
        assert later["j_mv", lead] == pytest.approx(once["j_mv", lead], abs=0.05)


@settings(max_examples=3, deadline=None)
@given(st.integers(1_000_000, 1_000_002))
def test_without_calibration_times_and_truths_remain(seed):
    ecg = simulated("sinus_rhythm", seed)
    lost = dataclasses.replace(ecg, units="unscaled")
    _said(lost)
    once, without = facts(ecg), facts(lost)
    assert {fact.status for fact in without.leads["j_mv"].values()} == {NOT_MEASURABLE}
    for name in ("qrs", "pr", "p_waves", "regular", "transition"):
        assert without.recording[name].value == once.recording[name].value
    for lead in ("II", "V5"):
        assert without.leads["qs"][lead].value == once.leads["qs"][lead].value
        assert without.leads["r_s_ratio"][lead].status == MEASURED


@pytest.mark.parametrize("kind", ["spikes", "gaps", "one beat", "short"])
def test_whatever_is_recorded_every_fact_is_said(kind):
    rng = np.random.default_rng(1)
    signal = drawn_ecg(duration=1.2 if kind in ("one beat", "short") else 8.0)[0].signal.copy()
    if kind == "spikes":
        signal += 5 * (rng.random(signal.shape) < 0.002)
    if kind == "gaps":
        signal[rng.random(signal.shape) < 0.1] = np.nan
    _said(ECG(signal[:, :500] if kind == "short" else signal, 500))


def test_the_waves_of_a_complex_get_their_names():
    def complex_of(*sizes):
        phase = np.sin(np.linspace(0, np.pi, 16))
        return np.concatenate([[0.0] * 3, *(size * phase for size in sizes), [0.0] * 3])

    def named(*sizes):
        return {wave.name: round(wave.size, 1) for wave in deflections(complex_of(*sizes), 0.03)}

    assert named(1.0) == {"r": 1.0}
    assert named(-1.0) == {"q": 1.0}
    assert named(-0.2, 1.0, -0.3) == {"q": 0.2, "r": 1.0, "s": 0.3}
    assert named(0.2, -1.0, 0.6) == {"r": 0.2, "s": 1.0, "r2": 0.6}
    assert named(1.0, -0.01) == {"r": 1.0}


def test_a_notch_and_a_slow_beginning_are_told_from_a_smooth_complex():
    phase = np.linspace(0, 1, 61)
    smooth = np.sin(np.pi * phase)
    assert not is_notched(smooth, 0.03) and not begins_slowly(smooth)
    assert is_notched(smooth - 0.3 * np.exp(-(((phase - 0.5) / 0.08) ** 2)), 0.03)
    delta = np.concatenate(
        [np.linspace(0, 0.15, 24), 0.15 + 0.85 * np.sin(np.pi / 2 * np.linspace(0, 1, 16)), np.linspace(1, 0, 20)]
    )
    assert begins_slowly(delta)


def test_facts_are_ready_in_a_moment():
    took = []
    for seed in (1_000_000, 1_000_001, 1_000_002):
        ecg = simulated("sinus_rhythm", seed)
        start = time.perf_counter()
        facts(ecg)
        took.append(time.perf_counter() - start)
        assert facts(ecg) is facts(ecg)
    assert min(took) < 1.0  # 0.15 s on a quiet machine


@pytest.mark.parametrize("lead", LEADS)
def test_one_small_lead_alone_keeps_its_rate(lead):
    for seed in (0, 9):
        ecg, _ = drawn_ecg(noise=0.01, seed=seed, duration=6.0, sampling_rate=100)
        signal = np.full_like(ecg.signal, np.nan)
        signal[LEADS.index(lead)] = ecg.lead(lead)
        assert measure(ECG(signal, 100)).heart_rate.value == pytest.approx(75, abs=2)
