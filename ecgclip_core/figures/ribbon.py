"""The ribbon of time-localized clusters with its uncertainty, on the time axis of the strip above it."""

from dataclasses import dataclass

import numpy as np

from ecgclip_core.figures.overlay import filled, rectangle
from ecgclip_core.figures.theme import MUTED

GAP = 3.0  # mm between strip and ribbon
CLUSTER_HEIGHT = 5.0
LEAST_SHOWN = 0.2  # of that height, for a cell that no change of the input leaves as it is
UNCERTAINTY_HEIGHT = 6.0
ROUNDING_S = 1e-6
RIBBON_HEIGHT = GAP + CLUSTER_HEIGHT + 1.0 + UNCERTAINTY_HEIGHT + 1.0


@dataclass(frozen=True)
class Ribbon:
    """The segments of one recording, as drawn.

    Attributes
    ----------
    edges : ndarray, shape (t + 1,)
        Seconds at which the cells begin and end.
    labels : ndarray of int, shape (t,)
        The likeliest cluster of each cell.
    uncertainty : ndarray, shape (t,)
        Entropy of the assignment in [0, 1].
    colours, names : list of str, length K
    robustness : ndarray, shape (t,), optional
        Share in [0, 1] of small changes of the input under which the cell keeps its cluster.
    """

    edges: np.ndarray
    labels: np.ndarray
    uncertainty: np.ndarray
    colours: list[str]
    names: list[str]
    robustness: np.ndarray | None = None

    def at(self, times: np.ndarray) -> np.ndarray:
        """The cell of each time, shape of `times`; the first or the last one outside of the recording."""
        cells = np.searchsorted(self.edges, np.asarray(times) + ROUNDING_S, side="right") - 1
        return np.clip(cells, 0, len(self.labels) - 1)


def cell_edges(times: np.ndarray, duration: float) -> np.ndarray:
    """Edges of cells from their centres (seconds, shape (t,)), shape (t + 1,), inside [0, duration]."""
    inner = (times[1:] + times[:-1]) / 2
    return np.clip(np.r_[0.0, inner, duration], 0.0, duration)


def ribbon_shapes(ribbon: Ribbon, start: float, stop: float, top: float, speed: float) -> list[dict]:
    """Coloured cells of the clusters and, below them, the uncertainty as grey columns.

    A cell is the lower, the fewer small changes of the input it survives.

    Parameters
    ----------
    ribbon : Ribbon
    start, stop : float
        The seconds of the strip above.
    top : float
        Millimetres: the lower end of that strip.
    speed : float
        mm/s.
    """
    upper = top - GAP
    lower = upper - CLUSTER_HEIGHT
    floor = lower - 1.0 - UNCERTAINTY_HEIGHT
    cells: dict[int, list[str]] = {}
    columns = []
    for left, right, label, doubt, kept in _visible(ribbon, start, stop):
        x0, x1 = (left - start) * speed, (right - start) * speed
        cells.setdefault(label, []).append(rectangle(x0, x1, lower, lower + max(kept, LEAST_SHOWN) * CLUSTER_HEIGHT))
        columns.append(rectangle(x0, x1, floor, floor + doubt * UNCERTAINTY_HEIGHT))
    frame = rectangle(0, (stop - start) * speed, floor, floor + UNCERTAINTY_HEIGHT)
    shapes = [filled(" ".join(pieces), ribbon.colours[label]) for label, pieces in cells.items()]
    return [*shapes, filled(frame, "rgba(255,255,255,0.75)"), filled(" ".join(columns), MUTED)]


def _visible(ribbon: Ribbon, start: float, stop: float):
    for k, label in enumerate(ribbon.labels):
        left, right = max(ribbon.edges[k], start), min(ribbon.edges[k + 1], stop)
        if right > left:
            kept = 1.0 if ribbon.robustness is None else float(ribbon.robustness[k])
            yield float(left), float(right), int(label), float(np.clip(ribbon.uncertainty[k], 0, 1)), kept
