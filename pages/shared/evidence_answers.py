"""What was measured of each label: averages, a forest plot, whether scores and intervals mean what they say."""

import pandas as pd
import streamlit as st

from ecgclip_core.figures.forest import forest
from ecgclip_core.figures.reliability import reliability_figure
from pages.shared.look import NO_BREAK, figures_row

MEASURES = {"prauc": "PRAUC", "auroc": "AUROC", "f1": "F1"}
ORDERS = {"PRAUC": ("prauc", False), "AUROC": ("auroc", False), "Most recordings": ("positives", False)} | {
    "Name": ("name", True)
}


def macro_row(entry: dict) -> None:
    """Recordings, persons, and each macro average with its interval; those over labels seen often in a second row."""
    calibration = entry.get("calibration", {})
    first = [("recordings", f"{entry['recordings']:,}", ""), ("persons", f"{entry['persons']:,}", "")]
    first += _cells(entry["macro"], "", "macro {}")
    if "expected_error" in calibration:
        first.append(("calibration error", f"{calibration['expected_error']:.3f}", ""))
    figures_row(first)
    if often := _cells(entry["macro"], "_10", "macro {}, 10 or more with it"):
        figures_row(often)


def answers_section(entry: dict) -> None:
    """Every label with its intervals; below it how its scores are calibrated."""
    table = pd.DataFrame(entry["findings"])
    measures = {key: name for key, name in MEASURES.items() if key in table and table[key].notna().any()}
    order = st.segmented_control("Order", list(ORDERS), default="PRAUC", required=True, key="evidence_order")
    column, up = ORDERS[order]
    table = table.sort_values(column, ascending=up, ignore_index=True)
    table["label"] = [
        f"{row.name}  ({row.positives} of {row.recordings})" for row in table.rename_axis(None).itertuples(index=False)
    ]
    # Who says "yes" of every recording has this F1.
    table["f1_guess"] = 2 * table["prevalence"] / (1 + table["prevalence"])
    for key in measures:
        for end in ("", "_low", "_high"):
            table[f"{key}{end}"] = table[f"{key}{end}"].astype(float)
    st.plotly_chart(
        forest(table, measures, {"auroc": 0.5, "prauc": "prevalence", "f1": "f1_guess"}),
        theme=None,
        key="evidence_forest",
        config={"displayModeBar": False},
        alt=f"{', '.join(measures.values())} of each label with 95 % intervals; the table below has the same figures.",
    )
    st.caption(_caption(entry, measures))
    with st.expander("The figures as a table"):
        hidden = [name for name in ("label", "finding", "f1_guess") if name in table]
        st.dataframe(table.drop(columns=hidden).style.format(precision=3), hide_index=True, width="stretch")
    _calibrated(entry.get("calibration", {}))
    _intervals(entry.get("intervals", {}))


def interval(found: dict) -> str:
    """A value with its interval, as a cell of a row of figures."""
    return f"{found['value']:.3f}{NO_BREAK}{found['low']:.3f} to {found['high']:.3f}"


def _cells(macro: dict, suffix: str, words: str) -> list[tuple[str, str, str]]:
    return [
        (words.format(name), interval(macro[key + suffix]), "")
        for key, name in MEASURES.items()
        if key + suffix in macro
    ]


def _caption(entry: dict, measures: dict) -> str:
    said = (
        "Points are estimates, bars their 95 % intervals over persons (bootstrap), grey strokes what a guess would "
        "reach: 0.5 for AUROC, the share of recordings with the label for PRAUC"
    )
    said += ", always yes for F1" if "f1" in measures else ""
    said += ". In brackets: recordings with the label, of all."
    if "f1" in measures and "threshold" in entry:
        said += f" F1 is at the threshold of {entry['threshold']}, never on the recordings it is reported on."
    if few := entry.get("too_few"):
        named = ", ".join(f"{name} ({number})" for name, number in few.items())
        said += f" Left out, with fewer than {entry['fewest_positives']} recordings with or without: {named}."
    return said


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
