"""The link to what is on the reading page: a bundled case, its question and method; nothing of a reader's own."""

import streamlit as st

from ecgclip_core.simulation.cases import cases
from pages.shared.in_hand import CASE, InHand, take_case

LONGEST_QUESTION = 200


def follow_link() -> None:
    """At the start of a session: what the link asks for. Anything in it that does not exist is left aside."""
    if "in_hand" in st.session_state:
        return
    asked = st.query_params.to_dict()
    if asked.get("case") not in {case.id for case in cases()}:
        return
    take_case(asked["case"])
    if asked.get("question"):
        st.session_state["question"] = asked["question"][:LONGEST_QUESTION]
    if asked.get("method"):
        st.session_state["method"] = asked["method"]


def write_link(hand: InHand, question: str, method: str) -> None:
    """Keep the address in step with the page; bare where the recording is not a bundled case."""
    wanted = {}
    if hand.origin == CASE:
        wanted = {"case": hand.key, "question": question, "method": method}
        wanted = {key: value for key, value in wanted.items() if value and len(value) <= LONGEST_QUESTION}
    if st.query_params.to_dict() != wanted:
        st.query_params.from_dict(wanted)
