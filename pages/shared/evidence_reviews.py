"""How often readers on this machine agreed with the checkpoint, over all recordings they reviewed."""

import pandas as pd
import streamlit as st

from ecgclip_core.errors import EcgclipError
from ecgclip_core.review.agreement import agreement
from ecgclip_core.review.store import entries, latest
from pages.shared.cohort import finding_names

KINDS = {"real": False, "simulated": True}


def reviews_section(checkpoint_hash: str) -> None:
    """Agreement a finding with its interval; how to begin where nothing was reviewed.

    Parameters
    ----------
    checkpoint_hash : str
        Decisions on another checkpoint's answers are counted, and left out.
    """
    st.subheader("Agreement over all reviewed cases")
    try:
        decided = entries()
    except EcgclipError as error:
        st.error(str(error))
        return
    decided = decided[decided["finding"] != ""]
    ours = decided[decided["checkpoint_hash"] == checkpoint_hash]
    if latest(ours).empty:
        st.info(
            "No answer of this checkpoint was reviewed on this machine yet. Open a recording on the reading page and "
            "say below the tracing where you agree."
        )
    else:
        _table(ours)
    if others := len(latest(decided[decided["checkpoint_hash"] != checkpoint_hash])):
        st.caption(f"{others} decisions on the answers of other checkpoints are left out.")


def _table(ours: pd.DataFrame) -> None:
    held = latest(ours)
    kinds = [kind for kind, simulated in KINDS.items() if (held["simulated"] == simulated).any()]
    kind = st.segmented_control(
        "Reviewed recordings",
        kinds,
        default=kinds[0],
        required=True,
        key="reviews_of",
        format_func=lambda kind: f"{kind.capitalize()} recordings",
        label_visibility="collapsed",
    )
    chosen = ours[ours["simulated"] == KINDS[kind]]
    table = agreement(chosen)
    names = dict(zip(table["finding"], finding_names(list(table["finding"])), strict=True))
    st.dataframe(_shown(table, names), hide_index=True, width="stretch", key="reviews_table")
    st.caption(
        f"{latest(chosen)['recording'].nunique()} {kind} recordings, {latest(chosen)['reviewer'].nunique()} readers. "
        "Agreement is the share of recordings on which the reader agreed among those on which one decided, with its "
        "95 % interval (Wilson); a recording counts once, however many read it. Readers saw the score before they "
        "decided and chose what to review, so this is no measure of accuracy."
    )


def _shown(table: pd.DataFrame, names: dict[str, str]) -> pd.DataFrame:
    rows = [
        {
            "Finding": names[row.finding],
            "Checkpoint leaned": f"{row.leaning} it" if row.leaning == "for" else "against it",
            "Recordings": row.recordings,
            "Agreement": _percent(row),
            "Agree": row.agree,
            "Disagree": row.disagree,
            "Unsure": row.unsure,
        }
        for row in table.itertuples()
    ]
    return pd.DataFrame(rows)


def _percent(row) -> str:
    if row.share != row.share:
        return "nobody decided"
    return f"{100 * row.share:.0f} % ({100 * row.low:.0f}–{100 * row.high:.0f})"
