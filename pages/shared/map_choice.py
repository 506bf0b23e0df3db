"""Which map to draw: method, baseline or stage, and how far the work on it has come."""

import streamlit as st

from pages.shared.answers import map_of
from pages.shared.in_hand import InHand
from pages.shared.model import model


def map_menu(
    suffix: str = "", label: str = "Where the answer comes from", first: str | None = None
) -> tuple[str, str, int]:
    """Menus of method and of what it is compared with, or of where it looks.

    Parameters
    ----------
    suffix : str
        Tells a second set of menus on a page from the first.
    label : str
    first : str, optional
        The method before one was chosen.

    Returns
    -------
    method, baseline, stage
    """
    from ecgclip_core.interpretation.saliency import DEFAULT, METHODS, STAGES
    from ecgclip_core.interpretation.saliency_baselines import BASELINES

    key = f"method{suffix}"
    if st.session_state.get(key) not in METHODS:
        st.session_state[key] = first or DEFAULT
    method = st.selectbox(
        label, list(METHODS), format_func=lambda name: METHODS[name].label, key=key, persist_state="session"
    )
    baseline, stage = METHODS[method].baseline, STAGES[-1]
    if "baseline" in METHODS[method].uses:
        baseline = st.selectbox(
            "Compared with",
            list(BASELINES),
            index=list(BASELINES).index(baseline),
            format_func=lambda name: BASELINES[name].label,
            key=f"baseline_{method}{suffix}",
            persist_state="session",
        )
    if "stage" in METHODS[method].uses:
        stage = st.selectbox(
            "Stage of the encoder",
            STAGES,
            index=len(STAGES) - 1,
            format_func=lambda number: (
                f"{number}, cells of {1000 * METHODS[method].resolution(model(), number):.0f} ms"
            ),
            key=f"stage{suffix}",
            persist_state="session",
        )
    return method, baseline, stage


def map_with_progress(hand: InHand, query, chosen: tuple[str, str, int], suffix: str = ""):
    """The map and its summary; a slow one with a button that stops it.

    Parameters
    ----------
    hand : InHand
    query : Query
    chosen : (str, str, int)
        As of `map_menu`.
    suffix : str
        As of `map_menu`.
    """
    from ecgclip_core.interpretation.saliency import METHODS

    bar, stop = st.progress(0.0, "Working out the map …"), st.empty()
    if METHODS[chosen[0]].slow:
        # The click starts a new run of the page, which ends this one at its next report of progress.
        stop.button("Stop", key=f"stop{suffix}", on_click=_back_to_default, args=(f"method{suffix}",))
    found, summary = map_of(hand, query, *chosen, lambda share: bar.progress(share, "Working out the map …"))
    bar.empty()
    stop.empty()
    return found, summary


def _back_to_default(key: str) -> None:
    from ecgclip_core.interpretation.saliency import DEFAULT

    st.session_state[key] = DEFAULT
