"""The question as it was understood; where it was not, why, and what can be asked instead."""

from collections.abc import Callable

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
OFFERED = 3
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
        A sentence names those of its parts that are not about an ECG.
    """
    query = _asked(question)
    if query is None:
        return None
    if query.scope == "beyond":
        st.warning(
            "That lies beyond what an ECG can show, so there is no score and no map. "
            f"Ask about {CAN_SHOW}. Nearest by their wording:"
        )
        suggestions(nearest_names(query), ask)
        return None
    if not query.understood:
        st.warning(
            "That was not understood as a question about an ECG, so there is no score and no map. "
            f"Ask about {CAN_SHOW}, in your own words or by name. For example:"
        )
        suggestions(EXAMPLES, ask)
        return None
    if not query.offered:
        st.warning(
            f"{not_offered(query)} So there is no score and no map; the criteria page has what textbooks ask for."
        )
        suggestions(nearest_names(query), ask)
        return None
    _strangers(query)
    return query


def not_offered(query) -> str:
    """Why the model's answer to a question is not offered, in sentences that name the findings."""
    learned = model().learned_simulator
    named = [f"{part.name} (AUROC {learned[part.finding]:.2f})" for part in query.each if not part.offered]
    return (
        f"Not offered: {listed(named)}. Only simulated recordings taught it, and the model learned the simulator: of "
        "recordings without it, the score tells simulated from real ones, where an AUROC of 0.5 would be not at all."
    )


def suggestions(questions, ask: Callable[[str], None]) -> None:
    """Questions as buttons."""
    with st.container(horizontal=True, gap="small", key="suggested"):
        for question in questions:
            st.button(question, key=f"suggest_{question}", on_click=ask, args=(question,))


def nearest_names(query) -> list[str]:
    """Findings to ask for instead of a question in free words: those that it names, then those nearest to it."""
    from ecgclip_core.findings.catalogue import catalogue
    from ecgclip_core.model.places import nearest_findings

    named = [catalogue()[part.finding] for part in _parts(query) if part.finding]
    near = [*named, *nearest_findings(model(), query.text, 2 * OFFERED)]
    near = [finding for finding in near if finding.id not in model().learned_simulator]
    return list(dict.fromkeys(finding.name for finding in near))[: max(OFFERED, len(named))]


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


def _strangers(query) -> None:
    """Say which parts of a question, asked as a whole, are not about an ECG."""
    for scope, why in (("none", "Not understood"), ("beyond", "Beyond what an ECG can show")):
        parts = [f"“{part.text}”" for part in _parts(query) if not part.finding and _scope(part) == scope]
        if parts:
            st.warning(f"{why}: {listed(parts)}. What is left is answered better when it is asked alone.")


def _parts(query) -> tuple:
    """The parts of a question that is asked as a whole though it has several; none of any other."""
    from ecgclip_core.findings.question import read_question

    parts = read_question(query.text) if query.finding is None and not query.parts else ()
    return parts if len(parts) > 1 else ()


def _scope(part) -> str:
    from ecgclip_core.model.scope import scope_of

    return scope_of(model(), part.english)[0]
