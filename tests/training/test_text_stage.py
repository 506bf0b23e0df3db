import numpy as np
import pytest
import torch

from ecgclip_core.findings.catalogue import catalogue
from ecgclip_core.model.text_encoder import TextEncoder
from ecgclip_core.training import text_stage as room
from ecgclip_core.training.text_bank import text_features
from ecgclip_core.training.text_stage import TaughtTexts, neutral_places, teach_text_encoder, varied


@pytest.fixture
def taught():
    texts = ["fast and irregular", "quick, irregular", "slow and even", "even, slow"]
    scopes = np.array([0, 0, 0, 0, 0, 1, 2])
    return TaughtTexts(texts, np.array([0, 0, 2, 2]), np.zeros((4, 4), bool), ["lead II", "a kidney", "a cake"], scopes)


def test_texts_of_one_finding_come_nearer_to_each_other_than_to_others(text_folder, taught, tmp_path, monkeypatch):
    monkeypatch.setattr(room, "LEARNING_RATE", 3e-3)

    def nearness(folder):
        features = text_features(TextEncoder.from_pretrained(folder), taught.texts)
        cosine = features @ features.T
        return (cosine[0, 1] + cosine[2, 3] - cosine[0, 2] - cosine[1, 3]).item()

    assert nearness(teach_text_encoder(text_folder, taught, 30, tmp_path / "taught")) > nearness(text_folder)


def test_an_interrupted_run_goes_on_to_the_same_end(text_folder, taught, tmp_path, monkeypatch):
    monkeypatch.setattr(room, "SAVED_EVERY", 3)
    whole = teach_text_encoder(text_folder, taught, 6, tmp_path / "whole")
    steps, real = iter(range(4)), room._loss

    def breaking(*arguments):
        if next(steps) == 3:
            raise KeyboardInterrupt
        return real(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(room, "_loss", breaking)
        with pytest.raises(KeyboardInterrupt):
            teach_text_encoder(text_folder, taught, 6, tmp_path / "broken")
    resumed = teach_text_encoder(text_folder, taught, 6, tmp_path / "broken")
    a, b = (text_features(TextEncoder.from_pretrained(folder), taught.texts) for folder in (whole, resumed))
    assert torch.allclose(a, b, atol=1e-5)


def test_a_finding_is_not_held_away_from_what_it_implies():
    findings = list(catalogue())
    neutral = neutral_places(findings)
    inferior, infarction = findings.index("inferior_infarction"), findings.index("myocardial_infarction")
    assert neutral[2 * inferior, 2 * infarction]
    assert not neutral[2 * infarction, 2 * inferior]
    assert neutral[2 * infarction + 1, 2 * inferior + 1]


def test_what_is_typed_in_another_way_keeps_most_of_its_letters():
    rng = np.random.default_rng(0)
    for _ in range(200):
        text = varied("left bundle branch block", rng)
        assert sum(letter in text for letter in "left bundle branch block") >= 22
