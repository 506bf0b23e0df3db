"""The recording that is being read: one a session, from the bundled cases, the cohort or the reader's own files.

A reader's own recording lives in the session alone. It reaches no cache that sessions share, and no link.
"""

from dataclasses import dataclass
from uuid import uuid4

import streamlit as st

from ecgclip_core.ecg.recording import ECG
from ecgclip_core.simulation.cases import case, cases
from pages.shared.model import checkpoint_name

OWN, CASE, COHORT = "own", "case", "cohort"


@dataclass(frozen=True)
class InHand:
    """The recording being read.

    Attributes
    ----------
    ecg : ECG
    origin : str
        `CASE` and `COHORT` recordings are bundled, simulated and nobody's; an `OWN` one is private.
    key : str
        Tells it from every other recording: a case's id, a cohort record, or random.
    title : str
    questions : tuple of str
        Offered with it.
    teaching : str
        What shows the finding, in a sentence.
    """

    ecg: ECG
    origin: str
    key: str
    title: str
    questions: tuple[str, ...] = ()
    teaching: str = ""

    @property
    def private(self) -> bool:
        """Whether it is a reader's own."""
        return self.origin == OWN


def in_hand() -> InHand:
    """The recording being read; the first bundled case at the start of a session."""
    if "in_hand" not in st.session_state:
        take_case(cases()[0].id)
    return st.session_state["in_hand"]


def take_case(case_id: str) -> None:
    """Read a bundled case, with its first question asked."""
    chosen = case(case_id)
    ecg = simulated(chosen.finding, chosen.seed)
    take(InHand(ecg, CASE, chosen.id, chosen.title, chosen.questions, chosen.teaching))


def take_own(ecg: ECG) -> None:
    """Read a recording from the reader's own files."""
    take(InHand(ecg, OWN, uuid4().hex, ecg.name))


def take(hand: InHand) -> None:
    """Read a recording, with nothing left over from the one before."""
    # What was asked of one recording, and found in it, must not stay with the next.
    st.session_state["in_hand"] = hand
    st.session_state["question"] = hand.questions[0] if hand.questions else ""
    st.session_state["report"] = ""
    st.session_state["worked_out"] = {}
    st.session_state["patient_shown"] = False
    st.session_state["case_choice"] = hand.key if hand.origin == CASE else None


@st.cache_resource(max_entries=256, show_spinner=False)
def simulated(finding: str, seed: int) -> ECG:
    """A simulated recording; nobody's, so it may be shared between sessions."""
    from ecgclip_core.simulation.simulate import simulate

    return simulate(finding, seed)


def remembered(what: tuple, work):
    """The result of `work()` for the recording in hand, worked out once a checkpoint; forgotten with the recording."""
    results = st.session_state.setdefault("worked_out", {})
    key = (checkpoint_name(), *what)
    if key not in results:
        results[key] = work()
    return results[key]
