"""The beats of a recording, and the one beat that stands for them."""

from dataclasses import dataclass

import numpy as np

from ecgclip_core.ecg.analysis import Analysis, analyse
from ecgclip_core.ecg.filters import WORKING_RATE
from ecgclip_core.ecg.recording import ECG
from ecgclip_core.ecg.templates import template


def r_peaks(ecg: ECG) -> np.ndarray:
    """When the ventricles beat.

    Found in the speed of the cardiac vector over all leads (5-30 Hz), so that no single lead decides.

    Parameters
    ----------
    ecg : ECG
        Of any length and rate; leads may be missing.

    Returns
    -------
    ndarray of float, shape (k,)
        Seconds from the start; empty where nothing stands out as a beat.
    """
    return analyse(ecg).r / WORKING_RATE


@dataclass(frozen=True)
class MedianBeat:
    """The median of all beats of the dominant shape.

    Attributes
    ----------
    signal : ndarray of float32, shape (12, m)
        In the units of the recording, zero just before the QRS; NaN in missing leads.
    times : ndarray, shape (m,)
        Seconds from the R peak.
    marks : dict
        ``"P"``, ``"QRS"``, ``"T"``: onset, peak and offset over all leads in seconds from the R peak, or None where
        the wave is absent. The J point is the offset of the QRS.
    n_beats : int
    """

    signal: np.ndarray
    times: np.ndarray
    marks: dict[str, tuple[float, float, float] | None]
    n_beats: int


def median_beat(ecg: ECG) -> MedianBeat | None:
    """The beat that intervals, axes and ST levels are measured on.

    Parameters
    ----------
    ecg : ECG

    Returns
    -------
    MedianBeat or None
        None where there are no beats.
    """
    found = analyse(ecg)
    if not found.shapes:
        return None
    usual = found.shapes[0]
    members = np.flatnonzero(found.group == 0)
    beat = template(isoelectric(found), found.r, members)
    signal = beat.signal.copy()
    signal[~found.copy.usable] = np.nan
    held = np.isfinite(signal).any(axis=0)
    marks = {
        "P": usual.p.together if usual.p is not None and found.conducted else None,
        "QRS": usual.qrs.together,
        "T": usual.t.together if usual.t is not None else None,
    }
    times = (np.arange(signal.shape[1]) - beat.origin) / WORKING_RATE
    return MedianBeat(signal[:, held].astype(np.float32), times[held], marks, len(members))


def isoelectric(found: Analysis) -> np.ndarray:
    """The unfiltered working copy with the level before each QRS at zero, drift taken out by lines between them.

    A high-pass filter would bend the ST segment; lines through the isoelectric points do not (the idea of Meyer and
    Keiser, Comput Biomed Res 1977;10:459).
    """
    x = found.copy.signal
    knots, levels = [], []
    for r, number in zip(found.r, found.group, strict=True):
        onset = r + round(found.shapes[number].qrs.together[0] * WORKING_RATE)
        a, b = onset - round(0.016 * WORKING_RATE), onset
        if a >= 0:
            knots.append((a + b) / 2)
            levels.append(x[:, a : b + 1].mean(axis=1))
    if not knots:
        return x - np.median(x, axis=1, keepdims=True)
    position = np.arange(x.shape[1])
    return x - np.stack([np.interp(position, knots, level) for level in np.transpose(levels)])
