"""Words on the printed page: broken into lines by their true width, in columns, none left out unsaid."""

from functools import cache

from matplotlib.font_manager import FontProperties
from matplotlib.text import Text
from matplotlib.textpath import text_to_path

POINT = 25.4 / 72  # mm
LINE = 1.32  # times the size of the type, from one line to the next
SMALL, SIZE, LARGE = 6.6, 7.2, 11.0  # points


def width_mm(text: str, size: float, bold: bool = False) -> float:
    """How wide a text is printed, in millimetres."""
    return text_to_path.get_text_width_height_descent(text, _font(size, bold), ismath=False)[0] * POINT


def wrapped(text: str, size: float, room: float) -> list[str]:
    """A text in lines no wider than `room` mm; a longer word is cut."""
    lines = [""]
    for word in text.split():
        for piece in _pieces(word, size, room):
            longer = f"{lines[-1]} {piece}".strip()
            if width_mm(longer, size) <= room:
                lines[-1] = longer
            else:
                lines.append(piece)
    return lines


def put(axes, x: float, y: float, text: str, size: float = SIZE, bold: bool = False, **more) -> None:
    """One line of text on axes in millimetres, its base line at y. Nothing in it is taken for a formula."""
    axes.add_artist(
        Text(x, y, text, fontproperties=_font(size, bold), parse_math=False, verticalalignment="baseline", **more)
    )


def column(axes, x: float, top: float, room: float, floor: float, blocks: list[tuple[str, list[str]]]) -> None:
    """Headed paragraphs under each other, down to `floor`; where they do not fit, the last line says so.

    Parameters
    ----------
    axes : Axes
        In millimetres.
    x, top, room, floor : float
        Left end, upper end, width and lower end.
    blocks : list of (heading, paragraphs)
        Those without paragraphs are left out.
    """
    lines = []
    for heading, paragraphs in blocks:
        if paragraphs:
            lines.append((heading, True))
            lines += [(line, False) for paragraph in paragraphs for line in wrapped(paragraph, SMALL, room)]
            lines.append(("", False))
    step = SMALL * LINE * POINT
    fitting = int((top - floor) / step)
    while lines and not lines[-1][0]:
        lines.pop()
    if len(lines) > fitting:
        lines = [*lines[: fitting - 1], ("… more in the JSON of this recording", False)]
    for number, (line, bold) in enumerate(lines):
        put(axes, x, top - (number + 1) * step, line, SIZE if bold else SMALL, bold)


def _pieces(word: str, size: float, room: float) -> list[str]:
    if width_mm(word, size) <= room:
        return [word]
    kept = max(1, int(len(word) * room / width_mm(word, size) * 0.9))
    return [word[start : start + kept] for start in range(0, len(word), kept)]


@cache
def _font(size: float, bold: bool) -> FontProperties:
    return FontProperties(family="DejaVu Sans", size=size, weight="bold" if bold else "normal")
