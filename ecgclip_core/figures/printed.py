"""The printed page: A4 landscape, on which a millimetre is a millimetre.

One matplotlib axis spans the whole sheet and counts in millimetres, so nothing is ever scaled. The figure is made
without pyplot, whose state several sessions would share.
"""

import io

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from ecgclip_core.ecg.export_summary import RESEARCH_USE, Summary, person_words
from ecgclip_core.ecg.recording import ECG
from ecgclip_core.figures import theme
from ecgclip_core.figures.layouts import Panel, panels
from ecgclip_core.figures.printed_words import LARGE, SMALL, column, put, width_mm, wrapped

SHEET = (297.0, 210.0)  # mm, ISO 216
SPEED = 25.0  # mm/s
GAIN = 10.0  # mm/mV
LAYOUT = "3x4+1"
DOTS_PER_INCH = 200

# The paper lies on whole millimetres of the sheet: left, bottom, width, height, and where its second 0 and top row are.
PAPER = (15.0, 64.0, 267.0, 120.0)
START = PAPER[0] + 13.0
TOP = PAPER[1] + PAPER[3] - 3.0
FLOOR = 16.0
RULER = 50.0
PULSE = (0.200, 1.0)  # s, mV
UNSCALED_HEIGHT = 14.0  # mm from lowest to highest of a typical lead, where nothing says how tall it was
TRACE_WIDTH = 0.9  # points


def printed_pdf(summary: Summary, start: float = 0.0) -> bytes:
    """One page of a recording at true scale, as PDF.

    Parameters
    ----------
    summary : Summary
    start : float
        The second of the recording at which the page begins; ten seconds are on it.

    Returns
    -------
    bytes
        A4 landscape, 25 mm/s, 10 mm/mV when printed at 100 %; a ruler on it tells whether that was so.
    """
    file = io.BytesIO()
    about = {"Creator": "ECGCLIP Studio", "Title": "12-lead ECG", "CreationDate": None}
    FigureCanvasPdf(_page(summary, start)).print_pdf(file, metadata=about)
    return file.getvalue()


def printed_png(summary: Summary, start: float = 0.0) -> bytes:
    """The same page as a picture of `DOTS_PER_INCH`, which is written in it; parameters as in `printed_pdf`."""
    figure = _page(summary, start)
    figure.set_dpi(DOTS_PER_INCH)
    file = io.BytesIO()
    FigureCanvasAgg(figure).print_png(file, metadata={"Software": "ECGCLIP Studio"})
    return file.getvalue()


def _page(summary: Summary, start: float) -> Figure:
    figure = Figure(figsize=[side / 25.4 for side in SHEET])
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, SHEET[0]), ylim=(0, SHEET[1]), autoscale_on=False)
    axes.set_axis_off()
    placed = panels(LAYOUT, summary.ecg.duration, SPEED, start)
    _grid(axes)
    _tracing(axes, summary.ecg, placed)
    _head(axes, summary)
    _scale_words(axes, summary.ecg, placed)
    _columns(axes, summary)
    _foot(axes, summary)
    return figure


def _grid(axes) -> None:
    """Lines every millimetre and, stronger, every fifth, counted from the beginning of the traces."""
    left, bottom, width, height = PAPER
    axes.add_patch(Rectangle((left, bottom), width, height, facecolor=theme.PAPER, edgecolor="none", zorder=0))
    fives = {True: [], False: []}
    for x in np.arange(left, left + width + 0.5):
        fives[(x - START) % 5 == 0].append(((x, bottom), (x, bottom + height)))
    for y in np.arange(bottom, bottom + height + 0.5):
        fives[(y - TOP) % 5 == 0].append(((left, y), (left + width, y)))
    for thick, colour, points in ((False, theme.GRID_THIN, 0.25), (True, theme.GRID_THICK, 0.45)):
        axes.add_collection(LineCollection(fives[thick], colors=colour, linewidths=points, zorder=0.5), autolim=False)


def _tracing(axes, ecg: ECG, placed: list[Panel]) -> None:
    scale = GAIN if ecg.calibrated else _unscaled_gain(ecg)
    for panel in placed:
        y = TOP + panel.y
        _line(axes, _trace(ecg, panel, scale))
        put(axes, START + panel.x + 1, y + min(0.38 * panel.row_height, 11), panel.lead, 8.0, bold=True)
        if panel.lead in ecg.missing_leads:
            put(axes, START + panel.x + 10, y, "lead missing", SMALL, color=theme.MUTED)
        if panel.x > 0:
            _line(axes, np.array([[START + panel.x, y - 3], [START + panel.x, y + 3]]), 0.6)
    if ecg.calibrated:
        for y in sorted({TOP + panel.y for panel in placed}):
            _line(axes, _pulse(y))


def _trace(ecg: ECG, panel: Panel, scale: float) -> np.ndarray:
    """Points in mm, shape (n, 2); the lead's middle lies on the zero line of its panel."""
    first, last = (round(t * ecg.sampling_rate) for t in (panel.start, panel.stop))
    whole = ecg.lead(panel.lead)
    values = whole[first:last]
    finite = whole[np.isfinite(whole)]
    middle = np.median(finite) if len(finite) else 0.0
    seconds = np.arange(first, first + len(values)) / ecg.sampling_rate - panel.start
    return np.stack([START + panel.x + seconds * SPEED, TOP + panel.y + (values - middle) * scale], axis=1)


def _pulse(y: float) -> np.ndarray:
    width, height = PULSE[0] * SPEED, PULSE[1] * GAIN
    left = START - 9
    corners = [(-1.5, 0), (0, 0), (0, height), (width, height), (width, 0), (width + 1.5, 0)]
    return np.array([(left + x, y + up) for x, up in corners])


