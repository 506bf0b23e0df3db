"""Whether findings that only simulated recordings taught were learned, or the simulator."""

import json
from pathlib import Path

import pandas as pd
import streamlit as st

from ecgclip_core.figures.forest import forest

COMMAND = "ecgclip evaluate simulated-only --data FOLDER"


def simulator_section(file: Path, only_simulated: list[str], checkpoint: str) -> None:
    """The AUROC of simulated against real recordings for each finding; what to run where nobody measured it.

    Parameters
    ----------
    file : Path
        Of the checkpoint; need not exist.
    only_simulated : list of str
        Findings that only simulated recordings taught.
    checkpoint : str
        Hash of the checkpoint in use.
    """
    if not only_simulated:
        return
    st.subheader("Whether simulations taught the finding or the simulator")
    if not file.is_file():
        st.info(f"Nobody has checked this yet. Run `{COMMAND}` on a folder of real recordings.")
        return
    checked = json.loads(file.read_text(encoding="utf-8"))
    if checked["checkpoint"]["hash"] != checkpoint:
        st.warning(
            f"This was checked on checkpoint {checked['checkpoint']['hash']}, not on the one in use; run it again."
        )
    table = pd.DataFrame(checked["findings"])
    table["label"] = [
        f"{row['name']}  ({row['simulated']} simulated, {row['real']} real)" for row in checked["findings"]
    ]
    st.plotly_chart(
        forest(table, {"auroc": "AUROC, simulated against real"}, {"auroc": 0.5}, limit=checked["threshold"]),
        theme=None,
        key="evidence_simulator",
        config={"displayModeBar": False},
        alt="AUROC of simulated against real recordings for each finding; the table below has the same figures.",
    )
    refused = [row["name"] for row in checked["findings"] if row["learned_simulator"]]
    st.caption(
        "How well the score of a finding tells simulated recordings from real ones "
        f"({checked['corpus']}) that both lack it: 0.5 is not at all. Above {checked['threshold']:g}, the broken line, "
        "the model has learned the simulator and not the finding, and the finding is not offered"
        + (f": {', '.join(refused)}." if refused else "; none is above it.")
        + " Below 0.5 simulated recordings without the finding score lower than real ones."
    )
    with st.expander("The check as a table"):
        shown = table[["name", "auroc", "auroc_low", "auroc_high", "real", "simulated", "within", "learned_simulator"]]
        shown = shown.rename(columns={"within": "with against without, simulated", "learned_simulator": "not offered"})
        st.dataframe(shown.style.format(precision=3), hide_index=True, width="stretch")
