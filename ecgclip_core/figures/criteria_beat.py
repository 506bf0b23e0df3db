"""The median beat with what criteria measure on it, each with its limit; and the same beat with where a map lies."""

from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.figures import theme
from ecgclip_core.figures.beat_panels import BeatPanel, BeatSheet, beat_figure
from ecgclip_core.figures.overlay import OPACITY, filled, level_colour, levels, rectangle

# Which wave an amplitude is read in, and the direction of its numbers: Q and S are sizes of what points down.
AMPLITUDES = {
    **dict.fromkeys(("p_mv", "p_positive_mv"), ("P", 1)),
    "p_negative_mv": ("P", -1),
    "pr_segment_mv": ("PR", 1),
    **dict.fromkeys(("r_mv", "r2_mv"), ("QRS", 1)),
    **dict.fromkeys(("q_mv", "s_mv"), ("QRS", -1)),
    **dict.fromkeys(("j_mv", "st60_mv"), ("ST", 1)),
    **dict.fromkeys(("t_mv", "t_positive_mv"), ("T", 1)),
    "t_negative_mv": ("T", -1),
}
DURATIONS = ("p_ms", "q_ms", "r_ms", "s_ms", "r2_ms", "r_peak_ms", "p_duration", "pr", "qrs", "qt", "qtc")
# Blue against vermilion is told apart under every common colour blindness; the form of the mark repeats it.
LOOKS = {
    "met": ("#0072B2", "circle", "solid"),
    "not met": ("#B84A00", "x", "solid"),
    "not measurable": ("#5C6B78", "circle-open", "dot"),
}
LIMIT = "#5B2A86"
BAR_STEP = 2.6  # mm between the bars of durations
J60_S = 0.06


@dataclass(frozen=True)
class Mark:
    """One measurement of a criterion.

    Attributes
    ----------
    name : str
        A key of `AMPLITUDES`, or one of `DURATIONS`.
    label : str
        What a reader calls it.
    lead : str
    value : float or None
        mV or ms; None where it could not be measured.
    sign : str
        How it must stand to the limit: "<", "≥" and the like; "" without a limit.
    limit : float or None
    state : str
        ``"met"``, ``"not met"`` or ``"not measurable"``.
    start : float or None
        Seconds from R at which a duration begins.
    absolute : bool
        Whether the limit holds on both sides of zero.
    """

    name: str
    label: str
    lead: str
    value: float | None
    sign: str
    limit: float | None
    state: str
    start: float | None = None
    absolute: bool = False


def criteria_levels(marks: list[Mark]) -> dict[str, list[float]]:
    """By lead, the levels that must fit on the sheet: limits, and room for the bars of durations."""
    found: dict[str, list[float]] = {}
    for mark in marks:
        if mark.name in AMPLITUDES and mark.limit is not None:
            found.setdefault(mark.lead, []).extend(_limit_levels(mark))
    for lead in {mark.lead for mark in marks}:
        bars = sum(mark.name in DURATIONS for mark in marks if mark.lead == lead)
        found.setdefault(lead, []).append(-0.1 * BAR_STEP * (bars + 1) if bars else 0.0)
    return found


def criteria_beat_figure(laid: BeatSheet, signal: np.ndarray, waves: dict, marks: list[Mark]) -> go.Figure:
    """The beat with every measurement of some criteria, and their limits as dashed lines.

    Parameters
    ----------
    laid : BeatSheet
    signal : ndarray, shape (12, m)
        Zero before the QRS.
    waves : dict
        As the marks of ``MedianBeat``.
    marks : list of Mark
        Those in leads that are not on the sheet are left out.
    """
    figure = beat_figure(laid, signal, waves)
    for panel in laid.panels:
        own = [mark for mark in marks if mark.lead == panel.lead]
        bars = [mark for mark in own if mark.name in DURATIONS and mark.start is not None]
        for mark in own:
            if mark.name in AMPLITUDES and laid.calibrated:
                _amplitude(figure, laid, panel, signal[LEADS.index(panel.lead)], waves, mark)
        for row, mark in enumerate(bars):
            _bar(figure, laid, panel, mark, panel.bottom + 1.8 + BAR_STEP * (len(bars) - 1 - row))
    return figure


def map_beat_figure(laid: BeatSheet, signal: np.ndarray, waves: dict, values: np.ndarray, times: np.ndarray):
    """The beat with a map behind it, on one scale of colour for all leads.

    Parameters
    ----------
    laid, signal, waves
        As of `criteria_beat_figure`.
    values : ndarray, shape (12, b)
        Averaged over beats; above zero speaks for the answer.
    times : ndarray, shape (b,)
        Seconds from R, the middles of the bins.
    """
    figure = beat_figure(laid, signal, waves, tints=False)
    half = float(times[1] - times[0]) / 2
    paths: dict[int, list[str]] = {}
    steps = levels(values)
    for panel in laid.panels:
        for time, level in zip(times, steps[LEADS.index(panel.lead)], strict=True):
            left, right = laid.at(panel, time - half), laid.at(panel, time + half)
            if level and right > left:
                paths.setdefault(int(level), []).append(rectangle(left, right, panel.bottom + 0.5, panel.top - 0.5))
    figure.layout.shapes = [
        filled(" ".join(pieces), level_colour(level)) | {"opacity": OPACITY} for level, pieces in sorted(paths.items())
    ]
    return figure


