"""The recordings of the cohort that are nearest to the one in hand."""

import numpy as np
import streamlit as st

from ecgclip_core.errors import CheckpointError
from pages.shared.answers import embedding
from pages.shared.cohort import cohort, finding_names, open_from_cohort
from pages.shared.in_hand import InHand

NEAREST = 6


def nearest_recordings(hand: InHand) -> None:
    """The nearest recordings, each with a button that opens it; not the recording itself."""
    from ecgclip_core.cohort.neighbours import neighbours

    try:
        near = neighbours(cohort(), embedding(hand), NEAREST + 1)
    except CheckpointError as error:
        st.info(str(error))
        return
    near = near[near["record"].astype(str) != hand.key].head(NEAREST)
    st.caption(
        "Nearest in the model's representation (cosine of the vectors), among the simulated recordings of the bundled "
        "cohort. Near means alike to the model, not the same diagnosis."
    )
    columns = st.columns(len(near), gap="small")
    for column, row, name in zip(columns, near.itertuples(), finding_names(near["finding"]), strict=True):
        with column.container(border=True, height="stretch"):
            rate = f"{row.heart_rate:.0f} bpm" if np.isfinite(row.heart_rate) else "rate not measurable"
            st.markdown(f"**{name[:1].upper() + name[1:]}**")
            st.caption(f"simulated · {rate} · likeness {row.similarity:.2f}")
            st.button(
                "Open", key=f"near_{row.record}", width="stretch", on_click=open_from_cohort, args=(int(row.row),)
            )
