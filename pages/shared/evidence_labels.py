"""How a checkpoint learns a task from few labels and from many, beside controls that got the same."""

import pandas as pd
import streamlit as st

from ecgclip_core.figures.efficiency import efficiency_figure
from pages.shared.evidence_answers import MEASURES
from pages.shared.explanation import listed

WAYS = {"probe": "linear probe", "finetune": "fine-tuned"}
AHEAD, ALIKE, BEHIND = "ahead", "not told apart", "behind"


def labels_section(entry: dict) -> None:
    """The curve, and for each share of the labels the paired difference to every control."""
    fractions = entry["fractions"]
    found = {key for fraction in fractions for macros in fraction["models"].values() for key in macros}
    key, heading = _chosen(found)
    st.plotly_chart(
        efficiency_figure(_points(entry, key), heading),
        theme=None,
        key="evidence_curve",
        config={"displayModeBar": False},
        alt=f"{heading} against the share of the labels, one line a model; the table below has the same figures.",
    )
    st.caption(
        "Points are macro averages over the labels, bars their 95 % intervals over persons (bootstrap). Every model "
        "got the same recordings, the same steps and the same search of its settings on recordings of their own."
    )
    st.subheader("Told apart")
    st.dataframe(_paired(entry, key), hide_index=True, width="stretch")
    st.caption(
        f"{_capital(heading)} of {entry['checkpoint']['name']} minus that of the control on the same bootstrap "
        f"samples of persons. “{_capital(AHEAD)}” where the whole 95 % interval of the difference lies above 0, "
        f"“{BEHIND}” where it lies below, else “{ALIKE}”."
    )
    if words := _with_all_labels(entry, key):
        st.caption(words)
    for note in entry.get("notes", ()):
        st.caption(note)
    with st.expander("The curve as a table"):
        st.dataframe(_points(entry, key).style.format(precision=3), hide_index=True, width="stretch")


def _chosen(found: set[str]) -> tuple[str, str]:
    """The measure to draw, as its key and in words."""
    names = {name: key for key, name in MEASURES.items() if key in found}
    with st.container(horizontal=True, gap="large"):
        name = st.segmented_control(
            "Measure", list(names), default=next(iter(names)), required=True, key="curve_measure"
        )
        over = "All labels"
        if f"{names[name]}_10" in found:
            options = ["All labels", "10 or more with it"]
            over = st.segmented_control("Over", options, default="All labels", required=True, key="curve_over")
    if over == "All labels":
        return names[name], f"macro {name}"
    return f"{names[name]}_10", f"macro {name}, labels that 10 or more have"


def _points(entry: dict, key: str) -> pd.DataFrame:
    """Rows of the curve, the checkpoint first."""
    ways = entry.get("taught_by", {})
    rows = []
    for fraction in entry["fractions"]:
        for model, macros in fraction["models"].items():
            if key in macros:
                name = f"{model}, {WAYS[ways[model]]}" if model in ways else model
                about = {"model": name, "fraction": fraction["fraction"], "recordings": fraction["recordings"]}
                rows.append(about | {end: macros[key][end] for end in ("value", "low", "high")})
    rows.sort(key=lambda row: not row["model"].startswith(entry["checkpoint"]["name"]))
    return pd.DataFrame(rows)


def _paired(entry: dict, key: str) -> pd.DataFrame:
    """A row a control, a column a share of the labels."""
    controls = dict.fromkeys(control for fraction in entry["fractions"] for control in fraction["paired"])
    rows = []
    for control in controls:
        row = {"against": control}
        for fraction in entry["fractions"]:
            difference = fraction["paired"].get(control, {}).get(key)
            row[f"{100 * fraction['fraction']:g} % of the labels"] = _difference(difference) if difference else "–"
        rows.append(row)
    return pd.DataFrame(rows)


def _difference(found: dict) -> str:
    return f"{_verdict(found)}: {found['value']:+.3f} [{found['low']:+.3f}, {found['high']:+.3f}]"


def _verdict(found: dict) -> str:
    return AHEAD if found["low"] > 0 else BEHIND if found["high"] < 0 else ALIKE


def _with_all_labels(entry: dict, key: str) -> str:
    """The checkpoint with few labels against a control with all of them, in a sentence."""
    said = [
        f"with {100 * fraction['fraction']:g} % of the labels {_difference(difference[key])}"
        for fraction in entry["fractions"][:-1]
        for control, difference in fraction.get("paired_with_all_labels", {}).items()
        if key in difference
    ]
    controls = {control for each in entry["fractions"] for control in each.get("paired_with_all_labels", {})}
    return f"Against {listed(sorted(controls))} with all labels: {'; '.join(said)}." if said else ""


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
