"""Where the model looked for a finding, beside where its criteria look."""

import numpy as np
import streamlit as st

from ecgclip_core.figures.beat_panels import BeatSheet
from ecgclip_core.figures.criteria_beat import map_beat_figure
from pages.shared.examination import examined
from pages.shared.explanation import PLACES, listed
from pages.shared.in_hand import InHand, remembered
from pages.shared.look import sheet_chart
from pages.shared.map_choice import map_with_progress

WHOSE = {"criteria": "that the criteria measure", "catalogue": "where the catalogue tells a reader to look"}


def map_beat(hand: InHand, finding, query, laid: BeatSheet) -> None:
    """The map of the app's first method over the median beat, and how much of it lies where the criteria look."""
    from ecgclip_core.interpretation.beat_aligned import TIMES, beat_aligned, usual_beats
    from ecgclip_core.interpretation.saliency import DEFAULT, METHODS, STAGES

    method = METHODS[DEFAULT]
    found, _ = map_with_progress(hand, query, (DEFAULT, method.baseline, STAGES[-1]), "_criteria")
    beat, beats = examined(hand).beat, usual_beats(hand.ecg)
    values = beat_aligned(found.values, found.sampling_rate, beats)
    words = agreement_words(hand, finding, found)
    figure = map_beat_figure(laid, beat.signal, beat.marks, values, TIMES)
    leads = ", ".join(panel.lead for panel in laid.panels)
    sheet_chart("map_beat", figure, f"Median beat in {leads} with the map behind it. {' '.join(words)}")
    sides = "blue speaks for it, amber against it" if method.signed else "the stronger the blue, the more it counts"
    st.caption(
        f"{method.label} of the model's answer, averaged over the {len(beats)} beats of the usual shape: {sides}, on "
        "one scale for all leads. Beats of another shape are not in the figure, but count below."
    )
    for sentence in words:
        st.markdown(sentence)
    st.caption(
        "Chance is the share of the samples of all recorded leads. One recording proves little, and tall waves draw "
        "maps to them whatever a model has learned: “Over a cohort” compares many recordings, and the same network "
        "without learning."
    )


def agreement_words(hand: InHand, finding, found) -> list[str]:
    """Share and chance for the places of the criteria and of the catalogue, a sentence each."""
    from ecgclip_core.interpretation.criteria_agreement import agreement
    from ecgclip_core.interpretation.criteria_places import places_of

    present = np.isfinite(hand.ecg.signal).any(axis=1)
    measured = remembered(
        ("criteria agreement", found.query, found.method, found.baseline, found.stage),
        lambda: agreement(found, finding, examined(hand).waves, present),
    )
    places, sentences = places_of(finding), []
    for which, where in measured.items():
        if not places[which] or (which == "catalogue" and _same(places)):
            continue
        if where is None:
            sentences.append(f"How much of it lies in the places {WHOSE[which]} cannot be told in this recording.")
            continue
        sentences.append(_lies(where, which, places[which]))
    return sentences or ["The catalogue names no waves for this finding, so there is nothing to compare the map with."]


def _same(places: dict[str, dict[str, tuple[str, ...]]]) -> bool:
    """Whether criteria and catalogue name the same places, in any order."""
    first, second = ({wave: set(leads) for wave, leads in place.items()} for place in places.values())
    return first == second


def _lies(where, which: str, place: dict[str, tuple[str, ...]]) -> str:
    ratio = where.share / where.chance
    compared = (
        f"**{ratio:.1f} times chance**" if ratio >= 1.05 else f"**{'no more' if ratio > 0.95 else 'less'} than chance**"
    )
    return (
        f"**{100 * where.share:.0f} %** of what speaks for it lies in the waves and leads {WHOSE[which]} "
        f"({in_words(place)}), which fill {100 * where.chance:.0f} % of the recording: {compared}."
    )


def in_words(place: dict[str, tuple[str, ...]]) -> str:
    """Leads by wave in words; waves in the same leads together."""
    by_leads: dict[tuple[str, ...], list[str]] = {}
    for wave, leads in place.items():
        by_leads.setdefault(tuple(leads), []).append(PLACES.get(wave, wave))
    return "; ".join(
        f"{listed(waves)} in {'every lead' if len(leads) == 12 else ', '.join(leads)}"
        for leads, waves in by_leads.items()
    )
