"""What every page wears: the style sheet, the logo and the research-use banner."""

from functools import cache
from html import escape

import streamlit as st

from ecgclip_core.bundled import ASSETS
from ecgclip_core.figures import theme

NO_BREAK = "\u00a0"
RESEARCH_USE = "For research and teaching only. Not a medical device: do not diagnose or treat by it."


# Figures are drawn for the day. By night lightness is turned round and hues are kept; black then lets the page through.
NIGHT_CHARTS = """
[data-testid="stPlotlyChart"] { filter: invert(1) hue-rotate(180deg); mix-blend-mode: screen; }
.stLogo { filter: invert(1) hue-rotate(180deg); }
"""


def dress() -> None:
    """Style sheet, logo and banner; called once, before a page."""
    st.logo(ASSETS / "theme-logo.svg", size="large")
    st.html(_style(st.context.theme.type == "dark"))
    st.html(f'<div class="ecgclip-banner" role="note">{escape(RESEARCH_USE)}</div>')


def tag(text: str) -> str:
    """A small label, as HTML."""
    return f'<span class="ecgclip-tag">{escape(text)}</span>'


def lines(css_class: str, sentences: list[str]) -> None:
    """Sentences under each other in one box; nothing where there are none. A sentence is HTML."""
    if sentences:
        st.html(f'<div class="{css_class}">' + "".join(f"<div>{sentence}</div>" for sentence in sentences) + "</div>")


def figures_row(cells: list[tuple[str, str, str]]) -> None:
    """Figures in one row, each with what it is above it.

    Parameters
    ----------
    cells : list of (what, value, reason)
        Plain text; the value may hold a unit after a no-break space. A reason stands for a value that is not there.
    """
    st.html('<div class="ecgclip-measures">' + "".join(_cell(*cell) for cell in cells) + "</div>")


def paper_shape(key: str, width_mm: float, height_mm: float) -> None:
    """Give the container `key` the proportions of the ECG paper in it; paper is light by night too."""
    st.html(
        f"<style>.st-key-{key} {{ aspect-ratio: {width_mm:g} / {height_mm:g}; }}"
        f".st-key-{key} [data-testid=stPlotlyChart] {{ filter: none; mix-blend-mode: normal; }}</style>"
    )


def _cell(what: str, value: str, reason: str) -> str:
    number, _, unit = value.partition(NO_BREAK)
    kind = "value none" if reason else "value"
    return (
        f'<div title="{escape(reason, quote=True)}"><div class="what">{escape(what)}</div>'
        f'<div class="{kind}">{escape(number)} <small>{escape(unit)}</small></div></div>'
    )


@cache
def _style(dark: bool) -> str:
    variables = " ".join(f"--{name}: {value};" for name, value in (theme.NIGHT if dark else theme.DAY).items())
    rules = (ASSETS / "theme.css").read_text(encoding="utf-8") + (NIGHT_CHARTS if dark else "")
    return f"<style>:root {{ {variables} }}\n{rules}</style>"


def sheet_chart(name: str, figure, alt: str) -> None:
    """A piece of ECG paper in its true shape, without tools; `name` tells it from others on the page."""
    paper_shape(name, **figure.layout.meta)
    with st.container(key=name):
        st.plotly_chart(figure, theme=None, height="stretch", config={"displayModeBar": False}, alt=alt)
