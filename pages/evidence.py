"""What the checkpoint was trained on and what it was measured to do: all read from files, nothing typed in."""

import json
from pathlib import Path

import pandas as pd
import streamlit as st

from ecgclip_core.errors import EcgclipError
from ecgclip_core.figures.forest import forest
from ecgclip_core.figures.reliability import reliability_figure
from pages.shared.cohort import finding_names
from pages.shared.entry import through_app
from pages.shared.look import NO_BREAK, figures_row
from pages.shared.model import footer, model

MEASURES = {"auroc": "AUROC", "prauc": "PRAUC"}


def evidence() -> None:
    """The page."""
    st.title("Evidence")
    try:
        loaded = model()
    except EcgclipError as error:
        st.error(str(error))
        return
    _trained_on(loaded.config)
    evaluations = _evaluations(loaded.folder)
    if not evaluations:
        st.info(
            "This checkpoint has not been evaluated yet. Run `ecgclip evaluate zero-shot` on a folder of labelled "
            "recordings; the result appears here."
        )
    else:
        _measured(evaluations, loaded.hash)
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
    labels = [f"{entry['description']} · {entry['kind']} · {entry['corpus']}" for entry in evaluations]
    chosen = st.selectbox("Evaluation", range(len(labels)), format_func=lambda index: _sentence(labels[index]))
    entry = evaluations[chosen]
    measured = entry["checkpoint"]["hash"]
    if measured != checkpoint:
        st.warning(f"These figures were measured on checkpoint {measured}, not on the one in use ({checkpoint}).")
    _macro(entry)
    order = st.segmented_control(
        "Order", ["PRAUC", "AUROC", "Most recordings", "Name"], default="PRAUC", required=True, key="evidence_order"
    )
    table = _sorted(pd.DataFrame(entry["findings"]), order)
    table["label"] = [
        f"{name}  ({positives} of {recordings})"
        for name, positives, recordings in zip(table["name"], table["positives"], table["recordings"], strict=True)
    ]
    st.plotly_chart(
        forest(table, MEASURES, {"auroc": 0.5, "prauc": "prevalence"}),
        theme=None,
        key="evidence_forest",
        config={"displayModeBar": False},
        alt="AUROC and PRAUC of each finding with 95 % intervals; the table below holds the same figures.",
    )
    st.caption(
        "Points are estimates, bars their 95 % intervals over persons (bootstrap), grey strokes what a guess would "
        "reach: 0.5 for AUROC, the share of recordings with the finding for PRAUC. In brackets: recordings with the "
        "finding, of all."
    )
    with st.expander("The figures as a table"):
        shown = table.drop(columns=["label", "finding"])
        st.dataframe(shown.style.format(precision=3), hide_index=True, width="stretch")
    _calibrated(entry.get("calibration", {}))
    _intervals(entry.get("intervals", {}))


def _calibrated(calibration: dict) -> None:
    """Whether 20 % means one in five."""
    bins = calibration.get("reliability", [])
    if not bins:
        return
    st.subheader("Whether scores mean what they say")
    st.plotly_chart(
        reliability_figure(bins),
        theme=None,
        height=360,
        key="reliability",
        config={"displayModeBar": False},
        alt="Reliability curve: how often answers came true against their score; the table below holds the figures.",
    )
    st.caption(
        f"All answers of this evaluation in {len(bins)} groups of equal size, from the lowest scores to the highest. "
        "On the dotted line, of answers with 20 % one in five came true; below it scores are too high. Each answer was "
        "scored by a calibration that its person had no part in. The expected calibration error, "
        f"{calibration['expected_error']:.3f}, is the mean distance from the line, every group weighing alike."
    )
    with st.expander("The curve as a table"):
        st.dataframe(pd.DataFrame(bins).style.format(precision=3), hide_index=True, width="stretch")


def _intervals(intervals: dict) -> None:
    """Whether an interval is wider where the answer errs."""
    if not intervals:
        return
    st.subheader("Whether intervals warn of errors")
    figures_row(
        [
            ("width where the answer is right", f"{intervals['median_right']:.2f}{NO_BREAK}logits", ""),
            ("width where it is wrong", f"{intervals['median_wrong']:.2f}{NO_BREAK}logits", ""),
            ("wrong told from right by width", f"{intervals['auroc_score']:.2f}{NO_BREAK}AUROC", ""),
        ]
    )
    wider = intervals["median_wrong"] > intervals["median_right"] and intervals["auroc_score"] > 0.5
    st.caption(
        "An answer is wrong where its score lies on the other side of 50 % than the truth. Widths are medians, before "
        "calibration; the AUROC is over widths on the scale of the score, where 0.5 would be a guess. "
        + ("Intervals are wider where answers are wrong." if wider else "Here a wide interval warns of no error.")
    )


def _macro(entry: dict) -> None:
    cells = [("recordings", f"{entry['recordings']:,}", ""), ("persons", f"{entry['persons']:,}", "")]
    words = {
        "auroc": "macro AUROC",
        "prauc": "macro PRAUC",
        "auroc_10": "macro AUROC, 10 or more with it",
        "prauc_10": "macro PRAUC, 10 or more with it",
    }
    for key, label in words.items():
        if key in entry["macro"]:
            found = entry["macro"][key]
            interval = f"{found['low']:.3f} to {found['high']:.3f}"
            cells.append((label, f"{found['value']:.3f}{NO_BREAK}{interval}", ""))
    calibration = entry.get("calibration", {})
    if "expected_error" in calibration:
        cells.append(("calibration error", f"{calibration['expected_error']:.3f}", ""))
    figures_row(cells)


def _sorted(table: pd.DataFrame, order: str) -> pd.DataFrame:
    column, up = {
        "PRAUC": ("prauc", False),
        "AUROC": ("auroc", False),
        "Most recordings": ("positives", False),
        "Name": ("name", True),
    }[order]
    return table.sort_values(column, ascending=up, ignore_index=True)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _evaluations(folder: Path) -> list[dict]:
    file = folder / "evaluation.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else []


through_app(evidence, __file__)
