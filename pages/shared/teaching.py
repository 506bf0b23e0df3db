"""The teaching mode: a tracing, a choice, and only then what it shows.

Until the learner has committed, nothing on the page depends on the answer but the tracing itself and the list of
choices: no title, name, key, alternative text, link, measurement or score.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import streamlit as st

from ecgclip_core.figures.paper import paper
from ecgclip_core.simulation.cases import Case, case, cases
from pages.shared.answers import ranked
from pages.shared.criteria_view import finding_view
from pages.shared.in_hand import CASE, InHand, in_hand, simulated, take_case
from pages.shared.look import sheet_chart, tag
from pages.shared.teaching_tally import count, tally

READING = "pages/reading.py"
NORMAL = "normal_ecg"
CHOICES = 6
ALIKE = 3  # of the choices, from the group of the truth
MOST_OPINIONS = 5
SIMULATED, OWN = "A simulated case", "The recording that I opened"
ALT = "12-lead tracing at 25 mm/s, 3 rows of 4 leads and a rhythm strip. Nothing is said of it until you have answered."


@dataclass(frozen=True)
class Lesson:
    """One recording to be named.

    Attributes
    ----------
    number : int
        Of the lessons of a session, from 1.
    recording : str
        Id of the bundled case, or the key of the reader's own recording.
    choices : tuple of str
        Ids of findings.
    answer : str or None
        What the learner committed to.
    """

    number: int
    recording: str
    choices: tuple[str, ...]
    answer: str | None = None


def teaching() -> None:
    """The mode from top to bottom."""
    if st.query_params.to_dict():
        st.query_params.clear()
    if _own():
        _teach_own(in_hand())
    else:
        _teach_case()


def truth_of(chosen: Case) -> str:
    """The finding that names a case best: sinus rhythm and nothing else is a normal ECG."""
    return NORMAL if chosen.finding == "sinus_rhythm" else chosen.finding


def choices_for(chosen: Case, draw: random.Random) -> tuple[str, ...]:
    """The truth among findings that could be meant: some of its own group, some of others, and a normal ECG.

    Nothing else that holds in the recording is among them, so that there is one right answer.
    """
    from ecgclip_core.findings.catalogue import catalogue

    truth, holds = truth_of(chosen), {*simulated(chosen.finding, chosen.seed).truth.findings, chosen.finding}
    known = catalogue()
    pool = [
        finding
        for finding in dict.fromkeys(truth_of(one) for one in cases())
        if finding not in holds and not holds & set(known[finding].parents) - {"normal_ecg"} and finding != NORMAL
    ]
    alike = [finding for finding in pool if known[finding].group == known[truth].group]
    taken = draw.sample(alike, min(ALIKE, len(alike)))
    others = [finding for finding in pool if finding not in taken]
    fixed = {truth, NORMAL}
    taken += draw.sample(others, CHOICES - len(fixed) - len(taken))
    return tuple(sorted({*taken, *fixed}, key=lambda finding: known[finding].name.casefold()))


def _own() -> bool:
    """Whether the reader's own recording is to be named."""
    if not in_hand().private:
        st.caption(
            "Bundled simulated cases, whose truth is known. A recording of your own, opened on the reading page, can "
            "be taken too."
        )
        return False
    chosen = st.segmented_control(
        "Recording", [SIMULATED, OWN], default=SIMULATED, required=True, key="lesson_source", persist_state="session"
    )
    return chosen == OWN


# A bundled case -------------------------------------------------------------------------------------------------------


def _teach_case() -> None:
    if "lesson" not in st.session_state:
        _next_case()
    lesson: Lesson = st.session_state["lesson"]
    chosen = case(lesson.recording)
    hand = InHand(simulated(chosen.finding, chosen.seed), CASE, chosen.id, chosen.title, chosen.questions)
    st.html(f'{tag("Simulated, not a person")}<span class="ecgclip-title">Case {lesson.number}</span>')
    _tracing(hand)
    if lesson.answer is None:
        _ask(lesson, "lesson")
        tally(by_finding=False)
        return
    _reveal_case(lesson, chosen, hand)


def _next_case() -> None:
    """Drawn with the earlier ones in the lot, so that nothing can be concluded from what came before."""
    before: Lesson | None = st.session_state.get("lesson")
    draw = random.SystemRandom()
    without = {before.recording if before else None, in_hand().key}
    chosen = draw.choice([one for one in cases() if one.id not in without])
    number = before.number + 1 if before else 1
    st.session_state["lesson"] = Lesson(number, chosen.id, choices_for(chosen, draw))
    st.session_state["lesson_worked_out"] = {}


