import numpy as np
import pytest
from sklearn.metrics import f1_score

from ecgclip_core.evaluation.compare import Reported, curves, differences, macro, pooled
from ecgclip_core.evaluation.metrics import auroc, best_f1_threshold, f1, paired, resampled_weights
from ecgclip_core.evaluation.probe import Scored


def two_scores(rng, number, ours, theirs):
    """Two scores of the same recordings, each the truth with its own noise and some that both share."""
    truth = rng.random(number) < 0.3
    shared = rng.normal(0, 0.7, number)
    return truth, truth + shared + rng.normal(0, ours, number), truth + shared + rng.normal(0, theirs, number)


def test_the_interval_of_a_difference_holds_the_true_one_about_nineteen_times_in_twenty():
    rng = np.random.default_rng(0)
    truth, ours, theirs = two_scores(rng, 40_000, 0.5, 1.0)
    everybody = np.ones((1, 40_000))
    true = auroc(truth, ours, everybody)[0] - auroc(truth, theirs, everybody)[0]
    held = 0
    for seed in range(60):
        truth, ours, theirs = two_scores(rng, 120, 0.5, 1.0)
        weights = resampled_weights(np.arange(120), 200, seed)
        found = paired(auroc(truth, ours, weights), auroc(truth, theirs, weights))
        held += found.low <= true <= found.high
    assert 51 <= held <= 60


def test_a_difference_varies_less_than_the_two_it_is_made_of():
    truth, ours, theirs = two_scores(np.random.default_rng(1), 300, 0.3, 0.3)
    weights = resampled_weights(np.arange(300))
    one, other = auroc(truth, ours, weights), auroc(truth, theirs, weights)
    assert np.std(one - other) < 0.8 * np.hypot(one.std(), other.std())


def reported(truth):
    return Reported(truth.astype(np.int8), resampled_weights(np.arange(len(truth)), 200))


def test_two_models_that_say_the_same_differ_by_nothing():
    rng = np.random.default_rng(2)
    truth, scores = rng.random((80, 3)) < 0.3, rng.normal(size=(80, 3))
    both = macro(curves(reported(truth), [(scores, scores > 0)]), truth.sum(axis=0))
    for found in differences(both, both).values():
        assert (found["low"], found["value"], found["high"]) == (0, 0, 0)


def test_a_model_that_knows_is_ahead_of_one_that_guesses_with_the_interval_above_zero():
    rng = np.random.default_rng(3)
    truth = rng.random((100, 2)) < 0.3
    knows = truth + rng.normal(0, 0.5, truth.shape)
    guesses = rng.normal(size=truth.shape)
    one, other = (
        macro(curves(reported(truth), [(scores, scores > 0.5)]), truth.sum(axis=0)) for scores in (knows, guesses)
    )
    assert all(found["low"] > 0 for found in differences(one, other).values())


def test_the_macro_over_many_positives_leaves_out_findings_with_few():
    truth = np.zeros((100, 2), dtype=bool)
    truth[:50, 0] = truth[:6, 1] = True
    scores = np.stack([truth[:, 0], ~truth[:, 1]], axis=1).astype(float)
    found = macro(curves(reported(truth), [(scores, scores > 0.5)]), truth.sum(axis=0))
    assert found["auroc_10"][0] == 1
    assert found["auroc"][0] == 0.5


def test_f1_agrees_with_scikit_learn():
    rng = np.random.default_rng(4)
    truth, decided = rng.random(50) < 0.3, rng.random(50) < 0.4
    weights = resampled_weights(np.arange(50), 3)
    expected = [f1_score(truth, decided, sample_weight=row) for row in weights]
    assert f1(truth, decided, weights) == pytest.approx(expected)


def test_the_threshold_is_the_best_there_is():
    rng = np.random.default_rng(5)
    truth = rng.random(60) < 0.3
    score = np.round(truth + rng.normal(0, 1, 60), 1)
    ones = np.ones((1, 60))
    best = max(f1(truth, score >= threshold, ones)[0] for threshold in score)
    assert f1(truth, score >= best_f1_threshold(truth, score), ones)[0] == best
    assert best_f1_threshold(np.zeros(60, dtype=bool), score) == np.inf


def test_rounds_on_other_scales_compare_once_pooled():
    rng = np.random.default_rng(6)
    labels = [(rng.random((60, 1)) < 0.4).astype(np.int8) for _ in range(2)]
    signal = [known + rng.normal(0, 0.1, known.shape) for known in labels]
    rounds = [Scored(signal[0], signal[0], {}), Scored(100 * signal[1] + 7, 100 * signal[1] + 7, {})]
    scores, decided = pooled(rounds, labels)
    truth = np.concatenate(labels)[:, 0].astype(bool)
    assert auroc(truth, scores[:, 0], np.ones((1, 120)))[0] == 1
    assert (decided[:, 0] == truth).all()


def test_what_nothing_taught_is_never_claimed():
    blank = Scored(np.zeros((10, 1)), np.zeros((5, 1)), {})
    scores, decided = pooled([blank], [np.ones((10, 1), dtype=np.int8)])
    assert not scores.any()
    assert not decided.any()
