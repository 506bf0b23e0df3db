import subprocess
import sys

import numpy as np
import pytest

from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.errors import CatalogueError, RecordingError
from ecgclip_core.findings.catalogue import catalogue
from ecgclip_core.simulation.conditions import CONDITIONS
from ecgclip_core.simulation.simulate import simulate

every_condition = pytest.mark.parametrize("finding", CONDITIONS)


def waves(ecg, name):
    return ecg.truth.waves.query("wave == @name")


def rr(ecg):
    return np.diff(waves(ecg, "QRS")["onset_s"])


@every_condition
def test_limb_leads_obey_einthoven_and_goldberger_with_all_the_noise(finding):
    i, ii, iii, avr, avl, avf = simulate(finding, seed=4).signal[:6].astype(float)
    np.testing.assert_allclose(i + iii, ii, atol=1e-5)
    np.testing.assert_allclose(avr, -(i + ii) / 2, atol=1e-5)
    np.testing.assert_allclose(avl, i - ii / 2, atol=1e-5)
    np.testing.assert_allclose(avf, ii - i / 2, atol=1e-5)


@every_condition
def test_recordings_are_finite_plausible_and_say_that_they_are_simulated(finding):
    for seed in range(3):
        ecg = simulate(finding, seed=seed)
        assert ecg.signal.shape == (12, 5000)
        assert np.isfinite(ecg.signal).all()
        assert np.abs(ecg.signal).max() < 6
        assert 18 <= ecg.patient.age <= 96
        assert ecg.patient.sex in ("female", "male")
        assert ecg.name == f"Simulated: {catalogue()[finding].name} (seed {seed})"
        assert "Simulated" in ecg.notes[0]


@every_condition
def test_truth_names_the_finding_first_and_only_findings_of_the_catalogue(finding):
    truth = simulate(finding, seed=1).truth
    assert truth.findings[0] == finding
    assert set(truth.findings) <= set(catalogue())
    assert set(truth.put_in["carriers"]["leads"]) <= set(LEADS)


@every_condition
def test_waves_of_the_truth_are_in_order_and_inside_the_recording(finding):
    table = simulate(finding, seed=2).truth.waves
    assert (table["onset_s"] <= table["peak_s"]).all()
    assert (table["peak_s"] <= table["offset_s"]).all()
    assert table["onset_s"].min() >= 0
    assert table["offset_s"].max() <= 10
    assert len(table[table["wave"] == "QRS"]) >= 3


def test_the_same_seed_gives_the_same_recording_in_another_process():
    code = "import ecgclip_core; print(ecgclip_core.simulate('pericarditis', 7).signal.sum(dtype=float))"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert float(other) == pytest.approx(simulate("pericarditis", 7).signal.sum(dtype=float), abs=1e-6)


def test_different_seeds_give_different_persons():
    assert not np.allclose(simulate("sinus_rhythm", 1).signal, simulate("sinus_rhythm", 2).signal)


@pytest.mark.parametrize("sampling_rate", [100, 250, 360, 1000])
def test_a_sampling_rate_changes_the_samples_and_not_the_heart(sampling_rate):
    ecg, usual = simulate("left_bundle_branch_block", 3, sampling_rate), simulate("left_bundle_branch_block", 3)
    assert ecg.signal.shape == (12, 10 * sampling_rate)
    assert ecg.truth.put_in["qrs_ms"] == usual.truth.put_in["qrs_ms"]
    np.testing.assert_allclose(waves(ecg, "QRS")["onset_s"], waves(usual, "QRS")["onset_s"], atol=1e-9)


@pytest.mark.parametrize("duration", [2, 5, 7.5, 60])
@pytest.mark.parametrize("finding", ["sinus_rhythm", "atrial_flutter", "third_degree_av_block", "ventricular_pacing"])
def test_any_length_is_filled_with_beats(finding, duration):
    ecg = simulate(finding, 0, duration=duration)
    assert ecg.duration == duration
    assert len(waves(ecg, "QRS")) == pytest.approx(duration * ecg.truth.put_in["rate"] / 60, abs=2)


def test_a_name_a_synonym_and_an_abbreviation_mean_the_finding():
    expected = simulate("left_bundle_branch_block", 5).signal
    for text in ("left bundle branch block", "LBBB", "Linksschenkelblock"):
        np.testing.assert_array_equal(simulate(text, 5).signal, expected)


