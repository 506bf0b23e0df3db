"""How much of each cluster goes with each finding of a cohort, and which clusters separate two groups."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from ecgclip_core.figures import theme

ROW_PX = 22
HEAD_PX = 90
LETTER_PX = 7.0
MOST_LIFT = 4.0
# Amber is less, blue is more: told apart under every common colour blindness.
SCALE = [(0.0, "#B8720A"), (0.5, "#FFFFFF"), (1.0, "#0B5F8A")]


def findings_height(rows: int) -> int:
    """Pixels for `rows` findings."""
    return HEAD_PX + ROW_PX * max(rows, 1)


def cluster_findings(
    lift: np.ndarray, mean: np.ndarray, findings: Sequence[str], clusters: Sequence[str], counts: Sequence[int]
) -> go.Figure:
    """A heat map, findings by clusters.

    Parameters
    ----------
    lift, mean : ndarray, shape (f, K)
        Share of time with the finding against that in all recordings, and itself.
    findings, clusters : sequence of str
    counts : sequence of int, length f
        Recordings with each finding.
    """
    rows = [f"{name} ({count})" for name, count in zip(findings, counts, strict=True)]
    with np.errstate(divide="ignore"):
        height = np.clip(np.log2(lift), -np.log2(MOST_LIFT), np.log2(MOST_LIFT))
    ticks = [1 / MOST_LIFT, 0.5, 1, 2, MOST_LIFT]
    figure = go.Figure(
        go.Heatmap(
            z=height,
            x=list(clusters),
            y=rows,
            customdata=np.stack([lift, 100 * mean], axis=2),
            hovertemplate="<b>%{y}</b><br>%{x}: %{customdata[1]:.1f} % of time, "
            "%{customdata[0]:.2f} times as much as in all<extra></extra>",
            colorscale=SCALE,
            zmin=-np.log2(MOST_LIFT),
            zmax=np.log2(MOST_LIFT),
            xgap=1,
            ygap=1,
            colorbar={
                "tickvals": np.log2(ticks).tolist(),
                "ticktext": ["¼ or less", "½", "as in all", "2×", "4× or more"],
                "thickness": 12,
                "len": 240,
                "lenmode": "pixels",
                "y": 1,
                "yanchor": "top",
            },
        )
    )
    figure.update_layout(
        template=theme.template(),
        height=findings_height(len(rows)),
        margin={"l": 16 + round(LETTER_PX * max(map(len, rows), default=1)), "r": 8, "t": 76, "b": 8},
        xaxis={"side": "top", "tickangle": -60, "fixedrange": True, "showgrid": False, "showline": False},
        yaxis={"autorange": "reversed", "fixedrange": True, "showgrid": False, "automargin": False, "showline": False},
        dragmode=False,
    )
    return figure


def cluster_differences(table: pd.DataFrame, names: Sequence[str], colours: Sequence[str], groups: tuple[str, str]):
    """Differences between two groups with their intervals, one row a cluster.

    Parameters
    ----------
    table : DataFrame
        As of ``compare_groups``.
    names, colours : sequence, length K
        Of the clusters by number.
    groups : tuple of str
        What the groups are called.
    """
    value, low, high = (100 * table[name].to_numpy() for name in ("difference", "low", "high"))
    clear = table["p"].to_numpy() < 0.05
    figure = go.Figure(
        go.Scatter(
            x=value,
            y=[names[k] for k in table["cluster"]],
            mode="markers",
            marker={
                "size": 10,
                "color": [
                    colours[k] if told else theme.BACKGROUND for k, told in zip(table["cluster"], clear, strict=True)
                ],
                "line": {"color": [colours[k] for k in table["cluster"]], "width": 2},
            },
            error_x={
                "type": "data",
                "symmetric": False,
                "array": high - value,
                "arrayminus": value - low,
                "color": theme.MUTED,
                "thickness": 1.5,
                "width": 0,
            },
            customdata=np.column_stack([low, high, 100 * table[["first", "second"]], table["superiority"], table["p"]]),
            hovertemplate="<b>%{y}</b><br>%{x:+.1f} points [%{customdata[0]:+.1f}, %{customdata[1]:+.1f}]<br>"
            "%{customdata[2]:.1f} % against %{customdata[3]:.1f} % of time<br>more in the first group with chance "
            "%{customdata[4]:.2f}, corrected p %{customdata[5]:.2g}<extra></extra>",
        )
    )
    figure.add_vline(x=0, line={"color": theme.MUTED, "width": 1})
    figure.update_layout(
        template=theme.template(),
        height=findings_height(len(table)),
        margin={"l": 100, "r": 16, "t": 60, "b": 8},
        xaxis={
            "side": "top",
            "title": {"text": f"share of time, {groups[0]} minus {groups[1]} (percentage points)", "standoff": 8},
            "fixedrange": True,
        },
        yaxis={"autorange": "reversed", "fixedrange": True, "automargin": False},
        hovermode="closest",
        dragmode=False,
        showlegend=False,
    )
    return figure
