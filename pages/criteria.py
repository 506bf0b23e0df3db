"""Criteria for teaching: what textbooks ask for, what a recording measures, where the model looked; and a way to learn.

Three views: one finding in the recording in hand, a teaching mode that hides everything until the learner has answered,
and the agreement of the model with the criteria over many recordings.
"""

from html import escape

import streamlit as st

from ecgclip_core.errors import EcgclipError
from pages.shared.answers import ranked
from pages.shared.criteria import chosen_key
from pages.shared.criteria_cohort import agreement_over_cohort
from pages.shared.criteria_view import finding_view
from pages.shared.entry import through_app
from pages.shared.in_hand import InHand, in_hand
from pages.shared.look import tag
from pages.shared.model import footer
from pages.shared.teaching import teaching

READING = "pages/reading.py"
PLAIN = "sinus_rhythm"
ONE, TEACHING, COHORT = "This recording", "Teaching mode", "Over a cohort"


def criteria() -> None:
    """The page."""
    st.title("Criteria")
    view = st.segmented_control(
        "View",
        [ONE, TEACHING, COHORT],
        default=ONE,
        required=True,
        key="criteria_view",
        persist_state="session",
        label_visibility="collapsed",
    )
    try:
        {ONE: _this_recording, TEACHING: teaching, COHORT: agreement_over_cohort}[view]()
    except EcgclipError as error:
        st.error(str(error))
    footer()


def _this_recording() -> None:
    from ecgclip_core.findings.catalogue import catalogue

    hand = in_hand()
    _heading(hand)
    finding = catalogue()[_chosen(hand)]
    finding_view(hand, finding)
    if st.button("Ask on the reading page", icon=":material/ecg_heart:"):
        st.session_state["question"] = finding.name
        st.switch_page(READING)


def _heading(hand: InHand) -> None:
    label = tag("Simulated, not a person") if hand.ecg.truth is not None else ""
    st.html(
        f'{label}<span class="ecgclip-title">{escape(hand.title)}</span>'
        '<span class="ecgclip-sub">the recording in hand; open another one on the reading page</span>'
    )


def _chosen(hand: InHand) -> str:
    """Identifier of the finding whose criteria are shown."""
    from ecgclip_core.findings.catalogue import catalogue

    names = {finding.id: finding.name for finding in catalogue().values()}
    if st.session_state.get(chosen_key(hand)) not in names:
        st.session_state[chosen_key(hand)] = _fitting(hand)
    field, _ = st.columns([1, 1.4])
    return field.selectbox(
        "Finding",
        sorted(names, key=lambda finding: names[finding].casefold()),
        format_func=lambda finding: names[finding][:1].upper() + names[finding][1:],
        key=chosen_key(hand),
        persist_state="session",
    )


def _fitting(hand: InHand) -> str:
    """A finding that fits: the one asked about, the one the recording shows, or the likeliest one with criteria."""
    from ecgclip_core.findings.catalogue import catalogue
    from ecgclip_core.findings.question import read_question

    for question in (st.session_state.get("question", ""), *hand.questions):
        for part in read_question(question):
            if part.finding:
                return part.finding
    try:
        likely = list(ranked(hand).get("finding", ()))
    except EcgclipError:
        likely = []
    return next((finding for finding in likely if catalogue()[finding].criteria), PLAIN)


through_app(criteria, __file__)
