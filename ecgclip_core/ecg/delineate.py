"""Where every P wave, QRS complex and T wave begins, peaks and ends, lead by lead and beat by beat."""

import numpy as np
import pandas as pd

from ecgclip_core.ecg.analysis import Analysis, Shape, analyse
from ecgclip_core.ecg.filters import WORKING_RATE, band
from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.ecg.recording import ECG
from ecgclip_core.ecg.templates import lead_scale
from ecgclip_core.ecg.waves import Marks

COLUMNS = ("lead", "beat", "wave", "onset_s", "peak_s", "offset_s")
LONE_P_WIDTH = 0.11  # s
_SLOW = 20.0  # Hz; P and T waves hold little above
_P_ROAMS, _T_ROAMS = 0.040, 0.060  # s, by which a wave of one beat may stand off from that of the median beat
_P_LIKE, _T_LIKE = 0.45, 0.45  # correlation over all leads from which a beat has the wave
_STRANGE_P_LIKE = 0.80  # the same before a beat of another shape, whose P wave may stand anywhere


def delineate(ecg: ECG) -> pd.DataFrame:
    """Boundaries of every wave.

    Beats of one shape are drawn on their median, in which noise has gone, and each wave of each beat is then moved
    to where it matches best over all leads. A wave that does not match is not there: nothing is invented.

    Parameters
    ----------
    ecg : ECG

    Returns
    -------
    DataFrame
        Columns `lead`, `beat` (0 for the first beat, as in ``r_peaks``; -1 for a P wave that leads to none),
        `wave` ("P", "QRS" or "T"), `onset_s`, `peak_s`, `offset_s` in seconds from the start of the recording.
        Without rows where there are no beats.
    """
    found = analyse(ecg)
    rows: list[tuple] = []
    for beat, (p_shift, t_shift) in enumerate(wave_shifts(found)):
        rows += _beat_rows(found, beat, p_shift, t_shift, ecg.duration)
    rows += _lone_p_rows(found, ecg.duration)
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.astype({"beat": "int64", "onset_s": float, "peak_s": float, "offset_s": float})


def wave_shifts(found: Analysis) -> list[tuple[int | None, int | None]]:
    """For each beat, how far its P wave and its T wave stand from their places in the median beat.

    Returns
    -------
    list of (int or None, int or None)
        Samples, later ones positive; None where the beat has no such wave.
    """
    if not found.shapes:
        return []
    slow = band(found.x, None, _SLOW) / lead_scale(found.x)
    slow[~found.copy.usable] = 0.0
    usual = found.shapes[0]
    shifts = []
    for beat, number in enumerate(found.group):
        shape, p, t = found.shapes[number], None, None
        if shape.t is not None:
            t = _shift(found, slow, shape, shape.t, beat, _T_ROAMS, _T_LIKE)
        if found.conducted and usual.p is not None:
            p = _shift(found, slow, usual, usual.p, beat, _P_ROAMS, _P_LIKE if number == 0 else _STRANGE_P_LIKE)
        shifts.append((p, t))
    return shifts


def _beat_rows(found: Analysis, beat: int, p_shift: int | None, t_shift: int | None, duration: float) -> list[tuple]:
    r, shape = found.r[beat], found.shapes[found.group[beat]]
    rows = _rows("QRS", shape.qrs, r, 0, beat, duration)
    if t_shift is not None:
        rows += _rows("T", shape.t, r, t_shift, beat, duration)
    if p_shift is not None:
        rows += _rows("P", found.shapes[0].p, r, p_shift, beat, duration)
    return rows


def _lone_p_rows(found: Analysis, duration: float) -> list[tuple]:
    """P waves that lead to no beat or to one after varying times; one width for all, since no median lines them up."""
    if found.alone is not None:
        lone = [(-1, at) for at in found.alone.times]
    elif found.varying:
        lone = list(zip(found.train.beat[found.train.seen], found.train.times[found.train.seen], strict=True))
    else:
        lone = [(-1, at) for at in found.dropped]
    half = LONE_P_WIDTH / 2
    return [
        (lead, beat, "P", at - half, at, at + half)
        for beat, at in lone
        for lead, usable in zip(LEADS, found.copy.usable, strict=True)
        if usable and at >= half and at + half < duration
    ]


def _rows(wave: str, marks: Marks, r: int, shift: int, beat: int, duration: float) -> list[tuple]:
    at = (r + shift) / WORKING_RATE
    rows = []
    for lead, on, peak, off in zip(LEADS, marks.onset + at, marks.peak + at, marks.offset + at, strict=True):
        if on >= 0 and off < duration:  # also false for NaN
            rows.append((lead, beat, wave, on, peak, off))
    return rows


def _shift(
    found: Analysis, slow: np.ndarray, shape: Shape, marks: Marks, beat: int, roam: float, like: float
) -> int | None:
    """How far the wave of this beat stands from its place in the median beat, in samples; None where it is not."""
    on, _, off = marks.together
    first, last = (round(s * WORKING_RATE) for s in (on - 0.01, off + 0.01))
    slack = round(roam * WORKING_RATE)
    members = found.r[found.group == found.group[beat]] if shape is not found.shapes[0] else found.r[found.group == 0]
    r = found.r[beat]
    start, stop = r + first - slack, r + last + slack
    if start < 0 or stop > slow.shape[1] or last - first < 10:
        return _edge_of_recording(slow, r, first, last)
    inside = members[(members + first >= 0) & (members + last <= slow.shape[1])]
    if not len(inside):
        return None
    model = np.median([slow[:, m + first : m + last : 4] for m in inside], axis=0)
    lags = range(-slack, slack + 1, 2)
    model = _straightened(model)
    best, best_likeness = None, like
    for lag in lags:
        piece = _straightened(slow[:, r + lag + first : r + lag + last : 4])
        likeness = float((piece * model).sum() / (np.linalg.norm(piece) * np.linalg.norm(model) + 1e-12))
        likeness -= 0.1 * abs(lag) / max(slack, 1)  # of two equal places the usual one
        if likeness > best_likeness:
            best, best_likeness = lag, likeness
    return best


def _edge_of_recording(slow: np.ndarray, r: int, first: int, last: int) -> int | None:
    return 0 if r + first >= 0 and r + last <= slow.shape[1] else None


def _straightened(piece: np.ndarray) -> np.ndarray:
    ramp = np.linspace(0, 1, piece.shape[1])
    return piece - (piece[:, :1] * (1 - ramp) + piece[:, -1:] * ramp)
