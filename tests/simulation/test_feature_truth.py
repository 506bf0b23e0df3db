import time

import numpy as np
import pytest

from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.findings.catalogue import catalogue
from ecgclip_core.simulation.conditions import CONDITIONS
from ecgclip_core.simulation.feature_truth import feature_holds, features_that_hold
from ecgclip_core.simulation.simulate import simulate

SEEDS = range(1_000_000, 1_000_003)


def truths(finding):
    return [simulate(finding, seed, 100).truth for seed in SEEDS]


@pytest.mark.parametrize(
    ("finding", "sentence"),
    [
        ("sinus_rhythm", "upright P wave before every QRS complex"),
        ("atrial_fibrillation", "absent P waves"),
        ("atrial_fibrillation", "irregularly irregular RR intervals"),
        ("atrial_flutter", "sawtooth flutter waves"),
        ("first_degree_av_block", "PR interval longer than 200 ms"),
        ("third_degree_av_block", "P waves unrelated to the QRS complexes"),
        ("mobitz_i_av_block", "PR interval lengthens from beat to beat"),
        ("left_bundle_branch_block", "broad notched or slurred R waves in I, aVL, V5 and V6"),
        ("left_bundle_branch_block", "QRS duration of 120 ms or more"),
        ("right_bundle_branch_block", "rsR' complexes in V1 and V2"),
        ("right_bundle_branch_block", "broad S waves in I and V6"),
        ("wolff_parkinson_white", "delta wave"),
        ("inferior_st_elevation_infarction", "ST elevation in the inferior leads"),
        ("old_inferior_infarction", "pathological Q waves in the inferior leads"),
        ("pericarditis", "PR depression in II"),
        ("right_ventricular_hypertrophy", "R wave larger than the S wave in V1"),
        ("right_atrial_enlargement", "P wave taller than 0.25 mV in II, III and aVF"),
        ("left_atrial_enlargement", "deep terminal negative P wave in V1"),
        ("long_qt", "QTc above 460 ms"),
        ("hypokalaemia", "prominent U waves"),
        ("ventricular_pacing", "spike directly before each QRS complex"),
        ("low_voltage", "QRS amplitude below 0.5 mV in all limb leads"),
        ("dextrocardia", "inverted P, QRS and T in I"),
        ("ventricular_bigeminy", "narrow and broad QRS complexes alternate"),
    ],
)
def test_what_a_condition_draws_is_true_of_it_and_not_of_a_healthy_heart(finding, sentence):
    states = [feature_holds(sentence, truth) for truth in truths(finding)]
    assert states.count(True) >= 2
    assert False not in states
    if finding != "sinus_rhythm":
        assert True not in [feature_holds(sentence, truth) for truth in truths("sinus_rhythm")]


def test_denial_turns_the_truth_round():
    for truth in truths("sinus_rhythm"):
        assert feature_holds("no ST elevation", truth) is True
        assert feature_holds("no P waves", truth) is False


def test_a_number_decides_exactly():
    for truth in truths("sinus_rhythm"):
        pr = truth.put_in["pr_ms"]
        assert feature_holds(f"PR interval longer than {pr - 1:.0f} ms", truth) is True
        assert feature_holds(f"PR interval longer than {pr + 1:.0f} ms", truth) is False


def test_what_cannot_be_read_or_is_not_drawn_is_undecided():
    truth = truths("sinus_rhythm")[0]
    assert feature_holds("the patient is tall", truth) is None
    assert feature_holds("short ST segment", truth) is None


def test_the_noiseless_beat_is_what_the_recording_shows_where_noise_is_small():
    ecg = min((simulate("left_ventricular_hypertrophy", seed) for seed in range(12)), key=_noise)
    beat = ecg.truth.put_in["basic_beat"]
    onset = int(ecg.truth.waves.query("wave == 'QRS'")["onset_s"].iloc[3] * ecg.sampling_rate)
    level = ecg.signal[:, onset - 5 : onset].mean(axis=1, keepdims=True)
    complexes = ecg.signal[:, onset : onset + 60] - level
    for place, lead in enumerate(LEADS):
        assert np.ptp(complexes[place]) == pytest.approx(beat["qrs_height"][lead], rel=0.2, abs=0.1)


def _noise(ecg):
    noise = ecg.truth.put_in["noise"]
    return noise["muscle"] + noise["mains"] + noise["wander"]


def test_most_features_of_what_can_be_simulated_are_decided():
    decided, asked = 0, 0
    for finding in CONDITIONS:
        truth = simulate(finding, SEEDS[0], 100).truth
        states = [feature_holds(feature, truth) for feature in catalogue()[finding].features]
        decided += sum(state is not None for state in states)
        asked += len(states)
    assert decided / asked > 0.7


def test_all_features_of_the_catalogue_are_asked_quickly_and_agree_with_single_questions():
    truth = simulate("pericarditis", SEEDS[0], 100).truth
    features_that_hold(truth)
    start = time.perf_counter()
    held = features_that_hold(truth)
    assert time.perf_counter() - start < 0.5
    assert len(held) > 100
    assert all(feature_holds(text, truth) is state for text, state in list(held.items())[:40])