def said(mark: Mark) -> str:
    """A measurement in words: ``"V1: S 1.20 mV, must be ≥ 3.50 mV: not met"``."""
    value = "not measured" if mark.value is None else _number(mark, mark.value)
    limit = "" if mark.limit is None else f", {'size ' if mark.absolute else ''}{mark.sign} {_number(mark, mark.limit)}"
    return f"{mark.lead}: {mark.label} {value}{limit}: {mark.state}"


def _number(mark: Mark, value: float) -> str:
    return f"{value:.0f} ms" if mark.name in DURATIONS else f"{value:.2f} mV"


def _limit_levels(mark: Mark) -> list[float]:
    level = AMPLITUDES[mark.name][1] * mark.limit
    return [level, -level] if mark.absolute else [level]


def _span(name: str, waves: dict) -> tuple[float, float] | None:
    """Seconds between which an amplitude is read."""
    wave = AMPLITUDES[name][0]
    if wave in ("PR", "ST"):
        edge = waves.get("QRS")
        if edge is None:
            return None
        if wave == "PR":
            return edge[0] - 0.04, edge[0]
        at = edge[2] + (J60_S if name == "st60_mv" else 0.0)
        return at, at
    edges = waves.get(wave)
    return None if edges is None else (edges[0], edges[2])


def _amplitude(figure, laid: BeatSheet, panel: BeatPanel, values: np.ndarray, waves: dict, mark: Mark) -> None:
    span = _span(mark.name, waves)
    if span is None:
        return
    left, right = (laid.at(panel, second) for second in (span[0] - 0.03, span[1] + 0.03))
    if mark.limit is not None:
        for level in _limit_levels(mark):
            _limit_line(figure, left, right, panel.y + level * laid.scale)
    if mark.value is None or not mark.value:
        return
    level = AMPLITUDES[mark.name][1] * mark.value
    inside = np.flatnonzero((laid.times >= span[0] - 0.01) & (laid.times <= span[1] + 0.01))
    if not len(inside):
        return
    nearest = inside[np.nanargmin(np.abs(np.nan_to_num(values[laid.shown])[inside] - level))]
    _point(figure, laid.at(panel, laid.times[nearest]), panel.y + level * laid.scale, mark)


def _limit_line(figure, left: float, right: float, y: float) -> None:
    figure.add_shape(
        type="line", x0=left, x1=right, y0=y, y1=y, line={"color": LIMIT, "width": 1.6, "dash": "dash"}, layer="above"
    )


def _point(figure, x: float, y: float, mark: Mark) -> None:
    colour, symbol, _ = LOOKS[mark.state]
    figure.add_trace(
        go.Scatter(
            x=[x],
            y=[y],
            mode="markers",
            marker={"color": colour, "symbol": symbol, "size": 9, "line": {"color": "#FFFFFF", "width": 1}},
            hovertemplate=f"{said(mark)}<extra></extra>",
            name=mark.label,
        )
    )


def _bar(figure, laid: BeatSheet, panel: BeatPanel, mark: Mark, y: float) -> None:
    """A duration as a bar from its beginning, its limit as a dashed line across it."""
    colour, symbol, dash = LOOKS[mark.state]
    begin = laid.at(panel, mark.start)
    if mark.value is not None:
        figure.add_trace(
            go.Scatter(
                x=[begin, laid.at(panel, mark.start + mark.value / 1000)],
                y=[y, y],
                mode="lines+markers",
                line={"color": colour, "width": 3, "dash": dash},
                marker={"color": colour, "symbol": ["line-ns", symbol], "size": 8},
                hovertemplate=f"{said(mark)}<extra></extra>",
                name=mark.label,
            )
        )
    if mark.limit is not None:
        x = laid.at(panel, mark.start + mark.limit / 1000)
        figure.add_shape(
            type="line", x0=x, x1=x, y0=y - 1.2, y1=y + 1.2, line={"color": LIMIT, "width": 2}, layer="above"
        )
    end = max(mark.value or 0.0, mark.limit or 0.0)
    figure.add_annotation(
        theme.words(
            laid.at(panel, mark.start + end / 1000) + 1.2,
            y,
            f"{mark.label} {'?' if mark.value is None else f'{mark.value:.0f}'}"
            + ("" if mark.limit is None else f" ({mark.sign} {mark.limit:.0f})"),
            font={"size": 10, "color": colour},
        )
    )
