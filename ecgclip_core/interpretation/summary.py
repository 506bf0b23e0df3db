"""What a map comes to: the share of the attribution in each lead and each wave, beside the share of time."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.interpretation.saliency import METHODS, Saliency
from ecgclip_core.interpretation.waves import WAVES, wave_labels


@dataclass(frozen=True)
class AttributionSummary:
    """Shares of the absolute attribution of one map.

    Attributes
    ----------
    by_lead : dict of str to float, or None
        Share of each lead, summing to 1, largest first; None for a method that does not tell leads apart.
    by_wave : dict of str to float, or None
        Share inside P, QRS and T and ``"between"`` them, summing to 1, largest first; None for a method that does not
        tell moments apart, or without a delineation.
    time_by_wave : dict of str to float, or None
        Share of the samples that these waves fill: what a map without preference would give them.
    top_leads : tuple of str
        The fewest leads that together hold half of the attribution.
    top_wave : str or None
        The wave that is most enriched: largest ratio of its share to its share of time, if it has at least a tenth of
        the attribution.
    supports : float or None
        For a signed method: the share of the attribution that speaks for the question.
    """

    by_lead: dict[str, float] | None
    by_wave: dict[str, float] | None
    time_by_wave: dict[str, float] | None
    top_leads: tuple[str, ...]
    top_wave: str | None
    supports: float | None


LEAST_SHARE = 0.1  # of the attribution, for a wave to be named


def summarise(saliency: Saliency, delineation: pd.DataFrame | None = None) -> AttributionSummary:
    """Sum a map up by lead and by wave.

    Parameters
    ----------
    saliency : Saliency
    delineation : DataFrame, optional
        As of ``delineate``, of the same recording.

    Returns
    -------
    AttributionSummary
        All None or empty where the map is zero throughout.
    """
    method = METHODS[saliency.method]
    size = np.abs(saliency.values).astype(np.float64)
    total = size.sum()
    if not total > 0:
        return AttributionSummary(None, None, None, (), None, None)
    by_lead = _sorted(dict(zip(LEADS, size.sum(axis=1) / total, strict=True))) if method.by_lead else None
    by_wave = time_by_wave = None
    if method.by_time and delineation is not None and len(delineation):
        labels = wave_labels(delineation, size.shape[1], saliency.sampling_rate)
        used = size.sum(axis=1) > 0
        by_wave = _sorted({wave: size[labels == index].sum() / total for index, wave in enumerate(WAVES)})
        time_by_wave = {wave: float((labels[used] == WAVES.index(wave)).mean()) for wave in by_wave}
    return AttributionSummary(
        by_lead=by_lead,
        by_wave=by_wave,
        time_by_wave=time_by_wave,
        top_leads=_half(by_lead) if by_lead else (),
        top_wave=_most_enriched(by_wave, time_by_wave) if by_wave else None,
        supports=float(saliency.values.clip(min=0).sum() / total) if method.signed else None,
    )


def _sorted(shares: dict[str, float]) -> dict[str, float]:
    return {key: float(share) for key, share in sorted(shares.items(), key=lambda item: -item[1])}


def _half(by_lead: dict[str, float]) -> tuple[str, ...]:
    needed = 1 + int(np.searchsorted(np.cumsum(list(by_lead.values())), 0.5 - 1e-9))
    return tuple(by_lead)[:needed]


def _most_enriched(by_wave: dict[str, float], time_by_wave: dict[str, float]) -> str | None:
    ratios = {
        wave: share / time_by_wave[wave]
        for wave, share in by_wave.items()
        if wave != "between" and share >= LEAST_SHARE and time_by_wave[wave] > 0
    }
    best = max(ratios, key=ratios.get, default=None)
    return best if best is not None and ratios[best] > 1 else None
