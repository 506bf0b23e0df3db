"""The criteria of one finding: what textbooks ask for, what this recording measures, what the model says."""

from html import escape

import streamlit as st

from ecgclip_core.errors import EcgclipError
from ecgclip_core.figures.beat import median_beat_figure
from pages.shared.answers import answers, ranked, scored
from pages.shared.criteria import (
    chosen_key,
    counted,
    criteria_states,
    criteria_table,
    disagreement,
    feature_table,
    place,
)
from pages.shared.entry import through_app
from pages.shared.examination import examined
from pages.shared.explanation import answer_card
from pages.shared.in_hand import InHand, in_hand
from pages.shared.look import sheet_chart, tag
from pages.shared.model import footer, model
from pages.shared.question import not_offered

READING = "pages/reading.py"
PLAIN = "sinus_rhythm"


def criteria() -> None:
    """The page."""
    from ecgclip_core.findings.catalogue import catalogue

    st.title("Criteria")
    hand = in_hand()
    _heading(hand)
    finding = catalogue()[_chosen(hand)]
    table = criteria_states(hand, finding)
    left, right = st.columns([2.4, 1], gap="large")
    with left:
        _criteria(finding, table)
        _features(hand, finding)
    with right:
        _model(hand, finding, table)
    _median_beat(hand, finding)
    footer()


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
        format_func=lambda finding: _capital(names[finding]),
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


def _features(hand: InHand, finding) -> None:
    if finding.features:
        st.subheader("What it looks like")
        feature_table(hand, finding)


def _model(hand: InHand, finding, table) -> None:
    from ecgclip_core.model.query import ask_finding

    st.subheader("What the model says")
    try:
        query = ask_finding(model(), finding)
        if not query.offered:
            st.info(not_offered(query))
            return
        rows = answers(hand, query)
        answer_card(rows, query, scored)
    except EcgclipError as error:
        st.error(str(error))
        return
    if words := disagreement(table, rows[0]):
        st.warning(words)
    st.caption("Its own answer: neither criteria nor measurements are blended in.")
    if st.button("Ask on the reading page", icon=":material/ecg_heart:"):
        st.session_state["question"] = finding.name
        st.switch_page(READING)


def _median_beat(hand: InHand, finding) -> None:
    st.subheader("Where to look")
    st.write(f"{_capital(place(finding.waves, finding.leads))}.")
    beat = examined(hand).beat
    if beat is None:
        st.info("No heart beat stands out of the tracing, so there is no median beat.")
        return
    figure = median_beat_figure(beat.signal, beat.times, beat.marks, hand.ecg.calibrated, leads=finding.leads)
    sheet_chart("beat", figure, f"Median beat in {', '.join(finding.leads)} with P, QRS and T shaded.")
    st.caption(f"Median of {beat.n_beats} beats of one shape; shaded are P wave, QRS complex and T wave as measured.")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


through_app(criteria, __file__)
