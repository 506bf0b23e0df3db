"""A reader's notes on the recording in hand, and whether they agree with what the checkpoint says of each finding."""

from dataclasses import replace

import pandas as pd
import streamlit as st

from ecgclip_core.errors import EcgclipError
from ecgclip_core.review.entry import (
    DECISIONS,
    LONGEST_NAME,
    LONGEST_NOTE,
    WITHDRAWN,
    Entry,
    recording_key,
)
from ecgclip_core.review.home import home
from ecgclip_core.review.store import FILE, as_csv, damaged_files, entries, keep, latest
from pages.shared.answers import ranked
from pages.shared.finding_list import FIRST
from pages.shared.in_hand import InHand, remembered
from pages.shared.model import model

_READER, _SAID = "reviewer", "review_said"


@st.fragment
def notes_panel(hand: InHand) -> None:
    """Collapsed until it is wanted; it then reruns alone."""
    box = st.expander(
        "Your notes, and where you agree", icon=":material/edit_note:", key="notes_box", on_change="rerun"
    )
    if not box.open:
        return
    with box:
        try:
            _panel(hand)
        except EcgclipError as error:
            st.error(str(error))


def _panel(hand: InHand) -> None:
    recording = remembered(("recording key",), lambda: recording_key(hand.ecg))
    st.text_input("Who reads", key=_READER, max_chars=LONGEST_NAME, persist_state="session", placeholder="initials")
    reader = st.session_state.get(_READER, "").strip()
    held = entries(recording)
    if reader:
        mine = latest(held[held["reviewer"] == reader])
        blank = Entry(recording, reader, simulated=hand.ecg.truth is not None)
        left, right = st.columns([1.3, 1], gap="large")
        with right:
            _note(blank, mine)
        with left:
            _decisions(hand, blank, mine)
    else:
        st.caption("Say who reads, to note something or to agree or disagree.")
    if said := st.session_state.pop(_SAID, ""):
        st.warning(said)
    _history(held)
    _where()


def _note(blank: Entry, mine: pd.DataFrame) -> None:
    notes = mine.loc[mine["finding"] == "", "note"]
    key = f"note_of_{blank.recording}_{blank.reviewer}"
    st.text_area(
        "Note on this recording",
        value=notes.iloc[-1] if len(notes) else "",
        key=key,
        max_chars=LONGEST_NOTE,
        height=150,
        placeholder="Kept as soon as you leave the field. No name of a person, please.",
        on_change=_keep_note,
        args=(blank, key),
    )


def _decisions(hand: InHand, blank: Entry, mine: pd.DataFrame) -> None:
    """The findings that come first on the page, those decided on before, and any other that is picked."""
    found = ranked(hand).set_index("finding")
    decided = dict(zip(mine["finding"], mine["decision"], strict=True))
    shown = [*found.index[:FIRST], *(finding for finding in found.index[FIRST:] if finding in decided)]
    others = [finding for finding in found.index if finding not in shown]
    picked = st.session_state.get("decide_another")
    for finding in [*shown, *([picked] if picked in others else [])]:
        _decision(blank, finding, found.loc[finding], decided.get(finding))
    if others:
        st.selectbox(
            "Another finding",
            others,
            index=None,
            format_func=lambda finding: found.loc[finding, "name"],
            key="decide_another",
            placeholder="Another finding: type to search",
            label_visibility="collapsed",
        )
    st.caption("Agree or disagree with the score as it stands: a low one says that the finding is not there.")


def _decision(blank: Entry, finding: str, row: pd.Series, decided: str | None) -> None:
    key = f"decide_{blank.recording}_{blank.reviewer}_{model().hash}_{finding}"
    entry = replace(
        blank,
        finding=finding,
        checkpoint=model().name,
        checkpoint_hash=model().hash,
        score=float(row["score"]),
        low=float(row["low"]),
        high=float(row["high"]),
    )
    words, choice = st.columns([1.1, 1], vertical_alignment="center")
    words.markdown(f"{row['name']} `{100 * row['score']:.0f} %`")
    choice.segmented_control(
        f"Your view of {row['name']}",
        DECISIONS,
        default=decided if decided in DECISIONS else None,
        format_func=str.capitalize,
        key=key,
        label_visibility="collapsed",
        on_change=_keep_decision,
        args=(entry, key),
    )


def _keep_note(blank: Entry, key: str) -> None:
    _kept(replace(blank, note=st.session_state[key].strip()))


def _keep_decision(entry: Entry, key: str) -> None:
    _kept(replace(entry, decision=st.session_state[key] or WITHDRAWN))


def _kept(entry: Entry) -> None:
    try:
        st.session_state[_SAID] = keep(entry)
    except EcgclipError as error:
        st.session_state[_SAID] = f"Not kept. {error}"


def _history(held: pd.DataFrame) -> None:
    """Every entry on this recording, newest first, what was changed later included."""
    if held.empty:
        return
    columns = ["at", "reviewer", "finding", "decision", "note", "score", "checkpoint", "checkpoint_hash"]
    st.dataframe(
        held.iloc[::-1][columns],
        hide_index=True,
        width="stretch",
        height=min(250, 38 + 35 * len(held)),
        column_config={
            "at": st.column_config.DatetimeColumn("When", format="YYYY-MM-DD HH:mm:ss"),
            "score": st.column_config.NumberColumn("Score", format="percent"),
            "checkpoint_hash": "Hash",
            **{name: name.capitalize() for name in ("reviewer", "finding", "decision", "note", "checkpoint")},
        },
        key="notes_history",
    )


def _where() -> None:
    damaged = damaged_files()
    with st.container(horizontal=True, vertical_alignment="center"):
        if (home() / FILE).is_file() and st.button(
            "All reviews as a table", icon=":material/table:", key="reviews_make"
        ):
            st.download_button(
                "Save reviews.csv", as_csv(entries()), "reviews.csv", "text/csv", key="reviews_csv", on_click="ignore"
            )
        st.caption(
            f"Kept on this machine alone, in {FILE} in the folder `{home()}`, under a number made of the samples: no "
            "name, no patient, no file name. Nothing is overwritten; a change adds a line."
        )
    if damaged:
        st.warning(f"Damaged, set aside unchanged in the same folder: {', '.join(damaged)}.")
