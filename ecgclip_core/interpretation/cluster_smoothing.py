"""A transition prior against flicker: clusters that last.

A hidden Markov model (Rabiner 1989, doi:10.1109/5.18626) whose state stays as it is with one probability and is
otherwise drawn by the weights of the mixture. That probability is the only thing fitted, by Baum and Welch's
expectation maximisation. What each moment's activations say stays as it is without the prior.
"""

from collections.abc import Sequence

import numpy as np

ROUNDS = 30
NEAR_ENOUGH = 1e-4
FIRST_STAY = 0.5


def smooth(responsibilities: np.ndarray, weights: np.ndarray, stay: float) -> np.ndarray:
    """Responsibilities given the whole recording instead of the moment alone.

    Parameters
    ----------
    responsibilities : ndarray, shape (t, K)
        Of each moment by itself.
    weights : ndarray, shape (K,)
        Of the mixture: what a moment is drawn by that does not stay.
    stay : float
        Probability, in [0, 1).

    Returns
    -------
    ndarray of float64, shape (t, K), rows summing to 1
    """
    forward, backward, _ = _passes(*_emissions(responsibilities, weights), stay)
    smoothed = forward * backward
    return smoothed / smoothed.sum(axis=1, keepdims=True)


def fit_stay(sequences: Sequence[np.ndarray], weights: np.ndarray) -> float:
    """The probability with which clusters last from one moment to the next.

    Parameters
    ----------
    sequences : sequence of ndarray, shape (t, K)
        Responsibilities of recordings, moment by moment.
    weights : ndarray, shape (K,)

    Returns
    -------
    float
        In [0, 1).
    """
    prepared = [_emissions(sequence, weights) for sequence in sequences if len(sequence) > 1]
    stay = FIRST_STAY
    for _ in range(ROUNDS):
        stayed = [_stayed(said, weights, stay) for said, weights in prepared]
        before, stay = stay, float(np.concatenate(stayed).mean())
        if abs(stay - before) < NEAR_ENOUGH:
            break
    return min(stay, 1 - 1e-6)


def _emissions(responsibilities: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How likely each cluster makes each moment, up to a factor a moment, and the weights, summing to 1."""
    weights = np.asarray(weights, dtype=np.float64)
    weights = weights / weights.sum()
    said = np.maximum(responsibilities.astype(np.float64), 1e-12) / weights
    return said / said.max(axis=1, keepdims=True), weights


def _passes(said: np.ndarray, weights: np.ndarray, stay: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Forward and backward chances, each scaled to sum to 1 at a moment, and the forecast before each moment."""
    forward, backward, forecast = np.empty_like(said), np.empty_like(said), np.empty_like(said)
    forecast[0] = weights
    for t in range(len(said)):
        if t:
            forecast[t] = stay * forward[t - 1] + (1 - stay) * weights
        joint = forecast[t] * said[t]
        forward[t] = joint / joint.sum()
    backward[-1] = 1 / said.shape[1]
    for t in range(len(said) - 2, -1, -1):
        ahead = said[t + 1] * backward[t + 1]
        behind = stay * ahead + (1 - stay) * (weights @ ahead)
        backward[t] = behind / behind.sum()
    return forward, backward, forecast


def _stayed(said: np.ndarray, weights: np.ndarray, stay: float) -> np.ndarray:
    """Probability, given the whole recording, that each step was one of staying; shape (t - 1,)."""
    forward, backward, forecast = _passes(said, weights, stay)
    ahead = said[1:] * backward[1:]
    return (stay * forward[:-1] * ahead).sum(axis=1) / (forecast[1:] * ahead).sum(axis=1)
