"""What clusters are worth, on numbers whose answer is known."""

import numpy as np
import pytest

from ecgclip_core.errors import CheckpointError
from ecgclip_core.evaluation.cluster_checks import (
    best_thresholds,
    checks_of,
    occlusion_agreement,
    repeated_decisions,
    wave_agreement,
    write_checks,
    wrong_labels_found,
)


@pytest.fixture(scope="module")
def answered():
    random = np.random.default_rng(0)
    truth = random.random((300, 2)) < 0.3
    scores = truth + random.normal(0, 0.5, (300, 2))
    return scores, truth, np.ones_like(truth), np.arange(300) // 2


def test_a_forest_that_says_the_same_repeats_every_decision(answered):
    scores, truth, known, persons = answered
    thresholds = best_thresholds(truth, known, scores)
    found = repeated_decisions(scores, scores, thresholds, truth, known, persons)
    assert found["equal"].value == 1
    assert found["kappa"].value == pytest.approx(1)
    assert found["hard_gap"].value == found["soft_gap"].value == 0
    assert 0.6 < found["majority"].value < 0.8


def test_a_forest_that_guesses_has_no_kappa(answered):
    scores, truth, known, persons = answered
    guessed = np.random.default_rng(1).permuted(scores, axis=0)
    found = repeated_decisions(scores, guessed, best_thresholds(truth, known, scores), truth, known, persons)
    assert abs(found["kappa"].value) < 0.15
    assert found["hard_gap"].low > 0.1
    assert found["kappa"].low < found["kappa"].value < found["kappa"].high


def test_kappa_is_that_of_scikit_learn(answered):
    from sklearn.metrics import cohen_kappa_score

    scores, truth, known, persons = answered
    other = scores + np.random.default_rng(2).normal(0, 0.3, scores.shape)
    thresholds = np.array([0.5, 0.5])
    found = repeated_decisions(scores, other, thresholds, truth, known, persons)
    assert found["kappa"].value == pytest.approx(cohen_kappa_score((scores >= 0.5).ravel(), (other >= 0.5).ravel()))


def test_clusters_that_are_waves_are_pure_and_clusters_that_are_not_say_nothing():
    pure = np.zeros((6, 4, 4))
    pure[:, range(4), range(4)] = [40, 10, 10, 30]
    found = wave_agreement(pure, np.arange(4))
    assert [found[name].value for name in ("purity", "named", "information")] == pytest.approx([1, 1, 1])
    assert set(found["recall"].values()) == {1.0}
    blind = wave_agreement(np.broadcast_to([40, 10, 10, 30], (6, 4, 4)), np.arange(4))
    assert blind["purity"].value == blind["majority"].value == pytest.approx(4 / 9)
    assert blind["information"].value == pytest.approx(0, abs=1e-9)


def test_normalised_information_is_that_of_scikit_learn():
    from sklearn.metrics import normalized_mutual_info_score

    random = np.random.default_rng(0)
    waves = random.integers(4, size=500)
    labels = np.where(random.random(500) < 0.6, waves, random.integers(5, size=500))
    table = np.zeros((1, 5, 4))
    np.add.at(table[0], (labels, waves), 1)
    found = wave_agreement(table, np.zeros(5, dtype=int))
    assert found["information"].value == pytest.approx(normalized_mutual_info_score(labels, waves))


def test_changes_that_come_as_foretold_correlate():
    random = np.random.default_rng(0)
    foretold = random.normal(size=(20, 5, 3))
    follows = occlusion_agreement(foretold, 0.5 * foretold + 0.1 * random.normal(size=foretold.shape), np.arange(20))
    apart = occlusion_agreement(foretold, random.normal(size=foretold.shape), np.arange(20))
    assert follows["correlation"].low > 0.9
    assert follows["sign"].value > 0.95
    assert abs(apart["correlation"].value) < 0.2
    assert apart["sign"].value == pytest.approx(0.5, abs=0.15)


def test_wrong_labels_are_found_where_the_representation_knows_better():
    random = np.random.default_rng(0)
    labels = (random.random((300, 2)) < 0.4).astype(np.int8)
    knowing = random.normal(0, 1, (300, 4)) + 3 * labels @ random.normal(0, 1, (2, 4))
    found = [
        wrong_labels_found(vectors, labels, ["one", "two"], np.arange(300), np.zeros(300), 3)["found"].value
        for vectors in (knowing, random.normal(0, 1, (300, 4)))
    ]
    assert found[0] > 0.7
    assert found[1] < 0.4


def test_checks_are_kept_until_the_checkpoint_changes(tiny_model, tmp_path, monkeypatch):
    monkeypatch.setattr(tiny_model, "folder", tmp_path)
    assert checks_of(tiny_model) == {}
    write_checks(tmp_path, {"checkpoint": tiny_model.hash, "forest": {"equal": 0.9}})
    write_checks(tmp_path, {"checkpoint": tiny_model.hash, "waves": {"purity": 0.8}})
    assert set(checks_of(tiny_model)) == {"checkpoint", "forest", "waves"}
    write_checks(tmp_path, {"checkpoint": "000000000000", "waves": {}})
    with pytest.raises(CheckpointError, match="Run them again"):
        checks_of(tiny_model)
    (tmp_path / "clusters_checks.json").write_text("{")
    with pytest.raises(CheckpointError, match="cannot be read"):
        checks_of(tiny_model)
