"""Waveform features that a report leaves out: proposed, held against the recording, kept or rejected with reasons."""

import math
from html import escape
from tempfile import TemporaryDirectory

import streamlit as st

from ecgclip_core.errors import EcgclipError, EndpointError
from pages.shared.criteria import state_table, without_patient
from pages.shared.in_hand import InHand, remembered
from pages.shared.model import endpoint, model

OFFLINE, ENDPOINT = "offline", "endpoint"
ASKED = "completion_asked"


def completion(hand: InHand, report: str) -> None:
    """Where proposals come from and what is sent for them, the buttons that start it, and the table of what came.

    Parameters
    ----------
    hand : InHand
    report : str
        Nothing is worked out, and nothing sent, before a button is pressed.
    """
    st.markdown("**What the report leaves out**")
    _start(hand, report)
    asked = st.session_state.get(ASKED)
    if asked is None or asked[:2] != (hand.key, report):
        return
    how = asked[2]
    try:
        with st.spinner("Proposing features and holding them against the recording …"):
            table = remembered(("completion", report, how), lambda: _complete(hand, report, how))
    except EcgclipError as error:
        # Asked again only by another press of the button.
        st.session_state.pop(ASKED)
        st.error(str(error))
        return
    _show(table)


def _start(hand: InHand, report: str) -> None:
    def ask(how: str) -> None:
        st.session_state[ASKED] = (hand.key, report, how)

    try:
        remote = endpoint()
    except EndpointError as error:
        st.warning(str(error))
        remote = None
    words = (
        "Features are proposed from the catalogue for the findings that the report states, and each is held against "
        "this recording: by its measurements and by the model. No text leaves this machine."
    )
    if remote is not None:
        words = (
            f"An endpoint is set: the model {remote.model} at {remote.host}. The second button sends the statements of "
            "this report, in English, and the names of its findings to that address; nothing of the recording goes "
            "with them. The first button proposes from the catalogue, and no text leaves this machine."
        )
    st.caption(words)
    with st.container(horizontal=True, gap="small"):
        st.button("Propose from the catalogue", key="complete_offline", on_click=ask, args=(OFFLINE,))
        if remote is not None:
            st.button(f"Send to {remote.host}", key="complete_endpoint", on_click=ask, args=(ENDPOINT,))


def _complete(hand: InHand, report: str, how: str):
    from ecgclip_core.training.completion import complete
    from ecgclip_core.training.proposers import asking

    if how == OFFLINE:
        return complete(hand.ecg, report, model())
    # Of a reader's own report not even the answers to it outlast the session.
    with TemporaryDirectory() as folder:
        return complete(hand.ecg, report, model(), asking(endpoint(), folder))


def _show(table) -> None:
    if table.empty:
        st.info("The report states no finding of the heart that has features to add, so nothing is proposed.")
        return
    kept = int((table["state"] == "kept").sum())
    st.write(f"{len(table)} proposed, {kept} kept.")
    rows = [
        (row.state, [escape(row.feature) or "–", escape(row.finding) or "–", escape(row.reason), _numbers(row)])
        for row in table.sort_values("state", kind="stable").itertuples()
    ]
    st.html(state_table(["Feature", "Of", "Why", "Measured, and what the model needs"], rows))
    st.caption(
        "Similarity is the cosine between the sentence and this recording; it must reach the threshold beside it, "
        "which was chosen on recordings without the feature."
    )


def _numbers(row) -> str:
    """The measured values, and similarity against threshold."""
    parts = [escape(without_patient(row.measured))] if row.measured else []
    if math.isfinite(row.similarity):
        needed = f" of {row.threshold:.2f} needed" if math.isfinite(row.threshold) else ""
        parts.append(f"similarity {row.similarity:.2f}{needed}")
    return "<br>".join(parts) or "–"
