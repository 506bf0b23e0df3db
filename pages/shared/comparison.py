"""Two maps of one recording side by side: two methods, or two questions."""

import streamlit as st

from ecgclip_core.figures.paper import paper
from pages.shared.explanation import carriers
from pages.shared.in_hand import InHand
from pages.shared.look import sheet_chart
from pages.shared.map_choice import map_menu, map_with_progress
from pages.shared.model import model

OTHER = "_beside"
SMALL_WORDS = 8  # px, since the sheet has half its usual width


def comparison_tab(hand: InHand, query, found, summary, waves) -> None:
    """The map of the page beside a second one, and how far they agree.

    Parameters
    ----------
    hand : InHand
    query : Query or None
        The question of the page.
    found, summary : Saliency, AttributionSummary
        Of the page.
    waves : ndarray of str, shape (12, n)
        For the pointer.
    """
    from ecgclip_core.interpretation.saliency import METHODS

    if query is None:
        st.caption("Ask this recording something first; its map is then set beside another one.")
        return
    if not st.toggle("Set a second map beside this one", key="compare"):
        st.caption("By another method, or for another question.")
        return
    with st.container(horizontal=True):
        asked = st.text_input("Question of the second map", value=query.text, key=f"question{OTHER}_of_{query.text}")
        chosen = map_menu(OTHER, "Its method", next(name for name in METHODS if name != found.method))
    other_query = _second_question(asked)
    if other_query is None:
        return
    other = map_with_progress(hand, other_query, chosen, OTHER)
    _agreement(found, other[0])
    left, right = st.columns(2, gap="medium")
    with left:
        _one(hand, "compare_left", query, found, summary, waves)
    with right:
        _one(hand, "compare_right", other_query, *other, waves)


def _second_question(text: str):
    from ecgclip_core.errors import QuestionError
    from ecgclip_core.model.query import ask

    try:
        query = ask(model(), text)
    except QuestionError as error:
        st.warning(str(error))
        return None
    if not query.understood:
        st.warning("That was not understood as a question about an ECG, so it has no map.")
        return None
    return query


def _one(hand: InHand, key: str, query, found, summary, waves) -> None:
    from ecgclip_core.interpretation.saliency import METHODS

    method = METHODS[found.method]
    st.markdown(f"**{query.name}** · {method.label}")
    figure = paper(hand.ecg, saliency=found.values, signed=method.signed, waves=waves)
    figure.update_annotations(font_size=SMALL_WORDS)
    sheet_chart(key, figure, f"Map of {query.name} by {method.label}.")
    carriers(found, summary, query, method)


def _agreement(found, other) -> None:
    from ecgclip_core.interpretation.agreement import rank_agreement

    agreement = rank_agreement(found, other)
    if agreement != agreement:
        st.markdown("The two maps tell nothing apart in common, so there is no rank agreement.")
        return
    st.markdown(
        f"Rank agreement of the two maps: **{agreement:.2f}** (Spearman's correlation over 0.1 s cells; 1 is the same "
        "order, 0 none, -1 the opposite)."
    )
