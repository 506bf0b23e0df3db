"""Time-localized clusters, on a thin untrained model."""

from dataclasses import replace

import numpy as np
import pytest

from ecgclip_core.errors import CheckpointError
from ecgclip_core.interpretation import cluster_fit
from ecgclip_core.interpretation.activations import activations, whole_recording
from ecgclip_core.interpretation.cluster_fit import LEAST_AGREEMENT, fit_clusters
from ecgclip_core.interpretation.clusters import load_clusters, normalised_entropy, save_clusters, segment


@pytest.fixture(scope="module")
def windows(tiny_model, make_ecg):
    return np.concatenate([tiny_model.preprocessing.windows(make_ecg(seed=seed))[0] for seed in range(60)])


@pytest.fixture(scope="module")
def dictionary(tiny_model, windows):
    return fit_clusters(tiny_model, windows, k=6)


def test_moments_lie_on_the_finest_axis_of_the_three_stages(tiny_model, windows):
    found = activations(tiny_model, windows[:2])
    assert found.values.shape == (2, 250, 48)
    assert found.widths == (16, 16, 16)
    assert found.step_s == pytest.approx(0.04)


def test_activations_leave_no_hook_behind(tiny_model, windows):
    activations(tiny_model, windows[:1])
    assert not any(stage._forward_hooks for stage in tiny_model.signal_encoder.stages)


def test_responsibilities_sum_to_one_and_entropy_lies_between_0_and_1(tiny_model, dictionary, make_ecg):
    found = segment(tiny_model, make_ecg(seed=99), dictionary)
    assert found.responsibilities.shape == (250, 6)
    assert np.allclose(found.responsibilities.sum(axis=1), 1, atol=1e-5)
    assert found.entropy.min() >= 0
    assert found.entropy.max() <= 1
    assert np.array_equal(found.labels, found.responsibilities.argmax(axis=1))
    assert np.allclose(np.diff(found.times), 0.04)
    assert found.proportions.sum() == pytest.approx(1, abs=1e-5)


def test_entropy_is_0_when_sure_and_1_when_clueless():
    assert normalised_entropy(np.array([[1.0, 0, 0, 0], [0.25] * 4])) == pytest.approx([0, 1])


def test_uncertainty_is_neither_none_nor_all(tiny_model, dictionary, make_ecg):
    entropy = segment(tiny_model, make_ecg(seed=99), dictionary).entropy
    assert 0.01 < entropy.mean() < 0.9
    assert entropy.std() > 0.01


@pytest.mark.parametrize(("duration", "sampling_rate"), [(2.0, 100), (10.0, 500), (13.7, 250), (60.0, 100)])
def test_moments_cover_the_recording_and_no_padding(tiny_model, dictionary, make_ecg, duration, sampling_rate):
    found = segment(tiny_model, make_ecg(duration=duration, sampling_rate=sampling_rate), dictionary)
    assert found.times[0] == 0
    assert duration - 0.05 <= found.times[-1] < duration


def test_an_ecg_shifted_by_the_stride_has_shifted_clusters(tiny_model, dictionary, make_ecg):
    signal = tiny_model.preprocessing.prepare(make_ecg(seed=5))[None]
    stride, moments = 8, 2  # samples of the total stride, and the moments of 40 ms in it
    plain, shifted = (activations(tiny_model, part).values for part in (signal, np.roll(signal, stride, axis=2)))
    # The last stage sees 86 samples to either side; further in, the border is out of sight.
    inner = slice(30, 220)
    moved = slice(30 + moments, 220 + moments)
    assert np.allclose(plain[0, inner], shifted[0, moved], atol=1e-4)
    labels = [dictionary.responsibilities(values[0]).argmax(axis=1) for values in (plain, shifted)]
    assert np.array_equal(labels[0][inner], labels[1][moved])


