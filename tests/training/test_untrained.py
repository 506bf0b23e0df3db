import numpy as np
import torch

from ecgclip_core.training.untrained import untrained

SIGNALS = np.random.default_rng(0).normal(0, 0.2, (12, 12, 1000)).astype(np.float16)


def test_an_untrained_copy_has_the_architecture_and_none_of_the_weights(tiny_model):
    fresh = untrained(tiny_model, SIGNALS, seed=0)
    for name, value in tiny_model.signal_encoder.named_parameters():
        other = fresh.signal_encoder.get_parameter(name)
        assert other.shape == value.shape
        if "conv" in name:
            assert not torch.allclose(other, value, atol=1e-3)


def test_the_seed_decides_the_weights(tiny_model):
    first, again, other = (untrained(tiny_model, SIGNALS, seed).signal_head.weight for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_an_untrained_network_sees_activations_of_unit_size(tiny_model):
    fresh = untrained(tiny_model, SIGNALS, seed=0)
    seen = fresh.signal_encoder.stem[:2](torch.from_numpy(SIGNALS.astype(np.float32)))
    assert abs(float(seen.std()) - 1) < 0.1


def test_the_model_it_was_made_from_stays_as_it_was(tiny_model):
    before = {name: value.clone() for name, value in tiny_model.state_dict().items()}
    untrained(tiny_model, SIGNALS, seed=0)
    assert all(torch.equal(value, before[name]) for name, value in tiny_model.state_dict().items())
