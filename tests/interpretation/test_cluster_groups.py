"""Clusters over a cohort, on proportions whose groups are known."""

import numpy as np
import pytest

from ecgclip_core.interpretation.cluster_groups import compare_groups, holm, proportions_by


@pytest.fixture(scope="module")
def proportions():
    random = np.random.default_rng(0)
    counts = random.gamma(5, 1, (200, 4))
    counts[:80, 2] *= 2
    return counts / counts.sum(axis=1, keepdims=True)


def test_the_cluster_that_one_group_has_more_of_comes_first(proportions):
    first = np.arange(200) < 80
    found = compare_groups(proportions, first, ~first)
    top = found.iloc[0]
    assert top["cluster"] == 2
    assert top["p"] < 1e-6
    assert 0 < top["low"] < top["difference"] < top["high"]
    assert top["superiority"] > 0.8
    assert found["difference"].sum() == pytest.approx(0, abs=1e-9)


def test_groups_drawn_by_chance_are_not_told_apart(proportions):
    first = np.random.default_rng(3).permutation(200) < 60
    found = compare_groups(proportions[80:], first[80:], ~first[80:])
    assert (found["p"] > 0.05).all()


def test_lift_is_against_all_recordings(proportions):
    held = np.zeros((200, 2), dtype=bool)
    held[:80, 0] = True
    mean, lift = proportions_by(proportions, held)
    assert mean[0] == pytest.approx(proportions[:80].mean(axis=0))
    assert lift[0, 2] > 1.2
    assert np.isnan(lift[1]).all()


def test_p_values_are_corrected_for_their_number():
    assert holm(np.array([0.01, 0.04, 0.03])) == pytest.approx([0.03, 0.06, 0.06])
