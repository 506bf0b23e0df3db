"""The median beat of every lead on ECG paper, with where its waves begin and end."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.figures import theme
from ecgclip_core.figures.overlay import filled, rectangle
from ecgclip_core.figures.paper import UNSCALED_HEIGHT, sheet

COLUMNS = 6
ROW_HEIGHT = 32.0
GAP = 4.0
TOP = 6.0


def median_beat_figure(
    signal: np.ndarray,
    times: np.ndarray,
    marks: dict,
    calibrated: bool = True,
    speed: float = 50.0,
    gain: float = 10.0,
    leads: Sequence[str] = LEADS,
) -> go.Figure:
    """The leads in rows of six.

    Parameters
    ----------
    signal : ndarray, shape (12, m)
        The median beat, mV where `calibrated`.
    times : ndarray, shape (m,)
        Seconds from the R peak.
    marks : dict
        ``"P"``, ``"QRS"``, ``"T"`` to (onset, peak, offset) in seconds from the R peak, or None where it is absent.
    calibrated : bool
    speed, gain : float
        mm/s and mm/mV.
    leads : sequence of str
        Those to draw.
    """
    width = (times[-1] - times[0]) * speed + GAP
    finite = [row[np.isfinite(row)] for row in signal]
    tallest = max((np.ptp(row) for row in finite if len(row)), default=1.0) or 1.0
    scale = gain if calibrated else UNSCALED_HEIGHT / tallest
    traces, texts, bands = [], [], {wave: [] for wave in ("P", "QRS", "T")}
    for index, lead in enumerate(leads):
        column, row = index % COLUMNS, index // COLUMNS
        x0, y = column * width, -(row + 0.5) * ROW_HEIGHT
        for wave, edges in marks.items():
            if edges is not None and wave in bands:
                left, right = (x0 + (edges[k] - times[0]) * speed for k in (0, 2))
                bands[wave].append(rectangle(left, right, y - 0.46 * ROW_HEIGHT, y + 0.46 * ROW_HEIGHT))
        traces.append(_trace(lead, signal[LEADS.index(lead)], times, x0, y, speed, scale, calibrated))
        texts.append(
            {
                "x": x0 + 1,
                "y": y + 0.4 * ROW_HEIGHT,
                "text": f"<b>{lead}</b>",
                "showarrow": False,
                "xanchor": "left",
                "font": {"size": theme.SIZE_SMALL, "color": theme.INK},
            }
        )
    for wave, edges in marks.items():
        if edges is not None and wave in bands:
            texts.append(_wave_label(wave, (edges[0] + edges[2]) / 2 - times[0], speed))
    shapes = [
        filled(" ".join(pieces), theme.WAVE_HUES[wave][0]) | {"opacity": 0.55}
        for wave, pieces in bands.items()
        if pieces
    ]
    amplitude = f"{gain:g} mm/mV" if calibrated else "amplitude not calibrated"
    bottom = (-len(leads) // COLUMNS) * ROW_HEIGHT
    texts.append(
        {
            "x": 0,
            "y": bottom - 3,
            "text": f"{speed:g} mm/s  ·  {amplitude}",
            "showarrow": False,
            "xanchor": "left",
            "font": {"size": theme.SIZE_SMALL, "color": theme.INK},
        }
    )
    figure = go.Figure(traces)
    figure.update_layout(
        **sheet([-2, COLUMNS * width], [bottom - 6, TOP]),
        dragmode="pan",
        shapes=shapes,
        annotations=texts,
    )
    return figure


def _trace(lead, values, times, x0, y, speed, scale, calibrated) -> go.Scatter:
    before = values[times < times[0] + 0.04]
    level = np.nanmedian(before) if np.isfinite(before).any() else 0.0
    columns = [times * 1000] + ([values] if calibrated else [])
    return go.Scatter(
        x0=x0,
        dx=(times[1] - times[0]) * speed,
        y=((values - level) * scale + y).astype(np.float32),
        customdata=np.stack(columns, axis=1).astype(np.float32),
        hovertemplate=f"<b>{lead}</b>  %{{customdata[0]:.0f}} ms from R"
        + ("  %{customdata[1]:.2f} mV" if calibrated else "")
        + "<extra></extra>",
        mode="lines",
        line={"color": theme.TRACE, "width": 1.3},
        name=lead,
    )


def _wave_label(wave: str, seconds: float, speed: float) -> dict:
    return {
        "x": seconds * speed,
        "y": 3,
        "text": wave,
        "showarrow": False,
        "xanchor": "center",
        "font": {"size": theme.SIZE_SMALL, "color": theme.WAVE_HUES[wave][1]},
    }
