"""A report beside the recording: its statements, their findings, and the features that it leaves out."""

from collections.abc import Callable
from html import escape

import streamlit as st

from pages.shared.completion import completion
from pages.shared.in_hand import InHand, remembered

LONGEST_REPORT = 5000
POLARITIES = {"present": ("✓", "stated"), "absent": ("✕", "denied"), "uncertain": ("?", "doubted")}


def report_tab(hand: InHand, ask: Callable[[str], None]) -> None:
    """A field for the text, and what is read in it.

    Parameters
    ----------
    hand : InHand
    ask : callable
        Called with the name of a finding that is chosen.
    """
    with st.form("report_form", border=False):
        st.text_area(
            "A report on this recording, in English, German or Swedish",
            key="report",
            height=110,
            max_chars=LONGEST_REPORT,
            placeholder="Paste or type it. It stays in this session, on this machine.",
            persist_state="session",
        )
        st.form_submit_button("Read the report", icon=":material/description:")
    text = st.session_state.get("report", "").strip()
    if not text:
        return
    statements = remembered(("report", text), lambda: _read(text))
    if not statements:
        st.info("There is no statement in this text.")
        return
    with st.container(key="statements"):
        for number, statement in enumerate(statements):
            with st.container(key=f"statement_{number}"):
                _statement(number, statement, ask)
    completion(hand, text)


def _read(text: str) -> list:
    from ecgclip_core.findings.reports import read_report

    return read_report(text)


def _statement(number: int, statement, ask: Callable[[str], None]) -> None:
    """One statement in its own words and in English, with a button for each of its findings."""
    from ecgclip_core.findings.catalogue import catalogue

    words, findings = st.columns([1.2, 1], gap="medium", vertical_alignment="center")
    own = escape(statement.text)
    same = statement.text.casefold().strip(" .") == statement.english.casefold().strip(" .")
    english = "" if same else f'<div class="english">{escape(statement.english)}</div>'
    words.html(f'<div class="ecgclip-statement">{own}{english}</div>')
    if not statement.findings:
        findings.caption("no finding of the catalogue")
        return
    with findings.container(horizontal=True, gap="small"):
        for finding, polarity in statement.findings:
            name = catalogue()[finding].name
            st.button(
                f"{_polarity(polarity)}: {name}",
                key=f"said_{number}_{finding}",
                on_click=ask,
                args=(name,),
                type="tertiary",
            )


def _polarity(polarity: str) -> str:
    sign, word = POLARITIES[polarity]
    return f"{sign} {word}"
