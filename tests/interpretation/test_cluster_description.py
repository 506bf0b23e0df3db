"""The description of a dictionary of clusters, on a thin untrained model and drawn rhythms."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ecgclip_core.errors import CheckpointError
from ecgclip_core.interpretation.cluster_description import (
    Described,
    beat_parts,
    cluster_names,
    describe_clusters,
    description_of,
    load_description,
    save_description,
)
from ecgclip_core.interpretation.cluster_fit import fit_clusters


@pytest.fixture(scope="module")
def recordings(make_ecg):
    ecgs = [make_ecg(seed=seed, sampling_rate=100) for seed in range(24)]
    return [
        Described(
            f"drawn/{seed}",
            ecg,
            ecg.truth,
            ("sinus_rhythm", "even") if seed % 2 == 0 else ("sinus_rhythm",),
            {"seed": seed},
        )
        for seed, ecg in enumerate(ecgs)
    ]


@pytest.fixture(scope="module")
def dictionary(tiny_model, recordings):
    windows = np.concatenate([tiny_model.preprocessing.windows(one.ecg)[0] for one in recordings])
    return fit_clusters(tiny_model, windows, k=5)


@pytest.fixture(scope="module")
def description(tiny_model, dictionary, recordings):
    return describe_clusters(tiny_model, dictionary, recordings)


def test_every_cluster_has_a_waveform_a_place_and_a_share(description):
    assert description.waveforms.shape == (5, 12, 81)
    assert description.times[[0, 40, 80]] == pytest.approx([-0.4, 0, 0.4])
    assert np.isfinite(description.waveforms).all()
    assert np.allclose(description.positions.sum(axis=1), 1, atol=1e-5)
    assert np.allclose(description.waves.sum(axis=1), 1, atol=1e-5)
    assert description.share.sum() == pytest.approx(1)
    assert ((description.entropy >= 0) & (description.entropy <= 1)).all()
    assert description.recordings == 24


def test_some_cluster_lives_in_the_qrs_complex_and_around_the_r_peak(description):
    cluster = description.waves[:, 2].argmax()
    assert description.waves[cluster, 2] > 2 * (description.share @ description.waves)[2]
    assert description.positions[cluster, [0, 1, -1, -2]].sum() > 0.5


def test_findings_go_with_a_cluster_by_more_than_their_share_of_time(description):
    named = pd.concat(description.findings)
    assert "sinus_rhythm" not in set(named["finding"])  # what all have goes with nothing
    assert (named["lift"] >= 1.25).all()


def test_examples_are_of_different_recordings_and_can_be_found_again(description, recordings):
    for table in description.examples:
        assert 0 < len(table) <= 6
        assert table["record"].is_unique
        assert (table["start_s"] < table["stop_s"]).all()
        assert set(table["seed"]) <= set(range(24))


def test_a_recording_without_a_way_back_is_no_example(tiny_model, dictionary, recordings):
    nameless = [replace(one, example=None) for one in recordings[:6]]
    assert all(table.empty for table in describe_clusters(tiny_model, dictionary, nameless).examples)


def test_a_description_read_again_is_the_same(description, tmp_path):
    save_description(description, tmp_path)
    again = load_description(tmp_path)
    assert np.array_equal(again.waveforms, description.waveforms)
    assert again.names == description.names
    for one, other in zip(again.findings + again.examples, description.findings + description.examples, strict=True):
        assert one.to_dict("records") == other.to_dict("records")


def test_parts_of_the_beat_run_from_r_to_r():
    waves = pd.DataFrame({"beat": [0, 1], "wave": "QRS", "peak_s": [1.0, 2.0]})
    part, inside = beat_parts(waves, np.array([0.5, 1.0, 1.5, 1.99, 2.5]))
    assert inside.tolist() == [False, True, True, True, False]
    assert part[inside].tolist() == [0, 10, 19]
    assert not beat_parts(waves[:1], np.array([0.5]))[1].any()


def test_names_follow_the_beat():
    positions = np.zeros((3, 20))
    positions[0, 3] = positions[1, 19] = positions[2, 8] = 1  # after R, just before R, late
    waves = np.array([[0, 0, 1, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    assert cluster_names(waves, positions, np.ones(3)) == ["QRS 2", "QRS 1", "T 1"]


def test_a_model_without_description_says_so(tiny_model, tmp_path):
    with pytest.raises(CheckpointError, match="not described"):
        description_of(tiny_model)
    with pytest.raises(CheckpointError, match="no description"):
        load_description(tmp_path)
