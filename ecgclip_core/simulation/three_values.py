"""True, false or undecided: how states join, and the bands of a quantity in which readers would differ.

A single state is True, False or None; over the leads it is an array of 1, 0 and `UNDECIDED`.
"""

import math

import numpy as np

from ecgclip_core.findings.claims import Claim

UNDECIDED = math.nan


def all_hold(states: list[bool | None]) -> bool | None:
    """False where one state is; else undecided where one is."""
    if False in states:
        return False
    return None if None in states else True


def any_holds(states: list[bool | None]) -> bool | None:
    """True where one state is; else undecided where one is."""
    if True in states:
        return True
    return None if None in states else False


def band(values, yes, no) -> np.ndarray:
    """1 from `yes` on, 0 up to `no`, undecided between; `yes` above `no`, or below it for small values."""
    values, yes, no = np.broadcast_arrays(np.asarray(values, float), yes, no)
    upward = yes >= no
    sure = np.where(upward, values >= yes, values <= yes)
    not_so = np.where(upward, values <= no, values >= no)
    return np.where(sure, 1.0, np.where(not_so, 0.0, UNDECIDED))


def both(*states: np.ndarray) -> np.ndarray:
    """Per lead: 0 where one is 0, undecided where one is, else 1."""
    together = np.array(np.broadcast_arrays(*states), float)
    return np.where((together == 0).any(axis=0), 0.0, together.sum(axis=0) / len(together))


def either(*states: np.ndarray) -> np.ndarray:
    """Per lead: 1 where one is 1, undecided where one is, else 0."""
    together = np.array(np.broadcast_arrays(*states), float)
    return np.where((together == 1).any(axis=0), 1.0, together.sum(axis=0))


def state_of(state: float) -> bool | None:
    """One lead's 1, 0 or `UNDECIDED` as True, False or None."""
    return None if math.isnan(state) else bool(state)


def within(value: float | np.ndarray, claim: Claim) -> np.ndarray:
    """1 where a value (ms, mV, beats a minute, degrees) lies in the claim's bounds, else 0."""
    low = -math.inf if claim.low is None else claim.low
    high = math.inf if claim.high is None else claim.high
    if low == high:
        # "a QRS of 140 ms": about so much.
        low, high = low - abs(low) * 0.1, high + abs(high) * 0.1
    return ((np.asarray(value) >= low) & (np.asarray(value) <= high)).astype(float)
