"""The map of the cohort: coloured by finding, by a measurement or by an answer; open, select and compare recordings."""

import numpy as np
import pandas as pd
import streamlit as st

from ecgclip_core.errors import EcgclipError
from ecgclip_core.figures.cohort_map import OTHERS, cohort_map
from pages.shared.answers import embedding
from pages.shared.cohort import cohort, finding_names, hover_words, open_from_cohort
from pages.shared.entry import through_app
from pages.shared.in_hand import in_hand
from pages.shared.model import footer, model
from pages.shared.question import not_offered

READING = "pages/reading.py"
FINDING, MEASUREMENT, QUESTION = "a finding", "a measurement", "an answer"
CLICK, LASSO = "click opens", "lasso lists"
BEST = 50
MEASUREMENTS = {
    "heart_rate": "heart rate (bpm)",
    "pr": "PR (ms)",
    "qrs": "QRS (ms)",
    "qt": "QT (ms)",
    "qtc": "QTc (ms)",
    "rr_irregularity": "RR irregularity (%)",
    "p_axis": "P axis (degrees)",
    "qrs_axis": "QRS axis (degrees)",
    "t_axis": "T axis (degrees)",
}
MAP = {"displaylogo": False, "scrollZoom": True, "modeBarButtonsToRemove": ["select2d", "autoScale2d"]}


def cohort_page() -> None:
    """The page."""
    st.title("Cohort")
    try:
        loaded = cohort()
    except EcgclipError as error:
        st.error(str(error))
        return
    source = "simulated recordings, no persons" if loaded.meta["source"] == "simulated" else "recordings"
    st.write(
        f"{len(loaded):,} {source}, as the model sees them. Click a point to open its recording; draw a lasso to list "
        "those inside."
    )
    controls, picture = st.columns([1, 2.7], gap="large")
    with controls:
        # Streamlit takes no clicks on points while the mouse draws a lasso, so it is the one or the other.
        mouse = st.segmented_control("Mouse", [CLICK, LASSO], default=CLICK, required=True, key="mouse")
        colour, title = _colour(loaded)
        own = _own(loaded)
    with picture:
        chosen = st.plotly_chart(
            cohort_map(loaded.coordinates, hover_words(), colour, title, own, mouse == LASSO),
            theme=None,
            height=640,
            key="map",
            on_select="rerun",
            selection_mode=("points", "lasso", "box"),
            config=MAP,
            alt="Map of the cohort, one point a recording; the list below has the selected ones.",
        )
        st.caption(_caption(loaded.meta["map"]))
    _selected(loaded, chosen)
    footer()


def _colour(loaded) -> tuple[list | np.ndarray, str]:
    """A colour for each recording and what it means; grey throughout where it cannot be worked out."""
    by = st.segmented_control(
        "Colour by", [FINDING, MEASUREMENT, QUESTION], default=FINDING, required=True, key="colour_by"
    )
    if by == MEASUREMENT:
        name = st.selectbox("Measurement", list(MEASUREMENTS), format_func=MEASUREMENTS.get, key="colour_measurement")
        return loaded.table[name].to_numpy(dtype=float), MEASUREMENTS[name]
    if by == QUESTION:
        return _by_answer(loaded)
    return _by_finding(loaded)


def _by_finding(loaded) -> tuple[list[str], str]:
    held = loaded.table["findings"].str.split(";")
    counts = held.explode().value_counts()
    counts = counts[counts.index.astype(bool)]
    names = dict(zip(counts.index, finding_names(counts.index), strict=True))
    chosen = st.multiselect(
        "Findings",
        sorted(names, key=names.get),
        default=[
            key for key in ("atrial_fibrillation", "bundle_branch_block", "myocardial_infarction") if key in names
        ],
        format_func=names.get,
        max_selections=8,
        key="colour_findings",
    )
    colour = np.full(len(loaded), OTHERS, dtype=object)
    for finding in reversed(chosen):
        colour[held.map(lambda own, finding=finding: finding in own).to_numpy()] = names[finding]
    if chosen:
        st.caption("Where several of them hold, the first chosen gives the colour.")
    return list(colour), "finding"


def _by_answer(loaded) -> tuple[np.ndarray, str]:
    from ecgclip_core.cohort.neighbours import score_question
    from ecgclip_core.model.query import ask

    question = st.text_input(
        "Question", "atrial fibrillation", key="colour_question", icon=":material/search:", persist_state="session"
    )
    nothing = np.full(len(loaded), np.nan)
    title = "evidence (logits)"
    try:
        query = ask(model(), question)
        if not query.understood:
            st.warning(
                "That was not understood as a question that an ECG can answer. Name a finding, for example: left "
                "bundle branch block."
            )
            return nothing, title
        if not query.offered:
            st.warning(not_offered(query))
            return nothing, title
        scores = score_question(model(), loaded, query)
    except EcgclipError as error:
        st.warning(str(error))
        return nothing, title
    st.caption(f"Understood as: **{query.name}**. {_what_counts(query)}")
    _best(loaded, scores)
    return scores, title


