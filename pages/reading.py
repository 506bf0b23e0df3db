"""Read one recording: tracing, measurements, findings, and an answer to a question with where it comes from."""

from html import escape

import streamlit as st

from ecgclip_core.ecg.recording import Patient
from ecgclip_core.ecg.red_flags import RedFlag
from ecgclip_core.errors import EcgclipError
from ecgclip_core.figures.beat import median_beat_figure
from ecgclip_core.figures.layouts import page_height, page_width
from ecgclip_core.figures.moments import CURVE_BAND
from ecgclip_core.figures.paper import paper
from ecgclip_core.figures.ribbon import RIBBON_HEIGHT
from pages.shared.answers import along, answers, ranked, scored, unranked
from pages.shared.comparison import comparison_tab
from pages.shared.criteria import criteria_buttons
from pages.shared.display import display, display_menu, drawn, page_start, pager
from pages.shared.entry import through_app
from pages.shared.examination import Examination, examined, wave_names
from pages.shared.explanation import answer_card, carriers
from pages.shared.finding_list import ranked_list, unranked_menu
from pages.shared.hand_on import hand_on_panel
from pages.shared.in_hand import InHand, in_hand
from pages.shared.link import follow_link, write_link
from pages.shared.look import lines, paper_shape, sheet_chart, tag
from pages.shared.map_checks import check_here, method_badge
from pages.shared.map_choice import map_menu, map_with_progress
from pages.shared.measurements import measurement_strip, measurement_table, st_table
from pages.shared.model import footer
from pages.shared.neighbours import nearest_recordings
from pages.shared.notes import notes_panel
from pages.shared.open_recording import case_menu, file_opener, opened_files
from pages.shared.question import nearest_names, suggestions, understood
from pages.shared.report import report_tab
from pages.shared.segments import ribbon_of

RIBBON_LEGEND = (
    "Below the rhythm strip: what the model tells apart from moment to moment, coloured by the wave that a cluster "
    "lives on (green P, blue QRS, amber T, grey between them; the lower a cell, the fewer small changes of the input "
    "leave its cluster as it is), and its doubt (entropy of the assignment, 0 to 1)."
)
CURVE_LEGEND = (
    "Match, directly below the last trace: how much nearer each moment is to the question than to its opposite, in "
    "logits; the dotted line is zero. Each point sees about two seconds around it, so it tells stretches and beats "
    "apart, not waves. It is no probability, and the score is not its mean."
)
CHART = {
    "displaylogo": False,
    "scrollZoom": False,
    "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"],
    "toImageButtonOptions": {"format": "png", "scale": 2, "filename": "tracing"},
}


def reading() -> None:
    """The page, from top to bottom."""
    follow_link()
    display_box = _toolbar()
    opened_files()
    hand = in_hand()
    with display_box:
        _display_choices(hand)
    _write_link(hand)
    head = st.container()
    tracing, panel = st.columns([2.75, 1], gap="medium")
    with panel:
        # The field of a new recording comes empty. It comes before any work, or it would wipe out what is being typed.
        _question_field(hand)
    with head:
        _heading(hand)
        examination = examined(hand)
        _pinned(hand, examination)
        measurement_strip(examination.measurements, hand.ecg.patient)
        pager(hand)
    with tracing:
        layout = display(hand).layout
        paper_shape("tracing", page_width(layout), page_height(layout, _room_below()))
        slot = st.container(key="tracing")
        if st.session_state.get("drawn") != hand.key:
            # The tracing of a new recording does not wait for the model. On a rerun the old one stays until redrawn.
            slot = slot.empty()
            _draw(slot, hand, key="tracing_first")
        below = st.container()
        details = st.container()
    with panel:
        explained = None, None, None
        try:
            explained = _question_and_answer(hand, slot, below)
        except EcgclipError as error:
            _draw(slot, hand)
            st.error(str(error))
    st.session_state["drawn"] = hand.key
    with details:
        _details(hand, examination, explained)
        notes_panel(hand)
        hand_on_panel(hand, examination, explained)
    _write_link(hand)
    footer()


