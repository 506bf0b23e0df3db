"""Choosing a bundled case, or opening files of one's own."""

import streamlit as st

from ecgclip_core.ecg.readers import formats_in_words
from ecgclip_core.ecg.uploads import Upload, recordings_in
from ecgclip_core.simulation.cases import cases
from pages.shared.in_hand import in_hand, take_case, take_own

UNITS = {"mV": "millivolts (mV)", "uV": "microvolts (µV)", "V": "volts (V)", "unscaled": "unknown: not calibrated"}
QUESTIONS = {"sampling_rate": "the sampling rate", "units": "the unit of the amplitudes"}


def case_menu() -> None:
    """The menu of bundled cases; empty while another recording is read."""
    hand = in_hand()
    titles = {case.id: case.title for case in cases()}
    st.selectbox(
        "Recording",
        list(titles),
        index=None,
        format_func=lambda case_id: f"Simulated · {titles[case_id]}",
        placeholder=f"{hand.title} (choose a simulated case instead)",
        key="case_choice",
        on_change=_case_chosen,
        persist_state="session",
        label_visibility="collapsed",
    )


def file_opener() -> None:
    """The field that takes files; what came of them is said by `opened_files`."""
    field = f"files_{st.session_state.get('fields_used', 0)}"
    st.file_uploader(
        "Files of one or several recordings, or one ZIP",
        accept_multiple_files=True,
        key=field,
        on_change=_files_given,
        args=(field,),
    )
    st.caption(
        f"{formats_in_words()} A WFDB header needs its signal file (.dat or .mat) beside it. Files stay in this "
        "session's memory on this machine; nothing of them is stored, and nothing of them appears in the link."
    )


def opened_files() -> None:
    """What came of the files: a choice where they hold several recordings, a question or a sentence where one fails."""
    uploads: list[Upload] = st.session_state.get("uploads", [])
    readable = [upload for upload in uploads if upload.ecg]
    if len(readable) > 1:
        st.pills(
            f"{len(readable)} recordings in these files",
            range(len(readable)),
            format_func=lambda index: readable[index].label,
            default=0,
            required=True,
            key="upload_choice",
            on_change=_upload_chosen,
        )
    lacking = [upload for upload in uploads if upload.needed]
    for upload in uploads:
        if upload.problem and not upload.needed:
            st.error(upload.problem, icon=":material/error:")
    if lacking:
        _ask_for(lacking)


def _ask_for(lacking: list[Upload]) -> None:
    needed = [what for what in QUESTIONS if any(what in upload.needed for upload in lacking)]
    for upload in lacking:
        st.warning(upload.problem, icon=":material/help:")
    with st.form("what_is_missing"):
        fields = st.columns([1, 1, 1, 2], vertical_alignment="bottom")
        if "sampling_rate" in needed:
            fields[0].number_input(
                "Sampling rate (Hz)", 1.0, 20_000.0, value=None, placeholder="500", key="stated_sampling_rate"
            )
        if "units" in needed:
            fields[1].selectbox("Amplitudes are in", list(UNITS), index=None, format_func=UNITS.get, key="stated_units")
        fields[2].form_submit_button("Read", type="primary", on_click=_read_as_stated, args=(tuple(needed),))
    lacking_still = st.session_state.pop("not_stated", ())
    if lacking_still:
        st.error(f"Please give {' and '.join(QUESTIONS[what] for what in lacking_still)}.")


def _read_as_stated(needed: tuple[str, ...]) -> None:
    stated = {what: st.session_state.get(f"stated_{what}") for what in needed}
    st.session_state["not_stated"] = tuple(what for what in needed if not stated[what])
    if not st.session_state["not_stated"]:
        _read(st.session_state["files_given"], **stated)


def _case_chosen() -> None:
    if st.session_state["case_choice"] is not None:
        st.session_state["uploads"] = []
        take_case(st.session_state["case_choice"])


def _files_given(field: str) -> None:
    given = st.session_state[field] or []
    st.session_state["files_given"] = {file.name: file.getvalue() for file in given}
    _read(st.session_state["files_given"])


def _read(files: dict[str, bytes], sampling_rate: float | None = None, units: str | None = None) -> None:
    """Read them; the first readable recording is taken in hand, and without one the recording in hand stays."""
    uploads = recordings_in(files, sampling_rate, units)
    st.session_state["uploads"] = uploads
    readable = [upload for upload in uploads if upload.ecg]
    if readable:
        take_own(readable[0].ecg)
        # The field is emptied for the next recording. One that failed stays in it, so that a missing file can be added.
        st.session_state["fields_used"] = st.session_state.get("fields_used", 0) + 1


def _upload_chosen() -> None:
    readable = [upload for upload in st.session_state["uploads"] if upload.ecg]
    chosen = st.session_state["upload_choice"]
    if chosen is not None and chosen < len(readable):
        take_own(readable[chosen].ecg)
