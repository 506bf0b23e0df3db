"""The bundled checkpoint, loaded once for all sessions, and the footer that names it."""

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


@st.cache_resource(show_spinner="Loading the model …")
def model() -> "ECGCLIP":
    """The bundled checkpoint.

    Raises
    ------
    CheckpointError
        Where it is missing or damaged.
    """
    from ecgclip_core.model.checkpoint import load_model

    return load_model()


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
