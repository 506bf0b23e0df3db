"""The filters that a reader may lay over the tracing, and what they do to the ST segment.

They change what is drawn, never what is measured or given to the model. All run forwards and backwards, so no wave
moves in time. 0.05-150 Hz is the band recommended for adults, 0.5-40 Hz that of monitors (Kligfield et al. 2007,
doi:10.1161/CIRCULATIONAHA.106.180200, who ask for 250 Hz in children).
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy import signal as dsp

from ecgclip_core.ecg.analysis import analyse
from ecgclip_core.ecg.beats import median_beat
from ecgclip_core.ecg.filters import WORKING_RATE
from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.ecg.recording import ECG

OFF = "off"
FILTER_OFF = "filter off"
BANDS = {OFF: None, "0.05-150 Hz": (0.05, 150.0), "0.5-40 Hz": (0.5, 40.0)}
MAINS = {OFF: None, "50 Hz": 50.0, "60 Hz": 60.0}
_ORDER = 2
_QUALITY = 25.0  # of the mains filter: 2 Hz wide at 50 Hz
_PAD = 10.0  # s to each side; a high-pass at 0.05 Hz forgets its beginning slowly
_BEFORE_QRS = 0.020  # s, whose mean is the level that ST is read against
_AFTER_J = 0.060  # s
_NOTHING = 0.005  # mV; less is not seen at any gain


@dataclass(frozen=True)
class StChange:
    """The lead whose ST level a filter moves most, and by how many mV."""

    lead: str
    millivolts: float


def usable(choices: dict, sampling_rate: float) -> list[str]:
    """Those of `BANDS` or `MAINS` whose highest frequency a recording at `sampling_rate` Hz can hold."""
    highest = {name: np.max(value) if value else 0.0 for name, value in choices.items()}
    return [name for name, frequency in highest.items() if frequency < sampling_rate / 2]


def filtered(ecg: ECG, band: str = OFF, mains: str = OFF) -> ECG:
    """The recording as drawn.

    Parameters
    ----------
    ecg : ECG
    band : str
        A key of `BANDS`.
    mains : str
        A key of `MAINS`.

    Returns
    -------
    ECG
        The same object where both are off. Gaps and missing leads stay gaps.

    Raises
    ------
    ValueError
        Where the recording's rate cannot hold the frequency.
    """
    for choices, name in ((BANDS, band), (MAINS, mains)):
        if name not in usable(choices, ecg.sampling_rate):
            raise ValueError(f"a filter of {name} needs more than {ecg.sampling_rate:g} Hz")
    if band == OFF and mains == OFF:
        return ecg
    signal = np.stack([_lead(row, band, mains, ecg.sampling_rate) for row in ecg.signal])
    return replace(ecg, signal=signal)


def st_change(ecg: ECG, drawn: ECG) -> StChange | None:
    """How far the filter moves the ST level, 60 ms after J against the level before the QRS, mean over the beats.

    None where there are no beats to read it on, or no millivolts.
    """
    beat = median_beat(ecg)
    if beat is None or beat.marks["QRS"] is None or not ecg.calibrated:
        return None
    found = analyse(ecg)
    r = found.r[found.group == 0] / WORKING_RATE
    moved = _st(drawn, r, beat.marks["QRS"]) - _st(ecg, r, beat.marks["QRS"])
    if not np.isfinite(moved).any():
        return None
    most = int(np.nanargmax(np.abs(moved)))
    return StChange(LEADS[most], float(moved[most]))


def filter_words(band: str, mains: str, change: StChange | None) -> str:
    """What is written on the tracing: the filters, and what they do to ST."""
    if band == OFF and mains == OFF:
        return FILTER_OFF
    parts = [name for name in (band if band != OFF else "", f"mains {mains}" if mains != OFF else "") if name]
    return f"filter {' and '.join(parts)} ({_effect(change)})"


def _effect(change: StChange | None) -> str:
    if change is None:
        return "ST may be moved"
    if abs(change.millivolts) < _NOTHING:
        return "ST moved by less than 0.01 mV"
    return f"ST moved by up to {change.millivolts:+.2f} mV, in {change.lead}"


def _st(ecg: ECG, r: np.ndarray, qrs: tuple[float, float, float]) -> np.ndarray:
    """ST level of each lead, shape (12,); NaN where a lead has none."""
    rate = ecg.sampling_rate
    width = max(1, round(_BEFORE_QRS * rate))
    before = np.round((r + qrs[0]) * rate).astype(int)[:, None] - np.arange(width)
    at = np.round((r + qrs[2] + _AFTER_J) * rate).astype(int)
    inside = (before.min(axis=1) >= 0) & (at < ecg.signal.shape[1])
    if not inside.any():
        return np.full(12, np.nan)
    levels = ecg.signal[:, before[inside]].mean(axis=2)
    return (ecg.signal[:, at[inside]] - levels).mean(axis=1)


def _lead(row: np.ndarray, band: str, mains: str, rate: float) -> np.ndarray:
    finite = np.isfinite(row)
    if finite.sum() < 2:
        return row
    where = np.arange(len(row))
    x = np.interp(where, where[finite], row[finite].astype(np.float64))
    middle = np.median(x)  # kept: where a lead stands on the page is no business of a filter
    x = x - middle
    # Levels of a whole second on either side: a filter that starts on an R peak would drift for the rest of the page.
    pad, second = round(_PAD * rate), max(1, min(len(x), round(rate)))
    x = np.pad(x, pad, mode="mean", stat_length=second)
    if BANDS[band]:
        x = dsp.sosfiltfilt(dsp.butter(_ORDER, BANDS[band], "bandpass", fs=rate, output="sos"), x, padlen=0)
    if MAINS[mains]:
        x = dsp.filtfilt(*dsp.iirnotch(MAINS[mains], _QUALITY, fs=rate), x, padlen=0)
    return np.where(finite, x[pad:-pad] + middle, np.nan).astype(np.float32)
