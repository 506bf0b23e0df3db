"""Clusters over the cohort: by finding, between two groups, and recordings that deserve a second look."""

import numpy as np
import pandas as pd
import streamlit as st

from ecgclip_core.errors import EcgclipError
from ecgclip_core.figures.cluster_findings import cluster_differences, cluster_findings, findings_height
from pages.shared.cohort import cohort, finding_names, open_from_cohort
from pages.shared.model import model

READING = "pages/reading.py"
FEWEST = 5  # recordings in a group
SECOND_LOOK = 100
FEWEST_FORETOLD = 20  # recordings with a finding and without it, to foretell it from the others
REST = ""
PLAIN = {"displayModeBar": False}


def over_cohort(names: list[str], colours: list[str], order: np.ndarray) -> None:
    """Proportions by finding, and the clusters that separate two groups."""
    held = _held()
    if held is None:
        return
    loaded, found = held
    findings, truth = _findings(loaded.table, FEWEST)
    readable = np.isfinite(found.entropy)
    st.subheader("By finding")
    _by_finding(found.proportions[readable], truth[readable], findings, names, order)
    st.subheader("Between two groups")
    _between(found.proportions, truth, readable, findings, names, colours)


def second_look() -> None:
    """Recordings whose label and representation disagree, or of which the model is unsure."""
    held = _held()
    if held is None:
        return
    loaded, found = held
    st.write(
        "Each label is foretold from what the model answers to the other recordings and from their labels. First come "
        "the recordings to whose labels that forecast gives the least chance; much uncertainty of the clusters moves a "
        "recording up. A place on this list is a reason to look again and no more."
    )
    listed = _candidates(loaded.meta["checkpoint"], loaded, found)
    if listed.empty:
        st.info("The recordings of this cohort carry too few labels to foretell any.")
        return
    by = st.segmented_control(
        "First come",
        ["doubtful labels", "unsure clusters"],
        default="doubtful labels",
        required=True,
        key="second_look_by",
    )
    if by == "unsure clusters":
        listed = listed.sort_values("uncertainty", ascending=False, na_position="last")
    listed = listed.head(SECOND_LOOK)
    words = ["is said to hold" if said else "is said not to hold" for said in listed["said"]]
    shown = pd.DataFrame(
        {
            "rank": range(1, len(listed) + 1),
            "recording": loaded.table["record"].iloc[listed["row"]].to_numpy(),
            "doubtful label": finding_names(listed["finding"]),
            "": words,
            "chance": 100 * listed["chance"].to_numpy(),
            "doubt": listed["doubt"].to_numpy(),
            "uncertainty": listed["uncertainty"].to_numpy(),
        }
    )
    picked = st.dataframe(
        shown,
        hide_index=True,
        width="stretch",
        height=460,
        column_config={
            "rank": st.column_config.NumberColumn("", width=50),
            "chance": st.column_config.NumberColumn(
                "chance it is right (%)", format="%.1f", help="What the forecast gives to what is said."
            ),
            "doubt": st.column_config.NumberColumn(
                "doubt (nats)", format="%.1f", help="How much less likely all its labels are than the forecast expects."
            ),
            "uncertainty": st.column_config.NumberColumn(
                "uncertainty", format="%.2f", help="Mean entropy of its clusters: 0 sure, 1 no idea."
            ),
        },
        on_select="rerun",
        selection_mode="single-row",
        key="second_look",
    )
    st.caption(f"The first {len(listed)} of {len(loaded):,}. Choose a row to open the recording.")
    chosen = picked["selection"]["rows"]
    if chosen and open_from_cohort(int(listed["row"].iloc[chosen[0]])):
        st.session_state.pop("second_look", None)
        st.switch_page(READING)


def _held():
    """The cohort and its clusters; None, with a sentence, where there are none yet."""
    from ecgclip_core.cohort.clusters import cohort_clusters, work_out_clusters
    from ecgclip_core.interpretation.clusters import clusters_of

    try:
        loaded, dictionary = cohort(), clusters_of(model())
        found = cohort_clusters(loaded, dictionary) or st.session_state.get("cohort_clusters", {}).get(model().hash)
        if found is not None:
            return loaded, found
        st.info("The clusters of this cohort were not worked out yet.")
        if not st.button("Work them out", key="work_out_clusters", type="primary"):
            return None
        bar = st.progress(0.0, f"Reading {len(loaded):,} recordings …")
        found = work_out_clusters(model(), loaded, dictionary, lambda done: bar.progress(done / len(loaded)))
        st.session_state.setdefault("cohort_clusters", {})[model().hash] = found
        bar.empty()
    except EcgclipError as error:
        st.error(str(error))
        return None
    return loaded, found


