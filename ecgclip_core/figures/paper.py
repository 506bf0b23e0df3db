"""A 12-lead recording on ECG paper: axes in millimetres, equal in x and y at every zoom."""

import numpy as np
import plotly.graph_objects as go

from ecgclip_core.ecg.display_filters import FILTER_OFF
from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.ecg.recording import ECG
from ecgclip_core.figures import theme
from ecgclip_core.figures.layouts import (
    BOTTOM_MARGIN,
    LAYOUTS,
    PULSE_MARGIN,
    TOP_MARGIN,
    Panel,
    page_seconds,
    page_width,
    panels,
)
from ecgclip_core.figures.moments import CURVE_BAND, Curve, curve_ground, curve_trace, curve_words
from ecgclip_core.figures.overlay import BAND_SECONDS, bands, saliency_shapes, strength
from ecgclip_core.figures.page_words import (
    LINE_HEIGHT,
    lead_labels,
    page_texts,
    ribbon_texts,
    saliency_legend,
    second_line,
)
from ecgclip_core.figures.ribbon import (
    CLUSTER_HEIGHT,
    GAP,
    RIBBON_HEIGHT,
    Ribbon,
    ribbon_shapes,
)

PULSE_SECONDS = 0.200
PULSE_MILLIVOLTS = 1.0
MOST_ABOVE = 40.0  # mm that a tall wave of the first row may add to the page; an artefact is cut off there
UNSCALED_HEIGHT = 14.0  # mm from lowest to highest of a typical lead, where nothing says how tall it was


def paper(
    ecg: ECG,
    layout: str = "3x4+1",
    speed: float = 25.0,
    gain: float = 10.0,
    start: float = 0.0,
    saliency: np.ndarray | None = None,
    signed: bool = True,
    ribbon: Ribbon | None = None,
    curve: Curve | None = None,
    waves: np.ndarray | None = None,
    order: str = "standard",
    rhythm: str = "II",
    filtering: str = FILTER_OFF,
) -> go.Figure:
    """One page of a recording.

    Parameters
    ----------
    ecg : ECG
    layout : str
        A key of `ecgclip_core.figures.layouts.LAYOUTS`.
    speed : float
        mm/s.
    gain : float
        mm/mV. Without meaning, and not written, where the recording is not calibrated.
    start : float
        The second at which the page begins.
    saliency : ndarray, shape (12, n), optional
        Attribution on the samples of the recording, drawn as bands of 40 ms behind the traces.
    signed : bool
        Whether negative attribution speaks against the answer; otherwise only its size counts.
    ribbon : Ribbon, optional
        Drawn below the last strip, on its time axis.
    curve : Curve, optional
        Drawn between the last strip and the ribbon, on the same time axis.
    waves : ndarray of str, shape (12, n), optional
        What the pointer says of each sample: the wave it lies in.
    order : str
        A key of `ecgclip_core.figures.layouts.ORDERS`.
    rhythm : str
        The lead of the last rhythm strip.
    filtering : str
        What the page says of the filters that `ecg` has gone through.

    Returns
    -------
    plotly.graph_objects.Figure
        Axes in mm; one SVG line a lead, the rhythm strips last.
    """
    placed = panels(layout, ecg.duration, speed, start, order, rhythm)
    below = (RIBBON_HEIGHT if ribbon else 0.0) + (CURVE_BAND if curve else 0.0)
    bottom = min(panel.y - panel.row_height / 2 for panel in placed)
    strip = _whole_page(placed, ecg.duration, page_seconds(layout, speed, ecg.duration), start)
    length = (strip.stop - strip.start) * speed
    right = LAYOUTS[layout].width
    under_curve = bottom - (CURVE_BAND if curve else 0.0)
    scale = gain if ecg.calibrated else _unscaled_gain(ecg)

    shapes = saliency_shapes(saliency, ecg.sampling_rate, placed, speed) if saliency is not None else []
    shapes += _separators(placed)
    if ecg.calibrated:
        shapes.append(_pulses(placed, speed, gain))
    if curve:
        shapes += curve_ground(curve, length, bottom)
    if ribbon:
        shapes += ribbon_shapes(ribbon, strip.start, strip.stop, under_curve, speed)
    texts = lead_labels(ecg, placed) + page_texts(ecg, placed, speed, gain, filtering, right, bottom - below)
    if saliency is not None:
        legend_shapes, legend_texts = saliency_legend(right, signed, bottom - below)
        shapes, texts = shapes + legend_shapes, texts + legend_texts
    if curve:
        texts += curve_words(curve, length, bottom)
    if ribbon:
        texts += ribbon_texts(under_curve)

    said = strength(bands(saliency, ecg.sampling_rate)) if saliency is not None else None
    figure = go.Figure([_trace(ecg, panel, speed, scale, ribbon, waves, said) for panel in placed])
    if ribbon:
        figure.add_trace(_ribbon_hover(ribbon, strip, under_curve, speed))
    if curve:
        figure.add_trace(curve_trace(curve, strip.start, strip.stop, bottom, speed))
    lowest = bottom - below - BOTTOM_MARGIN - (LINE_HEIGHT if second_line(ecg, placed, filtering) else 0.0)
    top = max(TOP_MARGIN, min(_highest(figure) + 2, MOST_ABOVE))
    figure.update_layout(
        **sheet([-PULSE_MARGIN, page_width(layout) - PULSE_MARGIN], [lowest, top]),
        hoverdistance=30,
        dragmode="pan",
        shapes=shapes,
        annotations=texts,
    )
    return figure


