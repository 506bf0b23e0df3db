"""Properties that every map must have, on a thin untrained model."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from ecgclip_core.interpretation.saliency import METHODS, saliency
from ecgclip_core.model.zero_shot import margin

FAST = [name for name in METHODS if name != "occlusion"]


class LinearMargin(torch.nn.Module):
    """Stands where a ContrastMargin does: the margin is a weighted sum of the samples."""

    def __init__(self, weights):
        super().__init__()
        self.weights = weights
        self.expected = 1

    def forward(self, x):
        return (x * self.weights).sum(dim=(1, 2))


@pytest.fixture
def linear():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(12, 100, generator=generator), torch.randn(2, 12, 100, generator=generator)


def with_signal(ecg, signal):
    return replace(ecg, signal=signal)


@pytest.mark.parametrize("method", METHODS)
def test_a_map_lies_on_the_samples_and_leads_of_the_recording(tiny_model, make_ecg, query, method):
    ecg = make_ecg(duration=4.0, sampling_rate=250)
    found = saliency(tiny_model, ecg, query, method)
    assert found.values.shape == ecg.signal.shape
    assert found.values.dtype == np.float32
    assert np.isfinite(found.values).all()
    assert found.values.any()
    assert found.sampling_rate == 250
    assert found.resolution_s > 0
    assert (found.delta is not None) == (method == "integrated_gradients")


@pytest.mark.parametrize("duration", [2.0, 60.0])
@pytest.mark.parametrize("method", ["integrated_gradients", "grad_cam"])
def test_recordings_of_2_and_60_seconds_are_explained_whole(tiny_model, make_ecg, query, method, duration):
    ecg = make_ecg(duration=duration, sampling_rate=100)
    found = saliency(tiny_model, ecg, query, method)
    assert found.values.shape == (12, duration * 100)
    seconds = np.abs(found.values).sum(axis=0).reshape(-1, 100).sum(axis=1)
    assert (seconds > 0).sum() > 0.8 * len(seconds)


@pytest.mark.parametrize("method", METHODS)
def test_a_missing_lead_gets_nothing(tiny_model, make_ecg, query, method):
    ecg = make_ecg(duration=3.0, sampling_rate=100)
    signal = ecg.signal.copy()
    signal[7] = np.nan
    signal[2, 50:60] = np.nan
    values = saliency(tiny_model, with_signal(ecg, signal), query, method).values
    assert np.isfinite(values).all()
    assert not values[7].any()


def test_integrated_gradients_are_complete(tiny_model, make_ecg, query):
    found = saliency(tiny_model, make_ecg(sampling_rate=100), query, baseline="zero")
    flat = with_signal(make_ecg(sampling_rate=100), np.zeros((12, 1000)))
    at_baseline = saliency(tiny_model, flat, query, "gradient").target
    assert found.target - at_baseline != pytest.approx(0, abs=1e-3)
    assert found.values.sum() == pytest.approx(found.target - at_baseline, abs=0.1)
    assert found.delta == pytest.approx(found.values.sum() - (found.target - at_baseline), abs=1e-3)


def test_integrated_gradients_and_occlusion_of_a_linear_margin_are_weight_times_sample(linear):
    weights, x = linear
    values, delta = METHODS["integrated_gradients"].function(LinearMargin(weights), x, baseline=torch.zeros_like(x))
    assert torch.allclose(values.float(), weights * x, atol=1e-4)
    assert float(delta.abs().max()) < 1e-2
    assert torch.allclose(METHODS["gradient"].function(LinearMargin(weights), x)[0], weights.abs().expand_as(x))


def test_lead_ablation_of_a_linear_margin_is_the_share_of_the_lead(linear):
    weights, x = linear
    values, _ = METHODS["lead_ablation"].function(LinearMargin(weights), x, baseline=torch.zeros_like(x))
    assert torch.allclose(values, (weights * x).sum(dim=2, keepdim=True).expand_as(x), atol=1e-3)


@pytest.mark.parametrize("method", ["integrated_gradients", "occlusion", "lead_ablation"])
def test_a_flat_line_gets_nothing_where_a_flat_line_is_the_baseline(tiny_model, make_ecg, query, method):
    flat = with_signal(make_ecg(duration=2.0, sampling_rate=100), np.zeros((12, 200)))
    assert np.abs(saliency(tiny_model, flat, query, method, baseline="zero").values).max() < 1e-6


@pytest.mark.parametrize("method", FAST)
def test_different_questions_give_different_maps(tiny_model, make_ecg, query, other_query, method):
    ecg = make_ecg(sampling_rate=100)
    one, other = (saliency(tiny_model, ecg, asked, method).values for asked in (query, other_query))
    assert not np.allclose(one / np.abs(one).max(), other / np.abs(other).max(), atol=1e-3)


def test_a_random_target_destroys_the_agreement(tiny_model, make_ecg, query, monkeypatch):
    ecg = make_ecg(sampling_rate=100)
    one = saliency(tiny_model, ecg, query).values
    assert abs(spearmanr(one.ravel(), saliency(tiny_model, ecg, query).values.ravel())[0]) > 0.999
    generator = torch.Generator().manual_seed(3)
    directions = [torch.nn.functional.normalize(torch.randn(16, generator=generator), dim=0) for _ in range(5)]
    agreements = []
    for direction in directions:
        monkeypatch.setattr("ecgclip_core.interpretation.target.margin", lambda m, v, q, d=direction: v @ d)
        agreements.append(spearmanr(one.ravel(), saliency(tiny_model, ecg, query).values.ravel())[0])
    assert np.mean(np.abs(agreements)) < 0.6


def test_grad_cam_has_one_curve_for_all_leads_and_lead_ablation_one_value_a_lead(tiny_model, make_ecg, query):
    ecg = make_ecg(sampling_rate=100)
    cam = saliency(tiny_model, ecg, query, "grad_cam")
    assert (cam.values == cam.values[0]).all()
    assert cam.values.min() >= 0
    assert cam.resolution_s == pytest.approx(0.08)
    ablation = saliency(tiny_model, ecg, query, "lead_ablation").values
    assert np.allclose(ablation, ablation[:, :1])
    assert len(np.unique(ablation[:, 0])) == 12


def test_the_target_is_the_margin_of_the_answer(tiny_model, make_ecg, query):
    ecg = make_ecg(sampling_rate=100)
    with torch.no_grad():
        expected = float(margin(tiny_model, torch.from_numpy(tiny_model.encode_ecg([ecg])), query)[0])
    assert saliency(tiny_model, ecg, query, "gradient").target == pytest.approx(expected, abs=1e-5)


def test_training_mode_changes_no_map_and_is_given_back(tiny_model, make_ecg, query):
    ecg = make_ecg(sampling_rate=100)
    expected = saliency(tiny_model, ecg, query).values
    tiny_model.train()
    try:
        assert np.array_equal(saliency(tiny_model, ecg, query).values, expected)
        assert tiny_model.training
        assert tiny_model.signal_encoder.stem[1].training
    finally:
        tiny_model.eval()


def test_threads_get_the_maps_that_one_reader_gets(tiny_model, make_ecg, query, other_query):
    ecgs = [make_ecg(seed=seed, sampling_rate=100) for seed in range(3)]
    work = [(ecg, asked, method) for ecg in ecgs for asked in (query, other_query) for method in FAST]
    alone = [saliency(tiny_model, *one).values for one in work]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda one: saliency(tiny_model, *one).values, work))
    for (_, _, method), one, other in zip(work, alone, together, strict=True):
        assert np.allclose(one, other, rtol=1e-4, atol=1e-6 * np.abs(one).max()), method


@pytest.mark.parametrize("method", METHODS)
def test_progress_runs_to_the_end_and_never_back(tiny_model, make_ecg, query, method):
    shares = []
    saliency(tiny_model, make_ecg(duration=12.0, sampling_rate=100), query, method, shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1.0)


def test_slow_work_can_be_stopped_and_leaves_the_model_usable(tiny_model, make_ecg, query):
    ecg = make_ecg(sampling_rate=100)
    before = saliency(tiny_model, ecg, query, "grad_cam").values

    def stop(share):
        raise KeyboardInterrupt

    for method in ("occlusion", "grad_cam"):
        with pytest.raises(KeyboardInterrupt):
            saliency(tiny_model, ecg, query, method, stop)
    assert not any(stage._forward_hooks for stage in tiny_model.signal_encoder.stages)
    assert np.array_equal(saliency(tiny_model, ecg, query, "grad_cam").values, before)


def test_nobody_waits_for_a_slow_map(tiny_model, make_ecg, query):
    def answers_now():
        free = tiny_model.lock.acquire(timeout=5)
        if free:
            tiny_model.lock.release()
        return free

    with ThreadPoolExecutor(1) as other_reader:
        waited = []
        ecg = make_ecg(duration=2.0, sampling_rate=100)
        for method in ("occlusion", "integrated_gradients", "smoothgrad", "lead_ablation"):
            saliency(
                tiny_model, ecg, query, method, lambda share: waited.append(other_reader.submit(answers_now).result())
            )
    assert len(waited) > 50
    assert all(waited)


def test_an_unknown_method_is_refused_with_the_names_that_exist(tiny_model, make_ecg, query):
    with pytest.raises(ValueError, match="integrated_gradients"):
        saliency(tiny_model, make_ecg(duration=2.0), query, "guesswork")


def test_every_method_says_what_it_shows():
    for method in METHODS.values():
        assert method.label
        assert method.note.endswith(".")
