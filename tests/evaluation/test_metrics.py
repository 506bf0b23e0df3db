import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from ecgclip_core.evaluation.metrics import auroc, estimate, prauc, resampled_weights


@pytest.fixture
def answers():
    rng = np.random.default_rng(7)
    truth = rng.random(300) < 0.2
    score = np.round(truth + rng.normal(0, 1.2, 300), 1)
    return truth, score


@pytest.mark.parametrize(("ours", "peer"), [(auroc, roc_auc_score), (prauc, average_precision_score)])
def test_metrics_agree_with_scikit_learn_on_the_data_and_on_every_resample(answers, ours, peer):
    truth, score = answers
    weights = resampled_weights(np.arange(300), resamples=5)
    expected = [peer(truth, score, sample_weight=row) for row in weights]
    assert ours(truth, score, weights) == pytest.approx(expected, abs=1e-9)


def test_recordings_of_one_person_are_resampled_together():
    persons = np.repeat(np.arange(20), 3)
    weights = resampled_weights(persons, resamples=50)
    assert (weights.reshape(51, 20, 3) == weights.reshape(51, 20, 3)[:, :, :1]).all()
    assert (weights[0] == 1).all()


def test_interval_holds_the_value_and_narrows_with_more_recordings(answers):
    truth, score = answers
    few = estimate(auroc(truth, score, resampled_weights(np.arange(300))))
    many = estimate(auroc(np.tile(truth, 10), np.tile(score, 10), resampled_weights(np.arange(3000))))
    assert few.low < few.value < few.high
    assert many.high - many.low < 0.5 * (few.high - few.low)


def test_a_score_without_error_has_an_interval_without_width():
    found = estimate(np.ones(100))
    assert (found.low, found.value, found.high) == (1, 1, 1)


def test_a_score_that_knows_nothing_has_half_the_area_and_precision_of_the_prevalence(answers):
    truth, _ = answers
    weights = np.ones((1, 300))
    assert auroc(truth, np.zeros(300), weights)[0] == 0.5
    assert prauc(truth, np.zeros(300), weights)[0] == pytest.approx(truth.mean())


def test_a_sample_without_positives_gives_no_number():
    assert np.isnan(auroc(np.zeros(5, dtype=bool), np.arange(5.0), np.ones((1, 5))))[0]
