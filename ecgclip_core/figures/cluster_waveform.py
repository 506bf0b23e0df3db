"""The mean waveform of one cluster in all twelve leads."""

import numpy as np
import plotly.graph_objects as go

from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.figures import theme
from ecgclip_core.figures.overlay import filled, rectangle
from ecgclip_core.figures.paper import sheet

COLUMNS = 6
ROW_HEIGHT = 24.0
SPEED = 50.0  # mm/s
GAIN = 20.0  # mm/mV; a mean over moments that jitter is lower than any one of its waves
GAP = 4.0


def cluster_waveform(waveforms: np.ndarray, times: np.ndarray, colour: str) -> go.Figure:
    """Twelve leads in two rows on ECG paper, the moment itself tinted.

    Parameters
    ----------
    waveforms : ndarray, shape (12, m)
        mV; NaN is left out.
    times : ndarray, shape (m,)
        Seconds from the moment.
    colour : str
        Of the cluster.
    """
    width = float(times[-1] - times[0]) * SPEED + GAP
    traces, texts, moments = [], [], []
    for index, (lead, row) in enumerate(zip(LEADS, waveforms, strict=True)):
        x0, y = (index % COLUMNS) * width, -(index // COLUMNS + 0.5) * ROW_HEIGHT
        middle = x0 - float(times[0]) * SPEED
        moments.append(rectangle(middle - 1, middle + 1, y - 0.45 * ROW_HEIGHT, y + 0.45 * ROW_HEIGHT))
        traces.append(
            go.Scatter(
                x=(x0 + (times - times[0]) * SPEED).astype(np.float32),
                y=(row * GAIN + y).astype(np.float32),
                customdata=np.stack([times * 1000, row], axis=1).astype(np.float32),
                hovertemplate=f"<b>{lead}</b>  %{{customdata[0]:.0f}} ms  %{{customdata[1]:.2f}} mV<extra></extra>",
                mode="lines",
                line={"color": theme.TRACE, "width": 1.3},
                name=lead,
            )
        )
        label = {"size": theme.SIZE_SMALL, "color": theme.INK}
        texts.append(
            {"x": x0 + 1, "y": y + 0.38 * ROW_HEIGHT, "text": f"<b>{lead}</b>", "showarrow": False, "font": label}
        )
    bottom = -2 * ROW_HEIGHT
    scale = f"{SPEED:g} mm/s  ·  {GAIN:g} mm/mV  ·  0.5 to 40 Hz"
    texts.append(
        {
            "x": 0,
            "y": bottom - 3,
            "text": scale,
            "showarrow": False,
            "xanchor": "left",
            "font": {"size": theme.SIZE_SMALL, "color": theme.MUTED},
        }
    )
    figure = go.Figure(traces)
    figure.update_layout(
        **sheet([-2, COLUMNS * width], [bottom - 6, 3]),
        dragmode=False,
        shapes=[filled(" ".join(moments), colour) | {"opacity": 0.4}],
        annotations=texts,
    )
    return figure
