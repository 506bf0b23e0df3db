"""Data-efficiency curves: a measure against the share of the labels that taught, one line a model."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from ecgclip_core.figures import theme

HEIGHT = 420
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x", "cross")
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
# Lines stand beside each other at a share, so that their intervals can be told apart.
APART = 1.06


def efficiency_figure(points: pd.DataFrame, heading: str) -> go.Figure:
    """Lines with interval bars over a logarithmic axis of shares.

    Parameters
    ----------
    points : DataFrame
        ``model, fraction`` (in (0, 1]), ``recordings`` (that taught), ``value, low, high``; the first model is
        drawn strongest.
    heading : str
        What the measure is called.
    """
    figure = go.Figure()
    models = list(dict.fromkeys(points["model"]))
    for number, name in enumerate(models):
        own = points[points["model"] == name].sort_values("fraction")
        colour = theme.CATEGORIES[number % len(theme.CATEGORIES)]
        shift = APART ** (number - (len(models) - 1) / 2)
        figure.add_trace(
            go.Scatter(
                x=own["fraction"] * shift,
                y=own["value"],
                name=name,
                mode="lines+markers",
                line={"color": colour, "width": 3 if number == 0 else 1.8, "dash": DASHES[number % len(DASHES)]},
                marker={"symbol": SYMBOLS[number % len(SYMBOLS)], "size": 10, "color": colour},
                error_y={
                    "type": "data",
                    "symmetric": False,
                    "array": own["high"] - own["value"],
                    "arrayminus": own["value"] - own["low"],
                    "color": colour,
                    "thickness": 1.5,
                    "width": 4,
                },
                customdata=np.stack([own["low"], own["high"], own["recordings"], 100 * own["fraction"]], axis=1),
                hovertemplate=f"<b>{name}</b><br>{heading} %{{y:.3f}} [%{{customdata[0]:.3f}}, %{{customdata[1]:.3f}}]"
                "<br>%{customdata[3]:g} % of the labels, %{customdata[2]:,} recordings<extra></extra>",
            )
        )
    shares = points.drop_duplicates("fraction").sort_values("fraction")
    figure.update_layout(
        template=theme.template(),
        height=HEIGHT,
        margin={"l": 8, "r": 16, "t": 12, "b": 8},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "font": {"size": theme.SIZE}},
        xaxis={
            "type": "log",
            "tickvals": list(shares["fraction"]),
            "ticktext": [f"{100 * row.fraction:g} %<br>{row.recordings:,.0f}" for row in shares.itertuples()],
            "title": {"text": "share of the labels, and recordings that taught"},
            "fixedrange": True,
        },
        yaxis={"title": {"text": heading}, "tickformat": ".2f", "fixedrange": True},
        hovermode="closest",
        dragmode=False,
    )
    return figure