def _reveal_case(lesson: Lesson, chosen: Case, hand: InHand) -> None:
    from ecgclip_core.findings.catalogue import catalogue

    truth, answer = (catalogue()[finding] for finding in (truth_of(chosen), lesson.answer))
    if lesson.answer == truth.id:
        st.success(f"**Right: {truth.name}.** {chosen.teaching}", icon=":material/check_circle:")
    else:
        st.error(
            f"**Not this time.** You said {answer.name}; the recording was made to show **{truth.name}**. "
            f"{chosen.teaching}",
            icon=":material/cancel:",
        )
    with st.container(horizontal=True, gap="small"):
        st.button("Next case", type="primary", icon=":material/arrow_forward:", key="lesson_next", on_click=_next_case)
        if st.button("Open it on the reading page", icon=":material/ecg_heart:", key="lesson_open"):
            take_case(chosen.id)
            st.switch_page(READING)
    tally(by_finding=True)
    with _aside():
        names = {finding.id: finding.name for finding in dict.fromkeys((truth, answer))}
        shown = truth.id
        if len(names) > 1:
            shown = st.segmented_control(
                "Criteria of",
                list(names),
                format_func=lambda finding: names[finding] + (" (your answer)" if finding == answer.id else ""),
                default=truth.id,
                required=True,
                key=f"lesson_shown_{lesson.number}",
            )
        finding_view(hand, catalogue()[shown])


# A recording of one's own ---------------------------------------------------------------------------------------------


def _teach_own(hand: InHand) -> None:
    from ecgclip_core.findings.catalogue import catalogue

    lesson: Lesson | None = st.session_state.get("own_lesson")
    if lesson is None or lesson.recording != hand.key:
        choices = [finding for finding in catalogue().values() if finding.criteria]
        choices.sort(key=lambda finding: finding.name.casefold())
        lesson = Lesson(1 + (lesson.number if lesson else 0), hand.key, tuple(finding.id for finding in choices))
        st.session_state["own_lesson"] = lesson
    st.html('<span class="ecgclip-title">Your recording</span>')
    _tracing(hand)
    if lesson.answer is None:
        _ask(lesson, "own_lesson")
        return
    answer = catalogue()[lesson.answer]
    st.info(
        f"You said **{answer.name}**. Nobody knows the truth of this recording here, so this is neither right nor "
        "wrong and does not count: below are only opinions, those of the criteria and of the model.",
        icon=":material/info:",
    )
    st.markdown(_opinions(hand))
    finding_view(hand, answer)


def _opinions(hand: InHand) -> str:
    """The findings that the model holds for likeliest."""
    from ecgclip_core.findings.catalogue import catalogue

    found = ranked(hand)[:MOST_OPINIONS]
    if not len(found):
        return "The model ranks no findings: none was checked on real recordings."
    said = [f"{catalogue()[row.finding].name} ({100 * row.score:.0f} %)" for row in found.itertuples()]
    return f"The model's likeliest findings: {', '.join(said)}."


# Of both --------------------------------------------------------------------------------------------------------------


def _tracing(hand: InHand) -> None:
    sheet_chart("lesson", paper(hand.ecg), ALT)


def _ask(lesson: Lesson, place: str) -> None:
    """The choice, and the button that commits to it."""
    from ecgclip_core.findings.catalogue import catalogue

    names = {finding: catalogue()[finding].name for finding in lesson.choices}
    options = {"format_func": lambda finding: names[finding][:1].upper() + names[finding][1:], "index": None}
    key = f"{place}_answer_{lesson.number}"
    if len(names) > CHOICES:
        answer = st.selectbox(
            "What does this ECG show?", list(names), key=key, placeholder="Choose a finding", **options
        )
    else:
        answer = st.radio("What does this ECG show? Choose what names it best.", list(names), key=key, **options)
    st.button(
        "Commit to this answer",
        type="primary",
        disabled=answer is None,
        key=f"{place}_commit",
        on_click=_commit,
        args=(place, key),
    )
    st.caption("Findings, scores and criteria are shown once you have committed; the answer cannot be changed then.")


def _commit(place: str, key: str) -> None:
    lesson: Lesson = st.session_state[place]
    answer = st.session_state.get(key)
    if answer is None or lesson.answer is not None:
        return
    st.session_state[place] = Lesson(lesson.number, lesson.recording, lesson.choices, answer)
    if place == "lesson":
        count(truth_of(case(lesson.recording)), answer)


@contextmanager
def _aside() -> Iterator[None]:
    """What is worked out for a lesson stays apart from what is known of the recording in hand."""
    kept = st.session_state.get("worked_out", {})
    st.session_state["worked_out"] = st.session_state.setdefault("lesson_worked_out", {})
    try:
        yield
    finally:
        st.session_state["worked_out"] = kept
