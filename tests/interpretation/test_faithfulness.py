"""Deletion, insertion, infidelity and sensitivity."""

from dataclasses import replace

import numpy as np
import pytest

from ecgclip_core.interpretation.faithfulness import area, faithfulness, max_sensitivity, random_orders
from ecgclip_core.interpretation.saliency import saliency


@pytest.fixture(scope="module")
def explained(tiny_model, make_ecg, query):
    ecg = make_ecg(sampling_rate=100)
    return ecg, saliency(tiny_model, ecg, query, baseline="zero"), random_orders(tiny_model, ecg, query)


def test_the_curves_run_from_the_recording_to_a_flat_line_and_back(tiny_model, explained):
    ecg, found, random = explained
    checked = faithfulness(tiny_model, ecg, found, random)
    assert checked.deletion[0] == pytest.approx(found.target, abs=1e-4)
    assert checked.deletion[-1] == checked.insertion[0] == random.empty
    assert checked.insertion[-1] == checked.deletion[0]
    assert np.allclose(checked.random_deletion[:, 0], found.target, atol=1e-4)


def test_a_map_of_what_moves_the_answer_is_better_than_random_order(tiny_model, explained):
    ecg, found, random = explained
    checked = faithfulness(tiny_model, ecg, found, random)
    assert checked.deletion_gain > 0
    assert checked.insertion_gain > 0
    assert checked.deletion_p == checked.insertion_p == pytest.approx(0.05)
    assert checked.infidelity < 1


def test_a_map_turned_around_is_worse_than_random_order(tiny_model, explained):
    ecg, found, random = explained
    checked = faithfulness(tiny_model, ecg, replace(found, values=-found.values), random)
    assert checked.deletion_gain < 0
    assert checked.deletion_p == 1
    assert checked.infidelity == 1


def test_noise_is_no_better_than_random_order(tiny_model, explained):
    ecg, found, random = explained
    ps = []
    for seed in range(8):
        noise = np.random.default_rng(seed).normal(size=found.values.shape).astype(np.float32)
        ps.append(faithfulness(tiny_model, ecg, replace(found, values=noise), random).deletion_p)
    assert np.mean(ps) > 0.2


def test_the_area_is_the_mean_height():
    assert area(np.array([0, 0.5, 1]), np.array([[2.0, 2, 2], [0, 1, 2]])).tolist() == [2, 1]


@pytest.mark.parametrize("duration", [3.0, 23.0])
def test_shorter_and_longer_recordings_are_checked_whole(tiny_model, make_ecg, query, duration):
    ecg = make_ecg(duration=duration, sampling_rate=250)
    found = saliency(tiny_model, ecg, query, "gradient")
    checked = faithfulness(tiny_model, ecg, found, random_orders(tiny_model, ecg, query, orders=4))
    assert checked.deletion[0] == pytest.approx(found.target, abs=1e-3)
    assert 0.2 <= checked.deletion_p <= 1


def test_sensitivity_is_small_and_positive(tiny_model, explained):
    ecg, found, _ = explained
    assert 0 < max_sensitivity(tiny_model, ecg, found) < 0.6


def test_the_checks_can_be_stopped(tiny_model, make_ecg, query):
    def stop(share):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        random_orders(tiny_model, make_ecg(sampling_rate=100), query, stop)
