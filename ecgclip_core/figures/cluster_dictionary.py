"""The cluster dictionary: what each cluster looks like, where in the beat it lives, how sure its assignments are."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from ecgclip_core.figures import theme
from ecgclip_core.figures.overlay import filled, rectangle

COLUMNS = 8
CELL = 100.0  # figure units a cell is wide; the same number high
PLOT = (8.0, 92.0, 33.0, 73.0)  # left, right, bottom, top of the waveform inside a cell
BEAT = (8.0, 92.0, 8.0, 26.0)  # the same for the histogram over the beat


def dictionary_height(clusters: int, width_px: int = 1320) -> int:
    """Pixels that keep the cells square at a usual page width."""
    return round(-(-clusters // COLUMNS) * width_px / COLUMNS)


def cluster_dictionary(
    waveforms: np.ndarray,
    times: np.ndarray,
    positions: np.ndarray,
    names: Sequence[str],
    notes: Sequence[str],
    colours: Sequence[str],
    leads: Sequence[str],
) -> go.Figure:
    """Small multiples, one cell a cluster.

    Parameters
    ----------
    waveforms : ndarray, shape (K, L, m)
        Mean waveform around the moments assigned to each cluster, in the leads named; one amplitude scale for all.
    times : ndarray, shape (m,)
        Seconds from the middle of the moment.
    positions : ndarray, shape (K, b)
        How often the cluster occurs in each part of the beat, from R peak to R peak; each drawn to its own height.
    names, notes, colours : sequence, length K
        Title, the line below it, colour.
    leads : sequence of str, length L
        The first is drawn dark, the others lighter.
    """
    count = len(waveforms)
    rows = -(-count // COLUMNS)
    finite = waveforms[np.isfinite(waveforms)]
    low, high = (float(v) for v in np.percentile(finite, [0.2, 99.8])) if len(finite) else (0.0, 1.0)
    shapes, texts, traces = [], [], []
    for k in range(count):
        x0, y0 = (k % COLUMNS) * CELL, (rows - 1 - k // COLUMNS) * CELL
        left, right, bottom, top = x0 + PLOT[0], x0 + PLOT[1], y0 + PLOT[2], y0 + PLOT[3]
        shapes.append(_card(x0, y0))
        shapes.append(
            filled(_histogram(positions[k] / max(np.nanmax(positions[k], initial=0), 1e-9), x0, y0), colours[k])
        )
        shapes.append(_rule(x0 + BEAT[0], x0 + BEAT[1], y0 + BEAT[2]))
        middle = left + (0 - times[0]) / (times[-1] - times[0]) * (right - left)
        shapes.append(
            filled(rectangle(middle - 2.2, middle + 2.2, bottom - 1.5, top + 1.5), colours[k]) | {"opacity": 0.35}
        )
        for index in reversed(range(len(leads))):
            traces.append(
                go.Scatter(
                    x=(left + (times - times[0]) / (times[-1] - times[0]) * (right - left)).astype(np.float32),
                    y=(bottom + np.clip((waveforms[k, index] - low) / (high - low), 0, 1) * (top - bottom)).astype(
                        np.float32
                    ),
                    mode="lines",
                    line={"color": theme.TRACE if index == 0 else "#9AA6B1", "width": 1.4 if index == 0 else 1.0},
                    customdata=np.full(len(times), k, dtype=np.int32),
                    hovertext=f"<b>{names[k]}</b>, lead {leads[index]}<br>{notes[k]}",
                    hoverinfo="text",
                    name=leads[index],
                    legendgroup=leads[index],
                    showlegend=k == 0,
                )
            )
        texts.append(theme.words(x0 + 6, y0 + 91, f"<b>{names[k]}</b>"))
        texts.append(theme.words(x0 + 6, y0 + 82.5, notes[k], font={"color": theme.MUTED}))
    bare = {"showgrid": False, "showticklabels": False, "showline": False, "fixedrange": True, "title": None}
    figure = go.Figure(traces)
    figure.update_layout(
        template=theme.template(),
        shapes=shapes,
        annotations=texts,
        margin={"l": 0, "r": 0, "t": 26, "b": 0},
        xaxis=bare | {"range": [0, COLUMNS * CELL]},
        yaxis=bare | {"range": [0, rows * CELL]},
        hovermode="closest",
        dragmode=False,
        legend={"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom", "traceorder": "reversed"},
    )
    return figure


def _card(x0: float, y0: float) -> dict:
    return {
        "type": "rect",
        "x0": x0 + 2,
        "x1": x0 + CELL - 2,
        "y0": y0 + 2,
        "y1": y0 + CELL - 2,
        "line": {"color": theme.LINE, "width": 1},
        "fillcolor": theme.BACKGROUND,
        "layer": "below",
    }


def _rule(x0: float, x1: float, y: float) -> dict:
    line = {"color": theme.LINE, "width": 1}
    return {"type": "line", "x0": x0, "x1": x1, "y0": y, "y1": y, "line": line, "layer": "between"}


def _histogram(heights: np.ndarray, x0: float, y0: float) -> str:
    width = (BEAT[1] - BEAT[0]) / len(heights)
    return " ".join(
        rectangle(
            x0 + BEAT[0] + j * width,
            x0 + BEAT[0] + (j + 0.9) * width,
            y0 + BEAT[2],
            y0 + BEAT[2] + float(np.nan_to_num(height)) * (BEAT[3] - BEAT[2]),
        )
        for j, height in enumerate(heights)
    )