def _line(axes, points: np.ndarray, width: float = TRACE_WIDTH) -> None:
    """A line through points, each kept; a gap where one is not finite."""
    if not np.isfinite(points).all(axis=1).any():
        return
    path = Path(points)
    path.should_simplify = False
    axes.add_patch(PathPatch(path, fill=False, edgecolor=theme.TRACE, linewidth=width, joinstyle="round", zorder=2))


def _unscaled_gain(ecg: ECG) -> float:
    present = [row[np.isfinite(row)] for row in ecg.signal]
    heights = [np.ptp(np.percentile(row, [0.5, 99.5])) for row in present if len(row)]
    typical = float(np.median(heights)) if heights else 0.0
    return UNSCALED_HEIGHT / typical if typical > 0 else 1.0


def _head(axes, summary: Summary) -> None:
    ecg, left = summary.ecg, PAPER[0]
    right = left + PAPER[2]
    title = wrapped(("Simulated, not a person: " if ecg.truth is not None else "") + summary.title, LARGE, 170)[0]
    put(axes, left, 198.5, title, LARGE, bold=True)
    facts = [person_words(summary.patient), f"{ecg.duration:g} s", f"{ecg.sampling_rate:g} Hz"]
    put(axes, left, 193.3, wrapped("  ·  ".join(facts), SMALL, 175)[0])
    written = summary.written.strftime("%Y-%m-%d %H:%M")
    put(axes, right, 198.5, "ECGCLIP Studio", horizontalalignment="right", bold=True)
    put(axes, right, 193.3, f"written {written}", SMALL, horizontalalignment="right", color=theme.MUTED)
    for number, flag in enumerate(wrapped("  ".join(summary.flags), SMALL, PAPER[2])[:2]):
        put(axes, left, 189.2 - 3.1 * number, flag, SMALL, bold=False, color=theme.ALERT)


def _scale_words(axes, ecg: ECG, placed: list[Panel]) -> None:
    parts = [f"{SPEED:g} mm/s", f"{GAIN:g} mm/mV" if ecg.calibrated else "amplitude not calibrated", "filter off"]
    first, last = min(panel.start for panel in placed), max(panel.stop for panel in placed)
    if first > 0 or ecg.duration > last + 0.01:
        parts.append(f"seconds {first:g} to {last:g} of {ecg.duration:g}")
    elif ecg.duration < 9.99:
        parts.append(f"{ecg.duration:g} s; columns may repeat the same seconds")
    put(axes, START, PAPER[1] + 1.5, "  ·  ".join(parts))


def _columns(axes, summary: Summary) -> None:
    top = PAPER[1] - 1.0
    left = PAPER[0]
    measured = [f"{label}  {value}" for label, value in _measured(summary)]
    half = (len(measured) + 1) // 2
    column(axes, left, top, 38, FLOOR, [("Measurements", measured[:half])])
    column(axes, left + 40, top, 38, FLOOR, [(" ", measured[half:])])
    findings = [
        f"{row.name}  {_percent(row.score)} ({_percent(row.low)} to {_percent(row.high)})"
        for row in list(summary.findings.head(9).itertuples(index=False))
    ] or ["None may be ranked with this checkpoint."]
    column(axes, left + 80, top, 80, FLOOR, [("Likeliest findings, score and range", findings)])
    answers = [one["words"] for one in summary.answers]
    asked = [(f"Asked: {summary.question}"[:60], [*answers, *summary.explanation])] if summary.question else []
    column(axes, left + 163, top, 104, FLOOR, [*asked, ("Quality", list(summary.remarks) or ["Nothing to remark."])])


def _measured(summary: Summary) -> list[tuple[str, str]]:
    labels = {"heart_rate": "Rate", "pr": "PR", "qrs": "QRS", "qt": "QT", "qtc_fridericia": "QTc Fridericia"}
    labels |= {"qtc_bazett": "QTc Bazett", "p_axis": "P axis", "qrs_axis": "QRS axis", "t_axis": "T axis"}
    rows = []
    for name, label in labels.items():
        found = summary.measurements[name]
        unit = "°" if found.unit == "degrees" else f" {found.unit}"
        rows.append((label, found.status if found.value is None else f"{found.value:.0f}{unit}"))
    levels = {lead: one.value for lead, one in summary.measurements.st.items() if one.value is not None}
    for word, pick in (("ST highest", max), ("ST lowest", min)):
        if levels:
            lead = pick(levels, key=levels.get)
            rows.append((word, f"{round(levels[lead], 2) + 0.0:+.2f} mV in {lead}"))
    return rows


def _foot(axes, summary: Summary) -> None:
    left, right = PAPER[0], PAPER[0] + PAPER[2]
    _line(axes, np.array([[left, 13.5], [right, 13.5]]), 0.4)
    put(axes, left, 9.8, RESEARCH_USE, bold=True)
    words = f"Checkpoint {summary.checkpoint} {summary.checkpoint_hash}  ·  recording {summary.key}"
    put(axes, left, 6.2, words, SMALL, color=theme.MUTED)
    _line(axes, np.array([[right - RULER, 9], [right - RULER, 7], [right, 7], [right, 9]]), 0.6)
    said = f"{RULER:g} mm when printed at 100 %"
    put(axes, right - RULER / 2 - width_mm(said, SMALL) / 2, 9.0, said, SMALL, color=theme.MUTED)


def _percent(share: float) -> str:
    if 0 < share < 0.01:
        return "< 1 %"
    return "> 99 %" if 0.99 < share < 1 else f"{100 * share:.0f} %"
