"""The basic beat of a simulated recording as the dipole has it: what each wave measures in each lead, without noise."""

import itertools

import numpy as np
from scipy.signal import find_peaks

from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.simulation.torso import leads
from ecgclip_core.simulation.waves import Wave, dipole

STEP_S = 0.001
# A deflection of the QRS complex counts from here on: half a millimetre on paper less the width of its line.
LEAST_MV = 0.03
# A notch is a reversal within the complex, a slur a flank that nearly stops; both against the lead's own height.
NOTCH_SHARE, SLUR_SHARE = 0.04, 0.12


def basic_beat(
    torso: np.ndarray,
    p: Wave,
    p_duration: float,
    pr: float | None,
    qrs: Wave,
    qrs_duration: float,
    st_t: Wave,
    qt: float,
) -> dict[str, dict[str, float]]:
    """Sizes and durations of the waves of one beat, lead by lead.

    Parameters
    ----------
    torso : ndarray, shape (9, 3)
    p, qrs, st_t : Wave
        In fractions of their spans; `st_t` holds ST, T and U.
    p_duration, qrs_duration, qt : float
        Seconds.
    pr : float or None
        Seconds; None where no P wave leads to the beat, whose baseline is then without one.

    Returns
    -------
    dict of str to dict
        By name, then by lead; in mV against the moment before the QRS complex, or in ms. P against the line before
        it: ``p_max``, ``p_min``, ``p_end`` (lowest value of its second half), ``p_end_ms``, ``p_peaks``.
        ``pr_level``: the end of PR against the line before P. ``q``, ``r``, ``s``, ``r2``, ``s2`` (sizes, 0 where
        there is none) with ``q_ms`` and so on; ``qrs_net`` (area, mV ms), ``qrs_height`` (peak to peak), ``notches``,
        ``slurs``, ``r_flat`` (share of R's duration above 75 % of its height; a quarter for a pointed R). ``j``,
        ``st60`` (60 ms later), ``st_middle`` (half-way from J to the T wave), ``t_max``, ``t_min``, ``t_width_ms`` (at
        half height), ``t_peaks``, ``t_skew`` (time of rise over time of fall) and ``u`` (highest value after T).
    """
    times = np.arange(-0.02, max(1.6 * qt, qt + 0.1), STEP_S)
    atria = Wave(np.zeros((0, 3)), np.zeros((0, 4)), np.zeros(0)) if pr is None else p.placed(-pr, p_duration)
    beat = leads(
        torso, dipole(atria + qrs.placed(0, qrs_duration) + st_t.placed(qrs_duration, qt - qrs_duration), times)
    )
    before = beat[:, _at(times, -0.003)]
    beat = beat - before[:, None]
    found = _p_sizes(leads(torso, dipole(p.placed(0, p_duration), np.arange(-0.01, p_duration, STEP_S))))
    found["pr_level"] = dict(zip(LEADS, before, strict=True))
    complexes = beat[:, _at(times, -0.003) : _at(times, qrs_duration) + 1]
    found |= _by_lead([_qrs_sizes(row) for row in complexes])
    found |= _by_lead([_st_t_sizes(row, times, qrs_duration, qt) for row in beat])
    return {name: {lead: round(float(value), 4) for lead, value in row.items()} for name, row in found.items()}


def _at(times: np.ndarray, moment: float) -> int:
    return int(np.clip(np.searchsorted(times, moment - STEP_S / 2), 0, len(times) - 1))


def _by_lead(rows: list[dict[str, float]]) -> dict[str, dict[str, float]]:
    return {name: {lead: row[name] for lead, row in zip(LEADS, rows, strict=True)} for name in rows[0]}


