import torch

from ecgclip_core.model.known_texts import FILE, load_known_texts, save_known_texts

TEXTS = ["atrial fibrillation", "sinus rhythm", "atrial fibrillation"]


def test_known_texts_are_those_the_encoder_would_give(tiny_model, tmp_path):
    save_known_texts(tiny_model, TEXTS, tmp_path, "abc")
    known = load_known_texts(tmp_path, "abc")
    assert list(known) == TEXTS[:2]
    with torch.no_grad():
        assert torch.allclose(known["sinus rhythm"], tiny_model.text_encoder(["sinus rhythm"])[0], atol=2e-3)


def test_texts_of_other_weights_are_not_known(tiny_model, tmp_path):
    save_known_texts(tiny_model, TEXTS, tmp_path, "abc")
    assert load_known_texts(tmp_path, "def") == {}


def test_a_missing_or_damaged_file_only_means_that_nothing_is_known(tmp_path):
    assert load_known_texts(tmp_path, "abc") == {}
    (tmp_path / FILE).write_bytes(b"not safetensors")
    assert load_known_texts(tmp_path, "abc") == {}
