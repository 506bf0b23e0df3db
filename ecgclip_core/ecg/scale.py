"""Whether the numbers of a recording can be millivolts."""

import numpy as np

from ecgclip_core.ecg.leads import LEADS

# Peak to peak of the median lead, mV. Between these a tracing can be an ECG at all; QRS complexes have 0.5 to 5 mV.
PLAUSIBLE = (0.01, 20.0)

# std(II - I - III) / std(II). Millivolt recordings of PTB-XL and of the PhysioNet Challenge 2020/21 stay below 0.013.
EINTHOVEN_TOLERANCE = 0.02
# The residual left when I and III may be stretched is this much smaller where each lead was stretched on its own;
# in millivolt recordings, whose residual is rounding and noise, stretching gains nothing.
STRETCH_GAIN = 3.0
_SMALLEST_STRETCH = 0.005  # below, a residual is rounding

# Spread of the leads' own ranges (std / mean) below which somebody must have normalised each lead. In LUDB the ranges
# agree to 0.1 %; of twelve real leads none come within 10 %.
NORMALISED_SPREAD = 0.01
_LEADS_TO_JUDGE_BY = 6


def live_leads(signal: np.ndarray) -> np.ndarray:
    """Which rows hold a signal: bool, shape (12,). False where a lead is missing or flat."""
    return _ranges(signal) > 0


def factor_to_plausible(signal: np.ndarray) -> float | None:
    """The power of 1000 that brings a recording to the size of an ECG in millivolts.

    Parameters
    ----------
    signal : ndarray, shape (12, n)
        Said to be millivolts.

    Returns
    -------
    float or None
        1 where it is plausible as it stands, 0.001 or 1000 where the unit was mistaken by that much, None where
        neither helps.
    """
    size = float(np.median(_ranges(signal)[live_leads(signal)]))
    low, high = PLAUSIBLE
    if low <= size <= high:
        return 1.0
    # Asked to change the unit, the sizes of ordinary tracings are required, not the extremes.
    return next((factor for factor in (1e-3, 1e3) if 0.05 <= size * factor <= high), None)


def scale_fault(signal: np.ndarray) -> tuple[bool, str]:
    """Whether the common scale of the leads is lost, judged by what the leads owe each other.

    Lead II is the sum of I and III (Einthoven 1913) in every recording that has kept its millivolts. Leads that were
    stretched one by one break the sum, but II is still a sum of multiples of I and III. A loose electrode, a clipped
    or a noisy lead breaks the sum for a while, or leaves a rest that no multiples explain: the others keep their scale.

    Parameters
    ----------
    signal : ndarray, shape (12, n)
        NaN throughout a missing lead.

    Returns
    -------
    lost : bool
    note : str
        What was found, for the reader; empty where all is well.
    """
    if _normalised(signal):
        return True, "Every lead has exactly the same size, so each was rescaled on its own."
    first, second, third = (signal[LEADS.index(lead)].astype(np.float64) for lead in ("I", "II", "III"))
    if not live_leads(signal)[:3].all():
        return False, ""
    together = np.isfinite(first) & np.isfinite(second) & np.isfinite(third)
    if together.sum() < 3:
        return False, ""
    first, second, third = (row[together] - row[together].mean() for row in (first, second, third))
    size = second.std()
    if size == 0:
        return False, ""
    residual = (second - first - third).std() / size
    basis = np.column_stack([first, third])
    weights = np.linalg.lstsq(basis, second, rcond=None)[0]
    stretched_residual = (second - basis @ weights).std() / size
    stretching_explains = residual > STRETCH_GAIN * stretched_residual and stretched_residual <= EINTHOVEN_TOLERANCE
    if residual <= EINTHOVEN_TOLERANCE:
        lost = residual > _SMALLEST_STRETCH and stretching_explains
        return lost, "Lead II is not the sum of I and III, but of multiples of them." if lost else ""
    if stretching_explains and np.allclose(np.abs(weights), 1, atol=EINTHOVEN_TOLERANCE):
        return False, (
            "Lead II is not the sum of I and III, but would be with leads exchanged or turned upside down: the names "
            "of the limb leads may be wrong."
        )
    if not stretching_explains or _only_for_a_while(first, second, third):
        return False, (
            "Lead II is not the sum of I and III, as with a loose electrode or a disturbed limb lead: limb-lead "
            "amplitudes and axes are doubtful."
        )
    return True, "Lead II is not the sum of I and III, but of multiples of them: the leads were rescaled one by one."


def _ranges(signal: np.ndarray) -> np.ndarray:
    finite = np.isfinite(signal)
    highest = np.where(finite, signal, -np.inf).max(axis=1)
    lowest = np.where(finite, signal, np.inf).min(axis=1)
    return np.where(finite.any(axis=1), highest - lowest, 0.0)


def _normalised(signal: np.ndarray) -> bool:
    live = signal[live_leads(signal)].astype(np.float64)
    if len(live) < _LEADS_TO_JUDGE_BY:
        return False
    measures = (_ranges(live), np.nanstd(live, axis=1))
    return any(values.std() < NORMALISED_SPREAD * values.mean() for values in measures)


def _only_for_a_while(first: np.ndarray, second: np.ndarray, third: np.ndarray, pieces: int = 20) -> bool:
    """Whether the sum holds in at least half of the recording."""
    ratios = [
        (b - a - c).std() / b.std() if b.std() > 0 else 0.0
        for a, b, c in zip(*(np.array_split(row, pieces) for row in (first, second, third)), strict=True)
        if b.size
    ]
    return float(np.median(ratios)) <= 2 * EINTHOVEN_TOLERANCE
