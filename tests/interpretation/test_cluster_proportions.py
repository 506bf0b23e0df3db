"""Clusters of whole recordings: proportions, forest, occlusion and robustness, on a thin untrained model."""

import numpy as np
import pytest

from ecgclip_core.interpretation.cluster_fit import fit_clusters
from ecgclip_core.interpretation.cluster_forest import fit_forest
from ecgclip_core.interpretation.cluster_occlusion import mean_activation, occlude_each, proportions_without
from ecgclip_core.interpretation.cluster_proportions import cluster_proportions
from ecgclip_core.interpretation.cluster_robustness import robustness
from ecgclip_core.interpretation.clusters import segment


@pytest.fixture(scope="module")
def windows(tiny_model, make_ecg):
    return np.concatenate([tiny_model.preprocessing.windows(make_ecg(seed=seed))[0] for seed in range(40)])


@pytest.fixture(scope="module")
def dictionary(tiny_model, windows):
    return fit_clusters(tiny_model, windows, k=5)


def test_proportions_and_vectors_are_those_of_each_recording(tiny_model, dictionary, windows, make_ecg):
    held = cluster_proportions(tiny_model, dictionary, windows)
    one = segment(tiny_model, make_ecg(seed=35), dictionary)  # beyond the first batch
    assert held.proportions.shape == (40, 5)
    assert np.allclose(held.proportions[35], one.proportions, atol=1e-4)
    assert held.entropy[35] == pytest.approx(one.entropy.mean(), abs=1e-4)
    assert np.allclose(held.vectors, tiny_model.encode_windows(windows), atol=1e-5)
    assert not tiny_model.signal_encoder._forward_hooks


def test_a_forest_repeats_answers_that_proportions_hold_and_no_others():
    random = np.random.default_rng(0)
    proportions = random.dirichlet(np.ones(6), 400)
    scores = np.stack([5 * proportions[:, 2] - proportions[:, 4], random.normal(size=400)], axis=1)
    answered = fit_forest(proportions[:300], scores[:300]).scores(proportions[300:])
    assert np.corrcoef(answered[:, 0], scores[300:, 0])[0, 1] > 0.9
    assert abs(np.corrcoef(answered[:, 1], scores[300:, 1])[0, 1]) < 0.3


def test_taking_a_cluster_away_changes_what_holds_it_alone(tiny_model, dictionary, windows):
    mean = mean_activation(tiny_model, windows[:8])
    certain = dictionary.__class__(**{**dictionary.__dict__, "temperature": 1e-3})
    labels = segment_labels(tiny_model, certain, windows[0])
    vectors = occlude_each(tiny_model, certain, windows[0], mean)
    before = tiny_model.encode_windows(windows[:1])[0]
    assert vectors.shape == (5, 16)
    for cluster, vector in enumerate(vectors):
        if (labels == cluster).any():
            assert not np.allclose(vector, before, atol=1e-4)
        else:
            assert np.allclose(vector, before, atol=1e-4)
    assert not any(stage._forward_hooks for stage in tiny_model.signal_encoder.stages)


def segment_labels(model, dictionary, window):
    from ecgclip_core.interpretation.activations import activations

    return dictionary.responsibilities(activations(model, window[None]).values[0]).argmax(axis=1)


def test_what_is_taken_away_becomes_what_the_mean_is():
    without = proportions_without(np.array([0.5, 0.3, 0.2]), np.array([0.0, 0.0, 1.0]))
    assert np.allclose(without, [[0.0, 0.3, 0.7], [0.5, 0.0, 0.5], [0.5, 0.3, 0.2]])


@pytest.mark.parametrize("duration", [3.0, 10.0, 25.0])
def test_robustness_is_a_share_for_every_moment(tiny_model, dictionary, make_ecg, duration):
    ecg = make_ecg(duration=duration)
    kept = robustness(tiny_model, ecg, dictionary)
    assert kept.shape == segment(tiny_model, ecg, dictionary).labels.shape
    assert ((kept >= 0) & (kept <= 1)).all()
    assert np.array_equal(kept, robustness(tiny_model, ecg, dictionary))


def test_moments_the_model_is_unsure_of_change_their_cluster_more_easily(tiny_model, dictionary, make_ecg):
    found = [segment(tiny_model, make_ecg(seed=seed), dictionary).entropy for seed in range(90, 94)]
    kept = [robustness(tiny_model, make_ecg(seed=seed), dictionary) for seed in range(90, 94)]
    entropy, kept = np.concatenate(found), np.concatenate(kept)
    unsure = entropy > np.median(entropy)
    assert kept[~unsure].mean() > kept[unsure].mean()
