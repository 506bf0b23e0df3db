"""Colours, type and the Plotly template of every figure and page: defined here, once.

The app's `.streamlit/config.toml` repeats the few colours that Streamlit itself must know; a test keeps both equal.
"""

import plotly.graph_objects as go

INK = "#17232E"
MUTED = "#5C6B78"
LINE = "#DFE4E8"
SURFACE = "#F4F6F8"
BACKGROUND = "#FFFFFF"
ACCENT = "#0B5F8A"
ALERT = "#A8321E"
CAUTION = "#8A5A00"

# What the pages wear by day and by night; figures are drawn for the day, and ECG paper stays what it is.
DAY = {
    "ink": INK,
    "muted": MUTED,
    "line": LINE,
    "surface": SURFACE,
    "background": BACKGROUND,
    "accent": ACCENT,
    "alert": ALERT,
    "alert-ground": "#FDF1EE",
    "alert-line": "#E7B5AA",
    "caution": CAUTION,
    "caution-ground": "#FFF8E8",
    "caution-ink": "#5C4000",
    "good": "#0C6B4F",
    "bar": "#CFE2EE",
    "bar-range": "#E9F2F8",
    "interval": "#A9CBDD",
}
NIGHT = {
    "ink": "#E4EAEE",
    "muted": "#A3B2BE",
    "line": "#34434F",
    "surface": "#1C2831",
    "background": "#121A20",
    "accent": "#6FB7DD",
    "alert": "#F3917E",
    "alert-ground": "#33211F",
    "alert-line": "#7A4238",
    "caution": "#E3B45C",
    "caution-ground": "#2C2618",
    "caution-ink": "#EBCF97",
    "good": "#6CCBA6",
    "bar": "#24465A",
    "bar-range": "#1D323F",
    "interval": "#3B6E8A",
}

PAPER = "#FFFAF8"
GRID_THIN = "#FBE3DE"
GRID_THICK = "#F0C0B7"
TRACE = "#10181F"

# Blue against amber is told apart under every common colour blindness, and both stand off the pink of the grid.
FOR_TINTS = ("#DCEBF7", "#5BA8DC")
AGAINST_TINTS = ("#FBEBCB", "#F0AE3C")

FONT = '"Source Sans", "Segoe UI", Helvetica, Arial, sans-serif'
SIZE = 14
SIZE_SMALL = 12

# Okabe and Ito (2008), darkened where a thin mark on white needs it.
CATEGORIES = ("#0072B2", "#D55E00", "#009E73", "#B3588F", "#C99700", "#3A9BD4", "#6B4C9A", "#5C6B78")
SEQUENTIAL = ("#E3EDF3", "#A9CBDD", "#6AA5C4", "#2F7FAB", "#0B5F8A", "#073E5C")

# One family of hues for each part of the beat, told apart by lightness inside it.
WAVE_HUES = {
    "P": ("#A6D8BE", "#0C6B4F"),
    "QRS": ("#A9BDEB", "#1B2F86"),
    "T": ("#F6C98A", "#A85A00"),
    None: ("#CBD2D8", "#6F7B86"),
}


def template() -> go.layout.Template:
    """What every figure that is not ECG paper has in common."""
    axis = {
        "gridcolor": LINE,
        "linecolor": LINE,
        "zeroline": False,
        "ticks": "",
        "tickfont": {"size": SIZE_SMALL, "color": MUTED},
        "title": {"font": {"size": SIZE_SMALL, "color": MUTED}, "standoff": 8},
    }
    return go.layout.Template(
        layout={
            "font": {"family": FONT, "size": SIZE, "color": INK},
            "paper_bgcolor": BACKGROUND,
            "plot_bgcolor": BACKGROUND,
            "colorway": list(CATEGORIES),
            "margin": {"l": 8, "r": 8, "t": 28, "b": 8},
            "xaxis": axis | {"automargin": True},
            "yaxis": axis | {"automargin": True},
            "hoverlabel": {
                "bgcolor": BACKGROUND,
                "bordercolor": LINE,
                "font": {"family": FONT, "size": SIZE_SMALL, "color": INK},
                "align": "left",
            },
            "legend": {"font": {"size": SIZE_SMALL, "color": MUTED}, "title": {"font": {"size": SIZE_SMALL}}},
        }
    )


def mix(first: str, second: str, share: float) -> str:
    """The colour a `share` of the way from `first` to `second`, both ``#RRGGBB``."""
    a, b = ([int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in (first, second))
    return "#" + "".join(f"{round(x + (y - x) * share):02X}" for x, y in zip(a, b, strict=True))


def cluster_colours(waves: list[str | None]) -> list[str]:
    """One colour a cluster: its hue says where in the beat it lives, its lightness tells it from its neighbours.

    Parameters
    ----------
    waves : list of str or None, length K
        ``"P"``, ``"QRS"``, ``"T"`` or None (between the waves) for each cluster.
    """
    colours = []
    for index, wave in enumerate(waves):
        family = wave if wave in WAVE_HUES else None
        members = [i for i, other in enumerate(waves) if (other if other in WAVE_HUES else None) == family]
        share = members.index(index) / max(1, len(members) - 1) if len(members) > 1 else 0.5
        colours.append(mix(*WAVE_HUES[family], share))
    return colours


def contrast(first: str, second: str) -> float:
    """Contrast of two colours, 1 to 21 (WCAG 2.2, relative luminance); text wants 4.5."""

    def light(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    a, b = sorted((light(first), light(second)))
    return (b + 0.05) / (a + 0.05)


def words(x: float, y: float, text: str, **more) -> dict:
    """Small text that begins at (x, y), as a Plotly annotation; `more` overrides any field, `font` field by field."""
    font = {"size": SIZE_SMALL, "color": INK} | more.pop("font", {})
    return {
        "x": x,
        "y": y,
        "text": text,
        "showarrow": False,
        "xanchor": "left",
        "yanchor": "middle",
        "font": font,
    } | more
