"""Recordings with exactly known boundaries, built here from half cosines, independent of the simulator."""

import numpy as np

from ecgclip_core.ecg.leads import LEADS, LIMB_FROM_I_AND_II
from ecgclip_core.ecg.recording import ECG

# Height in I, II and V1 to V6 of P, Q, R, S and T, in mV.
HEIGHTS = {
    "P": (0.08, 0.15, 0.05, 0.08, 0.08, 0.08, 0.08, 0.07),
    "R": (0.60, 1.00, 0.20, 0.40, 0.70, 1.10, 1.20, 0.90),
    "S": (-0.10, -0.20, -0.90, -1.10, -0.80, -0.40, -0.20, -0.10),
    "T": (0.20, 0.30, 0.10, 0.40, 0.45, 0.40, 0.35, 0.25),
}
# Onset and length of each wave in seconds from the QRS onset; the QRS lasts 90 ms, QT 380 ms, PR 160 ms.
PLACES = {"P": (-0.16, 0.10), "R": (0.0, 0.05), "S": (0.04, 0.05), "T": (0.20, 0.18)}
PR, QRS, QT = 160.0, 90.0, 380.0


def drawn_ecg(
    rr=0.8, duration=10.0, sampling_rate=500.0, p=True, noise=0.0, first=0.4, units="mV", seed=0, onsets=None, st=0.0
) -> tuple[ECG, np.ndarray]:
    """A recording and the QRS onsets of its beats, s; `onsets` overrides the regular rhythm."""
    n = round(duration * sampling_rate)
    # Drawn at 2 kHz and thinned after a moving average, so that slow rates hold no aliases.
    fine = 2000.0
    times = np.arange(round(duration * fine)) / fine
    if onsets is None:
        onsets = np.arange(first, duration - 0.5, rr)
    eight = np.zeros((8, len(times)))
    for onset in onsets:
        for wave, (start, length) in PLACES.items():
            if wave == "P" and not p:
                continue
            phase = (times - onset - start) / length
            shape = np.where((phase > 0) & (phase < 1), 0.5 - 0.5 * np.cos(2 * np.pi * phase), 0.0)
            eight += np.outer(HEIGHTS[wave], shape)
        if st:
            phase = np.clip((times - onset - 0.085) / 0.01, 0, 1) * np.clip((onset + 0.30 - times) / 0.1, 0, 1)
            eight += np.outer((0, 0, 0, st, st, st, 0, 0), phase)
    step = fine / sampling_rate
    at = np.arange(n) / sampling_rate
    if step > 1:
        kernel = np.ones(round(step)) / round(step)
        eight = np.array([np.convolve(row, kernel, "same") for row in eight])
    eight = np.array([np.interp(at, times, row) for row in eight])
    signal = np.vstack([LIMB_FROM_I_AND_II @ eight[:2], eight[2:]])
    signal += np.random.default_rng(seed).normal(0, noise, signal.shape) if noise else 0.0
    assert signal.shape == (len(LEADS), n)
    return ECG(signal, sampling_rate, units), np.asarray(onsets)
