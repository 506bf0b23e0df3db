"""The reliability curve: how often answers came true against how likely they were said to be."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from ecgclip_core.figures import theme

LOW_END = 0.1  # most findings are rare, so that most answers lie below
MARGIN = 0.03  # of the range drawn, so that points on its edge are whole


def reliability_figure(bins: Sequence[dict]) -> go.Figure:
    """Two panels of the same points: the whole range, and the low end where most answers lie.

    Parameters
    ----------
    bins : sequence of dict
        ``probability`` (mean of what was said), ``observed`` (share that came true) and ``answers`` (how many), each
        bin equally filled.
    """
    said, observed, counts = (np.array([one[key] for one in bins]) for key in ("probability", "observed", "answers"))
    figure = go.Figure()
    heads = []
    for axis, (left, end, heading) in {
        "": (0.0, 1.0, "All answers"),
        "2": (0.55, LOW_END, f"Answers up to {LOW_END:.0%}, closer"),
    }.items():
        figure.add_trace(_diagonal(end, axis))
        figure.add_trace(_points(said, observed, counts, axis))
        limits = [-MARGIN * end, (1 + MARGIN) * end]
        common = {"range": limits, "tickformat": ".0%", "nticks": 6, "fixedrange": True}
        domain = [left, left + 0.45]
        figure.layout[f"xaxis{axis}"] = common | {"domain": domain, "anchor": f"y{axis}", "title": "said"}
        figure.layout[f"yaxis{axis}"] = common | {"anchor": f"x{axis}", "title": "came true"}
        heads.append(
            theme.words(
                left, 1.0, f"<b>{heading}</b>", xref="paper", yref="paper", yshift=16, font={"size": theme.SIZE}
            )
        )
    figure.update_layout(
        template=theme.template(),
        annotations=heads,
        margin={"l": 8, "r": 8, "t": 34, "b": 8},
        hovermode="closest",
        dragmode=False,
        showlegend=False,
    )
    return figure


def _diagonal(end: float, axis: str) -> go.Scatter:
    return go.Scatter(
        x=[0, end],
        y=[0, end],
        mode="lines",
        line={"color": "#A9B4BD", "width": 1.5, "dash": "dot"},
        hoverinfo="skip",
        xaxis=f"x{axis}",
        yaxis=f"y{axis}",
        name="said and came true alike",
    )


def _points(said: np.ndarray, observed: np.ndarray, counts: np.ndarray, axis: str) -> go.Scatter:
    return go.Scatter(
        x=said,
        y=observed,
        mode="lines+markers",
        line={"color": theme.ACCENT, "width": 1.2},
        marker={"color": theme.ACCENT, "size": 8},
        customdata=counts,
        hovertemplate="said %{x:.1%}, came true %{y:.1%}<br>%{customdata:,} answers<extra></extra>",
        xaxis=f"x{axis}",
        yaxis=f"y{axis}",
        name="answers",
    )
