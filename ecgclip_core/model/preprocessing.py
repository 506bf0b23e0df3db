"""From a recording to what the signal encoder sees, and back. It belongs to the checkpoint, not to the code around."""

from dataclasses import asdict, dataclass
from fractions import Fraction

import numpy as np
from scipy.signal import butter, resample_poly, sosfiltfilt

from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.ecg.recording import ECG


@dataclass(frozen=True)
class Preprocessing:
    """How a checkpoint wants its signals.

    Attributes
    ----------
    sampling_rate : int
        Hz.
    length : int
        Samples of one window.
    leads : tuple of str
        Their order.
    band : (float, float)
        Pass band in Hz, zero phase, Butterworth of order 2 each way.
    typical_std : tuple of float
        Millivolts, one a lead, in the order of `leads` (medians over 1,490 recordings of PTB-XL, folds 1-8): what the
        leads of an unscaled recording are brought to, so that its shapes can be read without pretending to know its
        voltages.
    limit : float
        Millivolts at which the signal is clipped: pacing spikes and loose electrodes must not drown the rest.
    """

    sampling_rate: int = 100
    length: int = 1000
    leads: tuple[str, ...] = LEADS
    band: tuple[float, float] = (0.5, 40.0)
    typical_std: tuple[float, ...] = (
        *(0.127, 0.126, 0.092, 0.120, 0.089, 0.091),
        *(0.143, 0.236, 0.227, 0.222, 0.205, 0.170),
    )
    limit: float = 5.0

    @classmethod
    def from_dict(cls, fields: dict) -> "Preprocessing":
        """The inverse of `to_dict`."""
        return cls(**{key: tuple(value) if isinstance(value, list) else value for key, value in fields.items()})

    def to_dict(self) -> dict:
        """Plain values for ``config.json``."""
        return asdict(self)

    def prepare(self, ecg: ECG) -> np.ndarray:
        """The whole recording at the checkpoint's rate, filtered.

        Parameters
        ----------
        ecg : ECG

        Returns
        -------
        ndarray of float32, shape (12, n at `sampling_rate`)
            Missing leads and gaps are zero. Leads of an unscaled recording have the typical standard deviation.
        """
        rows = [LEADS.index(lead) for lead in self.leads]
        signal = ecg.signal[rows].astype(np.float64)
        present = np.isfinite(signal)
        signal = _bridge_gaps(signal, present)
        high = min(self.band[1], 0.45 * ecg.sampling_rate)
        sections = butter(2, (self.band[0], high), "bandpass", fs=ecg.sampling_rate, output="sos")
        pad = min(signal.shape[1] - 1, int(2 * ecg.sampling_rate))
        signal = sosfiltfilt(sections, signal, axis=1, padlen=pad)
        ratio = Fraction(self.sampling_rate / ecg.sampling_rate).limit_denominator(1000)
        if ratio != 1:
            signal = resample_poly(signal, ratio.numerator, ratio.denominator, axis=1)
        if not ecg.calibrated:
            spread = signal.std(axis=1, keepdims=True)
            signal = signal * np.divide(
                np.array(self.typical_std)[:, None], spread, out=np.zeros_like(spread), where=spread > 1e-9
            )
        signal[~present.any(axis=1)] = 0
        return np.clip(signal, -self.limit, self.limit).astype(np.float32)

    def window_starts(self, samples: int) -> np.ndarray:
        """First sample of each window over `samples` samples: side by side, the last one flush with the end."""
        if samples <= self.length:
            return np.zeros(1, dtype=int)
        return np.unique(np.append(np.arange(0, samples - self.length, self.length), samples - self.length))

    def windows(self, ecg: ECG) -> tuple[np.ndarray, np.ndarray]:
        """The recording cut into windows of the model's length.

        Returns
        -------
        windows : ndarray of float32, shape (w, 12, length)
            A recording shorter than one window is padded with zeros at its end.
        starts : ndarray of int, shape (w,)
            First sample of each window, at `sampling_rate`.
        """
        signal = self.prepare(ecg)
        starts = self.window_starts(signal.shape[1])
        if signal.shape[1] < self.length:
            signal = np.pad(signal, ((0, 0), (0, self.length - signal.shape[1])))
        return np.stack([signal[:, start : start + self.length] for start in starts]), starts

    def over_recording(self, values: np.ndarray, ecg: ECG) -> np.ndarray:
        """Lay values of windows back onto the recording's own samples and lead order.

        Parameters
        ----------
        values : ndarray, shape (w, 12, length)
            One value for every sample that `windows` gave; where windows overlap, the mean is taken.
        ecg : ECG

        Returns
        -------
        ndarray of float32, shape (12, n)
        """
        samples = round(ecg.duration * self.sampling_rate)
        starts = self.window_starts(samples)
        total = np.zeros((len(self.leads), max(samples, self.length)))
        count = np.zeros(total.shape[1])
        for start, window in zip(starts, values, strict=True):
            total[:, start : start + self.length] += window
            count[start : start + self.length] += 1
        mean = total / np.maximum(count, 1)
        at = np.arange(mean.shape[1]) / self.sampling_rate
        laid = np.stack([np.interp(ecg.times, at, row) for row in mean])
        return laid[[self.leads.index(lead) for lead in LEADS]].astype(np.float32)


def _bridge_gaps(signal: np.ndarray, present: np.ndarray) -> np.ndarray:
    """Straight lines over missing samples, since one NaN would spread through the filter; missing leads become zero."""
    bridged = np.where(present, signal, 0.0)
    at = np.arange(signal.shape[1])
    for row in np.flatnonzero(present.any(axis=1) & ~present.all(axis=1)):
        bridged[row] = np.interp(at, at[present[row]], signal[row, present[row]])
    return bridged
