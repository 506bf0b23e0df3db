import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from ecgclip_core.corpora.corpus import UNKNOWN, Corpus
from ecgclip_core.training import pretrain as room
from ecgclip_core.training.objectives import statements
from ecgclip_core.training.pretrain import pretrain
from ecgclip_core.training.recipe import Recipe, read_recipe
from ecgclip_core.training.training_set import TrainingSet

FINDINGS = ("atrial_fibrillation", "sinus_rhythm")
TINY = Recipe(
    *("tiny", "resnet18", (8, 8, 16, 16), 16),
    **{"epochs": 2, "batch": 8, "learning_rate": 3e-3, "weight_decay": 0.0, "warmup_share": 0.1, "average_decay": 0.9},
    **{"simulated_share": 0.5, "texts": 4, "text_steps": 0, "youngest": 16, "seed": 0},
)


def corpus(number, seed, statement):
    rng = np.random.default_rng(seed)
    fibrillating = rng.random(number) < 0.5
    # One class is large and fast, the other small and slow, so that there is something to learn.
    times = np.arange(1000) / 100
    waves = np.sin(2 * np.pi * np.where(fibrillating, 9, 2)[:, None, None] * times) * np.ones((1, 12, 1))
    waves *= np.where(fibrillating, 2.0, 0.3)[:, None, None]
    return Corpus(
        tuple(f"r{row}" for row in range(number)),
        (waves + rng.normal(0, 0.1, waves.shape)).astype(np.float16),
        np.ones(number, dtype=bool),
        FINDINGS,
        np.stack([fibrillating, ~fibrillating], axis=1).astype(np.int8),
        tuple((statement,) if fast else () for fast in fibrillating),
        np.array([f"p{row}" for row in range(number)]),
        np.ones(number, dtype=int),
        np.full(number, 60.0),
    )


@pytest.fixture
def data():
    texts = (("sinus rhythm",), ("atrial fibrillation", "fast ventricular response"))
    labels = np.array([[0, 1], [1, 0]], dtype=np.int8)
    features = np.repeat(labels[:1], 40, axis=0)
    return TrainingSet(
        corpus(24, 0, "irregular"), corpus(16, 1, ""), corpus(40, 2, ""), texts, labels, ("fast", "slow"), features
    )


def weights(model):
    state = {name: value for name, value in model.state_dict().items() if "text_encoder" not in name}
    return torch.cat([value.flatten().float() for value in state.values()])


def test_an_interrupted_run_ends_where_an_uninterrupted_one_does(data, text_folder, tmp_path, monkeypatch):
    whole = pretrain(TINY, data, text_folder, tmp_path / "whole", tmp_path / "cache")

    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(room, "_validate", interrupted)
        with pytest.raises(KeyboardInterrupt):
            pretrain(TINY, data, text_folder, tmp_path / "broken", tmp_path / "cache")
    resumed = pretrain(TINY, data, text_folder, tmp_path / "broken", tmp_path / "cache")
    assert torch.allclose(weights(resumed), weights(whole), atol=1e-6)


def test_training_learns_what_tells_two_findings_apart(data, text_folder, tmp_path, monkeypatch):
    # An untrained encoder of letters tells real sentences hardly apart; words without a common letter it does.
    letters = {"atrial_fibrillation": (["aaaa"], ["zzzz"]), "sinus_rhythm": (["mmmm"], ["kkkk"])}
    monkeypatch.setattr(statements, "wordings", letters.get)
    data = replace(data, texts=())
    pretrain(replace(TINY, epochs=12), data, text_folder, tmp_path / "run", tmp_path / "cache")
    last = json.loads((tmp_path / "run" / "log.jsonl").read_text().splitlines()[-1])
    assert last["auroc"] > 0.9


def test_the_text_encoder_stays_as_it_was(data, text_folder, tmp_path, tiny_model):
    trained = pretrain(replace(TINY, epochs=1), data, text_folder, tmp_path / "run", tmp_path / "cache")
    for name, value in tiny_model.text_encoder.state_dict().items():
        assert torch.equal(trained.text_encoder.state_dict()[name], value)


def test_a_finding_nobody_knows_on_real_recordings_is_taught_by_simulated_ones_alone(data, text_folder, tmp_path):
    unknown = data.real.labels.copy()
    unknown[:, 0] = UNKNOWN
    data = replace(data, real=replace(data.real, labels=unknown))
    trained = pretrain(replace(TINY, epochs=1), data, text_folder, tmp_path / "run", tmp_path / "cache")
    assert torch.isfinite(weights(trained)).all()


@pytest.mark.parametrize("name", ["ecgclip-r18"])
def test_bundled_recipes_are_complete(name):
    assert read_recipe(name).epochs > 0
