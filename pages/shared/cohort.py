"""The bundled cohort, and opening one of its recordings."""

from collections.abc import Iterable

import numpy as np
import streamlit as st

from ecgclip_core.errors import RecordingError
from pages.shared.in_hand import COHORT, OWN, InHand, take
from pages.shared.model import model


def cohort():
    """The bundled cohort, as the checkpoint of this session sees it.

    Raises
    ------
    CheckpointError
        Where it is missing, damaged or of another checkpoint.
    """
    return _loaded(model().hash)


@st.cache_resource(show_spinner="Loading the cohort …")
def _loaded(checkpoint: str):
    from ecgclip_core.cohort.store import load_cohort

    return load_cohort(model=model())


def finding_names(ids: Iterable[str]) -> list[str]:
    """Findings as a reader calls them."""
    from ecgclip_core.findings.catalogue import catalogue

    known = catalogue()
    return [known[name].name if name in known else name.replace("_", " ") for name in ids]


def open_from_cohort(row: int) -> bool:
    """Take a recording of the cohort in hand; False, with a sentence, where it cannot be found again."""
    from ecgclip_core.cohort.neighbours import recording_of
    from ecgclip_core.cohort.sources import SIMULATED

    found = cohort().table.iloc[row]
    (name,) = finding_names([found["finding"]])
    try:
        ecg = recording_of(cohort(), row)
    except RecordingError as error:
        st.error(str(error))
        return False
    origin = COHORT if cohort().meta["source"] == SIMULATED else OWN
    take(InHand(ecg, origin, str(found["record"]), _capital(name or found["record"]), (name,) if name else ()))
    return True


def hover_words() -> list[str]:
    """What the map says of each recording."""
    return _hover_words(cohort().meta["checkpoint"])


@st.cache_data(show_spinner=False)
def _hover_words(checkpoint: str) -> list[str]:
    table = cohort().table
    names = finding_names(table["finding"])
    rates = [f"{rate:.0f} bpm" if np.isfinite(rate) else "rate not measurable" for rate in table["heart_rate"]]
    return [f"<b>{_capital(name)}</b><br>{rate}" for name, rate in zip(names, rates, strict=True)]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
