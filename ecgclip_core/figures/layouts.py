"""Where each lead stands on the page, in millimetres."""

from dataclasses import dataclass

import numpy as np

from ecgclip_core.ecg.leads import LEADS

SPEEDS = (12.5, 25.0, 50.0)  # mm/s
GAINS = (2.5, 5.0, 10.0, 20.0)  # mm/mV
LEAST_SECONDS = 10.0  # on a page of a slow speed, so that columns do not repeat the seconds of a usual recording
PULSE_MARGIN = 12.0  # mm left of the traces, for the calibration pulse
RIGHT_MARGIN = 4.0
TOP_MARGIN = 9.0
BOTTOM_MARGIN = 7.0

# "-aVR" is aVR upside down: it looks from 30 degrees, between I and II.
ORDERS = {"standard": LEADS, "Cabrera": ("aVL", "I", "-aVR", "II", "aVF", "III", *LEADS[6:])}


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
    inverted : bool
        Whether it is drawn upside down, as -aVR in Cabrera's order.
    """

    lead: str
    x: float
    y: float
    start: float
    stop: float
    row_height: float
    rhythm: bool = False
    inverted: bool = False

    @property
    def label(self) -> str:
        """The lead as it is written on the page."""
        return f"-{self.lead}" if self.inverted else self.lead


@dataclass(frozen=True)
class Layout:
    """Columns of leads, rhythm strips below them, and the millimetres of a row and of all columns together.

    `columns` is 0 where the page has nothing but its rhythm strips.
    """

    columns: int
    rhythms: int
    row_height: float
    width: float = 250.0

    @property
    def rows(self) -> int:
        """Of leads and rhythm strips together."""
        return (len(LEADS) // self.columns if self.columns else 0) + self.rhythms


LAYOUTS = {
    "3x4+1": Layout(4, 1, 28.0),
    "3x4+3": Layout(4, 3, 24.0),
    "6x2": Layout(2, 0, 22.0),
    "12x1": Layout(1, 0, 18.0),
    # Half as wide, so that every millimetre is twice as long on the same screen.
    "1": Layout(0, 1, 60.0, 125.0),
}


def page_height(name: str, below: float = 0.0) -> float:
    """Height of a page in millimetres, with `below` millimetres kept below the last trace."""
    layout = LAYOUTS[name]
    return TOP_MARGIN + layout.rows * layout.row_height + below + BOTTOM_MARGIN


def page_width(name: str) -> float:
    """Width of a page in millimetres; the same at every speed, so that a millimetre keeps its length on the screen."""
    return PULSE_MARGIN + LAYOUTS[name].width + RIGHT_MARGIN


def page_seconds(name: str, speed: float, duration: float) -> float:
    """How many seconds of a recording of `duration` seconds stand on one page at `speed` mm/s."""
    fitting = LAYOUTS[name].width / speed
    return min(fitting, max(LEAST_SECONDS, duration))


def page_starts(name: str, speed: float, duration: float) -> list[float]:
    """The second at which each page begins; the last page ends with the recording."""
    seconds = page_seconds(name, speed, duration)
    last = max(0.0, duration - seconds)
    starts = np.arange(int(last // seconds) + 1) * seconds
    return [float(start) for start in starts] + ([round(last, 3)] if last - starts[-1] > 0.01 else [])


def rhythm_leads(name: str, rhythm: str) -> tuple[str, ...]:
    """The leads of the rhythm strips: `rhythm` last, beside the usual V1 and V5 where there are three."""
    if LAYOUTS[name].rhythms < 3:
        return (rhythm,) * LAYOUTS[name].rhythms
    return (*[lead for lead in ("V1", "V5", "II") if lead != rhythm][:2], rhythm)


def panels(
    name: str,
    duration: float,
    speed: float,
    start: float = 0.0,
    order: str = "standard",
    rhythm: str = "II",
) -> list[Panel]:
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
    order : str
        A key of `ORDERS`.
    rhythm : str
        The lead of the last rhythm strip.
    """
    layout = LAYOUTS[name]
    seconds = page_seconds(name, speed, duration)
    page = min(seconds, duration - start)
    placed = []
    if layout.columns:
        width, height = seconds / layout.columns, len(LEADS) // layout.columns
        for index, label in enumerate(ORDERS[order]):
            column, row = divmod(index, height)
            begin = start + min(column * width, max(0.0, page - width))
            end = min(begin + width, start + page)
            y = -(row + 0.5) * layout.row_height
            lead = label.removeprefix("-")
            placed.append(Panel(lead, column * width * speed, y, begin, end, layout.row_height, inverted=label != lead))
    above = layout.rows - layout.rhythms
    for row, lead in enumerate(rhythm_leads(name, rhythm), start=above):
        y = -(row + 0.5) * layout.row_height
        placed.append(Panel(lead, 0.0, y, start, start + page, layout.row_height, rhythm=True))
    return placed