def _whole_page(placed: list[Panel], duration: float, seconds: float, start: float) -> Panel:
    """A strip over the whole page, for what lies below the traces."""
    last = placed[-1]
    return Panel(last.lead, 0.0, last.y, start, min(start + seconds, duration), last.row_height)


def _highest(figure: go.Figure) -> float:
    """The highest point of all traces, mm; no wave of the first row is cut off at the edge of the paper."""
    peaks = [np.nanmax(trace.y) for trace in figure.data if len(trace.y) and np.isfinite(trace.y).any()]
    return float(max(peaks, default=0.0))


def sheet(x_limits: list[float], y_limits: list[float]) -> dict:
    """The layout of a piece of ECG paper: millimetre axes of one scale, nothing around them.

    Parameters
    ----------
    x_limits, y_limits : list of float
        mm.

    Returns
    -------
    dict
        For ``update_layout``; ``meta`` keeps the size in mm.
    """
    return {
        "template": theme.template(),
        "paper_bgcolor": theme.PAPER,
        "plot_bgcolor": theme.PAPER,
        "margin": {"l": 0, "r": 0, "t": 0, "b": 0, "pad": 0},
        "showlegend": False,
        "hovermode": "closest",
        "xaxis": millimetres(x_limits),
        "yaxis": millimetres(y_limits) | {"scaleanchor": "x", "scaleratio": 1},
        "meta": {"width_mm": x_limits[1] - x_limits[0], "height_mm": y_limits[1] - y_limits[0]},
    }


def millimetres(limits: list[float]) -> dict:
    """A Plotly axis with the grid of ECG paper."""
    return {
        "range": limits,
        "constrain": "domain",
        "tick0": 0,
        "dtick": 5,
        "gridcolor": theme.GRID_THICK,
        "gridwidth": 1,
        "minor": {"tick0": 0, "dtick": 1, "showgrid": True, "gridcolor": theme.GRID_THIN, "gridwidth": 0.5},
        "showgrid": True,
        "showticklabels": False,
        "ticks": "",
        "zeroline": False,
        "automargin": False,
    }


def _unscaled_gain(ecg: ECG) -> float:
    """Millimetres a unit such that a typical lead of an uncalibrated recording is `UNSCALED_HEIGHT` tall."""
    present = [row[np.isfinite(row)] for row in ecg.signal]
    heights = [np.ptp(np.percentile(row, [0.5, 99.5])) for row in present if len(row)]
    typical = float(np.median(heights)) if heights else 0.0
    return UNSCALED_HEIGHT / typical if typical > 0 else 1.0


