"""Where the leads of one beat lie on a piece of ECG paper, so that two figures of one beat match."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.figures import theme
from ecgclip_core.figures.overlay import filled, rectangle
from ecgclip_core.figures.paper import UNSCALED_HEIGHT, sheet

SPEED = 50.0  # mm/s
GAIN = 10.0  # mm/mV
GAP, ABOVE, BELOW = 4.0, 7.0, 3.0  # mm
LEAST_HEIGHT = 16.0  # mm
BEFORE_S, AFTER_S = 0.34, 0.56  # of the beat, about R


@dataclass(frozen=True)
class BeatPanel:
    """One lead's place in mm: `x` is where the first moment lies, `y` where zero does; `top` and `bottom` its ends."""

    lead: str
    x: float
    y: float
    top: float
    bottom: float


@dataclass(frozen=True)
class BeatSheet:
    """All panels of a beat.

    Attributes
    ----------
    panels : tuple of BeatPanel
    times : ndarray, shape (m,)
        Seconds from R of the samples that are drawn.
    shown : slice
        These samples among those of the beat.
    scale : float
        mm for one unit of the signal.
    size : (float, float, float, float)
        Left, right, bottom and top, mm.
    calibrated : bool
    """

    panels: tuple[BeatPanel, ...]
    times: np.ndarray
    shown: slice
    scale: float
    size: tuple[float, float, float, float]
    calibrated: bool

    def at(self, panel: BeatPanel, seconds: float) -> float:
        """Millimetres of a moment in a panel, never beyond its ends."""
        return panel.x + (np.clip(seconds, self.times[0], self.times[-1]) - self.times[0]) * SPEED


def beat_sheet(
    signal: np.ndarray,
    times: np.ndarray,
    leads: Sequence[str],
    columns: int = 3,
    calibrated: bool = True,
    also: dict[str, list[float]] | None = None,
) -> BeatSheet:
    """Lay the leads of a beat out in rows, each as high as its waves.

    Parameters
    ----------
    signal : ndarray, shape (12, m)
    times : ndarray, shape (m,)
        Seconds from R.
    leads : sequence of str
    columns : int
    calibrated : bool
    also : dict of str to list of float, optional
        By lead, levels that must have room too.
    """
    first, last = np.searchsorted(times, (max(times[0], -BEFORE_S), min(times[-1], AFTER_S)))
    shown = slice(int(first), int(last) + 1)
    signal, times = signal[:, shown], times[shown]
    spans = np.ptp(np.nan_to_num(signal), axis=1)
    scale = GAIN if calibrated else UNSCALED_HEIGHT / (spans.max() or 1.0)
    columns = min(columns, len(leads))
    width = (times[-1] - times[0]) * SPEED + GAP
    panels, top = [], 0.0
    for start in range(0, len(leads), columns):
        row = leads[start : start + columns]
        ends = [_ends(signal[LEADS.index(lead)], (also or {}).get(lead, [])) for lead in row]
        high, low = max(end[1] for end in ends) * scale + ABOVE, min(end[0] for end in ends) * scale - BELOW
        low = min(low, high - LEAST_HEIGHT)
        panels += [
            BeatPanel(lead, column * width, top - high, top, top - high + low) for column, lead in enumerate(row)
        ]
        top += low - high
    return BeatSheet(tuple(panels), times, shown, scale, (-1.0, columns * width, top - 6.0, 5.0), calibrated)


def beat_figure(laid: BeatSheet, signal: np.ndarray, marks: dict, tints: bool = True) -> go.Figure:
    """The leads with their names, and P, QRS and T shaded.

    Parameters
    ----------
    laid : BeatSheet
        Of the same beat.
    signal : ndarray, shape (12, m)
    marks : dict
        As of ``MedianBeat``.
    tints : bool
        Whether the waves are shaded; otherwise only their names stand above.
    """
    traces = [_trace(laid, panel, signal[LEADS.index(panel.lead)][laid.shown]) for panel in laid.panels]
    texts = [theme.words(panel.x + 1, panel.top - 2.5, f"<b>{panel.lead}</b>") for panel in laid.panels] + _wave_names(
        laid, marks
    )
    amplitude = f"{GAIN:g} mm/mV" if laid.calibrated else "amplitude not calibrated"
    texts.append(theme.words(0, laid.size[2] + 2.5, f"{SPEED:g} mm/s  ·  {amplitude}"))
    figure = go.Figure(traces)
    figure.update_layout(
        **sheet([laid.size[0], laid.size[1]], [laid.size[2], laid.size[3]]),
        dragmode=False,
        shapes=_wave_tints(laid, marks) if tints else [],
        annotations=texts,
    )
    return figure


def _ends(values: np.ndarray, levels: list[float]) -> tuple[float, float]:
    known = np.r_[values[np.isfinite(values)], 0.0, levels]
    return float(known.min()), float(known.max())


def _trace(laid: BeatSheet, panel: BeatPanel, values: np.ndarray) -> go.Scatter:
    columns = [laid.times * 1000] + ([values] if laid.calibrated else [])
    return go.Scatter(
        x0=panel.x,
        dx=float(laid.times[1] - laid.times[0]) * SPEED,
        y=(values * laid.scale + panel.y).astype(np.float32),
        customdata=np.stack(columns, axis=1).astype(np.float32),
        hovertemplate=f"<b>{panel.lead}</b>  %{{customdata[0]:.0f}} ms from R"
        + ("  %{customdata[1]:.2f} mV" if laid.calibrated else "")
        + "<extra></extra>",
        mode="lines",
        line={"color": theme.TRACE, "width": 1.3},
        name=panel.lead,
    )


def _wave_tints(laid: BeatSheet, marks: dict) -> list[dict]:
    shapes = []
    for wave, edges in marks.items():
        if edges is not None and wave in theme.WAVE_HUES:
            paths = [
                rectangle(laid.at(panel, edges[0]), laid.at(panel, edges[2]), panel.bottom + 0.5, panel.top - 0.5)
                for panel in laid.panels
            ]
            shapes.append(filled(" ".join(paths), theme.WAVE_HUES[wave][0]) | {"opacity": 0.35})
    return shapes


def _wave_names(laid: BeatSheet, marks: dict) -> list[dict]:
    first = laid.panels[0]
    return [
        theme.words(
            (laid.at(first, edges[0]) + laid.at(first, edges[2])) / 2,
            2.5,
            wave,
            xanchor="center",
            font={"color": theme.WAVE_HUES[wave][1]},
        )
        for wave, edges in marks.items()
        if edges is not None and wave in theme.WAVE_HUES
    ]
