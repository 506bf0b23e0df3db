import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from ecgclip_core.corpora.corpus import UNKNOWN
from ecgclip_core.training.probe import fit_probe, frozen_vectors


@pytest.fixture
def separable():
    rng = np.random.default_rng(0)
    vectors = rng.normal(0, 1, (200, 12)) * 10.0 ** np.arange(-6, 6)
    labels = np.stack([vectors[:, 0] > 0, vectors[:, 11] > 0], axis=1).astype(np.int8)
    return vectors, labels


def test_a_probe_finds_what_a_direction_tells_apart_whatever_its_scale(separable):
    vectors, labels = separable
    scores = fit_probe(vectors[:150], labels[:150], 1.0).score(vectors[150:])
    assert [roc_auc_score(labels[150:, column], scores[:, column]) for column in (0, 1)] == pytest.approx(
        [1, 1], abs=0.01
    )


def test_a_probe_is_the_logistic_regression_of_scikit_learn_on_standardised_vectors(separable):
    vectors, labels = separable
    probe = fit_probe(vectors, labels, 0.1)
    standard = (vectors - vectors.mean(axis=0)) / vectors.std(axis=0)
    peer = LogisticRegression(C=0.1, tol=1e-8).fit(standard, labels[:, 0])
    assert probe.weights[0] == pytest.approx(peer.coef_[0], abs=1e-3)


def test_where_a_probe_begins_does_not_change_where_it_ends(separable):
    vectors, labels = separable
    first = fit_probe(vectors, labels, 0.1, fit_probe(vectors, labels, 0.001))
    assert first.weights == pytest.approx(fit_probe(vectors, labels, 0.1).weights, abs=1e-3)


def test_recordings_without_a_label_teach_nothing(separable):
    vectors, labels = separable
    unknown = labels.copy()
    unknown[100:, 0] = UNKNOWN
    assert fit_probe(vectors, unknown, 0.1).weights[1] == pytest.approx(
        fit_probe(vectors, labels, 0.1).weights[1], abs=1e-3
    )
    standard = (vectors - vectors.mean(axis=0)) / vectors.std(axis=0)
    peer = LogisticRegression(C=0.1, tol=1e-8).fit(standard[:100], labels[:100, 0])
    assert fit_probe(vectors, unknown, 0.1).weights[0] == pytest.approx(peer.coef_[0], abs=1e-3)


def test_a_finding_that_nobody_has_is_scored_alike_for_everybody(separable):
    vectors, labels = separable
    labels = np.column_stack([labels, np.zeros(200, dtype=np.int8)])
    assert (fit_probe(vectors, labels, 1.0).score(vectors)[:, 2] == 0).all()


def test_frozen_vectors_are_those_of_the_model_and_leave_it_as_it_was(tiny_model, make_ecg):
    signals = np.concatenate([tiny_model.preprocessing.windows(make_ecg(seed))[0] for seed in range(3)])
    before = {name: value.clone() for name, value in tiny_model.state_dict().items()}
    vectors = frozen_vectors(tiny_model, signals)
    assert vectors["common"] == pytest.approx(tiny_model.encode_windows(signals), abs=1e-5)
    assert vectors["encoder"].shape == (3, tiny_model.signal_encoder.width)
    assert all((value == before[name]).all() for name, value in tiny_model.state_dict().items())
