"""How the tracing is shown: layout, order, speed, gain, filters, page; chosen by the reader, kept for the session."""

from dataclasses import dataclass

import streamlit as st

from ecgclip_core.ecg.display_filters import BANDS, FILTER_OFF, MAINS, OFF, filter_words, filtered, st_change, usable
from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.ecg.recording import ECG
from ecgclip_core.figures.layouts import GAINS, LAYOUTS, ORDERS, SPEEDS, page_seconds, page_starts
from ecgclip_core.figures.overview import overview
from pages.shared.in_hand import InHand, remembered

LAYOUT_LABELS = {
    "3x4+1": "3 × 4 + 1",
    "3x4+3": "3 × 4 + 3",
    "6x2": "6 × 2",
    "12x1": "12 × 1",
    "1": "one lead, large",
}
FILTER_NOTE = (
    "Filters change the drawing only: everything is measured, and asked of the model, without them. 0.5-40 Hz is the "
    "band of monitors: it rounds peaks and notches, flattens pacing spikes and can move ST; how far it does here is "
    "written on the tracing."
)


@dataclass(frozen=True)
class Display:
    """What the reader chose; keys of `LAYOUTS`, `ORDERS`, `BANDS` and `MAINS`, mm/s and mm/mV."""

    layout: str
    order: str
    rhythm: str
    speed: float
    gain: float
    band: str
    mains: str


def display(hand: InHand) -> Display:
    """What the reader chose, or the usual; a filter that this recording is too slow for is off."""
    rate = hand.ecg.sampling_rate
    return Display(
        _chosen("layout", LAYOUTS, "3x4+1"),
        _chosen("order", ORDERS, "standard"),
        _chosen("rhythm", LEADS, "II"),
        _chosen("speed", SPEEDS, 25.0),
        _chosen("gain", GAINS, 10.0),
        _chosen("band", usable(BANDS, rate), OFF),
        _chosen("mains", usable(MAINS, rate), OFF),
    )


def display_menu(hand: InHand) -> None:
    """Every choice, with the filters that this recording is too slow for named below."""
    now = display(hand)
    rate = hand.ecg.sampling_rate
    _choice("Layout", "layout", LAYOUTS, now.layout, LAYOUT_LABELS.get)
    with st.container(horizontal=True, gap="medium"):
        _choice("Paper speed", "speed", SPEEDS, now.speed, lambda speed: f"{speed:g} mm/s")
        _choice("Gain", "gain", GAINS, now.gain, lambda gain: f"{gain:g} mm/mV")
    with st.container(horizontal=True, gap="medium"):
        _choice("Order of the limb leads", "order", ORDERS, now.order, lambda order: order[:1].upper() + order[1:])
        alone = LAYOUTS[now.layout].columns == 0
        disabled = LAYOUTS[now.layout].rhythms == 0
        if st.session_state.get("rhythm") not in LEADS:
            st.session_state["rhythm"] = now.rhythm
        st.selectbox("Lead" if alone else "Rhythm lead", LEADS, key="rhythm", disabled=disabled, width=140)
    with st.container(horizontal=True, gap="medium"):
        _choice("Filter", "band", usable(BANDS, rate), now.band)
        _choice("Mains filter", "mains", usable(MAINS, rate), now.mains)
    too_fast = [name for name in BANDS if name not in usable(BANDS, rate)]
    too_fast += [f"mains {name}" for name in MAINS if name not in usable(MAINS, rate)]
    if too_fast:
        st.caption(f"Not for a recording at {rate:g} Hz: {', '.join(too_fast)}.")
    st.caption(FILTER_NOTE)


def drawn(hand: InHand, shown: Display) -> tuple[ECG, str]:
    """The recording as it is drawn, and what the page says of its filters."""
    if shown.band == OFF and shown.mains == OFF:
        return hand.ecg, FILTER_OFF
    return remembered(("filtered", shown.band, shown.mains), lambda: _filtered(hand.ecg, shown))


def page_start(hand: InHand, shown: Display) -> float:
    """The second at which the page in view begins."""
    starts = page_starts(shown.layout, shown.speed, hand.ecg.duration)
    wanted = st.session_state.get(_page_key(hand), 0.0)
    return max((start for start in starts if start <= wanted + 1e-6), default=starts[0])


def pager(hand: InHand) -> None:
    """The whole recording with the page in view marked, and the choice of a page; nothing where one page holds all."""
    shown = display(hand)
    starts = page_starts(shown.layout, shown.speed, hand.ecg.duration)
    if len(starts) == 1:
        return
    seconds = page_seconds(shown.layout, shown.speed, hand.ecg.duration)
    st.session_state[_page_key(hand)] = start = page_start(hand, shown)
    st.select_slider(
        "Seconds on the page",
        starts,
        format_func=lambda first: f"{first:.4g} to {min(first + seconds, hand.ecg.duration):.4g} s",
        key=_page_key(hand),
    )
    stop = min(start + seconds, hand.ecg.duration)
    with st.container(key="overview"):
        st.plotly_chart(
            overview(hand.ecg, shown.rhythm, start, stop),
            theme=None,
            height=64,
            key="overview_chart",
            config={"displayModeBar": False, "staticPlot": True},
            alt=f"Lead {shown.rhythm} over all {hand.ecg.duration:.4g} seconds; seconds {start:.4g} to {stop:.4g}, "
            "marked in it, are on the page.",
        )


def _filtered(ecg: ECG, shown: Display) -> tuple[ECG, str]:
    result = filtered(ecg, shown.band, shown.mains)
    return result, filter_words(shown.band, shown.mains, st_change(ecg, result))


def _chosen(key: str, options, usual):
    value = st.session_state.get(key)
    return value if value in options else usual


def _choice(label: str, key: str, options, now, format_func=str) -> None:
    if st.session_state.get(key) not in options:
        st.session_state[key] = now
    st.segmented_control(label, list(options), format_func=format_func, required=True, key=key)


def _page_key(hand: InHand) -> str:
    return f"page_of_{hand.key}"
