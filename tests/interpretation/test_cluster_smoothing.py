"""The transition prior, on sequences whose truth is known."""

import numpy as np
import pytest

from ecgclip_core.interpretation.cluster_smoothing import fit_stay, smooth

WEIGHTS = np.array([0.5, 0.3, 0.2])
STAY = 0.9


@pytest.fixture(scope="module")
def sequences():
    """States that stay, and responsibilities as two noisy features of them leave them."""
    random = np.random.default_rng(0)
    states = np.empty((30, 250), dtype=int)
    for row in states:
        row[0] = random.choice(3, p=WEIGHTS)
        for t in range(1, 250):
            row[t] = row[t - 1] if random.random() < STAY else random.choice(3, p=WEIGHTS)
    centres = np.array([[0.0, 0.0], [1.5, 0.0], [0.0, 1.5]])
    seen = centres[states] + random.normal(0, 1, (*states.shape, 2))
    joint = np.log(WEIGHTS) - 0.5 * ((seen[:, :, None] - centres) ** 2).sum(axis=3)
    chances = np.exp(joint - joint.max(axis=2, keepdims=True))
    return states, chances / chances.sum(axis=2, keepdims=True)


def test_the_probability_of_staying_is_found_again(sequences):
    assert fit_stay(list(sequences[1]), WEIGHTS) == pytest.approx(STAY, abs=0.03)


def test_smoothing_flickers_less_and_is_more_often_right(sequences):
    states, said = sequences
    smoothed = np.stack([smooth(one, WEIGHTS, STAY) for one in said])
    labels, before = smoothed.argmax(axis=2), said.argmax(axis=2)
    assert (labels == states).mean() > (before == states).mean() + 0.1
    assert (np.diff(labels) != 0).mean() < 0.5 * (np.diff(before) != 0).mean()
    assert np.allclose(smoothed.sum(axis=2), 1)


def test_without_staying_nothing_changes(sequences):
    assert np.allclose(smooth(sequences[1][0], WEIGHTS, 0.0), sequences[1][0])


def test_smoothing_agrees_with_adding_up_every_path():
    said = np.random.default_rng(1).dirichlet(np.ones(3), 4)
    paths = np.array(np.meshgrid(*[range(3)] * 4)).reshape(4, -1).T
    steps = STAY * np.eye(3) + (1 - STAY) * WEIGHTS
    chances = np.array(
        [
            WEIGHTS[path[0]]
            * np.prod([steps[a, b] for a, b in zip(path[:-1], path[1:], strict=True)])
            * np.prod([said[t, state] / WEIGHTS[state] for t, state in enumerate(path)])
            for path in paths
        ]
    )
    exact = np.stack([[chances[paths[:, t] == state].sum() for state in range(3)] for t in range(4)])
    assert np.allclose(smooth(said, WEIGHTS, STAY), exact / chances.sum())
