"""Maps must depend on the weights and on the question."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from ecgclip_core.interpretation.randomisation import (
    LAYERS,
    agreement_of,
    agreement_with_random_targets,
    cascade,
    redrawn,
)
from ecgclip_core.interpretation.saliency import saliency


@pytest.fixture(scope="module")
def explained(tiny_model, make_ecg, query):
    ecg = make_ecg(sampling_rate=100)
    return ecg, saliency(tiny_model, ecg, query)


def test_a_redrawn_copy_has_other_weights_and_leaves_the_model_as_it_was(tiny_model):
    before = {key: value.clone() for key, value in tiny_model.state_dict().items()}
    side = redrawn(tiny_model, ("head", "stage 4"))
    assert all(torch.equal(value, tiny_model.state_dict()[key]) for key, value in before.items())
    assert not torch.equal(side.signal_head.weight, tiny_model.signal_head.weight)
    assert torch.equal(side.signal_encoder.stem[0].weight, tiny_model.signal_encoder.stem[0].weight)
    drawn = side.signal_encoder.stages[3][0].conv1.weight
    assert not torch.equal(drawn, tiny_model.signal_encoder.stages[3][0].conv1.weight)
    assert float(drawn.std()) == pytest.approx(
        float(tiny_model.signal_encoder.stages[3][0].conv1.weight.std()), rel=0.2
    )
    assert not any(module.training for module in side.modules())


def test_the_same_seed_draws_the_same_copy(tiny_model):
    one, other, third = (redrawn(tiny_model, seed=seed).signal_head.weight for seed in (1, 1, 2))
    assert torch.equal(one, other)
    assert not torch.equal(one, third)


def test_signals_still_pass_a_network_that_is_all_drawn_anew(tiny_model, make_ecg):
    side = redrawn(tiny_model)
    x = torch.from_numpy(np.concatenate([tiny_model.preprocessing.windows(make_ecg(seed=s))[0] for s in range(4)]))
    with torch.no_grad():
        vectors = side.embed_signal(x)
    assert torch.isfinite(vectors).all()
    assert float((vectors[0] - vectors[1]).norm()) > 1e-3


@pytest.mark.parametrize("method", ["integrated_gradients", "gradient", "grad_cam", "lead_ablation"])
def test_the_map_is_lost_with_the_weights(tiny_model, make_ecg, query, method):
    ecg = make_ecg(sampling_rate=100)
    steps = cascade(tiny_model, ecg, saliency(tiny_model, ecg, query, method))
    assert tuple(steps["layer"]) == LAYERS
    assert steps["agreement"].abs().le(1).all()
    assert steps["agreement"].iloc[-1] < 0.8


def test_a_picture_of_the_recording_fails(tiny_model, explained, monkeypatch):
    """A map that is the signal itself, as an edge detector would draw it, survives any change of the weights."""
    ecg, found = explained
    monkeypatch.setattr(
        "ecgclip_core.interpretation.randomisation.attribute", lambda target, ecg, *_, **__: (found.values, None)
    )
    assert cascade(tiny_model, ecg, found)["agreement"].tolist() == pytest.approx([1] * len(LAYERS))
    assert agreement_with_random_targets(tiny_model, ecg, found) == pytest.approx(1)


def test_another_question_gives_another_map(tiny_model, explained):
    ecg, found = explained
    assert agreement_with_random_targets(tiny_model, ecg, found) < 0.8


def test_a_constant_map_has_nothing_of_another_and_an_empty_one_nothing_to_compare(explained):
    _, found = explained
    assert agreement_of(found, np.zeros_like(found.values)) == 0
    assert np.isnan(agreement_of(replace(found, values=np.zeros_like(found.values)), found.values))
