"""Everything that the criteria page says of one finding in one recording."""

import streamlit as st

from ecgclip_core.errors import EcgclipError
from pages.shared.answers import answers, scored
from pages.shared.criteria import counted, criteria_states, criteria_table, disagreement, feature_table, place
from pages.shared.criteria_map import map_beat
from pages.shared.criteria_marks import beat_sheet_of, criteria_beat
from pages.shared.explanation import answer_card
from pages.shared.in_hand import InHand
from pages.shared.model import model
from pages.shared.question import not_offered


def finding_view(hand: InHand, finding) -> None:
    """Criteria, features and the model's answer, then criteria and map on the median beat side by side."""
    table = criteria_states(hand, finding)
    left, right = st.columns([2.4, 1], gap="large")
    with left:
        _criteria(finding, table)
        if finding.features:
            st.subheader("What it looks like")
            feature_table(hand, finding)
    with right:
        query = _model(hand, finding, table)
    _beats(hand, finding, query)


def _criteria(finding, table) -> None:
    st.subheader("What textbooks ask for")
    if finding.shown_by == "statistics":
        st.info(
            "An ECG shows this only statistically: there are no criteria that a reader could hold against the tracing, "
            "and what the model says is a likelihood learned from recordings."
        )
    elif table.empty:
        st.info("The catalogue has no criterion for this that can be measured; the features say what to look for.")
    if not table.empty:
        st.write(f"{counted(table)} Each stands by itself; some are alternatives to each other.")
        criteria_table(table)


def _model(hand: InHand, finding, table):
    """The model's own answer; its query, or None where it has none."""
    from ecgclip_core.model.query import ask_finding

    st.subheader("What the model says")
    try:
        query = ask_finding(model(), finding)
        if not query.offered:
            st.info(not_offered(query))
            return None
        rows = answers(hand, query)
        answer_card(rows, query, scored)
    except EcgclipError as error:
        st.error(str(error))
        return None
    if words := disagreement(table, rows[0]):
        st.warning(words)
    st.caption("Its own answer: neither criteria nor measurements are blended in.")
    return query


def _beats(hand: InHand, finding, query) -> None:
    laid = beat_sheet_of(hand, finding)
    if laid is None:
        st.info("No heart beat stands out of the tracing, so there is no median beat to draw on.")
        return
    st.caption(f"Where to look: {place(finding.waves, finding.leads)}.")
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("What the criteria measure")
        criteria_beat(hand, finding, laid)
    with right:
        st.subheader("Where the model looked")
        if query is None:
            st.info("The model does not answer this, so there is no map.")
            return
        try:
            map_beat(hand, finding, query, laid)
        except EcgclipError as error:
            st.error(str(error))