def _write_link(hand: InHand) -> None:
    """Before the work, so that no case's link stands above one's own recording, and after it, with what was chosen."""
    write_link(hand, st.session_state.get("question", ""), st.session_state.get("method", ""))


def _toolbar():
    """What stands above everything; the box that holds the display's choices is filled when the recording is known."""
    case, files, shown, patient = st.columns([4, 1.3, 1.1, 1.3], vertical_alignment="center")
    with case:
        case_menu()
    with files.popover("Open files", icon=":material/folder_open:", width="stretch"):
        file_opener()
    box = shown.popover("Display", icon=":material/tune:", width="stretch")
    patient.toggle("Show patient", key="patient_shown")
    return box


def _display_choices(hand: InHand) -> None:
    display_menu(hand)
    st.toggle("Attribution behind the traces", value=True, key="overlay_shown")
    st.toggle("Match with the question below the rhythm strip", value=True, key="curve_shown")
    st.toggle("Clusters below the rhythm strip", value=True, key="ribbon_shown")


def _heading(hand: InHand) -> None:
    ecg = hand.ecg
    facts = [f"{ecg.duration:g} s", f"{ecg.sampling_rate:g} Hz", _leads(ecg.missing_leads)]
    label = tag("Simulated, not a person") if ecg.truth is not None else ""
    who = _patient(ecg.patient) if st.session_state.get("patient_shown") else "patient hidden"
    st.html(
        f'{label}<span class="ecgclip-title">{escape(hand.title)}</span>'
        f'<span class="ecgclip-sub">{escape(" · ".join([*facts, who]))}</span>'
    )


def _leads(missing: tuple[str, ...]) -> str:
    return f"{12 - len(missing)} of 12 leads" if missing else "12 leads"


def _patient(patient: Patient) -> str:
    age = "age unknown" if patient.age is None else f"{patient.age:g} years"
    return ", ".join(
        [age, patient.sex or "sex unknown", *(f"{key} {value}" for key, value in patient.identity.items())]
    )


def _pinned(hand: InHand, examination: Examination) -> None:
    """What must be read before anything else."""
    flags = [_flag(flag) for flag in examination.flags]
    lines("ecgclip-flags", flags)
    remarks = [remark.sentence for remark in examination.quality] + list(hand.ecg.notes if hand.private else ())
    shown, rest = remarks[:3], remarks[3:]
    lines("ecgclip-remarks", [escape(sentence) for sentence in shown])
    if rest:
        with st.expander(f"{len(rest)} more remarks on the recording"):
            for sentence in rest:
                st.write(sentence)


def _flag(flag: RedFlag) -> str:
    """Its sentence, opened by its name."""
    name, sentence = flag.name, flag.sentence
    rest = sentence[len(name) :] if sentence.lower().startswith(name.lower()) else f". {sentence}"
    return f"<b>{escape(name[:1].upper() + name[1:])}</b>{escape(rest)}"


def _draw(slot, hand: InHand, saliency=None, signed=True, ribbon=None, curve=None, key="tracing_drawn") -> None:
    shown = display(hand)
    ecg, filtering = drawn(hand, shown)
    figure = paper(
        ecg,
        shown.layout,
        shown.speed,
        shown.gain,
        page_start(hand, shown),
        saliency=saliency if _shown("overlay") else None,
        signed=signed,
        ribbon=ribbon if _shown("ribbon") else None,
        curve=curve if _shown("curve") else None,
        waves=wave_names(hand) if key == "tracing_drawn" else None,
        order=shown.order,
        rhythm=shown.rhythm,
        filtering=filtering,
    )
    if key == "tracing_drawn":
        paper_shape("tracing", **figure.layout.meta)
    slot.plotly_chart(
        figure,
        theme=None,
        height="stretch",
        key=key,
        config=CHART,
        alt=f"12-lead tracing of {hand.title}; the measurements stand above it and in the table below.",
    )


def _shown(what: str) -> bool:
    return st.session_state.get(f"{what}_shown", True)


