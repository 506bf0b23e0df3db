"""The learner's right and wrong answers of this session."""

import pandas as pd
import streamlit as st

_TALLY = "lesson_tally"


def count(truth: str, answer: str) -> None:
    """Add one answer."""
    kept = st.session_state.setdefault(_TALLY, [])
    kept.append((truth, answer))


def tally(by_finding: bool) -> None:
    """The sums, and by finding; only the sums while an answer is awaited, so that nothing can be concluded from it."""
    kept = st.session_state.get(_TALLY, [])
    if not kept:
        return
    right = sum(truth == answer for truth, answer in kept)
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.markdown(f"This session: **{right} right**, **{len(kept) - right} wrong**.")
        st.button("Reset", key="lesson_reset", on_click=_reset, type="tertiary", icon=":material/restart_alt:")
    if by_finding:
        with st.expander("By finding"):
            st.dataframe(_table(kept), hide_index=True, width="stretch")


def _table(kept: list[tuple[str, str]]) -> pd.DataFrame:
    from ecgclip_core.findings.catalogue import catalogue

    names = {finding: catalogue()[finding].name for pair in kept for finding in pair}
    rows = []
    for finding in sorted({truth for truth, _ in kept}, key=names.get):
        answers = [answer for truth, answer in kept if truth == finding]
        taken_for = dict.fromkeys(names[answer] for answer in answers if answer != finding)
        right = answers.count(finding)
        rows.append((names[finding], right, len(answers) - right, ", ".join(taken_for)))
    return pd.DataFrame(rows, columns=["Finding", "Right", "Wrong", "Taken for"])


def _reset() -> None:
    st.session_state[_TALLY] = []
