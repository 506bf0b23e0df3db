"""The copy of a recording that measuring works on: one rate, no gaps, zero-phase filters."""

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
from scipy import signal as dsp

from ecgclip_core.ecg.recording import ECG

WORKING_RATE = 500  # Hz; one sample is 2 ms, finer than any boundary drawn by hand

# A lead whose swing stays below this part of the recording's median swing is a loose electrode, not a wave.
_FLAT_SWING = 1e-3

_SPIKES_SHOW_FROM = 250  # Hz; a spike lasts 2 ms
_SPIKE_PATH = 3.0  # the way of a spike in multiples of the steepest 2 ms of the QRS, mean over the leads
_SPIKE_SHARE = 2.2  # of the way in the 18 ms before and after it; the narrowest QRS reaches 2


@dataclass(frozen=True)
class WorkingCopy:
    """A recording at `WORKING_RATE`.

    Attributes
    ----------
    signal : ndarray of float64, shape (12, n)
        Gaps bridged by straight lines; zero throughout an unusable lead.
    usable : ndarray of bool, shape (12,)
        Leads with something to measure: present, not flat, at least half of their samples finite.
    spikes : ndarray of int
        Samples of pacing spikes, which are bridged in `signal`; none are looked for below 250 Hz.
    """

    signal: np.ndarray
    usable: np.ndarray
    spikes: np.ndarray


def working_copy(ecg: ECG) -> WorkingCopy:
    """Bridge gaps and resample (polyphase, zero phase), so that sample k stands at k / `WORKING_RATE` seconds."""
    raw = ecg.signal.astype(np.float64)
    finite = np.isfinite(raw)
    raw = np.where(finite, raw, 0.0)
    enough = finite.mean(axis=1) >= 0.5 if raw.shape[1] else np.zeros(12, bool)
    position = np.arange(raw.shape[1])
    for row in np.flatnonzero(enough & ~finite.all(axis=1)):
        raw[row] = np.interp(position, position[finite[row]], raw[row, finite[row]])
    raw[~enough] = 0.0
    swing = np.ptp(raw, axis=1) if raw.shape[1] else np.zeros(12)
    typical = np.median(swing[enough]) if enough.any() else 0.0
    usable = enough & (swing > _FLAT_SWING * typical) & (swing > 0)
    raw[~usable] = 0.0
    ratio = Fraction(WORKING_RATE / ecg.sampling_rate).limit_denominator(2000)
    if ratio != 1 and raw.shape[1] > 1:
        raw = dsp.resample_poly(raw, ratio.numerator, ratio.denominator, axis=1, padtype="line")
    spikes = find_spikes(raw[usable]) if ecg.sampling_rate >= _SPIKES_SHOW_FROM else np.zeros(0, int)
    return WorkingCopy(_bridged(raw, spikes), usable, spikes)


def find_spikes(x: np.ndarray) -> np.ndarray:
    """Samples of pacing spikes: all that moves within 40 ms moves within 10 ms, in all leads at once.

    Parameters
    ----------
    x : ndarray, shape (leads, n)
        At `WORKING_RATE`.

    Returns
    -------
    ndarray of int
    """
    if not x.size or x.shape[1] < WORKING_RATE // 4:
        return np.zeros(0, int)
    steps = np.abs(np.diff(x, axis=1, prepend=x[:, :1]))
    steep = np.percentile(steps, 98.5, axis=1, keepdims=True) + 1e-12
    path = np.minimum(steps / steep, 50).mean(axis=0)
    inner = moving_average(path, 0.010) * 5
    outer = moving_average(path, 0.046) * 23 - inner
    peaks = dsp.find_peaks(inner, distance=WORKING_RATE // 20, height=_SPIKE_PATH)[0]
    within = (peaks > WORKING_RATE // 20) & (peaks < x.shape[1] - WORKING_RATE // 20)
    return peaks[within & (inner[peaks] > _SPIKE_SHARE * outer[peaks])]


def _bridged(x: np.ndarray, spikes: np.ndarray) -> np.ndarray:
    """Straight lines over 12 ms about each spike, so that no filter smears it into the QRS."""
    for spike in spikes:
        a, b = max(0, spike - 6), min(x.shape[1] - 1, spike + 6)
        x[:, a : b + 1] = x[:, [a]] + (x[:, [b]] - x[:, [a]]) * np.linspace(0, 1, b - a + 1)
    return x


@lru_cache(maxsize=16)
def _butterworth(low: float | None, high: float | None, order: int) -> np.ndarray:
    if low is None:
        return dsp.butter(order, high, "lowpass", fs=WORKING_RATE, output="sos")
    if high is None:
        return dsp.butter(order, low, "highpass", fs=WORKING_RATE, output="sos")
    return dsp.butter(order, (low, high), "bandpass", fs=WORKING_RATE, output="sos")


def band(x: np.ndarray, low: float | None, high: float | None, order: int = 2) -> np.ndarray:
    """Zero-phase Butterworth filter along the last axis.

    Parameters
    ----------
    x : ndarray, shape (..., n)
        At `WORKING_RATE`.
    low, high : float or None
        Corner frequencies in Hz; None leaves that side open.
    order : int
        Of one pass; it runs forwards and backwards.

    Returns
    -------
    ndarray, shape (..., n)
    """
    # A high-pass at 0.5 Hz rings for seconds: reflect as much as the recording has.
    pad = min(x.shape[-1] - 1, 2 * WORKING_RATE)
    if pad < 1:
        return np.zeros_like(x)
    return dsp.sosfiltfilt(_butterworth(low, high, order), x, axis=-1, padlen=pad)


def moving_average(x: np.ndarray, seconds: float) -> np.ndarray:
    """Centred mean over a window of the given length, along the last axis."""
    width = max(1, 2 * round(seconds * WORKING_RATE / 2) + 1)
    half = width // 2
    padded = np.concatenate([np.repeat(x[..., :1], half + 1, -1), x, np.repeat(x[..., -1:], half, -1)], axis=-1)
    total = np.cumsum(padded, axis=-1)
    return (total[..., width:] - total[..., :-width]) / width
