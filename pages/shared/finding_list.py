"""Findings: ranked with their scores where these were checked on real recordings, without any where they were not."""

from collections.abc import Callable

import pandas as pd
import streamlit as st

FIRST = 8
BASIS_NAMES = {"simulated": "simulated recordings only", "never taught": "never taught", "real": "too little checked"}


def ranked_list(ranked: pd.DataFrame, ask: Callable[[str], None]) -> None:
    """Scored findings in their order, as buttons on bars; a click calls `ask` with the finding's name."""
    st.subheader("Findings")
    if ranked.empty:
        st.info("No finding of this checkpoint was found better than chance on real recordings yet, so none is ranked.")
        return
    st.html(_bars(ranked))
    with st.container(key="findings_first"):
        _buttons(ranked.head(FIRST), ask)
    if len(ranked) > FIRST:
        label = f"{len(ranked) - FIRST} more: less likely ones, and classes of those above"
        with st.expander(label), st.container(key="findings_rest"):
            _buttons(ranked.iloc[FIRST:], ask)
    st.caption("The checkpoint's own scores with their range; measurements are not blended in.")


def unranked_menu(unranked: dict[str, tuple[str, str]], ask: Callable[[str], None]) -> None:
    """Every other finding of the catalogue, to be asked about, with what its answer rests on instead of a score.

    Parameters
    ----------
    unranked : dict
        Name of a finding to its group and basis.
    ask : callable
        Called with the name that is chosen.
    """
    with st.expander(f"Ask about {len(unranked)} findings without a checked score"):
        st.selectbox(
            "Finding, and what an answer rests on",
            list(unranked),
            index=None,
            format_func=lambda name: f"{name} · {BASIS_NAMES[unranked[name][1]]}",
            placeholder="type to search",
            key="unranked",
            on_change=lambda: st.session_state["unranked"] and ask(st.session_state["unranked"]),
        )
        st.caption("No probability is given for these: none was found better than chance on real recordings.")


def _buttons(rows: pd.DataFrame, ask: Callable[[str], None]) -> None:
    for row in rows.itertuples():
        st.button(
            f"{row.name} `{100 * row.score:.0f} %  ({100 * row.low:.0f}–{100 * row.high:.0f})`",
            key=f"finding_{row.finding}",
            type="tertiary",
            width="stretch",
            on_click=ask,
            args=(row.name,),
        )


def _bars(ranked: pd.DataFrame) -> str:
    """A style sheet that fills each button as far as its score goes, and more faintly as far as its range does."""
    rules = []
    for row in ranked.itertuples():
        low, high = f"{100 * row.low:.1f}%", f"{100 * row.high:.1f}%"
        stops = f"var(--bar) {low}, var(--bar-range) {low}, var(--bar-range) {high}, transparent {high}"
        rules.append(f".st-key-finding_{row.finding} button {{ background: linear-gradient(to right, {stops}); }}")
    return f"<style>{' '.join(rules)}</style>"
