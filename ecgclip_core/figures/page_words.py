"""What is written on a page of ECG paper: leads, speed, gain, filter, seconds, and the scale of an attribution."""

from ecgclip_core.ecg.display_filters import FILTER_OFF
from ecgclip_core.ecg.recording import ECG
from ecgclip_core.figures import theme
from ecgclip_core.figures.layouts import BOTTOM_MARGIN, Panel
from ecgclip_core.figures.overlay import LEVELS, filled, level_colour, rectangle
from ecgclip_core.figures.ribbon import CLUSTER_HEIGHT, GAP, UNCERTAINTY_HEIGHT

LINE_HEIGHT = 4.5  # mm
DOT = "  ·  "


def lead_labels(ecg: ECG, placed: list[Panel]) -> list[dict]:
    """The name of each lead above its beginning, and that it is missing where it is."""
    missing = ecg.missing_leads
    labels = []
    for panel in placed:
        height = panel.y + min(0.38 * panel.row_height, 11)
        labels.append(theme.words(panel.x + 1, height, f"<b>{panel.label}</b>", font={"size": theme.SIZE}))
        if panel.lead in missing:
            labels.append(theme.words(panel.x + 8, panel.y, "lead missing", font={"color": theme.MUTED}))
    return labels


def second_line(ecg: ECG, placed: list[Panel], filtering: str) -> str:
    """What does not fit beside speed and gain: which filters are on, and which seconds are shown; often empty."""
    parts = [] if filtering == FILTER_OFF else [filtering]
    first, last = min(p.start for p in placed), max(p.stop for p in placed)
    if first > 0 or ecg.duration > last + 0.01:
        parts.append(f"seconds {first:.4g} to {last:.4g} of {ecg.duration:.4g}")
    elif ecg.duration < 9.99 and any(panel.x > 0 for panel in placed):
        parts.append(f"{ecg.duration:.4g} s; columns may repeat the same seconds")
    return DOT.join(parts)


def page_texts(
    ecg: ECG, placed: list[Panel], speed: float, gain: float, filtering: str, right: float, bottom: float
) -> list[dict]:
    """Speed, gain, filter, rate and what the recording is, below the traces, from `bottom` mm downwards."""
    amplitude = f"{gain:g} mm/mV" if ecg.calibrated else "<b>amplitude not calibrated</b>"
    parts = [f"{speed:g} mm/s", amplitude, *([filtering] if filtering == FILTER_OFF else [])]
    parts.append(f"{ecg.sampling_rate:g} Hz")
    if ecg.truth is not None:
        parts.append("<b>simulated recording</b>")
    y = bottom - BOTTOM_MARGIN / 2
    lines = [theme.words(0, y, DOT.join(parts))]
    if more := second_line(ecg, placed, filtering):
        lines.append(theme.words(0, y - LINE_HEIGHT, more))
    return [*lines, theme.words(right, y, "research use only", xanchor="right", font={"color": theme.MUTED})]


def saliency_legend(width: float, signed: bool, bottom: float) -> tuple[list[dict], list[dict]]:
    """The colour scale, in the line below the traces: a tall R wave would cross it above them."""
    size, y = 3.5 * width / 250, bottom - BOTTOM_MARGIN / 2
    steps = [step for step in range(-LEVELS if signed else 1, LEVELS + 1) if step]
    low, high = ("speaks against", "speaks for") if signed else ("little", "much")
    right = 0.78 * width
    left = right - len(steps) * size
    shapes = [
        filled(rectangle(left + k * size, left + (k + 1) * size, y - 1.5, y + 1.5), level_colour(step))
        for k, step in enumerate(steps)
    ]
    return shapes, [theme.words(left - 1, y, low, xanchor="right"), theme.words(right + 1, y, high)]


def ribbon_texts(bottom: float) -> list[dict]:
    """What the two bands of the ribbon are."""
    cluster = bottom - GAP - CLUSTER_HEIGHT / 2
    doubt = bottom - GAP - CLUSTER_HEIGHT - 1 - UNCERTAINTY_HEIGHT / 2
    small = {"size": theme.SIZE_SMALL - 1}
    return [
        theme.words(-0.8, cluster, "clusters", xanchor="right", font=small),
        theme.words(-0.8, doubt, "doubt", xanchor="right", font=small),
    ]
