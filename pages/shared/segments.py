"""The time-localized clusters as the figures draw them: names, colours and a ribbon."""

import streamlit as st

from ecgclip_core.errors import CheckpointError
from ecgclip_core.figures.ribbon import Ribbon, cell_edges
from ecgclip_core.figures.theme import cluster_colours
from pages.shared.answers import robust_segments, segments
from pages.shared.in_hand import InHand
from pages.shared.model import model


def cluster_looks() -> tuple[list[str], list[str]]:
    """Name and colour of each cluster, the same on every page.

    Raises
    ------
    CheckpointError
        Where the checkpoint has no description of its clusters.
    """
    from ecgclip_core.interpretation.cluster_description import description_of

    names = description_of(model()).names
    return names, cluster_colours([name.split()[0] for name in names])


def ribbon_of(hand: InHand) -> Ribbon | None:
    """The ribbon below the rhythm strip; None, with a sentence, where the checkpoint has no described clusters."""
    try:
        names, colours = cluster_looks()
        found, kept = segments(hand), robust_segments(hand)
    except CheckpointError as error:
        st.caption(str(error))
        return None
    edges = cell_edges(found.times, hand.ecg.duration)
    return Ribbon(edges, found.labels, found.entropy, colours, names, kept)
