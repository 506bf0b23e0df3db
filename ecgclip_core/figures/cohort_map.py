"""A cohort in the plane: one point a recording."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from ecgclip_core.figures import theme

SVG_UP_TO = 4000  # points; without a GPU a selection takes 11 s in WebGL and 0.7 s in SVG
OTHERS = "others"


def cohort_map(
    coordinates: np.ndarray,
    hover: Sequence[str],
    colour: Sequence,
    title: str,
    own: tuple[float, float, float] | None = None,
    lasso: bool = False,
) -> go.Figure:
    """Points coloured by words or by numbers.

    Parameters
    ----------
    coordinates : ndarray, shape (n, 2)
    hover : sequence of str, length n
    colour : sequence, length n
        Words (at most eight kinds beside `OTHERS`, which is grey and lies below) or numbers (NaN is grey).
    title : str
        What the colour means, with its unit.
    own : (x, y, spread), optional
        The recording in hand and the radius within which it could as well lie.
    lasso : bool
        Whether dragging draws a lasso; otherwise it moves the map, and a click picks a point.

    Returns
    -------
    plotly.graph_objects.Figure
        ``customdata`` of every point is its row.
    """
    coordinates = np.asarray(coordinates, dtype=np.float32)
    words = np.asarray(hover, dtype=object)
    points = go.Scatter if len(coordinates) <= SVG_UP_TO else go.Scattergl
    numbers = _numbers(colour)
    groups = _by_value(numbers, title) if numbers is not None else _by_word(np.asarray(colour, dtype=object))
    figure = go.Figure()
    for name, rows, marker in groups:
        figure.add_trace(
            points(
                x=coordinates[rows, 0],
                y=coordinates[rows, 1],
                mode="markers",
                marker={"size": 7, "line": {"width": 0.5, "color": theme.BACKGROUND}} | marker,
                customdata=rows.astype(np.int32),
                hovertext=words[rows],
                hoverinfo="text",
                name=name,
                showlegend=numbers is None,
                selected={"marker": {"opacity": 1}},
                unselected={"marker": {"opacity": 0.18}},
            )
        )
    shapes = []
    if own is not None:
        x, y, spread = own
        shapes = [
            {
                "type": "circle",
                "x0": x - spread,
                "x1": x + spread,
                "y0": y - spread,
                "y1": y + spread,
                "line": {"color": theme.INK, "width": 1.2, "dash": "dot"},
                "fillcolor": "rgba(23,35,46,0.06)",
            }
        ]
        figure.add_trace(
            go.Scatter(
                x=[x],
                y=[y],
                mode="markers+text",
                marker={"symbol": "x-thin", "size": 14, "line": {"color": theme.INK, "width": 3}},
                text=["  this recording"],
                textposition="middle right",
                textfont={"size": theme.SIZE, "color": theme.INK},
                hovertext=f"This recording, somewhere within {spread:.2g} map units",
                hoverinfo="text",
                name="this recording",
                showlegend=False,
            )
        )
    bare = {"showticklabels": False, "showgrid": False, "title": None, "showline": False}
    figure.update_layout(
        template=theme.template(),
        plot_bgcolor=theme.SURFACE,
        dragmode="lasso" if lasso else "pan",
        shapes=shapes,
        hovermode="closest",
        margin={"l": 0, "r": 0, "t": 30, "b": 0},
        legend={
            "title": {"text": f"{title}  "},
            "itemsizing": "constant",
            "orientation": "h",
            "x": 0,
            "y": 1.01,
            "yanchor": "bottom",
        },
        xaxis=bare,
        yaxis=bare | {"scaleanchor": "x"},
        uirevision="map",
    )
    return figure


def _numbers(colour: Sequence) -> np.ndarray | None:
    try:
        return np.asarray(colour, dtype=np.float64)
    except (TypeError, ValueError):
        return None


def _by_word(words: np.ndarray):
    kinds = [OTHERS] * (OTHERS in words) + sorted(set(words) - {OTHERS})
    hues = iter(theme.CATEGORIES * (1 + len(kinds) // len(theme.CATEGORIES)))
    for kind in kinds:
        marker = {"color": "#C3CBD2", "opacity": 0.55} if kind == OTHERS else {"color": next(hues), "opacity": 0.85}
        yield kind, np.flatnonzero(words == kind), marker


def _by_value(values: np.ndarray, title: str):
    known = np.isfinite(values)
    if (~known).any():
        yield "not measurable", np.flatnonzero(~known), {"color": "#C3CBD2", "opacity": 0.5}
    if not known.any():
        return
    low, high = np.percentile(values[known], [1, 99])
    yield (
        title,
        np.flatnonzero(known),
        {
            "color": values[known].astype(np.float32),
            "colorscale": [[k / (len(theme.SEQUENTIAL) - 1), hue] for k, hue in enumerate(theme.SEQUENTIAL)],
            "cmin": float(low),
            "cmax": float(max(high, low + 1e-9)),
            "opacity": 0.9,
            "colorbar": {
                "title": {"text": title, "side": "right", "font": {"size": theme.SIZE_SMALL}},
                "thickness": 10,
                "outlinewidth": 0,
                "len": 0.6,
            },
        },
    )
