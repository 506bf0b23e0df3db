"""Recordings that a file holds in pieces: put on one axis of time, NaN where nothing was recorded."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from ecgclip_core.ecg.limits import check_duration


@dataclass(frozen=True, eq=False)
class Piece:
    """Channels recorded together.

    Attributes
    ----------
    start : int
        Samples after the beginning of the recording, not negative.
    names : tuple of str
    units : tuple of (str or None)
    signal : ndarray, shape (k, n)
    """

    start: int
    names: tuple[str, ...]
    units: tuple[str | None, ...]
    signal: np.ndarray = field(repr=False)


def joined(file: str, pieces: list[Piece], rate: float) -> tuple[tuple[str, ...], tuple[str | None, ...], np.ndarray]:
    """One signal from pieces at one rate; a channel that several pieces have becomes one row.

    Parameters
    ----------
    file : str
        Base name, for messages.
    pieces : list of Piece
    rate : float
        Hz.

    Returns
    -------
    names : tuple of str
    units : tuple of (str or None)
    signal : ndarray, shape (channels, samples)

    Raises
    ------
    RecordingError
        Where the whole is too short or too long to be read.
    """
    length = max(piece.start + piece.signal.shape[1] for piece in pieces)
    check_duration(file, length, rate)
    rows: dict[tuple[str, str | None, int], int] = {}
    placed = []
    for piece in pieces:
        named: Counter = Counter()
        for name, unit, samples in zip(piece.names, piece.units, piece.signal, strict=True):
            row = rows.setdefault((name, unit, named[name, unit]), len(rows))
            named[name, unit] += 1
            placed.append((row, piece.start, samples))
    signal = np.full((len(rows), length), np.nan)
    for row, start, samples in placed:
        signal[row, start : start + len(samples)] = samples
    return tuple(name for name, _, _ in rows), tuple(unit for _, unit, _ in rows), signal
