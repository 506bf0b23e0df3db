"""Splits that keep the recordings of one person together."""

import hashlib
from collections.abc import Sequence

import numpy as np

FOLDS = 10


def folds_by_patient(patients: Sequence[str]) -> np.ndarray:
    """Ten folds, 1 to 10, for a corpus that has none, so that "1-8" means eight tenths of its persons."""
    return 1 + split_by_patient(patients, [1] * FOLDS)


def split_by_patient(patients: Sequence[str], shares: Sequence[float], seed: int = 0) -> np.ndarray:
    """Deal persons to parts.

    Parameters
    ----------
    patients : sequence of str
        Whose each recording is.
    shares : sequence of float
        How much of the recordings each part gets; they need not add up to one.
    seed : int
        Another one deals otherwise.

    Returns
    -------
    ndarray of int, shape (n,)
        The part of each recording, from 0. A person's recordings are in one part. The order of the recordings does
        not matter, and when a corpus grows few persons change their part.
    """
    persons, place, counts = np.unique(np.asarray(patients, dtype=str), return_inverse=True, return_counts=True)
    # An order that depends on nothing but the person and the seed.
    order = np.argsort([hashlib.sha256(f"{seed}:{person}".encode()).hexdigest() for person in persons])
    before = np.cumsum(counts[order]) - counts[order] / 2
    limits = np.cumsum(shares) / np.sum(shares) * counts.sum()
    part = np.empty(len(persons), dtype=int)
    part[order] = np.minimum(np.searchsorted(limits, before, side="right"), len(shares) - 1)
    return part[place]
