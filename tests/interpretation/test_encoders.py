"""What explains an answer works with every signal encoder, or says what does not apply."""

import numpy as np
import pytest
import torch

from ecgclip_core.errors import CheckpointError
from ecgclip_core.interpretation.activations import whole_recording
from ecgclip_core.interpretation.moments import moments
from ecgclip_core.interpretation.saliency import saliency
from ecgclip_core.model.architecture import signal_encoder_of
from ecgclip_core.model.ecgclip import ECGCLIP
from ecgclip_core.model.query import ask


@pytest.fixture
def model_of(tiny_model):
    def make(encoder, layout):
        torch.manual_seed(0)
        architecture = {"encoder": encoder, "layout": layout, "widths": (4, 4, 8, 8), "dimensions": 16}
        network = signal_encoder_of(architecture, tiny_model.preprocessing.length)
        return ECGCLIP(network, tiny_model.text_encoder, 16).eval().requires_grad_(False)

    return make


# The finest stage that is looked at, and the last one, of 10 ms samples.
CELLS = {("ecgclip", "resnet34"): (0.04, 0.08), ("merl", "resnet18"): (0.04, 0.16)}


@pytest.mark.parametrize("kind", CELLS)
def test_maps_and_activations_know_how_wide_the_cells_of_the_encoder_are(kind, model_of, make_ecg):
    model, ecg = model_of(*kind), make_ecg(1)
    finest, last = CELLS[kind]
    found, inside = whole_recording(model, ecg)
    assert found.step_s == pytest.approx(finest)
    assert found.values.shape[0] == 1 and found.values.shape[2] == sum(found.widths)
    assert inside * finest == pytest.approx(ecg.duration, abs=finest)
    for method in ("grad_cam", "gradient"):
        mapped = saliency(model, ecg, ask(model, "atrial fibrillation"), method)
        assert mapped.values.shape == ecg.signal.shape
        assert np.isfinite(mapped.values).all()
    assert saliency(model, ecg, "atrial fibrillation", "grad_cam").resolution_s == pytest.approx(last)


def test_an_encoder_that_weighs_all_moments_together_gives_no_curve_and_says_so(model_of, make_ecg):
    model = model_of("merl", "resnet18")
    with pytest.raises(CheckpointError, match="moment by moment"):
        moments(model, make_ecg(1), ask(model, "atrial fibrillation"))
    model = model_of("ecgclip", "resnet34")
    assert len(moments(model, make_ecg(1), ask(model, "atrial fibrillation")).times) == 125
