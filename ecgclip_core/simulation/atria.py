"""Atria that never rest: the waves of fibrillation and flutter."""

import numpy as np


def _slow(rng: np.random.Generator, times: np.ndarray, knots_per_second: float) -> np.ndarray:
    """A slow random course of about unit size."""
    span = times[-1] - times[0]
    at = np.linspace(times[0], times[-1], max(int(span * knots_per_second), 4))
    return np.interp(times, at, rng.standard_normal(len(at)))


def fibrillation(size: float, times: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Fibrillatory waves: a few wandering wavelets at 4 to 9 Hz, strongest towards V1.

    The model of Stridh & Sörnmo 2001 (doi:10.1109/10.900266): harmonics whose frequency and amplitude drift.

    Parameters
    ----------
    size : float
        Typical amplitude in mV.
    times : ndarray, shape (n,)

    Returns
    -------
    ndarray, shape (3, n)
    """
    out = np.zeros((3, len(times)))
    step = times[1] - times[0]
    mean = rng.uniform(4.8, 7.2)
    base = np.array([-0.50, 0.45, 0.75])
    for _ in range(3):
        frequency = mean + rng.normal(0, 0.8) + 0.9 * _slow(rng, times, 2.5)
        phase = 2 * np.pi * (np.cumsum(np.clip(frequency, 3.5, 9.5)) * step + rng.random())
        height = size * (0.75 + 0.4 * _slow(rng, times, 1.2))
        direction = base + 0.5 * rng.standard_normal(3)
        swing = 0.35 * rng.standard_normal(3)
        shape = np.sin(phase) + 0.30 * np.sin(2 * phase + 0.6)
        out += direction[:, None] * (height * shape) + swing[:, None] * (height * np.cos(phase))
    return 0.65 * out


def flutter(size: float, rate: float, start: float, times: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The sawtooth of typical flutter: a slow fall, a quick dip and rise in II, III and aVF; upright in V1.

    Parameters
    ----------
    size : float
        Amplitude in mV.
    rate : float
        Atrial cycles per minute.
    start : float
        Time of a cycle's beginning in seconds.
    times : ndarray, shape (n,)

    Returns
    -------
    ndarray, shape (3, n)
    """
    step = times[1] - times[0]
    drift = np.cumsum(1 + 0.004 * _slow(rng, times, 2)) * step + times[0]
    turns = (drift - start) * rate / 60
    harmonics = np.arange(1, 6)[:, None]
    fade = np.exp(-0.09 * (harmonics - 1) ** 2)
    angle = 2 * np.pi * harmonics * turns
    saw = (fade * np.sin(angle) / harmonics).sum(0) / 1.6
    hump = (np.exp(-0.5 * (harmonics - 1)) * np.cos(angle - 2 * np.pi * rng.uniform(0.1, 0.2) * harmonics)).sum(0) / 1.6
    down = np.array([0.02, 1.0, 0.0]) + 0.08 * rng.standard_normal(3)
    front = np.array([-0.35, -0.10, 0.45]) + 0.10 * rng.standard_normal(3)
    return size * (down[:, None] * saw + 0.7 * front[:, None] * hump)
