"""The criteria of a finding drawn onto the median beat of a recording, and the same in words."""

import streamlit as st

from ecgclip_core.figures.beat_panels import BeatSheet, beat_sheet
from ecgclip_core.figures.criteria_beat import (
    AMPLITUDES,
    DURATIONS,
    Mark,
    criteria_beat_figure,
    criteria_levels,
    said,
)
from pages.shared.examination import examined
from pages.shared.in_hand import InHand, remembered
from pages.shared.look import sheet_chart

LEGEND = (
    "Violet dashed lines are limits. A filled blue circle is a measurement that meets its limit, an orange cross one "
    "that does not, a grey ring one without a limit of its own, as a part of a sum. Bars are durations in ms; those of "
    "the whole recording stand in the first lead. Shaded are P, QRS and T as measured."
)
STATES = {True: "met", False: "not met", None: "not measurable"}


def shown_leads(hand: InHand, finding) -> tuple[str, ...]:
    """Leads that the criteria measure and the catalogue names, in the usual order; all where neither says."""
    from ecgclip_core.ecg.leads import LEADS
    from ecgclip_core.findings.limits import in_lead_order, named_facts

    named = {lead for criterion in finding.criteria for _, lead in named_facts(criterion.expression) if lead}
    recorded = set(LEADS) - set(hand.ecg.missing_leads)
    return in_lead_order((named | set(finding.leads)) & recorded) or in_lead_order(recorded)


def beat_sheet_of(hand: InHand, finding) -> BeatSheet | None:
    """Where the leads of the median beat lie, with room for every criterion; None without a beat."""
    beat = examined(hand).beat
    if beat is None:
        return None
    leads = shown_leads(hand, finding)
    levels = criteria_levels(_all_marks(hand, finding))
    return beat_sheet(beat.signal, beat.times, leads, calibrated=hand.ecg.calibrated, also=levels)


def criteria_beat(hand: InHand, finding, laid: BeatSheet) -> None:
    """The figure, a choice of which criteria are drawn, and what it shows in words."""
    beat = examined(hand).beat
    chosen, figure_place = None, st.container()
    drawable = [row for row in range(len(finding.criteria)) if _marks(hand, finding, (row,))]
    if len(drawable) > 1:
        # Below the figure, so that this and the map stand at one height.
        chosen = st.pills(
            "Draw one criterion only",
            drawable,
            format_func=lambda row: f"{row + 1}",
            key=f"drawn_{finding.id}",
            help="The numbers are those of the table; all are drawn where none is chosen.",
        )
    marks = _all_marks(hand, finding) if chosen is None else _marks(hand, finding, (chosen,))
    figure = criteria_beat_figure(laid, beat.signal, beat.marks, marks)
    with figure_place:
        sheet_chart("criteria_beat", figure, _alt(marks, laid))
    if not marks:
        st.caption(
            "None of the criteria is an amplitude or a duration of one beat; the table has their numbers. "
            "Shaded are P, QRS and T as measured."
        )
        return
    st.caption(LEGEND)
    with st.expander("The figure in words"):
        st.markdown("\n".join(f"- {said(mark)}" for mark in marks))


def _alt(marks: list[Mark], laid: BeatSheet) -> str:
    leads = ", ".join(panel.lead for panel in laid.panels)
    counts = {state: sum(mark.state == state for mark in marks) for state in STATES.values()}
    words = ", ".join(f"{number} {state}" for state, number in counts.items() if number)
    return f"Median beat in {leads} with P, QRS and T shaded" + (
        f"; {len(marks)} measurements of criteria are drawn with their limits: {words}. "
        "The words below the figure name each."
        if marks
        else "."
    )


def _all_marks(hand: InHand, finding) -> list[Mark]:
    return _marks(hand, finding, tuple(range(len(finding.criteria))))


def _marks(hand: InHand, finding, rows: tuple[int, ...]) -> list[Mark]:
    return remembered(("criteria marks", finding.id, rows), lambda: _marks_of(hand, finding, rows))


def _marks_of(hand: InHand, finding, rows: tuple[int, ...]) -> list[Mark]:
    from ecgclip_core.ecg.facts import facts
    from ecgclip_core.findings.limits import limits

    measured, first = facts(hand.ecg), shown_leads(hand, finding)[0]
    found: dict[tuple, Mark] = {}
    for row in rows:
        for limit in limits(finding.criteria[row].expression, measured):
            if limit.name in AMPLITUDES or limit.name in DURATIONS:
                key = (limit.name, limit.lead, limit.sign, limit.limit, limit.absolute)
                found.setdefault(key, _mark(hand, limit, first, measured))
    limited = {(mark.name, mark.lead) for mark in found.values() if mark.limit is not None}
    return [mark for mark in found.values() if mark.limit is not None or (mark.name, mark.lead) not in limited]


def _mark(hand: InHand, limit, first: str, measured) -> Mark:
    from ecgclip_core.ecg.vocabulary import LEAD_FACTS, RECORDING_FACTS

    label = (RECORDING_FACTS.get(limit.name) or LEAD_FACTS[limit.name]).label
    # Of a sum no single part is met or not.
    state = STATES[limit.holds] if limit.limit is not None else STATES[None]
    value = None if limit.fact.value is None else float(limit.fact.value)
    start = _start(hand, limit, value, measured) if limit.name in DURATIONS else None
    lead = limit.lead or first
    return Mark(limit.name, label, lead, value, limit.sign, limit.limit, state, start, limit.absolute)


def _start(hand: InHand, limit, value: float | None, measured) -> float | None:
    """Where a duration begins on the median beat, seconds from R."""
    waves = examined(hand).beat.marks if examined(hand).beat is not None else {}
    edges = waves.get("P" if limit.name in ("p_ms", "p_duration") else "QRS")
    if edges is None:
        return None
    if limit.name == "pr":
        return edges[0] - (value if value is not None else limit.limit or 0.0) / 1000
    before = {"r_ms": ("q_ms",), "s_ms": ("q_ms", "r_ms"), "r2_ms": ("q_ms", "r_ms", "s_ms")}.get(limit.name, ())
    return edges[0] + sum((measured.leads[name][limit.lead].value or 0.0) for name in before) / 1000
