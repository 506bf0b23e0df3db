"""The answer to a question in words: score and basis, and which leads and waves carry it."""

from collections.abc import Callable
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
MOST_MEANINGS = 3
LEANS = {True: "leans towards it", False: "leans against it", None: "does not lean either way"}


def answer_card(rows: list[dict], query, scored: Callable[[object], bool]) -> None:
    """The answer to a question, and to each of its parts.

    Parameters
    ----------
    rows : list of dict
        Rows of ``zero_shot`` for the question and for each of its parts.
    query : Query
    scored : callable
        Whether the answer to a question may be given as a probability.
    """
    whole, *parts = rows
    head = f'<div class="name">{_title(query.name)}</div>'
    if query.name.casefold() != query.text.casefold():
        head = f'<div class="basis">“{escape(query.text)}” is understood as</div>{head}'
    if parts:
        body = _several(whole, parts, query, scored)
    elif scored(query):
        body = _figures(whole) + _basis(whole, query)
    else:
        body = _unchecked(whole, query)
    st.html(f'<div class="ecgclip-answer">{head}{body}</div>')


def _several(whole: dict, rows: list[dict], query, scored: Callable[[object], bool]) -> str:
    """Every part of a question in a row of its own, and what they give together."""
    parts = [
        _part(row, part, scored(part), joined=bool(number))
        for number, (row, part) in enumerate(zip(rows, query.parts, strict=True))
    ]
    total = _figures(whole) if scored(query) else _lean_words(whole)
    return (
        f'{"".join(parts)}<div class="part total"><div class="what">{_together(query)}</div>{total}'
        f'<div class="basis">{_joining(query)}</div></div>'
    )


def _part(row: dict, part, scored: bool, joined: bool) -> str:
    link = f"{part.joined} " if joined else ""
    body = _figures(row) if scored else _unchecked(row, part)
    return f'<div class="part"><div class="what">{link}<b>{escape(part.name)}</b></div>{body}</div>'


def _together(query) -> str:
    """What several parts give, as the reader joined them."""
    joints = {part.joined for part in query.parts[1:]}
    if len(joints) > 1:
        return "together, from first to last"
    if joints == {"or"}:
        return "either of them" if len(query.parts) == 2 else "at least one of them"
    return "both" if len(query.parts) == 2 else "all of them"


def _joining(query) -> str:
    joints = {part.joined for part in query.parts[1:]}
    if len(joints) > 1:
        return "“And” takes the lower of two scores, “or” the higher."
    which = "likelier" if joints == {"or"} else "less likely"
    return f"The score of the {which} one: each is answered by itself."


def _figures(row: dict) -> str:
    """A score with its range, in numbers and as a bar."""
    score, low, high = (_percent(row[key]) for key in ("score", "low", "high"))
    between = "" if low == score == high and score[0] in "<>" else f" <small>{low} to {high}</small>"
    return f'<div class="score">{score}{between}</div>{_scale(row)}'


def _basis(row: dict, query) -> str:
    denial = "A denial has what is left of 100 %. " if query.negated else ""
    return (
        f'<div class="basis">Calibrated and checked on real recordings, {row["n"]} of them with the finding. {denial}'
        "The range is how far the score moves under small changes of the recording and between states of the "
        "training.</div>"
    )


def _unchecked(row: dict, query) -> str:
    return f'{_lean_words(row)}<div class="basis">{_no_probability(row, query)}</div>'


def _lean_words(row: dict) -> str:
    return f'<div class="lean">The model {LEANS[leans(row)]}.</div>'


def _no_probability(row: dict, query) -> str:
    if query.finding is None:
        return (
            "Answered from its own words, since the catalogue has no such entry: it was never taught as a finding and "
            "never checked, so there is no probability. For and against are told apart on the scale of the findings "
            f"that it may mean: {_may_mean(query)}."
        )
    return f"It was {rests_on(row['basis'], row['n'])}, so there is no probability."


def _may_mean(query) -> str:
    """The catalogue's findings that a question in free words is likely to mean, with their shares."""
    said = [f"{escape(near.name)} ({_percent(share)})" for near, share in query.near[:MOST_MEANINGS]]
    return listed(said) if said else "none in particular"


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
    st.markdown(" ".join(carrying(found, summary, query)))
    st.caption(
        f"{method.label}: {method.note}{_compared_with(found, query)} Detail finer than "
        f"{_duration(max(found.resolution_s, BAND_SECONDS))} is interpolation or averaging. The map shows what moved "
        "this model's answer, not what causes the finding."
    )


def _compared_with(found, query) -> str:
    """What the baseline hides, and a warning where that is the point of the question."""
    if found.baseline is None:
        return ""
    from ecgclip_core.interpretation.saliency_baselines import BASELINES, absence_is_the_point

    baseline = BASELINES[found.baseline]
    words = f" Compared with: {baseline.label[0].lower()}{baseline.label[1:]}. {baseline.note}"
    if not baseline.shows_absence and absence_is_the_point(query):
        words += " **Something absent is part of this question: compare with normal beats to see its place.**"
    return words


def carrying(found, summary, query) -> list[str]:
    """Which leads and waves carry the answer, in sentences; ``**`` marks what is emphasised."""
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
    if found.delta is not None:
        care = ": read it with care" if abs(found.delta) > 0.25 * max(2.0, abs(found.target)) else ""
        sentences.append(
            f"It explains a margin of {found.target:+.1f} logits; its sum misses the difference to the baseline by "
            f"{abs(found.delta):.2f}{care}."
        )
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


def leans(row: dict) -> bool | None:
    """Whether the model leans towards a finding; None where its range holds both sides."""
    if row["low"] <= 0.5 <= row["high"]:
        return None
    return row["score"] > 0.5


def _title(name: str) -> str:
    return escape(name[:1].upper() + name[1:])


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
