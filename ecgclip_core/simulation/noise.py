"""What the electrodes pick up besides the heart. Noise sits on electrodes, so that I + III = II holds with it."""

from dataclasses import dataclass

import numpy as np
from scipy.fft import irfft, next_fast_len, rfftfreq


@dataclass(frozen=True)
class NoiseLevels:
    """Typical sizes of one recording, mV at an electrode (standard deviation; mains: amplitude)."""

    wander: float
    breathing: float
    muscle: float
    mains: float
    mains_hz: float
    white: float


def drawn_levels(rng: np.random.Generator) -> NoiseLevels:
    """From a quiet patient to a cold, restless one; medians as in hospital recordings."""

    def lognormal(median: float, spread: float, most: float) -> float:
        return float(min(median * np.exp(spread * rng.standard_normal()), most))

    return NoiseLevels(
        wander=lognormal(0.022, 0.75, 0.14),
        breathing=lognormal(0.012, 0.8, 0.10),
        muscle=lognormal(0.0055, 0.75, 0.035),
        mains=lognormal(0.0012, 1.0, 0.015),
        mains_hz=float(rng.choice([50.0, 50.0, 60.0])),
        white=lognormal(0.0014, 0.35, 0.004),
    )


def _coloured(amplitude: np.ndarray, rows: int, length: int, n: int, rng: np.random.Generator) -> np.ndarray:
    """Gaussian noise with the given amplitude at every frequency, each row of standard deviation 1."""
    spectrum = rng.standard_normal((rows, 2 * len(amplitude))).view(complex) * amplitude
    scale = length / np.sqrt(4 * (amplitude**2).sum())
    return irfft(spectrum * scale, n=length, axis=1)[:, :n]


def electrode_noise(
    levels: NoiseLevels, times: np.ndarray, breathing: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Noise on the nine electrodes.

    Parameters
    ----------
    levels : NoiseLevels
    times : ndarray, shape (n,)
        Seconds.
    breathing : ndarray, shape (n,)
        Between -1 and 1.

    Returns
    -------
    ndarray, shape (9, n)
        mV: baseline wander (below 0.7 Hz), breathing, muscle (20 Hz and up, in bursts), mains with its third
        harmonic, and the amplifier's white noise.
    """
    n, step = len(times), times[1] - times[0]
    length = next_fast_len(int(n * 1.25), real=True)
    frequencies = rfftfreq(length, step)
    slow = np.where((frequencies > 0.04) & (frequencies < 1.2), 1 / (1 + (frequencies / 0.22) ** 2), 0)
    fast = 1 / (1 + (22 / np.maximum(frequencies, 1e-3)) ** 4) / (1 + (frequencies / 110) ** 2)
    size = np.exp(0.35 * rng.standard_normal((9, 1)))
    noise = levels.wander * size * _coloured(slow, 9, length, n, rng)
    noise += levels.breathing * rng.uniform(-1.4, 1.4, (9, 1)) * breathing
    knots = np.linspace(times[0], times[-1], max(int((times[-1] - times[0]) * 0.8), 4))
    # Limb muscles tremble more than the chest.
    tremble = np.exp(0.45 * rng.standard_normal((9, 1))) * np.array([1.2, 1.2, 0.8, *[0.7] * 6])[:, None]
    bursts = np.stack([np.interp(times, knots, np.exp(0.4 * rng.standard_normal(len(knots)))) for _ in range(9)])
    noise += levels.muscle * tremble * bursts * _coloured(fast, 9, length, n, rng)
    hum = 2 * np.pi * levels.mains_hz * times + rng.uniform(0, 2 * np.pi)
    # Every electrode hears the mains in nearly the same phase; what is left is the imbalance.
    coupling = rng.normal(0, 1, (9, 1)) + 0.3
    noise += levels.mains * coupling * (np.sin(hum) + 0.15 * np.sin(3 * hum))
    noise += levels.white * rng.standard_normal((9, n))
    return noise
