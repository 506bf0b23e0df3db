"""The recordings of the cohort that are nearest to the one in hand."""

import numpy as np
import streamlit as st

from ecgclip_core.errors import CheckpointError
from pages.shared.cohort import cohort, finding_names, open_from_cohort

NEAREST = 6


def nearest_recordings(embedding: np.ndarray, own: str) -> None:
    """A table of the nearest recordings; choosing one opens it.

    Parameters
    ----------
    embedding : ndarray, shape (d,)
        Of the recording in hand.
    own : str
        Its record, which is not its own neighbour.
    """
    from ecgclip_core.cohort.neighbours import neighbours

    try:
        near = neighbours(cohort(), embedding, NEAREST + 1)
    except CheckpointError as error:
        st.info(str(error))
        return
    near = near[near["record"].astype(str) != own].head(NEAREST)
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
            if st.button("Open", key=f"near_{row.record}", width="stretch") and open_from_cohort(int(row.row)):
                st.rerun()
