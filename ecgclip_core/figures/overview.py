"""A whole recording in one strip, with the seconds in view marked."""

import numpy as np
import plotly.graph_objects as go

from ecgclip_core.ecg.recording import ECG
from ecgclip_core.figures import theme

MOST_COLUMNS = 900  # pairs of lowest and highest value; more than pixels are of no use


def overview(ecg: ECG, lead: str, start: float, stop: float) -> go.Figure:
    """One lead over the whole recording.

    Parameters
    ----------
    ecg : ECG
    lead : str
    start, stop : float
        Seconds in view.

    Returns
    -------
    plotly.graph_objects.Figure
        Seconds in x; without a scale in y, since it is for finding one's place.
    """
    times, values = envelope(ecg.lead(lead), ecg.sampling_rate)
    figure = go.Figure(
        go.Scatter(x=times, y=values, mode="lines", line={"color": theme.TRACE, "width": 0.8}, hoverinfo="skip")
    )
    marked = {"type": "rect", "xref": "x", "yref": "paper", "x0": start, "x1": stop, "y0": 0, "y1": 1}
    figure.update_layout(
        template=theme.template(),
        paper_bgcolor=theme.PAPER,
        plot_bgcolor=theme.PAPER,
        margin={"l": 8, "r": 8, "t": 2, "b": 18},
        showlegend=False,
        xaxis={"range": [0, ecg.duration], "ticksuffix": " s", "showgrid": False, "nticks": 12},
        yaxis={"visible": False},
        shapes=[
            marked | {"fillcolor": theme.FOR_TINTS[0], "line": {"color": theme.ACCENT, "width": 1.5}, "layer": "below"}
        ],
    )
    return figure


def envelope(values: np.ndarray, sampling_rate: float) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest value of up to `MOST_COLUMNS` stretches, in turn, so that no beat and no spike is lost.

    Parameters
    ----------
    values : ndarray, shape (n,)
        NaN where there is a gap.
    sampling_rate : float
        Hz.

    Returns
    -------
    times, values : ndarray
        Seconds and values; NaN where a whole stretch is a gap.
    """
    edges = np.linspace(0, len(values), min(MOST_COLUMNS, len(values)) + 1).astype(int)
    low, high = (
        reduce(np.where(np.isnan(values), worst, values), edges[:-1])
        for reduce, worst in ((np.minimum.reduceat, np.inf), (np.maximum.reduceat, -np.inf))
    )
    pairs = np.stack([low, high], axis=1).astype(np.float32)
    times = (edges[:-1] + edges[1:]) / 2 / sampling_rate
    return np.repeat(times, 2).astype(np.float32), np.where(np.isfinite(pairs), pairs, np.nan).reshape(-1)