def _p_sizes(waves: np.ndarray) -> dict[str, dict[str, float]]:
    rows = []
    for row in waves:
        end = row[len(row) // 2 :]
        dominant = row if row.max() >= -row.min() else -row
        rows.append(
            {
                "p_max": max(row.max(), 0.0),
                "p_min": min(row.min(), 0.0),
                "p_end": min(end.min(), 0.0),
                "p_end_ms": 1000 * STEP_S * int((end < min(0.2 * end.min(), -0.01)).sum()),
                "p_peaks": _peaks(dominant, 0.02),
            }
        )
    return _by_lead(rows)


def _qrs_sizes(row: np.ndarray) -> dict[str, float]:
    """Names and sizes of the deflections of one lead, with what breaks them."""
    names = dict.fromkeys(("q", "r", "s", "r2", "s2"), 0.0)
    lasting = dict.fromkeys((f"{name}_ms" for name in names), 0.0)
    height, notches = np.ptp(row), 0
    for start, stop in itertools.pairwise((0, *(np.flatnonzero(np.diff(np.sign(row)) != 0) + 1), len(row))):
        part = row[start:stop]
        top = int(np.argmax(np.abs(part)))
        # What is largest at its very end is the ST segment, not a deflection.
        if abs(part[top]) < LEAST_MV or start + top >= len(row) - 3:
            continue
        name = _next_name(names, part[top] > 0)
        names[name] = max(names[name], abs(part[top]))
        lasting[f"{name}_ms"] += 1000 * STEP_S * len(part)
        notches += max(_peaks(np.abs(part), max(NOTCH_SHARE * height, 0.02)) - 1, 0)
    return {
        **names,
        **lasting,
        "qrs_net": 1000 * STEP_S * row.sum(),
        "qrs_height": height,
        "notches": notches,
        "slurs": _slurs(row),
        "r_flat": float((row >= 0.75 * names["r"]).sum() * 1000 * STEP_S / lasting["r_ms"]) if names["r"] else 0.0,
    }


def _next_name(so_far: dict[str, float], upward: bool) -> str:
    if upward:
        return "r2" if so_far["s"] else "r"
    return "s2" if so_far["r2"] else "s" if so_far["r"] else "q"


def _peaks(row: np.ndarray, least: float) -> int:
    """How many peaks stand out by so many mV."""
    return len(find_peaks(np.concatenate([[0.0], row, [0.0]]), prominence=least)[0])


def _slurs(row: np.ndarray) -> int:
    """Flanks that nearly stop for a while and go on in the same direction."""
    slope = np.convolve(np.diff(row), np.ones(5) / 5, "same")
    steep = np.abs(slope).max()
    if steep == 0:
        return 0
    slurs = 0
    for part in np.split(slope, np.flatnonzero(np.diff(np.sign(slope)) != 0) + 1):
        size = np.abs(part)
        if len(size) < 12 or size.sum() < SLUR_SHARE * np.ptp(row):
            continue
        middle = int(np.argmin(size[4:-4])) + 4
        slurs += bool(size[middle] < 0.45 * min(size[:middle].max(), size[middle:].max()))
    return slurs


def _st_t_sizes(row: np.ndarray, times: np.ndarray, qrs_duration: float, qt: float) -> dict[str, float]:
    j = _at(times, qrs_duration)
    t_start, t_end = _at(times, qrs_duration + 0.3 * (qt - qrs_duration)), _at(times, qt)
    wave = row[t_start : t_end + 1]
    upright = wave.max() >= -wave.min()
    dominant = wave if upright else -wave
    peak = int(np.argmax(dominant))
    high = dominant >= dominant[peak] / 2
    first, last = _run(high, peak)
    after = row[_at(times, qt + 0.02) :]
    return {
        "j": row[j],
        "st60": row[_at(times, qrs_duration + 0.06)],
        "st_middle": row[(j + t_start) // 2],
        "t_max": max(wave.max(), 0.0),
        "t_min": min(wave.min(), 0.0),
        "t_width_ms": 1000 * STEP_S * (last - first),
        "t_peaks": _peaks(dominant, 0.02),
        "t_skew": (peak - first) / max(last - peak, 1),
        "u": max(after.max(initial=0.0), 0.0),
    }


def _run(high: np.ndarray, peak: int) -> tuple[int, int]:
    below = np.flatnonzero(~high)
    first = int(below[below < peak].max(initial=-1)) + 1
    last = int(below[below > peak].min(initial=len(high))) - 1
    return first, last
