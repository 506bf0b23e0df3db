"""Where each lead stands on the page, in millimetres."""

from dataclasses import dataclass

from ecgclip_core.ecg.leads import LEADS

PAGE_SECONDS = 10.0
PULSE_MARGIN = 12.0  # mm left of the traces, for the calibration pulse
RIGHT_MARGIN = 4.0
TOP_MARGIN = 9.0
BOTTOM_MARGIN = 7.0


@dataclass(frozen=True)
class Panel:
    """One lead's place on the page.

    Attributes
    ----------
    lead : str
    x, y : float
        Millimetres: left end, and the height of its zero line. x = 0 is the left end of the traces; y falls downwards.
    start, stop : float
        The seconds of the recording that it shows.
    row_height : float
        Millimetres.
    rhythm : bool
        Whether it is a rhythm strip below the others.
    """

    lead: str
    x: float
    y: float
    start: float
    stop: float
    row_height: float
    rhythm: bool = False


@dataclass(frozen=True)
class Layout:
    """Columns of leads from left to right, and the leads of the rhythm strips below them."""

    columns: tuple[tuple[str, ...], ...]
    rhythm: tuple[str, ...]
    row_height: float


LAYOUTS = {
    "3x4+1": Layout((LEADS[:3], LEADS[3:6], LEADS[6:9], LEADS[9:]), ("II",), 28.0),
    "12x1": Layout((LEADS,), (), 18.0),
}


def page_height(name: str, ribbon: float = 0.0) -> float:
    """Height of a page in millimetres, with `ribbon` millimetres kept below the last trace."""
    layout = LAYOUTS[name]
    rows = len(layout.columns[0]) + len(layout.rhythm)
    return TOP_MARGIN + rows * layout.row_height + ribbon + BOTTOM_MARGIN


def page_width(speed: float) -> float:
    """Width of a page in millimetres at `speed` mm/s."""
    return PULSE_MARGIN + PAGE_SECONDS * speed + RIGHT_MARGIN


def panels(name: str, duration: float, speed: float, start: float = 0.0) -> list[Panel]:
    """The leads of one page.

    Each column shows the seconds that follow those of the column before it. Where the recording is too short for
    that, a column shows the last seconds there are, since a lead must not be left out.

    Parameters
    ----------
    name : str
        A key of `LAYOUTS`.
    duration : float
        Seconds of the recording.
    speed : float
        mm/s.
    start : float
        The second of the recording at which the page begins.
    """
    layout = LAYOUTS[name]
    page = min(PAGE_SECONDS, duration - start)
    width = PAGE_SECONDS / len(layout.columns)
    placed = []
    for column, leads in enumerate(layout.columns):
        begin = start + min(column * width, max(0.0, page - width))
        for row, lead in enumerate(leads):
            y = -(row + 0.5) * layout.row_height
            placed.append(
                Panel(lead, column * width * speed, y, begin, min(begin + width, start + page), layout.row_height)
            )
    for row, lead in enumerate(layout.rhythm, start=len(layout.columns[0])):
        y = -(row + 0.5) * layout.row_height
        placed.append(Panel(lead, 0.0, y, start, start + page, layout.row_height, rhythm=True))
    return placed
