import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from ecgclip_core.model.merl_encoder import MerlEncoder
from ecgclip_core.model.space import CommonSpace
from ecgclip_core.training.finetune import Classifier, finetune
from ecgclip_core.training.probe import fit_probe, frozen_vectors
from ecgclip_core.training.untrained import untrained


@pytest.fixture(scope="module")
def fast_and_slow():
    """Waves of 9 and of 2 Hz of any phase, with a label for the fast ones and one that nobody has."""
    rng = np.random.default_rng(0)
    fast = rng.random(40) < 0.5
    times = np.arange(400) / 100
    phase = rng.uniform(0, 6.28, (40, 1, 1))
    waves = np.sin(2 * np.pi * np.where(fast, 9, 2)[:, None, None] * times + phase) * np.ones((1, 12, 1))
    signals = (0.3 * waves + rng.normal(0, 0.3, waves.shape)).astype(np.float16)
    return signals, np.stack([fast, np.zeros(40)], axis=1).astype(np.int8)


@pytest.fixture(scope="module")
def start(tiny_model, fast_and_slow):
    signals, labels = fast_and_slow
    space = untrained(tiny_model, signals, seed=0)
    return space, {place: fit_probe(found, labels, 1e-4) for place, found in frozen_vectors(space, signals).items()}


def tuned(start, fast_and_slow, quality, place="encoder", steps=30, learning_rate=3e-3):
    signals, labels = fast_and_slow
    calibrated = np.ones(len(signals), dtype=bool)
    space, probes = start
    return finetune(space, probes[place], place, signals, calibrated, labels, quality, steps, learning_rate, 100)


@pytest.mark.parametrize("place", ["encoder", "common"])
def test_a_classifier_begins_as_the_probe_it_was_made_from(start, fast_and_slow, place):
    space, probes = start
    scores = Classifier(space, probes[place], place).score(fast_and_slow[0])
    expected = probes[place].score(frozen_vectors(space, fast_and_slow[0])[place])
    assert scores == pytest.approx(expected, abs=0.1)  # pooled in 16 bits


def test_fine_tuning_learns_what_the_labels_tell(start, fast_and_slow):
    signals, labels = fast_and_slow
    found = tuned(start, fast_and_slow, lambda classifier: roc_auc_score(labels[:, 0], classifier.score(signals)[:, 0]))
    assert roc_auc_score(labels[:, 0], found.classifier.score(signals)[:, 0]) > 0.95


def test_what_did_best_on_the_recordings_that_choose_is_kept(start, fast_and_slow):
    seen = []

    def best_at_the_second_check(classifier):
        seen.append(classifier.head.weight.detach().clone())
        return [0.1, 0.2, 0.9, 0.3, 0.4][len(seen) - 1]

    found = tuned(start, fast_and_slow, best_at_the_second_check, steps=8)
    assert found.step == 4
    assert torch.equal(found.classifier.head.weight, seen[2])


def test_the_same_seed_gives_the_same_network(start, fast_and_slow):
    one, other = (tuned(start, fast_and_slow, lambda classifier: 0.0, steps=4) for _ in range(2))
    assert [check["loss"] for check in one.checks] == [check["loss"] for check in other.checks]


def test_the_model_that_is_fine_tuned_stays_as_it_was(start, fast_and_slow):
    before = {name: value.clone() for name, value in start[0].state_dict().items()}
    tuned(start, fast_and_slow, lambda classifier: 0.0, steps=4)
    assert all(torch.equal(value, before[name]) for name, value in start[0].state_dict().items())


def test_the_published_architecture_goes_the_same_way(fast_and_slow):
    signals, labels = fast_and_slow
    space = untrained(CommonSpace(MerlEncoder("resnet18", (8, 8, 8, 8), 8, 400), 4, 8), signals, seed=0)
    vectors = frozen_vectors(space, signals)
    found = tuned(
        (space, {"encoder": fit_probe(vectors["encoder"], labels, 0.1)}), fast_and_slow, lambda _: 0.0, steps=4
    )
    assert np.isfinite(found.classifier.score(signals)).all()
