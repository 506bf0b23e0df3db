"""From scores to yes and no: the threshold comes from other recordings than those it is judged on."""

import numpy as np

from ecgclip_core.evaluation.metrics import best_f1_threshold

PARTS = 5


def parts_of_persons(patients: np.ndarray, seed: int = 0) -> np.ndarray:
    """A part from 0 to `PARTS` - 1 for each recording, shape (n,), the same for all recordings of a person."""
    _, person = np.unique(patients, return_inverse=True)
    return np.random.default_rng(seed).permutation(person.max() + 1)[person] % PARTS


def decide_cross_fitted(truth: np.ndarray, score: np.ndarray, patients: np.ndarray) -> np.ndarray:
    """Whether each recording is said to have a finding, by the threshold of best F1 on the other parts' persons.

    Parameters
    ----------
    truth : ndarray of bool, shape (n,)
    score : ndarray of float, shape (n,)
    patients : ndarray, shape (n,)

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    part = parts_of_persons(patients)
    decided = np.zeros(len(truth), dtype=bool)
    for number in range(PARTS):
        own = part == number
        decided[own] = score[own] >= best_f1_threshold(truth[~own], score[~own])
    return decided
