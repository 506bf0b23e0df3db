"""The recording in hand as files for others: printed page, picture, samples, and what was measured and answered."""

import io
import zipfile
from datetime import datetime

import pandas as pd
import streamlit as st

from ecgclip_core.ecg.export import as_table, as_wfdb
from ecgclip_core.ecg.export_summary import Summary, as_json
from ecgclip_core.errors import EcgclipError
from ecgclip_core.review.entry import recording_key
from pages.shared.answers import answers, ranked, scored
from pages.shared.examination import Examination
from pages.shared.explanation import LEANS, carrying, leans, rests_on
from pages.shared.in_hand import InHand, remembered
from pages.shared.model import model

PAGE_SECONDS = 10.0
KINDS = {
    "pdf": "PDF, A4 at true scale",
    "png": "PNG of that page",
    "csv": "CSV of the samples",
    "json": "JSON of measurements and answers",
    "zip": "WFDB of the samples, 16 bit",
}
MIMES = {"pdf": "application/pdf", "png": "image/png", "csv": "text/csv", "json": "application/json"}


@st.fragment
def hand_on_panel(hand: InHand, examination: Examination, explained: tuple) -> None:
    """Collapsed until it is wanted; it then reruns alone, and makes a file only when that is asked for.

    Parameters
    ----------
    hand : InHand
    examination : Examination
    explained : (Query, Saliency, AttributionSummary)
        None for each where nothing was asked.
    """
    box = st.expander(
        "Hand on: PDF, PNG, CSV, JSON, WFDB", icon=":material/ios_share:", key="hand_on", on_change="rerun"
    )
    if not box.open:
        return
    with box:
        try:
            _panel(hand, examination, explained)
        except EcgclipError as error:
            st.error(str(error))


def _panel(hand: InHand, examination: Examination, explained: tuple) -> None:
    revealed = bool(st.session_state.get("patient_shown"))
    kind = st.segmented_control(
        "File", list(KINDS), default="pdf", required=True, format_func=KINDS.get, key="hand_on_kind"
    )
    start = _start(hand) if kind in ("pdf", "png") else 0.0
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Make it", key="hand_on_make"):
            with st.spinner("Making the file …"):
                content = made(kind, hand, examination, explained, start, revealed)
            st.download_button(
                f"Save {file_name(hand, kind)}",
                content,
                file_name(hand, kind),
                MIMES.get(kind, "application/zip"),
                key="hand_on_save",
                on_click="ignore",
                type="primary",
                icon=":material/download:",
            )
    if not revealed:
        st.caption(
            "Nothing of the patient, nor the name of the file, is in it: switch on “Show patient” to change that."
        )
    elif kind in ("csv", "zip"):
        st.caption("The samples alone: nothing of the patient is in it.")
    else:
        st.warning("“Show patient” is on: what the file read says of the person will be in the one you save.")


def _start(hand: InHand) -> float:
    """Which ten seconds are printed."""
    last = max(0.0, hand.ecg.duration - PAGE_SECONDS)
    starts = [PAGE_SECONDS * number for number in range(int(last // PAGE_SECONDS) + 1)]
    if last - starts[-1] > 0.01:
        starts.append(round(last, 3))
    if len(starts) == 1:
        return starts[0]
    return st.select_slider(
        "Seconds on the page",
        starts,
        format_func=lambda start: f"{start:g} to {min(start + PAGE_SECONDS, hand.ecg.duration):g} s",
        key=f"printed_of_{hand.key}",
    )


def file_name(hand: InHand, kind: str) -> str:
    """Made of the recording's samples: the name of the file that was read may be a person's."""
    return f"ecg-{_key(hand)[:8]}.{kind}"


def made(kind: str, hand: InHand, examination: Examination, explained: tuple, start: float, revealed: bool) -> bytes:
    """The content of one file.

    Parameters
    ----------
    kind : str
        A key of `KINDS`.
    hand, examination, explained
        As of `hand_on_panel`.
    start : float
        The second at which a printed page begins.
    revealed : bool
        Whether the person may be named.
    """
    if kind == "csv":
        return as_table(hand.ecg)
    if kind == "zip":
        return _zipped(as_wfdb(hand.ecg, f"ecg-{_key(hand)[:8]}"))
    summary = _summary(hand, examination, explained, revealed)
    if kind == "json":
        return as_json(summary)
    from ecgclip_core.figures.printed import printed_pdf, printed_png

    return (printed_pdf if kind == "pdf" else printed_png)(summary, start)


def _summary(hand: InHand, examination: Examination, explained: tuple, revealed: bool) -> Summary:
    query, found, shares = explained
    key = _key(hand)
    findings = ranked(hand)
    columns = ["finding", "name", "score", "low", "high", "basis", "n"]
    return Summary(
        ecg=hand.ecg,
        key=key,
        title=hand.title if revealed or not hand.private else f"Recording {key[:8]}",
        measurements=examination.measurements,
        flags=tuple(flag.sentence for flag in examination.flags),
        remarks=tuple(remark.sentence for remark in examination.quality),
        findings=findings[columns] if len(findings) else pd.DataFrame(columns=columns),
        question=query.text if query is not None else "",
        answers=_answers(hand, query) if query is not None else (),
        explanation=_explanation(found, shares, query) if found is not None else (),
        checkpoint=model().name,
        checkpoint_hash=model().hash,
        written=datetime.now().astimezone(),
        patient=hand.ecg.patient if revealed else None,
    )


def _answers(hand: InHand, query) -> tuple[dict, ...]:
    """The question and each of its parts; a probability only where the page gives one."""
    said = []
    for row, part in zip(answers(hand, query), [query, *query.parts], strict=True):
        figures = {key: row[key] for key in ("score", "low", "high")}
        if scored(part):
            score, low, high = (f"{100 * figure:.0f} %" for figure in figures.values())
            words = f"{part.name}: {score} ({low} to {high}), calibrated and checked on real recordings."
        else:
            figures = dict.fromkeys(figures)
            why = f"No probability: it was {rests_on(row['basis'], row['n'])}."
            words = f"{part.name}: the model {LEANS[leans(row)]}. {why}"
        said.append({"name": part.name} | figures | {"basis": row["basis"], "n": row["n"], "words": words})
    return tuple(said)


def _explanation(found, shares, query) -> tuple[str, ...]:
    from ecgclip_core.interpretation.saliency import METHODS

    method = METHODS[found.method]
    carried = " ".join(carrying(found, shares, query)).replace("**", "")
    return (
        carried,
        f"{method.label}. The map shows what moved this model's answer, not what causes the finding.",
        _checked(found),
    )


def _checked(found) -> str:
    """Whether the method passed its checks for the weights that answer."""
    from ecgclip_core.interpretation.saliency_table import entry_for, read_checks

    checks = read_checks(model())
    entry = checks and entry_for(checks, found.method, found.baseline, found.stage)
    if entry is None:
        return "Maps by this method were never checked for these weights."
    if entry["passed"]:
        return "Maps by this method passed the checks for these weights."
    return "Maps by this method did not pass all checks for these weights: see the reading page."


def _zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _key(hand: InHand) -> str:
    return remembered(("recording key",), lambda: recording_key(hand.ecg))
