import pytest
import torch

from ecgclip_core.model.architecture import signal_encoder_of
from ecgclip_core.model.merl_encoder import MerlEncoder
from ecgclip_core.model.signal_encoder import SignalEncoder

THIN = {"encoder": "merl", "layout": "resnet18", "widths": [4, 4, 8, 8], "dimensions": 16}


def test_it_has_the_published_number_of_weights():
    # reference: 3.85 M in the network, and 1x1 convolution, token, 314 positions and attention above it
    network = MerlEncoder(length=5000)
    stages = sum(value.numel() for part in (network.stem, network.stages) for value in part.parameters())
    assert stages == pytest.approx(3.85e6, rel=0.01)
    assert network.positions.shape == (1, 314, 256)


@pytest.mark.parametrize("length", [1000, 5000])
def test_a_window_becomes_one_vector(length):
    network = signal_encoder_of(THIN, length).eval()
    assert network(torch.randn(2, 12, length)).shape == (2, network.width)


def test_training_sees_the_same_vector_and_the_mean_of_the_cells():
    network, x = signal_encoder_of(THIN, 1000).eval(), torch.randn(2, 12, 1000)
    both = network.with_mean(x)
    assert both.shape == (2, 32)
    assert torch.allclose(both[:, :16], network(x), atol=1e-6)


def test_the_token_sees_where_a_wave_is():
    network, x = signal_encoder_of(THIN, 1000).eval(), torch.zeros(1, 12, 1000)
    with torch.no_grad():
        network.positions.normal_()
    early, late = x.clone(), x.clone()
    early[..., 200:210], late[..., 600:610] = 5.0, 5.0
    assert not torch.allclose(network(early), network(late), atol=1e-4)


def test_an_architecture_without_a_kind_is_ours_and_an_unknown_kind_is_refused():
    assert isinstance(signal_encoder_of({**THIN, "encoder": "ecgclip"}, 1000), SignalEncoder)
    with pytest.raises(ValueError, match="merl"):
        signal_encoder_of({**THIN, "encoder": "transformer"}, 1000)


def test_strides_are_those_of_the_cells():
    for kind in ("ecgclip", "merl"):
        network, x = signal_encoder_of({**THIN, "encoder": kind}, 1000).eval(), torch.randn(1, 12, 1000)
        x = network.stem(x)
        total = network.strides[0]
        for stage, stride in zip(network.stages, network.strides[1:], strict=True):
            x, total = stage(x), total * stride
            assert x.shape[2] == -(-1000 // total)
