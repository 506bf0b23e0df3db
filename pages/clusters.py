"""Clusters over time: the dictionary, what they say of a cohort, recordings to look at again, what was measured."""

import numpy as np
import pandas as pd
import streamlit as st

from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.errors import EcgclipError
from ecgclip_core.figures.cluster_dictionary import cluster_dictionary, dictionary_height
from ecgclip_core.figures.cluster_waveform import cluster_waveform
from pages.shared.cluster_cohort import over_cohort, second_look
from pages.shared.cluster_evidence import cluster_evidence
from pages.shared.cohort import finding_names
from pages.shared.entry import through_app
from pages.shared.in_hand import COHORT, InHand, simulated, take
from pages.shared.look import sheet_chart
from pages.shared.model import footer, model
from pages.shared.segments import cluster_looks

SHOWN_LEADS = ("II", "V2")
HERE = "pages/reading.py"
DICTIONARY, COHORT_VIEW, SECOND_LOOK, EVIDENCE = "Dictionary", "Cohort", "Second look", "How good they are"
VIEWS = [DICTIONARY, COHORT_VIEW, SECOND_LOOK, EVIDENCE]


def clusters() -> None:
    """The page."""
    from ecgclip_core.interpretation.cluster_description import description_of
    from ecgclip_core.interpretation.clusters import clusters_of

    st.title("Clusters over time")
    try:
        description, dictionary = description_of(model()), clusters_of(model())
        names, colours = cluster_looks()
    except EcgclipError as error:
        st.error(str(error))
        return
    st.write(
        f"What the last three residual stages of the encoder tell apart, moment by moment: {dictionary.k} clusters, "
        f"described over {description.recordings:,} simulated recordings. On the reading page they form the ribbon "
        "below the rhythm strip."
    )
    order = _order(names, description.moments)
    view = st.segmented_control(
        "View", VIEWS, default=DICTIONARY, required=True, key="clusters_view", label_visibility="collapsed"
    )
    if view == DICTIONARY:
        if len(order) < len(names):
            st.caption(f"{len(names) - len(order)} of them were not met in these recordings and are left out.")
        _overview(description, names, colours, order)
        _one(description, names, colours, order)
    elif view == COHORT_VIEW:
        over_cohort(names, colours, order)
    elif view == SECOND_LOOK:
        second_look()
    else:
        _evidence(dictionary)
    footer()


def _evidence(dictionary) -> None:
    from ecgclip_core.evaluation.cluster_checks import checks_of

    try:
        checks = checks_of(model())
    except EcgclipError as error:
        st.warning(str(error))
        checks = {}
    cluster_evidence(checks, dictionary)


def _order(names: list[str], moments: np.ndarray) -> np.ndarray:
    """Clusters that were met, along the beat: P, QRS, T, then between the waves; by number inside each."""
    waves = ["P", "QRS", "T", "Between"]
    met = [k for k in range(len(names)) if moments[k]]
    return np.array(sorted(met, key=lambda k: (waves.index(names[k].split()[0]), int(names[k].split()[1]))))


def _overview(description, names, colours, order) -> None:
    leads = [LEADS.index(lead) for lead in SHOWN_LEADS]
    notes = [
        f"{100 * share:.1f} % · uncertainty {doubt:.2f}"
        for share, doubt in zip(description.share[order], description.entropy[order], strict=True)
    ]
    st.plotly_chart(
        cluster_dictionary(
            description.waveforms[order][:, leads],
            description.times,
            description.positions[order],
            [names[k] for k in order],
            notes,
            [colours[k] for k in order],
            SHOWN_LEADS,
        ),
        theme=None,
        height=dictionary_height(len(order)),
        key="dictionary",
        config={"displayModeBar": False},
        alt="For each cluster its mean waveform in leads II and V2 and a histogram of its place in the beat.",
    )
    st.caption(
        "Upper part: mean waveform around the moments of the cluster, 0.4 s to either side, one amplitude scale for "
        "all; the tinted line is the moment itself. Lower part: where it occurs between one R peak (left) and the next "
        "(right). Percentage: share of all time. Uncertainty: mean entropy of the assignment, 0 sure, 1 no idea. A "
        "cluster is named after the wave that most of its moments lie in."
    )


def _one(description, names, colours, order) -> None:
    st.subheader("One cluster")
    chosen = st.pills(
        "Cluster",
        [int(k) for k in order],
        format_func=names.__getitem__,
        default=int(order[0]),
        required=True,
        key="cluster",
        label_visibility="collapsed",
    )
    shape, words = st.columns([2, 1], gap="large")
    with shape:
        figure = cluster_waveform(description.waveforms[chosen], description.times, colours[chosen])
        sheet_chart("waveform", figure, f"Mean waveform of cluster {names[chosen]} in all twelve leads.")
    with words:
        _lives_in(description, chosen)
        _goes_with(description.findings[chosen])
    _examples(description.examples[chosen])


def _lives_in(description, chosen: int) -> None:
    from ecgclip_core.interpretation.waves import WAVES

    shares = sorted(zip(description.waves[chosen], WAVES, strict=True), reverse=True)
    places = [
        f"{100 * share:.0f} % {'between waves' if wave == 'between' else wave}"
        for share, wave in shares
        if share >= 0.01
    ]
    st.markdown(f"**Where it lives.** {', '.join(places)}.")
    st.markdown(
        f"**How sure.** Mean uncertainty {description.entropy[chosen]:.2f} over {description.moments[chosen]:,} "
        f"moments, {100 * description.share[chosen]:.1f} % of all time."
    )


def _goes_with(findings: pd.DataFrame) -> None:
    if findings.empty:
        st.markdown("**What it goes with.** No finding clearly.")
        return
    st.markdown("**What it goes with.** Share of time in recordings with the finding, against all recordings:")
    shown = findings.assign(finding=finding_names(findings["finding"]))
    st.dataframe(
        shown,
        hide_index=True,
        width="stretch",
        column_config={"lift": st.column_config.NumberColumn("times as much", format="%.1f")},
    )


def _examples(examples: pd.DataFrame) -> None:
    """Recordings with a sure stretch of the cluster; a simulated one can be opened."""
    if examples.empty or not {"finding", "seed"} <= set(examples.columns):
        return
    st.markdown("**Examples.** The surest stretches; a click opens the recording.")
    with st.container(horizontal=True, gap="small"):
        for row in examples.itertuples():
            (name,) = finding_names([str(row.finding)])
            if st.button(
                f"{name}, {row.start_s:.1f} to {row.stop_s:.1f} s",
                key=f"example_{row.record}",
                icon=":material/ecg_heart:",
            ):
                ecg = simulated(str(row.finding), int(row.seed))
                take(InHand(ecg, COHORT, str(row.record), name[:1].upper() + name[1:], (name,)))
                st.switch_page(HERE)


through_app(clusters, __file__)
