"""Whether a map lies on the waves and leads that carry a finding, against chance."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.interpretation.agreement import cells
from ecgclip_core.interpretation.waves import EVERY_LEAD

EDGE_S = 0.02  # on both sides of a wave: what filters of 40 Hz smear
U_S = 0.2  # after T, in which a U wave lies
NO_T_S = 0.3  # after QRS, where a beat has no T wave
POINT_S = 0.04  # the bands that a reader sees
# Of these findings only the beats of this kind are the finding.
KINDS = {
    "premature_atrial_beats": "ectopic",
    "premature_ventricular_beats": "ectopic",
    "ventricular_bigeminy": "ectopic",
}


@dataclass(frozen=True)
class Localisation:
    """Where a map lies.

    Attributes
    ----------
    share : float
        Of the attribution, inside the mask.
    chance : float
        Share of all samples of all leads inside the mask: what a map without preference would have.
    hit : bool
        Whether the strongest band of 40 ms lies in the mask.
    """

    share: float
    chance: float
    hit: bool

    @property
    def gain(self) -> float:
        """0 at chance, 1 where all lies inside the mask, below 0 where the map avoids it."""
        return (self.share - self.chance) / (1 - self.chance)


def localise(values: np.ndarray, mask: np.ndarray, sampling_rate: float, signed: bool) -> Localisation | None:
    """How much of a map lies inside a mask.

    The share is the relevance mass accuracy of Arras et al. (2022, doi:10.1016/j.inffus.2021.11.008), the hit the
    pointing game of Zhang et al. (2018, doi:10.1007/s11263-017-1059-x).

    Parameters
    ----------
    values : ndarray, shape (12, n)
    mask : ndarray of bool, shape (12, n)
    sampling_rate : float
        Hz.
    signed : bool
        Whether only what speaks for the question counts, and not what speaks against it.

    Returns
    -------
    Localisation or None
        None where nothing is attributed or the mask covers nothing or everything.
    """
    size = np.maximum(values, 0) if signed else np.abs(values)
    total = size.sum(dtype=np.float64)
    if not total > 0 or not 0 < mask.mean() < 1:
        return None
    bands, inside = (cells(array, sampling_rate, POINT_S) for array in (size, mask.astype(np.float32)))
    strongest = np.unravel_index(bands.argmax(), bands.shape)
    return Localisation(
        float((size * mask).sum(dtype=np.float64) / total), float(mask.mean()), bool(inside[strongest] >= 0.5)
    )


def carrier_mask(
    waves: pd.DataFrame, names: tuple[str, ...], leads: tuple[str, ...], samples: int, sampling_rate: float
) -> np.ndarray:
    """Samples of the waves and stretches that carry a finding.

    Parameters
    ----------
    waves : DataFrame
        ``lead``, ``beat``, ``wave``, ``onset_s``, ``offset_s``, of a simulation's truth or of ``delineate``; lead
        ``"all"`` stands for all twelve.
    names : tuple of str
        Of the catalogue's waves: P, QRS, T, PR (from P to QRS), ST (from QRS to T), QT, U, TP (from T to the next P or
        QRS).
    leads : tuple of str
    samples : int
    sampling_rate : float
        Hz.

    Returns
    -------
    ndarray of bool, shape (12, samples)
    """
    mask = np.zeros((len(LEADS), samples), dtype=bool)
    for lead, rows in waves.groupby("lead", sort=False):
        chosen = leads if lead == EVERY_LEAD else [lead] if lead in leads else []
        positions = [LEADS.index(name) for name in chosen]
        for start, stop in _spans(rows, set(names), samples / sampling_rate):
            first, last = ((round(second * sampling_rate)) for second in (start - EDGE_S, stop + EDGE_S))
            mask[positions, max(first, 0) : max(last + 1, 0)] = True
    return mask


def truth_mask(truth, finding: str, samples: int, sampling_rate: float) -> np.ndarray:
    """Where a simulated recording carries the finding that it was made to show, shape (12, samples).

    Parameters
    ----------
    truth : Truth
    finding : str
        Id in the catalogue.
    samples : int
    sampling_rate : float
        Hz.
    """
    carriers, waves = truth.put_in["carriers"], truth.waves
    mask = carrier_mask(waves, carriers["waves"], carriers["leads"] or LEADS, samples, sampling_rate)
    kind = KINDS.get(finding)
    if kind:
        mask &= _beats_of_kind(waves, kind, samples, sampling_rate)
    return mask


def _beats_of_kind(waves: pd.DataFrame, kind: str, samples: int, sampling_rate: float) -> np.ndarray:
    """From the first wave of that kind of each such beat to the onset of the next beat's first, shape (samples,)."""
    inside = np.zeros(samples, dtype=bool)
    starts = waves[waves["beat"] >= 0].groupby("beat")["onset_s"].min().sort_index()
    for beat in waves.loc[(waves["kind"] == kind) & (waves["beat"] >= 0), "beat"].unique():
        later = starts[starts.index > beat]
        stop = later.iloc[0] if len(later) else samples / sampling_rate
        first = waves.loc[(waves["beat"] == beat) & (waves["kind"] == kind), "onset_s"].min()
        inside[max(round((first - EDGE_S) * sampling_rate), 0) : round(stop * sampling_rate)] = True
    return inside


def _spans(rows: pd.DataFrame, names: set[str], duration: float) -> list[tuple[float, float]]:
    """Seconds from and to, of all named waves and stretches of one lead."""
    rows = rows.dropna(subset=["onset_s", "offset_s"])
    spans = [
        (row.onset_s, row.offset_s) for row in rows.itertuples() if row.wave in names and row.wave in ("P", "QRS", "T")
    ]
    begins = np.sort(rows.loc[rows["wave"].isin(["P", "QRS"]), "onset_s"].to_numpy(float))
    for _, beat in rows[rows["beat"] >= 0].groupby("beat"):
        spans += _stretches(beat.set_index("wave"), names, begins, duration)
    return spans


def _stretches(beat: pd.DataFrame, names: set[str], begins: np.ndarray, duration: float) -> list[tuple[float, float]]:
    """The stretches between the waves of one beat."""
    at = {wave: (float(row.onset_s), float(row.offset_s)) for wave, row in beat.iterrows()}
    found = []
    if "QRS" not in at:
        return found
    qrs, t = at["QRS"], at.get("T")
    t_stop = t[1] if t else qrs[1] + NO_T_S
    later = begins[begins > max(qrs[0], t_stop - EDGE_S)]
    following = float(later[0]) if len(later) else duration
    if "PR" in names and "P" in at and at["P"][1] < qrs[0]:
        found.append((at["P"][1], qrs[0]))
    if "ST" in names and t and t[0] >= qrs[1]:
        found.append((qrs[1], t[0]))
    if "QT" in names and t:
        found.append((qrs[0], t[1]))
    if "U" in names and t:
        found.append((t[1], min(t[1] + U_S, following)))
    if "TP" in names and following > t_stop:
        found.append((t_stop, following))
    return found
