"""Forest plots: a measure with its interval, one row a finding."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from ecgclip_core.figures import theme

ROW_PX = 26
HEAD_PX = 66
LETTER_PX = 7.3


def forest_height(rows: int) -> int:
    """Pixels for `rows` rows."""
    return HEAD_PX + ROW_PX * max(rows, 1)


def forest(
    table: pd.DataFrame, measures: dict[str, str], chance: dict[str, str | float], limit: float | None = None
) -> go.Figure:
    """Columns of points with intervals.

    Parameters
    ----------
    table : DataFrame
        One row a finding from top to bottom: ``label`` and, for each measure m, ``m``, ``m_low``, ``m_high`` in [0, 1].
    measures : dict
        Column of the table to the heading above it.
    chance : dict
        For each measure what a guess would reach: a number, or the column that holds it.
    limit : float, optional
        Drawn as a broken line across every column.
    """
    figure = go.Figure()
    heads = []
    share = 1 / len(measures)
    for index, (measure, heading) in enumerate(measures.items()):
        axis = "" if index == 0 else str(index + 1)
        values = table[measure].to_numpy(dtype=float)
        guess = chance[measure]
        guesses = table[guess].to_numpy(dtype=float) if isinstance(guess, str) else np.full(len(table), guess)
        low, high = (table[f"{measure}_{end}"].to_numpy(dtype=float) for end in ("low", "high"))
        figure.add_trace(
            go.Scatter(
                x=guesses,
                y=table["label"],
                mode="markers",
                marker={"symbol": "line-ns", "size": 10, "line": {"color": "#A9B4BD", "width": 2}},
                hovertemplate="a guess reaches %{x:.2f}<extra></extra>",
                xaxis=f"x{axis}",
                showlegend=False,
            )
        )
        figure.add_trace(
            go.Scatter(
                x=values,
                y=table["label"],
                mode="markers",
                marker={"color": theme.ACCENT, "size": 8},
                error_x={
                    "type": "data",
                    "symmetric": False,
                    "array": np.nan_to_num(high - values),
                    "arrayminus": np.nan_to_num(values - low),
                    "color": theme.ACCENT,
                    "thickness": 1.5,
                    "width": 0,
                },
                customdata=np.stack([low, high], axis=1),
                hovertemplate="<b>%{y}</b><br>"
                + heading
                + " %{x:.3f} [%{customdata[0]:.3f}, %{customdata[1]:.3f}]<extra></extra>",
                xaxis=f"x{axis}",
                showlegend=False,
            )
        )
        left = index * share + 0.02 * (index > 0)
        figure.layout[f"xaxis{axis}"] = {
            "domain": [left, (index + 1) * share - 0.01],
            "range": [0 if isinstance(guess, str) else _floor(low, guess), 1.01],
            "side": "top",
            "tickformat": ".1f",
            "fixedrange": True,
        }
        heads.append(
            {
                "x": left,
                "y": 1,
                "xref": "paper",
                "yref": "paper",
                "yshift": 38,
                "text": f"<b>{heading}</b>",
                "showarrow": False,
                "xanchor": "left",
                "font": {"size": theme.SIZE},
            }
        )
        if limit is not None:
            line = {"color": theme.ALERT, "width": 1.5, "dash": "dash"}
            figure.add_shape(type="line", x0=limit, x1=limit, xref=f"x{axis}", y0=0, y1=1, yref="paper", line=line)
    figure.update_layout(
        template=theme.template(),
        annotations=heads,
        height=forest_height(len(table)),
        margin={"l": 16 + round(LETTER_PX * table["label"].str.len().max()), "r": 16, "t": 58, "b": 8},
        yaxis={
            "range": [len(table) - 0.5, -0.5],
            "tickfont": {"size": theme.SIZE, "color": theme.INK},
            "fixedrange": True,
            "automargin": False,
        },
        hovermode="closest",
        dragmode=False,
    )
    return figure


def _floor(low: np.ndarray, guess: float) -> float:
    """A tenth below all that is drawn: nothing much below a guess is worth the room, unless it was measured."""
    return max(0.0, min(guess - 0.1, np.floor(10 * np.nanmin(low, initial=guess)) / 10 - 0.02))