def test_an_unknown_finding_is_refused_with_near_ones():
    with pytest.raises(CatalogueError, match="pericarditis"):
        simulate("pericarditus")
    with pytest.raises(CatalogueError, match="cannot be simulated"):
        simulate("cardiac_amyloidosis")


@pytest.mark.parametrize("wrong", [{"duration": 0}, {"duration": float("nan")}, {"sampling_rate": 0}])
def test_an_impossible_length_or_rate_is_refused(wrong):
    with pytest.raises(RecordingError):
        simulate("sinus_rhythm", **wrong)


def test_fibrillation_has_no_p_waves_and_irregular_cycles():
    for seed in range(8):
        ecg = simulate("atrial_fibrillation", seed)
        assert waves(ecg, "P").empty
        assert ecg.truth.put_in["pr_ms"] is None
    spread = [
        rr(simulate("atrial_fibrillation", seed)).std() / rr(simulate("atrial_fibrillation", seed)).mean()
        for seed in range(8)
    ]
    assert np.median(spread) > 0.12


def test_complete_block_has_two_independent_rhythms():
    for seed in range(6):
        ecg = simulate("third_degree_av_block", seed, duration=30)
        p, qrs = waves(ecg, "P")["onset_s"].to_numpy(), waves(ecg, "QRS")["onset_s"].to_numpy()
        assert len(p) > 1.2 * len(qrs)
        assert np.diff(qrs).std() / np.diff(qrs).mean() < 0.03
        # The last P before each QRS complex stands anywhere: "PR" takes all values.
        before = [onset - p[p < onset].max() for onset in qrs if (p < onset).any()]
        assert np.std(before) > 0.05


def test_wenckebach_pr_grows_until_a_beat_is_dropped():
    table = simulate("mobitz_i_av_block", 0, duration=30).truth.waves
    p, qrs = table.query("wave == 'P'"), table.query("wave == 'QRS'").set_index("beat")["onset_s"]
    pr = [qrs.get(beat, np.nan) - onset for beat, onset in zip(p["beat"], p["onset_s"], strict=True)]
    dropped = np.flatnonzero(p["beat"].to_numpy() == -1)
    assert len(dropped) >= 3
    for drop in dropped[(dropped > 0) & (dropped < len(pr) - 1)]:
        assert pr[drop - 1] > pr[drop + 1] + 0.03


def test_mobitz_ii_keeps_pr_and_drops_beats():
    table = simulate("mobitz_ii_av_block", 0, duration=30).truth.waves
    p, qrs = table.query("wave == 'P'"), table.query("wave == 'QRS'").set_index("beat")["onset_s"]
    pr = np.array([qrs.get(beat, np.nan) - onset for beat, onset in zip(p["beat"], p["onset_s"], strict=True)])
    assert (p["beat"] == -1).sum() >= 3
    assert np.nanstd(pr) < 0.005


def test_a_premature_ventricular_beat_is_broad_early_and_followed_by_a_compensatory_pause():
    table = simulate("premature_ventricular_beats", 1, duration=30).truth.waves.query("wave == 'QRS'")
    kinds, onsets = table["kind"].to_numpy(), table["onset_s"].to_numpy()
    widths = (table["offset_s"] - table["onset_s"]).to_numpy()
    usual = np.median(np.diff(onsets)[(kinds[1:] == "sinus") & (kinds[:-1] == "sinus")])
    early = [i for i in range(1, len(kinds) - 1) if kinds[i] == "ectopic"]
    assert early
    for i in early:
        assert widths[i] >= 0.12
        assert onsets[i] - onsets[i - 1] < 0.85 * usual
        assert onsets[i + 1] - onsets[i - 1] == pytest.approx(2 * usual, rel=0.12)


@pytest.mark.parametrize(
    ("finding", "name", "low", "high"),
    [
        ("left_bundle_branch_block", "qrs_ms", 120, 200),
        ("right_bundle_branch_block", "qrs_ms", 120, 200),
        ("incomplete_right_bundle_branch_block", "qrs_ms", 100, 120),
        ("ventricular_tachycardia", "qrs_ms", 120, 220),
        ("ventricular_tachycardia", "rate", 120, 240),
        ("supraventricular_tachycardia", "rate", 140, 230),
        ("sinus_bradycardia", "rate", 30, 60),
        ("sinus_tachycardia", "rate", 100, 160),
        ("sinus_rhythm", "rate", 58, 102),
        ("first_degree_av_block", "pr_ms", 200, 400),
        ("wolff_parkinson_white", "pr_ms", 70, 120),
        ("sinus_rhythm", "pr_ms", 115, 203),
        ("sinus_rhythm", "qrs_ms", 65, 112),
        ("long_qt", "qtc_ms", 480, 650),
        ("left_anterior_fascicular_block", "axis_degrees", -91, -44),
        ("left_posterior_fascicular_block", "axis_degrees", 90, 150),
    ],
)
def test_what_was_put_in_meets_the_definition(finding, name, low, high):
    for seed in range(12):
        assert low <= simulate(finding, seed, 100).truth.put_in[name] <= high


