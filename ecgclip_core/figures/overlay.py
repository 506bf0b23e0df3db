"""What is laid behind the traces: bands of attribution, one colour scale for all leads."""

import numpy as np

from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.figures.layouts import Panel
from ecgclip_core.figures.theme import AGAINST_TINTS, FOR_TINTS, mix

BAND_SECONDS = 0.040
LEVELS = 6
OPACITY = 0.85  # the grid stays readable through the strongest band
SCALE_PERCENTILE = 99.0


def bands(values: np.ndarray, sampling_rate: float) -> np.ndarray:
    """Attribution averaged over bands of 40 ms.

    Parameters
    ----------
    values : ndarray, shape (12, n)
        On the samples of the recording; NaN counts as nothing.
    sampling_rate : float
        Hz.

    Returns
    -------
    ndarray, shape (12, b)
        Band k covers the seconds from 0.04 k to 0.04 (k + 1).
    """
    values = np.nan_to_num(np.asarray(values, dtype=np.float64))
    samples = np.arange(values.shape[1])
    band = np.floor(samples / sampling_rate / BAND_SECONDS + 1e-9).astype(int)
    count = np.maximum(np.bincount(band), 1)
    return np.stack([np.bincount(band, weights=row) / count for row in values])


def strength(banded: np.ndarray) -> np.ndarray:
    """Bands as shares of one scale for all leads, from -1 to 1.

    The scale ends at the 99th percentile of the absolute values above zero, so that one extreme band does not wash
    out the rest.
    """
    some = np.abs(banded[banded != 0])
    return np.clip(banded / np.percentile(some, SCALE_PERCENTILE), -1, 1) if len(some) else np.zeros(banded.shape)


def levels(banded: np.ndarray) -> np.ndarray:
    """Signed steps of colour from -`LEVELS` to `LEVELS` on the scale of `strength`; the weakest are 0."""
    shares = strength(banded)
    steps = np.floor(np.abs(shares) * (LEVELS + 0.999)).astype(int)
    return np.sign(shares).astype(int) * np.minimum(steps, LEVELS)


def level_colour(level: int) -> str:
    """The colour of one step, from a tint to a strong colour on which a black trace keeps a contrast above 7."""
    return mix(*(FOR_TINTS if level > 0 else AGAINST_TINTS), (abs(level) - 1) / (LEVELS - 1))


def saliency_shapes(values: np.ndarray, sampling_rate: float, panels: list[Panel], speed: float) -> list[dict]:
    """One Plotly shape for each step of colour, behind the traces.

    Parameters
    ----------
    values : ndarray, shape (12, n)
        Attribution on the samples of the recording; positive speaks for the answer.
    sampling_rate : float
        Hz.
    panels : list of Panel
    speed : float
        mm/s.
    """
    steps = levels(bands(values, sampling_rate))
    paths: dict[int, list[str]] = {}
    for panel in panels:
        row = steps[LEADS.index(panel.lead)]
        half = 0.46 * panel.row_height
        first = int(np.floor(panel.start / BAND_SECONDS + 1e-9))
        last = min(len(row), int(np.ceil(panel.stop / BAND_SECONDS - 1e-9)))
        for begin, end, level in _runs(row[first:last]):
            left = max((first + begin) * BAND_SECONDS, panel.start)
            right = min((first + end) * BAND_SECONDS, panel.stop)
            if level:
                paths.setdefault(level, []).append(
                    rectangle(
                        panel.x + (left - panel.start) * speed,
                        panel.x + (right - panel.start) * speed,
                        panel.y - half,
                        panel.y + half,
                    )
                )
    return [
        filled(" ".join(pieces), level_colour(level)) | {"opacity": OPACITY} for level, pieces in sorted(paths.items())
    ]


def rectangle(x0: float, x1: float, y0: float, y1: float) -> str:
    """A rectangle as an SVG path."""
    return f"M{x0:.2f},{y0:.2f}L{x1:.2f},{y0:.2f}L{x1:.2f},{y1:.2f}L{x0:.2f},{y1:.2f}Z"


def filled(path: str, colour: str) -> dict:
    """A Plotly shape that fills a path, over the grid and behind every trace."""
    return {"type": "path", "path": path, "fillcolor": colour, "line": {"width": 0}, "layer": "between"}


def _runs(values: np.ndarray) -> list[tuple[int, int, int]]:
    """Stretches of equal values as (begin, end, value)."""
    if not len(values):
        return []
    edges = np.flatnonzero(np.diff(values)) + 1
    begins, ends = np.r_[0, edges], np.r_[edges, len(values)]
    return [(int(b), int(e), int(values[b])) for b, e in zip(begins, ends, strict=True)]
