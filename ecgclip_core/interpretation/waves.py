"""Which wave each sample belongs to, from a delineation."""

import numpy as np
import pandas as pd

from ecgclip_core.ecg.leads import LEADS

WAVES = ("between", "P", "QRS", "T")
EVERY_LEAD = "all"


def wave_labels(delineation: pd.DataFrame, samples: int, sampling_rate: float) -> np.ndarray:
    """The wave that each sample of each lead lies in.

    Parameters
    ----------
    delineation : DataFrame
        ``lead``, ``wave``, ``onset_s``, ``offset_s``, as of ``delineate``; lead ``"all"`` stands for all twelve.
    samples : int
    sampling_rate : float
        Hz.

    Returns
    -------
    ndarray of int8, shape (12, samples)
        Positions in `WAVES`; 0 between waves and in leads that the delineation leaves out.
    """
    labels = np.zeros((len(LEADS), samples), dtype=np.int8)
    known = delineation[delineation["wave"].isin(WAVES[1:]) & delineation["lead"].isin((*LEADS, EVERY_LEAD))]
    known = known.dropna(subset=["onset_s", "offset_s"])
    starts = np.clip(np.round(known["onset_s"].to_numpy(float) * sampling_rate), 0, samples).astype(int)
    stops = np.clip(np.round(known["offset_s"].to_numpy(float) * sampling_rate) + 1, 0, samples).astype(int)
    for lead, wave, start, stop in zip(known["lead"], known["wave"], starts, stops, strict=True):
        rows = slice(None) if lead == EVERY_LEAD else LEADS.index(lead)
        labels[rows, start:stop] = WAVES.index(wave)
    return labels


def wave_at(delineation: pd.DataFrame, times: np.ndarray, sampling_rate: float = 100.0) -> np.ndarray:
    """The wave that most delineated leads are in at given times.

    Parameters
    ----------
    delineation : DataFrame
    times : ndarray, shape (t,)
        Seconds.

    Returns
    -------
    ndarray of int8, shape (t,)
        Positions in `WAVES`.
    """
    at = np.round(np.asarray(times) * sampling_rate).astype(int)
    labels = wave_labels(delineation, int(at.max(initial=0)) + 1, sampling_rate)
    leads = set(delineation["lead"])
    delineated = np.array([lead in leads or EVERY_LEAD in leads for lead in LEADS])
    if not delineated.any():
        return np.zeros(len(at), dtype=np.int8)
    votes = np.stack([(labels[delineated] == wave).sum(axis=0) for wave in range(len(WAVES))])
    return votes.argmax(axis=0).astype(np.int8)[at]