def _trace(
    ecg: ECG,
    panel: Panel,
    speed: float,
    scale: float,
    ribbon: Ribbon | None,
    waves: np.ndarray | None,
    said: np.ndarray | None,
) -> go.Scatter:
    """One lead, with its middle on the zero line of its panel as an AC-coupled recorder would draw it."""
    first, last = (round(t * ecg.sampling_rate) for t in (panel.start, panel.stop))
    whole = ecg.lead(panel.lead)
    values = whole[first:last]
    finite = whole[np.isfinite(whole)]
    middle = np.float32(np.median(finite)) if len(finite) else np.float32(0)
    times = np.arange(first, first + len(values)) / ecg.sampling_rate
    upright = np.float32(-1 if panel.inverted else 1)
    shown = f"<b>{panel.label}</b>  %{{customdata[0]:.3f}} s"
    if waves is not None:
        shown += "  %{text}"
    columns = [times]
    if ecg.calibrated:
        columns.append(upright * values)
        shown += "  %{customdata[1]:.2f} mV"
    if ribbon:
        cells = ribbon.at(times)
        columns += [ribbon.labels[cells] + 1, 100 * (1 - ribbon.uncertainty[cells])]
        shown += (
            f"<br>cluster %{{customdata[{len(columns) - 2}]:.0f}}, certainty %{{customdata[{len(columns) - 1}]:.0f}} %"
        )
    row = LEADS.index(panel.lead)
    if said is not None:
        columns.append(100 * said[row, np.floor(times / BAND_SECONDS + 1e-9).astype(int)])
        shown += f"<br>attribution %{{customdata[{len(columns) - 1}]:.0f}} % of the scale"
    return go.Scatter(
        x0=panel.x + (first / ecg.sampling_rate - panel.start) * speed,
        dx=speed / ecg.sampling_rate,
        y=((values - middle) * upright * np.float32(scale) + np.float32(panel.y)).astype(np.float32),
        customdata=np.stack(columns, axis=1).astype(np.float32),
        text=None if waves is None else waves[row, first:last],
        hovertemplate=shown + "<extra></extra>",
        mode="lines",
        line={"color": theme.TRACE, "width": 1.15},
        connectgaps=False,
        name=panel.label,
        meta="rhythm" if panel.rhythm else "lead",
    )


def _pulses(placed: list[Panel], speed: float, gain: float) -> dict:
    """1 mV for 200 ms before every row."""
    width, height = PULSE_SECONDS * speed, PULSE_MILLIVOLTS * gain
    left = -PULSE_MARGIN / 2 - width / 2
    foot = min(1.5, (PULSE_MARGIN - width) / 2 - 0.5)
    path = "".join(
        f"M{left - foot:.2f},{y:.2f}L{left:.2f},{y:.2f}L{left:.2f},{y + height:.2f}"
        f"L{left + width:.2f},{y + height:.2f}L{left + width:.2f},{y:.2f}L{left + width + foot:.2f},{y:.2f}"
        for y in sorted({panel.y for panel in placed}, reverse=True)
    )
    return {
        "type": "path",
        "path": path,
        "line": {"color": theme.TRACE, "width": 1.15},
        "layer": "between",
        "name": "calibration pulse",
    }


def _separators(placed: list[Panel]) -> list[dict]:
    """Short strokes where one lead ends and the next begins."""
    inner = [panel for panel in placed if panel.x > 0]
    path = "".join(f"M{p.x:.2f},{p.y - 3:.2f}L{p.x:.2f},{p.y + 3:.2f}" for p in inner)
    stroke = {"type": "path", "path": path, "line": {"color": theme.TRACE, "width": 0.8}, "layer": "between"}
    return [stroke] if path else []


def _ribbon_hover(ribbon: Ribbon, strip: Panel, bottom: float, speed: float) -> go.Scatter:
    """Points without ink that carry the words of each cell."""
    centres = (ribbon.edges[1:] + ribbon.edges[:-1]) / 2
    inside = (centres >= strip.start) & (centres < strip.stop)
    words = [
        f"<b>{ribbon.names[label]}</b><br>{time:.2f} s, certainty {100 * (1 - doubt):.0f} %"
        for time, label, doubt in zip(centres[inside], ribbon.labels[inside], ribbon.uncertainty[inside], strict=True)
    ]
    return go.Scatter(
        x=((centres[inside] - strip.start) * speed).astype(np.float32),
        y=np.full(int(inside.sum()), bottom - GAP - CLUSTER_HEIGHT / 2, dtype=np.float32),
        mode="markers",
        marker={"color": "rgba(0,0,0,0)", "size": 8},
        customdata=ribbon.labels[inside].astype(np.int32),
        hovertext=words,
        hoverinfo="text",
        name="clusters",
        meta="ribbon",
    )