def _what_counts(query) -> str:
    """What the colour is, in words."""
    words = "Colour and order are the model's evidence for it, in logits before calibration: no probability."
    joints = {part.joined for part in query.parts[1:]}
    if joints == {"and"}:
        return f"{words} Of several findings, the one with the least evidence counts."
    if joints == {"or"}:
        return f"{words} Of several findings, the one with the most evidence counts."
    return words


def _best(loaded, scores: np.ndarray) -> None:
    """The recordings for which most speaks, in order; a chosen one is opened."""
    found = loaded.table.assign(row=range(len(loaded)), evidence=scores).nlargest(BEST, "evidence")
    shown = pd.DataFrame(
        {
            "rank": range(1, len(found) + 1),
            "recorded as": finding_names(found["finding"]),
            "evidence": found["evidence"].to_numpy(),
        }
    )
    picked = st.dataframe(
        shown,
        hide_index=True,
        width="stretch",
        height=315,
        column_config={
            "rank": st.column_config.NumberColumn("", width=40),
            "evidence": st.column_config.NumberColumn(format="%.1f", width=70),
        },
        on_select="rerun",
        selection_mode="single-row",
        key="best",
    )
    st.caption(f"The first {len(found)} of {len(loaded):,}. Choose a row to open the recording.")
    if picked["selection"]["rows"]:
        _open(int(found["row"].iloc[picked["selection"]["rows"][0]]))


def _own(loaded) -> tuple[float, float, float] | None:
    """Where the recording in hand lies, with its uncertainty."""
    from ecgclip_core.cohort.neighbours import place

    hand = in_hand()
    st.divider()
    if not st.toggle("Show the recording in hand", value=True, key="own_shown"):
        return None
    placed = place(loaded, embedding(hand))
    st.caption(
        f"**{hand.title}** is placed between its nearest recordings, found in the model's representation; the dotted "
        f"circle ({placed.spread:.1f} map units) is how far these lie apart. A wide one means: no place on this map."
    )
    return placed.x, placed.y, placed.spread


def _caption(fitted: dict) -> str:
    words = (
        "Near means alike to the model. Distances between islands and their sizes mean nothing, and neither have the "
        "axes a meaning."
    )
    if "trustworthiness" in fitted:
        words += (
            f" {fitted['method']}: trustworthiness {fitted['trustworthiness']:.2f}, and "
            f"{100 * fitted['neighbour_overlap']:.0f} % of the true nearest recordings are also nearest on the map."
        )
    return words


def _selected(loaded, chosen) -> None:
    rows = _rows(loaded, chosen)
    if not len(rows):
        st.caption("Nothing is selected. Click a point to open it, or switch to the lasso and draw around several.")
        return
    lassoed = bool(chosen["selection"]["lasso"] or chosen["selection"]["box"])
    if not lassoed and len(rows) == 1:
        _open(int(rows[0]))
        return
    st.subheader(f"{len(rows):,} selected")
    table = loaded.table.iloc[rows]
    shown = pd.DataFrame(
        {
            "finding": finding_names(table["finding"]),
            "recording": table["record"].to_numpy(),
            **{label: table[key].round(0).to_numpy() for key, label in list(MEASUREMENTS.items())[:5]},
        }
    )
    picked = st.dataframe(
        shown,
        hide_index=True,
        width="stretch",
        height=320,
        on_select="rerun",
        selection_mode="single-row",
        key="listed",
    )
    st.caption("Choose a row to open the recording.")
    if picked["selection"]["rows"]:
        _open(int(rows[picked["selection"]["rows"][0]]))


def _rows(loaded, chosen) -> np.ndarray:
    """Rows of the selection: inside the polygon that was drawn, or the point that was clicked."""
    from ecgclip_core.cohort.neighbours import inside_polygon

    selection = chosen["selection"]
    inside = np.zeros(len(loaded), dtype=bool)
    for drawn in [*selection["lasso"], *selection["box"]]:
        x, y = drawn["x"], drawn["y"]
        if len(x) == 2:
            x, y = [x[0], x[1], x[1], x[0]], [y[0], y[0], y[1], y[1]]
        inside |= inside_polygon(loaded.coordinates, np.column_stack([x, y]))
    if inside.any():
        return np.flatnonzero(inside)
    clicked = [point.get("customdata") for point in selection["points"]]
    rows = [int(np.ravel(row)[0]) for row in clicked if row is not None and not isinstance(row, str)]
    return np.array([row for row in rows if 0 <= row < len(loaded)][:1], dtype=int)


def _open(row: int) -> None:
    if open_from_cohort(row):
        st.session_state.pop("map", None)
        st.switch_page(READING)


through_app(cohort_page, __file__)
