"""Where the model has learned the criteria and where it has found something else, over many recordings."""

import numpy as np
import streamlit as st

from ecgclip_core.figures.beat_panels import beat_sheet
from ecgclip_core.figures.criteria_beat import map_beat_figure
from pages.shared.criteria_map import in_words
from pages.shared.look import sheet_chart
from pages.shared.model import model

COMMAND = "python benchmarks/criteria_agreement.py"
NO_MARKS = {"P": None, "QRS": None, "T": None}


def agreement_over_cohort() -> None:
    """The table, and of one finding the mean map over the mean beat."""
    from ecgclip_core.interpretation.criteria_table import agreement_table, read_agreement

    summaries = read_agreement(model())
    st.subheader("Where the model has learned the criteria")
    if not summaries:
        st.info(
            f"This was not measured for these weights. `{COMMAND}` does, on simulated recordings; with `--data FOLDER` "
            "on real ones with labels."
        )
        return
    summary = summaries[0]
    if len(summaries) > 1:
        sources = [one["source"] for one in summaries]
        source = st.segmented_control("Recordings", sources, default=sources[0], required=True, key="cohort_source")
        summary = summaries[sources.index(source)]
    _explained(summary)
    _table(agreement_table(summary))
    _one(summary)


def _explained(summary: dict) -> None:
    from ecgclip_core.interpretation.saliency import METHODS

    whose = "real recordings with labels" if summary["real"] else "simulated recordings, whose truth is known"
    st.write(
        f"{summary['recordings']} {whose}, {len(summary['findings'])} findings, by "
        f"{METHODS[summary['method']].label.lower()}. Share: how much of what speaks for the finding lies in the waves "
        "and leads that its criteria measure; chance: how much of the recording these fill. Gain: 0 at chance, 1 where "
        "all lies inside, with its 95 % interval over recordings; beside it that of the same network without learning."
    )


def _table(table) -> None:
    from ecgclip_core.findings.catalogue import catalogue
    from ecgclip_core.interpretation.criteria_table import WORDS

    shown = table.assign(
        finding=[catalogue()[finding].name for finding in table["finding"]],
        verdict=[WORDS[verdict].split(":")[0] for verdict in table["verdict"]],
        interval=[
            "" if np.isnan(low) else f"{round(low, 2) + 0.0:.2f} to {round(high, 2) + 0.0:.2f}"
            for low, high in table[["low", "high"]].astype(float).itertuples(index=False)
        ],
    )
    for share in ("share", "chance", "leans"):
        shown[share] = 100 * shown[share].astype(float)
    columns = {
        "finding": "Finding",
        "verdict": st.column_config.TextColumn("What it looks at", width="small"),
        "share": st.column_config.NumberColumn("Share", format="%.0f %%"),
        "chance": st.column_config.NumberColumn("Chance", format="%.0f %%"),
        "gain": st.column_config.NumberColumn("Gain", format="%.2f"),
        "interval": "95 %",
        "unlearned": st.column_config.NumberColumn("Without learning", format="%.2f"),
        "leans": st.column_config.NumberColumn("Leans towards it", format="%.0f %%"),
        "recordings": "n",
        "gathers": st.column_config.TextColumn("Most of it lies in", width="large"),
    }
    st.dataframe(shown[list(columns)], hide_index=True, column_config=columns, width="stretch")
    found = dict.fromkeys(table["verdict"])
    st.caption("What it looks at: " + "; ".join(WORDS[verdict] for verdict in found) + ".")


def _one(summary: dict) -> None:
    from ecgclip_core.ecg.leads import LEADS
    from ecgclip_core.findings.catalogue import catalogue
    from ecgclip_core.interpretation.criteria_places import places_of

    names = {finding: catalogue()[finding].name for finding in summary["findings"]}
    field, _ = st.columns([1, 1.4])
    finding = field.selectbox("Mean map of", sorted(names, key=names.get), format_func=names.get, key="cohort_finding")
    entry, times = summary["findings"][finding], np.array(summary["times"])
    signal = np.array(entry["beat"]) if entry["beat"] else np.zeros((len(LEADS), len(times)))
    laid = beat_sheet(signal, times, LEADS, columns=6)
    figure = map_beat_figure(laid, signal, NO_MARKS, np.array(entry["map"]), times)
    place = places_of(catalogue()[finding])[entry["judged_by"]]
    where = f"Its {entry['judged_by']} looks at {in_words(place)}. Most of the map lies in: {entry['gathers']}."
    where = where.replace("Its criteria looks", "Its criteria look").replace(
        "Its catalogue looks", "The catalogue looks"
    )
    sheet_chart("cohort_beat", figure, f"Mean map of {names[finding]} over the mean beat in twelve leads. {where}")
    st.markdown(where)
    beat = "the mean of their median beats" if entry["beat"] else "not kept of so few persons"
    st.caption(
        f"Mean over {entry['recordings']} recordings that have it, beat by beat about R: blue speaks for it, amber "
        f"against it, on one scale. The trace is {beat}."
    )
