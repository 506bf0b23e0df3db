"""The question as it was understood; where it was not, why, and what can be asked instead."""

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from ecgclip_core.errors import QuestionError
from pages.shared.explanation import listed
from pages.shared.model import model

EXAMPLES = (
    "atrial fibrillation",
    "ST elevation in the inferior leads",
    "left bundle branch block or right bundle branch block",
    "no left ventricular hypertrophy",
)
CAN_SHOW = "rhythm, conduction, infarction, ST and T changes, hypertrophy or the form of the waves"


def understood(question: str, ask: Callable[[str], None]):
    """The question as the model is asked it; None, with sentences and examples to click, where it cannot be.

    Parameters
    ----------
    question : str
        As the reader wrote it.
    ask : callable
        Called with the example that is chosen.

    Returns
    -------
    Query or None
        Without the parts that were not understood; a sentence names them.
    """
    query = _asked(question)
    if query is None:
        return None
    if query.scope == "beyond":
        st.warning(
            "That lies beyond what an ECG can show, so there is no score and no map. "
            f"Ask about {CAN_SHOW}. Nearest by their wording:"
        )
        suggestions(nearest_names(query.text), ask)
        return None
    if not query.understood:
        st.warning(
            "That was not understood as a question about an ECG, so there is no score and no map. "
            f"Ask about {CAN_SHOW}, in your own words or by name. For example:"
        )
        suggestions(EXAMPLES, ask)
        return None
    return _without_the_rest(query)


def suggestions(questions, ask: Callable[[str], None]) -> None:
    """Questions as buttons."""
    with st.container(horizontal=True, gap="small", key="suggested"):
        for question in questions:
            st.button(question, key=f"suggest_{question}", on_click=ask, args=(question,))


def nearest_names(text: str) -> list[str]:
    """Names of the catalogue's findings nearest to a text."""
    from ecgclip_core.model.nearest import nearest_findings

    return [finding.name for finding in nearest_findings(model(), text)]


def _asked(question: str):
    from ecgclip_core.model.query import ask

    if not question.strip():
        st.caption("Choose a finding below, or ask in your own words.")
        return None
    try:
        return ask(model(), question)
    except QuestionError as error:
        st.warning(str(error))
        return None


def _without_the_rest(query):
    """Only the parts that were understood, with a sentence on those that were not."""
    rest = [part for part in query.parts if not part.understood]
    if not rest:
        return query
    for scope, why in (("none", "not understood"), ("beyond", "beyond what an ECG can show")):
        parts = [f"“{part.text}”" for part in rest if part.scope == scope]
        if parts:
            st.warning(f"Left out, since {why}: {listed(parts)}. The answer is about the rest.")
    return only_understood(query)


def only_understood(query):
    """The question without those of its parts that were not understood; one with none of them stays as it is."""
    kept = tuple(part for part in query.parts if part.understood)
    if not kept or len(kept) == len(query.parts):
        return query
    if len(kept) == 1:
        return replace(kept[0], joined="and")
    name = kept[0].name + "".join(f" {part.joined} {part.name}" for part in kept[1:])
    return replace(query, name=name, parts=kept)
