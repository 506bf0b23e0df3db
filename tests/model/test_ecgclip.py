import numpy as np
import pytest
import torch

from ecgclip_core.errors import QuestionError
from ecgclip_core.model.signal_encoder import SignalEncoder


def test_vectors_of_both_encoders_have_length_one(tiny_model, make_ecg):
    for vectors in (tiny_model.encode_ecg([make_ecg(0), make_ecg(1)]), tiny_model.encode_text(["a", "bc"])):
        assert vectors.dtype == np.float32
        assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)


def test_a_recording_is_encoded_alike_alone_and_among_others(tiny_model, make_ecg):
    ecgs = [make_ecg(0), make_ecg(1, duration=25), make_ecg(2, duration=3)]
    together = tiny_model.encode_ecg(ecgs)
    alone = np.concatenate([tiny_model.encode_ecg([ecg]) for ecg in ecgs])
    assert together == pytest.approx(alone, abs=1e-5)


def test_case_and_order_of_texts_do_not_matter(tiny_model):
    first, second = tiny_model.encode_text(["Sinus Rhythm", "long QT"])
    again = tiny_model.encode_text(["LONG qt", "sinus rhythm"])
    assert again == pytest.approx(np.stack([second, first]), abs=1e-5)


@pytest.mark.parametrize(("text", "sentence"), [("", "empty"), ("  \n", "empty"), ("a" * 5000, "5,000 characters")])
def test_texts_that_cannot_be_asked_get_a_sentence(tiny_model, text, sentence):
    with pytest.raises(QuestionError, match=sentence):
        tiny_model.encode_text([text])


@pytest.mark.parametrize("text", ["心房細動?", "Vorhofflimmern ä ö ü", "🫀", "\x00\x01"])
def test_texts_in_any_script_are_encoded(tiny_model, text):
    assert np.isfinite(tiny_model.encode_text([text])).all()


@pytest.mark.parametrize(("layout", "blocks"), [("resnet18", 8), ("resnet34", 16)])
def test_last_stages_have_cells_of_40_80_and_80_ms(layout, blocks):
    encoder = SignalEncoder(layout, (4, 4, 4, 4)).eval()
    assert sum(len(stage) for stage in encoder.stages) == blocks
    x, lengths = encoder.stem(torch.zeros(1, 12, 1000)), []
    for stage in encoder.stages:
        x = stage(x)
        lengths.append(x.shape[2])
    assert lengths == [500, 250, 125, 125]


def test_every_relu_is_used_once(tiny_model):
    uses = {}
    hooks = [
        module.register_forward_hook(lambda m, *_: uses.update({m: uses.get(m, 0) + 1}))
        for module in tiny_model.signal_encoder.modules()
        if isinstance(module, torch.nn.ReLU)
    ]
    tiny_model.embed_signal(torch.zeros(1, 12, 1000))
    for hook in hooks:
        hook.remove()
    assert set(uses.values()) == {1}
    assert len(uses) == 17