def test_intervals_of_the_wave_table_are_those_put_in():
    for seed in range(6):
        truth = simulate("sinus_rhythm", seed).truth
        p, qrs = (truth.waves.query("wave == @name").set_index("beat") for name in ("P", "QRS"))
        pr = (qrs["onset_s"] - p["onset_s"]).dropna().mean() * 1000
        assert pr == pytest.approx(truth.put_in["pr_ms"], abs=3)
        assert (qrs["offset_s"] - qrs["onset_s"]).mean() * 1000 == pytest.approx(truth.put_in["qrs_ms"], abs=1)
        assert 60 / np.diff(qrs["onset_s"]).mean() == pytest.approx(truth.put_in["rate"], rel=0.03)


@pytest.mark.parametrize(
    ("finding", "raised", "quiet"),
    [
        ("anterior_st_elevation_infarction", {"V2": 0.2, "V3": 0.15}, ("III", "aVF")),
        ("inferior_st_elevation_infarction", {"II": 0.03, "III": 0.1, "aVF": 0.08}, ("aVL", "aVR")),
        ("pericarditis", {"I": 0.03, "II": 0.1, "V5": 0.08}, ("aVR", "V1")),
    ],
)
def test_st_is_raised_at_j_in_its_leads_and_not_in_the_others(finding, raised, quiet):
    for seed in range(12):
        st = simulate(finding, seed, 100).truth.put_in["st_mv"]
        for lead, least in raised.items():
            assert st[lead] > least, (seed, lead, st)
        for lead in quiet:
            assert st[lead] < 0.1, (seed, lead, st)


def test_posterior_infarction_lowers_st_in_the_front_leads():
    for seed in range(12):
        st = simulate("posterior_st_elevation_infarction", seed, 100).truth.put_in["st_mv"]
        assert st["V2"] < -0.05
        assert st["V3"] < -0.03


def test_a_heart_on_the_right_turns_lead_i_upside_down_and_loses_height_towards_v6():
    for seed in range(8):
        ecg = simulate("dextrocardia", seed)
        first = waves(ecg, "QRS").iloc[2]
        complex_ = slice(int(first.onset_s * 500), int(first.offset_s * 500))
        beat = ecg.signal[:, complex_] - ecg.signal[:, complex_.start - 5 : complex_.start].mean(axis=1, keepdims=True)
        assert beat[0].sum() < 0
        assert np.ptp(beat[11]) < np.ptp(beat[7])


def test_hypertrophy_meets_the_voltage_criterion_and_health_does_not():
    for seed in range(8):
        for finding, high in (("left_ventricular_hypertrophy", True), ("sinus_rhythm", False)):
            ecg = simulate(finding, seed)
            starts = (waves(ecg, "QRS")["onset_s"].to_numpy() * 500).astype(int)
            beats = [ecg.signal[:, start : start + 60] - ecg.signal[:, start, None] for start in starts[1:-1]]
            s_v1 = np.median([-beat[6].min() for beat in beats])
            r_v5 = np.median([max(beat[10].max(), beat[11].max()) for beat in beats])
            assert (s_v1 + r_v5 > 3.4) == high


def test_low_voltage_stays_below_half_a_millivolt_in_the_limb_leads():
    for seed in range(8):
        ecg = simulate("low_voltage", seed)
        for _, qrs in waves(ecg, "QRS").iterrows():
            beat = ecg.signal[:6, int(qrs.onset_s * 500) : int(qrs.offset_s * 500)]
            assert np.median(np.ptp(beat, axis=1)) < 0.5


def test_a_pacemaker_leaves_a_spike_before_every_paced_complex():
    ecg = simulate("ventricular_pacing", 0)
    slope = np.abs(np.diff(ecg.lead("II")))
    for onset in waves(ecg, "QRS")["onset_s"]:
        before = slice(int((onset - 0.03) * 500), int((onset + 0.004) * 500))
        assert slope[before].max() > 8 * np.median(slope)