def _findings(table: pd.DataFrame, fewest: int) -> tuple[list[str], np.ndarray]:
    """Findings that enough recordings have and lack, most frequent first, and who has them, shape (n, f)."""
    dummies = table["findings"].fillna("").str.get_dummies(";").astype(bool)
    counts = dummies.sum()
    kept = counts[(counts >= fewest) & (counts <= len(table) - fewest)].sort_values(ascending=False)
    return list(kept.index), dummies[list(kept.index)].to_numpy()


def _by_finding(proportions, truth, findings, names, order) -> None:
    from ecgclip_core.interpretation.cluster_groups import proportions_by

    if not findings:
        st.caption(f"No finding is held by at least {FEWEST} recordings and lacked by as many.")
        return
    called = dict(zip(findings, finding_names(findings), strict=True))
    chosen = st.multiselect(
        "Findings",
        sorted(findings, key=called.get),
        default=findings[:16],
        format_func=called.get,
        key="cluster_findings",
    )
    if not chosen:
        return
    columns = [findings.index(finding) for finding in chosen]
    mean, lift = proportions_by(proportions, truth[:, columns])
    st.plotly_chart(
        cluster_findings(
            lift[:, order],
            mean[:, order],
            [called[finding] for finding in chosen],
            [names[k] for k in order],
            [int(number) for number in truth[:, columns].sum(axis=0)],
        ),
        theme=None,
        height=findings_height(len(chosen)),
        key="by_finding",
        config=PLAIN,
        alt="Heat map of findings by clusters: how much more or less of the time a cluster takes with a finding.",
    )
    st.caption(
        "Share of time that a cluster takes in recordings with the finding, against all recordings of the cohort; in "
        "brackets how many have it. Clusters stand in the order of the beat."
    )


def _between(proportions, truth, readable, findings, names, colours) -> None:
    from ecgclip_core.interpretation.cluster_groups import compare_groups

    if not findings:
        return
    called = dict(zip(findings, finding_names(findings), strict=True)) | {REST: "all others"}
    usual = [f for f in ("left_bundle_branch_block", "atrial_fibrillation", *findings) if f in findings]
    one, other = st.columns(2, gap="large")
    ordered = sorted(findings, key=called.get)
    first = one.selectbox("First group", ordered, ordered.index(usual[0]), format_func=called.get, key="first_group")
    second = other.selectbox("Second group", [REST, *ordered], format_func=called.get, key="second_group")
    inside = truth[:, findings.index(first)]
    outside = ~inside if second == REST else truth[:, findings.index(second)] & ~inside
    if second != REST:
        inside = inside & ~truth[:, findings.index(second)]
    inside, outside = inside & readable, outside & readable
    if min(inside.sum(), outside.sum()) < FEWEST:
        st.info(
            f"These groups have {inside.sum()} and {outside.sum()} recordings of their own; {FEWEST} each are needed."
        )
        return
    found = compare_groups(proportions, inside, outside)
    st.plotly_chart(
        cluster_differences(found, names, colours, (called[first], called[second])),
        theme=None,
        height=findings_height(len(found)),
        key="between",
        config=PLAIN,
        alt="Differences in share of time between the two groups, one row a cluster, with 95 % intervals.",
    )
    clear = int((found["p"] < 0.05).sum())
    st.caption(
        f"{inside.sum()} recordings against {outside.sum()}; who has both is left out. Clearest cluster first; bars: "
        f"95 % interval, bootstrap over recordings. {clear} of {len(found)} clusters differ (filled; Mann-Whitney, "
        "p below 0.05 after Holm's correction for all of them)."
    )


@st.cache_data(show_spinner="Foretelling labels …", max_entries=4)
def _candidates(checkpoint: str, _loaded, _found) -> pd.DataFrame:
    from ecgclip_core.cohort.neighbours import score_question
    from ecgclip_core.findings.catalogue import catalogue
    from ecgclip_core.interpretation.cluster_mislabelled import candidates
    from ecgclip_core.model.query import ask_finding

    findings, truth = _findings(_loaded.table, FEWEST_FORETOLD)
    if not findings:
        return pd.DataFrame()
    known = catalogue()
    asked = [finding for finding in findings if finding in known]
    answers = [score_question(model(), _loaded, ask_finding(model(), known[finding])) for finding in asked]
    columns = [findings.index(finding) for finding in asked]
    return candidates(np.stack(answers, axis=1), truth[:, columns].astype(np.int8), asked, uncertainty=_found.entropy)