def test_a_long_recording_has_no_seams(tiny_model, make_ecg):
    long = make_ecg(duration=30.0, sampling_rate=100)
    whole, inside = whole_recording(tiny_model, long)
    signal = tiny_model.preprocessing.prepare(long)
    piece = activations(tiny_model, signal[None, :, 800:1800]).values
    assert inside == 750
    assert np.allclose(whole.values[0, 230:420], piece[0, 30:220], atol=1e-4)


def test_a_dictionary_read_again_is_the_same(tiny_model, dictionary, make_ecg, tmp_path):
    save_clusters(dictionary, tmp_path)
    again = load_clusters(tmp_path)
    one, other = (segment(tiny_model, make_ecg(), found) for found in (dictionary, again))
    assert np.array_equal(one.responsibilities, other.responsibilities)
    assert again.checkpoint == tiny_model.hash
    assert again.temperature == dictionary.temperature
    assert again.meta["agreement"] == dictionary.meta["agreement"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clusters.json", "clusters.safetensors"]


def test_the_same_seed_fits_the_same_dictionary(tiny_model, windows, dictionary):
    again = fit_clusters(tiny_model, windows, k=6)
    assert np.allclose(again.means, dictionary.means)
    assert again.temperature == pytest.approx(dictionary.temperature)


def test_the_number_of_clusters_is_the_largest_on_which_the_halves_agree(tiny_model, windows, monkeypatch):
    monkeypatch.setattr(cluster_fit, "MOST_CLUSTERS", 9)
    monkeypatch.setattr(cluster_fit, "HALF_MOMENTS", 2000)
    chosen = fit_clusters(tiny_model, windows)
    agreement = {int(k): value for k, value in chosen.meta["agreement"].items()}
    assert max(agreement) == 9
    if agreement[chosen.k] >= LEAST_AGREEMENT:
        assert chosen.k == min(agreement)
        assert all(value < LEAST_AGREEMENT for k, value in agreement.items() if k > chosen.k)
    else:
        assert agreement[chosen.k] == max(agreement.values())


def test_a_clear_number_of_kinds_is_found(monkeypatch):
    random = np.random.default_rng(0)
    centres = random.normal(0, 10, (4, 5))
    features = centres[random.integers(4, size=3000)] + random.normal(0, 1, (3000, 5))
    pairs = {
        k: [cluster_fit._mixture(half, k, turn) for turn, half in enumerate((features[:1000], features[1000:2000]))]
        for k in (4, 7)
    }
    agreement = {k: cluster_fit._agreement(pair, features[2000:]) for k, pair in pairs.items()}
    assert agreement[4] > 0.99
    assert agreement[7] < LEAST_AGREEMENT


def test_clusters_that_last_flicker_less(tiny_model, dictionary, make_ecg):
    plain, lasting = (segment(tiny_model, make_ecg(seed=99), dictionary, lasting=held) for held in (False, True))
    assert 0 <= dictionary.meta["stay"] < 1
    assert np.allclose(lasting.responsibilities.sum(axis=1), 1, atol=1e-5)
    assert (np.diff(lasting.labels) != 0).sum() < (np.diff(plain.labels) != 0).sum()


def test_a_dictionary_without_transition_prior_says_so(tiny_model, dictionary, make_ecg):
    with pytest.raises(CheckpointError, match="no transition prior"):
        segment(tiny_model, make_ecg(), replace(dictionary, meta={}), lasting=True)


def test_a_dictionary_of_another_checkpoint_is_refused(tiny_model, dictionary, make_ecg):
    with pytest.raises(CheckpointError, match="Fit it again"):
        segment(tiny_model, make_ecg(), replace(dictionary, checkpoint="0123456789ab"))


def test_a_checkpoint_without_dictionary_says_so(tiny_model, make_ecg, tmp_path):
    with pytest.raises(CheckpointError, match="no cluster dictionary"):
        segment(tiny_model, make_ecg())
    with pytest.raises(CheckpointError, match="no cluster dictionary"):
        load_clusters(tmp_path)
    (tmp_path / "clusters.json").write_text("{")
    with pytest.raises(CheckpointError, match="cannot be read"):
        load_clusters(tmp_path)
