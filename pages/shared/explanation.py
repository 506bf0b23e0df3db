"""The answer to a question in words: score and basis, and which leads and waves carry it."""

from html import escape

import streamlit as st

from ecgclip_core.figures.overlay import BAND_SECONDS

WAVE_NAMES = {"P": "the P wave", "QRS": "the QRS complex", "T": "the T wave", "between": "the line between the waves"}
PLACES = {"P": "the P wave", "PR": "the PR segment", "ST": "the ST segment", "TP": "the line from T to P"} | {
    "QRS": "the QRS complex",
    "T": "the T wave",
    "QT": "the QT interval",
    "U": "the U wave",
}
LEANS = {True: "leans towards it", False: "leans against it", None: "does not lean either way"}


def score_card(row: dict, query, scored: bool) -> None:
    """The answer to one question: a score with its interval only where that was checked on real recordings.

    Parameters
    ----------
    row : dict
        A row of ``zero_shot``.
    query : Query
    scored : bool
        Whether the finding is one of ``ranked_findings``.
    """
    name = escape(query.name[:1].upper() + query.name[1:])
    if scored:
        body = (
            f'<div class="score">{_percent(row["score"])} '
            f"<small>{_percent(row['low'])} to {_percent(row['high'])}</small></div>"
            f"{_scale(row)}"
            f'<div class="basis">Calibrated and checked on real recordings, {row["n"]} of them with it. '
            "The range is how far the score moves under small changes of the recording.</div>"
        )
    else:
        body = (
            f'<div class="lean">The model {LEANS[_lean(row)]}.</div>'
            f'<div class="basis">It was {rests_on(row["basis"], row["n"])}, so there is no probability.</div>'
        )
    st.html(f'<div class="ecgclip-answer"><div class="name">{name}</div>{body}</div>')


def rests_on(basis: str, n: int) -> str:
    """What an answer without a probability rests on, in words that follow "it was"."""
    if basis == "simulated":
        return "taught by simulated recordings only and never checked on real ones"
    if basis == "real" and n:
        return f"checked on real recordings, {n} of them with it, and not found better than chance"
    if basis == "real":
        return "taught by real recordings, but too few were left to check it on"
    return "never taught as a finding and never checked"


def carriers(found, summary, query, method) -> None:
    """Which leads and waves carry the answer, and what this map cannot show.

    Parameters
    ----------
    found : Saliency
    summary : AttributionSummary
    query : Query
    method : Method
    """
    st.markdown(" ".join(_carrying(found, summary, query)))
    st.caption(
        f"{method.label}: {method.note} Detail finer than {_duration(max(found.resolution_s, BAND_SECONDS))} is "
        "interpolation or averaging. The map shows what moved this model's answer, not what causes the finding."
    )


def _carrying(found, summary, query) -> list[str]:
    if summary.by_lead is None and summary.by_wave is None:
        return ["The map is empty: nothing in this recording moves the answer by this method."]
    sentences = []
    if summary.top_leads:
        sentences.append(f"Half of the attribution lies in **{listed(summary.top_leads)}**.")
    if summary.top_wave:
        share, time = summary.by_wave[summary.top_wave], summary.time_by_wave[summary.top_wave]
        sentences.append(
            f"It gathers on **{WAVE_NAMES[summary.top_wave]}**, with {_percent(share)} of it in {_percent(time)} "
            "of the time."
        )
    elif summary.by_wave:
        sentences.append("No wave has clearly more of it than its share of the time.")
    if summary.supports is not None:
        sentences.append(f"{_percent(summary.supports)} of it speaks for the answer, the rest against.")
    sentences += _textbook(query)
    if found.delta is not None and abs(found.delta) > 0.1 * max(1.0, abs(found.target)):
        sentences.append(f"The map misses {abs(found.delta):.1f} logits of the answer: read it with care.")
    return sentences


def _textbook(query) -> list[str]:
    """Where a reader would look, from the catalogue."""
    from ecgclip_core.findings.catalogue import catalogue

    finding = catalogue().get(query.finding)
    if finding is None or finding.shown_by != "criteria" or not (finding.leads or finding.waves):
        return []
    leads = f" in {listed(finding.leads)}" if 0 < len(finding.leads) < 12 else ""
    waves = listed([PLACES.get(wave, wave) for wave in finding.waves]) if finding.waves else "the tracing"
    return [f"A reader would look at {waves}{leads}."]


def listed(names) -> str:
    """Names as in a sentence."""
    names = list(names)
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _lean(row: dict) -> bool | None:
    if row["low"] <= 0.5 <= row["high"]:
        return None
    return row["score"] > 0.5


def _scale(row: dict) -> str:
    low, score, high = (100 * row[key] for key in ("low", "score", "high"))
    return (
        f'<div class="ecgclip-scale" role="img" aria-label="score {score:.0f} percent">'
        f'<i style="left:{low:.1f}%;width:{max(high - low, 0.5):.1f}%"></i><b style="left:{score:.1f}%"></b></div>'
    )


def _percent(share: float) -> str:
    if 0 < share < 0.01:
        return "< 1 %"
    return "> 99 %" if 0.99 < share < 1 else f"{100 * share:.0f} %"


def _duration(seconds: float) -> str:
    return f"{1000 * seconds:.0f} ms" if seconds < 1 else f"{seconds:g} s"