def _room_below() -> float:
    """Millimetres that are most likely needed below the traces, known before the answer is."""
    asked = bool(st.session_state.get("question", "").strip())
    return (RIBBON_HEIGHT if _shown("ribbon") else 0.0) + (CURVE_BAND if asked and _shown("curve") else 0.0)


def _question_field(hand: InHand) -> None:
    st.text_input(
        "Ask this recording",
        key="question",
        persist_state="session",
        placeholder="a finding, or a question in your own words",
        icon=":material/search:",
    )
    _offered(hand)


def _question_and_answer(hand: InHand, slot, below) -> tuple:
    """The question, its map and the summary of that; None for each where nothing was asked."""
    from ecgclip_core.interpretation.saliency import METHODS

    answered, findings = st.container(), st.container()
    ribbon = ribbon_of(hand)
    with answered:
        query = understood(st.session_state.get("question", ""), _ask)
        if query is not None:
            _answer(hand, query)
    with findings:
        _findings(hand)
    if query is None:
        _draw(slot, hand, ribbon=ribbon)
        _legends(below, ribbon)
        return None, None, None
    with answered:
        found, summary = map_with_progress(hand, query, map_menu())
    method = METHODS[found.method]
    curve = along(hand, query) if _shown("curve") else None
    _draw(slot, hand, found.values, method.signed, ribbon, curve)
    _legends(below, ribbon, curve)
    with below:
        carriers(found, summary, query, method)
        method_badge(found)
        check_here(hand, found)
    return query, found, summary


def _answer(hand: InHand, query) -> None:
    answer_card(answers(hand, query), query, scored)
    if query.finding is None and not query.parts:
        st.caption("The nearest findings of the catalogue:")
        suggestions(nearest_names(query), _ask)
    criteria_buttons(hand, query)


def _legends(below, ribbon=None, curve=None) -> None:
    if curve is not None:
        below.caption(CURVE_LEGEND)
    if ribbon and _shown("ribbon"):
        below.caption(RIBBON_LEGEND)


def _findings(hand: InHand) -> None:
    with st.spinner("Asking about every finding …"):
        found = ranked(hand)
        others = unranked(set(found.get("finding", ())))
    ranked_list(found, _ask)
    unranked_menu(others, _ask)


def _offered(hand: InHand) -> None:
    asked = st.session_state.get("question", "")
    others = [question for question in hand.questions if question != asked]
    if others:
        with st.container(horizontal=True, gap="small", key="offered"):
            for question in others:
                st.button(question, key=f"offer_{question}", type="secondary", on_click=_ask, args=(question,))


def _ask(question: str) -> None:
    st.session_state["question"] = question


def _details(hand: InHand, examination: Examination, explained: tuple) -> None:
    names = ["Measurements", "Median beat", "Nearest recordings", "Report", "Compare maps"]
    numbers, beats, near, report, compared, *lesson = st.tabs(
        [*names, *(["What this case teaches"] if hand.teaching else [])]
    )
    with numbers:
        left, right = st.columns(2, gap="large")
        with left:
            measurement_table(examination.measurements, hand.ecg.patient)
        with right:
            st.caption("ST level against the level before the QRS complex")
            st_table(examination.measurements, hand.ecg.patient)
            for remark in examination.measurements.remarks:
                st.caption(remark)
    with beats:
        _median_beat(hand, examination)
    with near:
        nearest_recordings(hand)
    with report:
        report_tab(hand, _ask)
    with compared:
        comparison_tab(hand, *explained, wave_names(hand))
    for tab in lesson:
        tab.write(hand.teaching)


def _median_beat(hand: InHand, examination: Examination) -> None:
    beat = examination.beat
    if beat is None:
        st.info("No heart beat stands out of the tracing, so there is no median beat.")
        return
    figure = median_beat_figure(beat.signal, beat.times, beat.marks, hand.ecg.calibrated)
    sheet_chart("beat", figure, "Median beat of each lead with the boundaries of P, QRS and T shaded.")
    st.caption(f"Median of {beat.n_beats} beats of one shape; shaded are P wave, QRS complex and T wave as measured.")


through_app(reading, __file__)
