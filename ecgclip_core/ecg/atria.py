"""What the atria do: whether there are P waves, and whether the ventricles follow them."""

import numpy as np

from ecgclip_core.ecg.filters import band
from ecgclip_core.ecg.templates import cut, lead_scale
from ecgclip_core.ecg.waves import Marks, samples

P_BAND = (1.0, 15.0)  # Hz; a P wave holds little above


def p_segments(x: np.ndarray, usable: np.ndarray, r: np.ndarray, p: Marks) -> np.ndarray:
    """Where the P wave should be, beat by beat, with the line between the ends taken away.

    Returns
    -------
    ndarray, shape (k, leads * m)
        Leads scaled alike; NaN in beats too near to the edge of the recording.
    """
    on, _, off = p.together
    slow = band(x[usable], None, P_BAND[1]) / lead_scale(x[usable])
    first, last = samples(on - 0.010), samples(off + 0.010)
    pieces = cut(slow, r + first, 0, max(last - first, samples(0.06)))
    ramp = np.linspace(0, 1, pieces.shape[2])
    pieces = pieces - (pieces[:, :, :1] * (1 - ramp) + pieces[:, :, -1:] * ramp)
    return pieces[:, :, ::4].reshape(len(r), -1)


def agreement(pieces: np.ndarray) -> float:
    """Share of the power of some pieces that they have in common (intraclass correlation), at most 1.

    Near 0 where each beat has something else before it, as in atrial fibrillation; 1 where all are alike.
    """
    pieces = pieces[np.isfinite(pieces).all(axis=1)]
    k = len(pieces)
    if k < 2:
        return float("nan")
    power = (pieces**2).sum(axis=1).mean()
    common = ((pieces.sum(axis=0) ** 2).sum() - (pieces**2).sum()) / (k * (k - 1))
    return float(common / (power + 1e-12))


def p_wave_score(pieces: np.ndarray, r: np.ndarray) -> float:
    """Whether the beats are preceded by P waves: positive for yes, in logits.

    Three things speak: that all beats have the same hump, that the rhythm is not irregular throughout, and that the
    hump is not lost in the line. Weights fitted on recordings of PTB-XL (folds 1-8) with and without atrial
    fibrillation or flutter, and on LUDB.

    Parameters
    ----------
    pieces : ndarray, shape (k, m)
        From `p_segments`.
    r : ndarray of int
        All R peaks, samples.
    """
    pieces = pieces[np.isfinite(pieces).all(axis=1)]
    if not len(pieces):
        return -np.inf
    alike = agreement(pieces) if len(pieces) > 1 else 0.6
    height = np.sqrt((np.median(pieces, axis=0) ** 2).mean())
    irregular = 0.03
    if len(r) > 3:
        rr = np.diff(r)
        irregular = np.median(np.abs(np.diff(rr))) / np.median(rr)
    return float(4.6 * alike - 12.6 * min(irregular, 0.25) + 0.45 * np.log(height + 1e-6) - 0.48)
