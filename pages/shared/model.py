"""The checkpoint that a session asks, each loaded once for all sessions, and the footer that names it."""

import os
from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from ecgclip_core.errors import CheckpointError, EndpointError

# Read when torch is loaded. Threads that wait for each other by spinning make the model ten times slower as soon as
# anything else, a browser for one, wants a core.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

if TYPE_CHECKING:
    from ecgclip_core.model.ecgclip import ECGCLIP
    from ecgclip_core.training.endpoint import Endpoint


# What a reader is told of a bundled checkpoint besides its name.
CHECKPOINT_WORDS = {"ecgclip-r18": "R18 · faster", "ecgclip-r34": "R34 · larger"}
_CHOICE, _CHOSEN = "checkpoint_choice", "checkpoint"


def model() -> "ECGCLIP":
    """The checkpoint that this session asks.

    Raises
    ------
    CheckpointError
        Where it is missing or damaged.
    """
    return _loaded(checkpoint_name())


def checkpoint_name() -> str | None:
    """Which of the bundled checkpoints this session asks; None for the default one."""
    return st.session_state.get(_CHOSEN)


def choose_checkpoint() -> None:
    """A choice between the bundled checkpoints, on every page; nothing where there is only one."""
    from ecgclip_core.model.checkpoint import bundled_checkpoints

    names = bundled_checkpoints()
    if len(names) > 1:
        with st.container(key="checkpoint_box"):
            st.selectbox(
                "Checkpoint",
                names,
                index=names.index(checkpoint_name() or names[0]),
                key=_CHOICE,
                on_change=_choose,
                args=(names[0],),
                format_func=lambda name: CHECKPOINT_WORDS.get(name, name),
                help="Every answer, map and cluster comes from this checkpoint.",
                label_visibility="collapsed",
            )


def _choose(default: str) -> None:
    # Kept apart from the widget, whose value Streamlit drops with the page it stood on.
    chosen = st.session_state[_CHOICE]
    st.session_state[_CHOSEN] = None if chosen == default else chosen


@st.cache_resource(show_spinner="Loading the model …")
def _loaded(name: str | None) -> "ECGCLIP":
    from ecgclip_core.model.checkpoint import load_model

    return load_model(name)


def endpoint() -> "Endpoint | None":
    """The language model that the environment names for completing reports; None where it names none.

    Raises
    ------
    EndpointError
        Where it is named wrongly.
    """
    from ecgclip_core.training.endpoint import endpoint_from_settings

    return endpoint_from_settings()


def footer() -> None:
    """Name and hash of the checkpoint that every answer on the page comes from."""
    try:
        loaded = model()
    except CheckpointError as error:
        st.caption(str(error))
        return
    st.html(
        f'<div class="ecgclip-footer">Checkpoint <b>{escape(loaded.name)}</b> '
        f"<code>{escape(loaded.hash)}</code> · every score, map and cluster on this page comes from it · "
        f"everything runs on this machine, {_sent()}</div>"
    )


def _sent() -> str:
    try:
        remote = endpoint()
    except EndpointError:
        remote = None
    if remote is None:
        return "nothing is sent anywhere"
    return f"nothing is sent anywhere but a report that you send to {escape(remote.host)} yourself"
