"""What the checkpoint was trained on and what it was measured to do: all read from files, nothing typed in."""

import json
from pathlib import Path

import streamlit as st

from ecgclip_core.errors import EcgclipError
from pages.shared.cohort import finding_names
from pages.shared.entry import through_app
from pages.shared.evidence_answers import answers_section, macro_row
from pages.shared.evidence_labels import labels_section
from pages.shared.evidence_retrieval import retrieval_section
from pages.shared.evidence_reviews import reviews_section
from pages.shared.evidence_simulator import simulator_section
from pages.shared.look import figures_row
from pages.shared.model import footer, model

KINDS = {"zero-shot": "Zero-shot", "probe": "Linear probe", "finetune": "Fine-tuning", "retrieval": "Retrieval"}
COMMANDS = {
    "zero-shot": "ecgclip evaluate zero-shot --data FOLDER --task ptbxl-super",
    "probe": "ecgclip evaluate probe --data FOLDER --task ptbxl-super --fractions 0.01 0.1 1.0",
    "finetune": "ecgclip evaluate finetune --data FOLDER --task ptbxl-super --fractions 0.01 0.1 1.0",
    "retrieval": "ecgclip evaluate retrieval --data FOLDER",
}


def evidence() -> None:
    """The page."""
    st.title("Evidence")
    try:
        loaded = model()
    except EcgclipError as error:
        st.error(str(error))
        return
    _trained_on(loaded.config)
    _measured(_evaluations(loaded.folder), loaded.hash)
    from ecgclip_core.model.checkpoint import SIMULATED_ONLY

    simulator_section(loaded.folder / SIMULATED_ONLY, loaded.config.get("taught_by_simulation", []), loaded.hash)
    reviews_section(loaded.hash)
    with st.expander("Model card"):
        st.markdown((loaded.folder / "README.md").read_text(encoding="utf-8").partition("\n")[2])
    footer()


def _trained_on(config: dict) -> None:
    st.subheader("What it was trained on")
    on = config.get("trained_on", {})
    names = {
        "real_recordings": "real recordings",
        "real_persons": "persons",
        "recordings_without_scale": "of them without millivolts",
        "report_texts": "report texts",
        "simulated_recordings": "simulated recordings",
    }
    figures = [(f"{on[key]:,}", words) for key, words in names.items() if key in on]
    if "folds" in on:
        figures.append((", ".join(map(str, on["folds"])), "folds"))
    if not figures:
        st.info("The checkpoint does not say what it was trained on.")
        return
    figures_row([(words, value, "") for value, words in figures])
    only_simulated = config.get("taught_by_simulation", [])
    if only_simulated:
        st.caption(
            f"{len(only_simulated)} findings were taught by simulated recordings alone and were never checked on real "
            "ones: " + ", ".join(finding_names(only_simulated)) + "."
        )


def _measured(evaluations: list[dict], checkpoint: str) -> None:
    st.subheader("What it was measured to do")
    kind = st.segmented_control(
        "Evaluation", list(KINDS), format_func=KINDS.get, default="zero-shot", required=True, key="evidence_kind"
    )
    entry = _chosen([entry for entry in evaluations if entry["kind"] == kind])
    if entry is None:
        st.info(
            f"{KINDS[kind]} has not been measured for this checkpoint yet. Run `{COMMANDS[kind]}` on a folder of "
            "recordings; the result appears here."
        )
        return
    measured = entry["checkpoint"]["hash"]
    if measured != checkpoint:
        st.warning(f"These figures were measured on checkpoint {measured}, not on the one in use ({checkpoint}).")
    if kind == "retrieval":
        retrieval_section(entry)
        return
    macro_row(entry)
    if kind in ("probe", "finetune"):
        labels_section(entry)
        st.subheader("With all labels, label by label")
    answers_section(entry)


def _chosen(entries: list[dict]) -> dict | None:
    """One of the evaluations of a kind, by what was asked and on which recordings."""
    if not entries:
        return None
    descriptions = list(dict.fromkeys(entry["description"] for entry in entries))
    left, right = st.columns(2)
    description = left.selectbox("Task", descriptions, format_func=_sentence)
    entries = [entry for entry in entries if entry["description"] == description]
    corpus = right.selectbox("Recordings", [entry["corpus"] for entry in entries])
    return next(entry for entry in entries if entry["corpus"] == corpus)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _evaluations(folder: Path) -> list[dict]:
    file = folder / "evaluation.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else []


through_app(evidence, __file__)
