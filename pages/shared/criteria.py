"""The textbook criteria of a finding beside what the recording in hand measures."""

from html import escape

import streamlit as st

from pages.shared.explanation import PLACES, leans, listed
from pages.shared.in_hand import InHand, remembered

PAGE = "pages/criteria.py"
MET, NOT_MET, NOT_MEASURABLE = "met", "not met", "not measurable"
SIGNS = {MET: "✓", NOT_MET: "✕", NOT_MEASURABLE: "?", "kept": "✓", "rejected": "✕"}
BY_EYE = "by eye"
# Facts of the patient, which stay hidden until they are asked for on the reading page.
PERSONAL = ("age ", "male", "female")


def chosen_key(hand: InHand) -> str:
    """Where the session keeps which finding's criteria are shown for a recording."""
    return f"criteria_of_{hand.key}"


def criteria_buttons(hand: InHand, query) -> None:
    """For each finding of a question, the way to its criteria."""
    from ecgclip_core.findings.catalogue import catalogue

    findings = dict.fromkeys(part.finding for part in query.each if part.finding)
    if not findings:
        return
    with st.container(horizontal=True, gap="small", key="to_criteria"):
        for finding in findings:
            label = "Its criteria" if len(findings) == 1 else f"Criteria of {catalogue()[finding].name}"
            if st.button(label, key=f"criteria_{finding}", icon=":material/rule:"):
                st.session_state[chosen_key(hand)] = finding
                st.switch_page(PAGE)


def criteria_states(hand: InHand, finding):
    """``check_criteria`` of the recording in hand, worked out once for each finding."""
    from ecgclip_core.findings.criteria import check_criteria

    return remembered(("criteria", finding.id), lambda: check_criteria(hand.ecg, finding.id))


def criteria_table(table) -> None:
    """Rows of ``check_criteria``: sign and word, criterion, what this recording measures, source."""
    numbers = {source: number for number, source in enumerate(dict.fromkeys(table["source"]), start=1)}
    rows = [
        (row.state, [escape(row.criterion), _numbers(row.values), _link(row.source, f"[{numbers[row.source]}]")])
        for row in table.itertuples()
    ]
    st.html(state_table(["Criterion", "This recording", "Source"], rows))
    sources = [f"[{number}] {_link(source, source)}" for source, number in numbers.items()]
    st.html(f'<div class="ecgclip-sources">{"<br>".join(sources)}</div>')


def feature_table(hand: InHand, finding) -> None:
    """The waveform features of a finding, with where they are seen and whether they are measured here."""
    rows = [
        (state, [escape(feature.text), escape(place(feature.waves, feature.leads)), _numbers(values)])
        for feature, state, values in _features(hand, finding)
    ]
    st.html(state_table(["Feature", "Where to look", "This recording"], rows))


def place(waves, leads) -> str:
    """Waves and leads in words."""
    what = listed([PLACES.get(wave, wave) for wave in waves]) if waves else "the whole tracing"
    return f"{what}, {'every lead' if len(leads) == 12 else ', '.join(leads)}"


def counted(table) -> str:
    """How many of the criteria are met, in a sentence."""
    met, unknown = (int((table["state"] == state).sum()) for state in (MET, NOT_MEASURABLE))
    words = f"{met} of {len(table)} {'criterion is' if len(table) == 1 else 'criteria are'} met"
    return f"{words}, {unknown} cannot be measured." if unknown else f"{words}."


def disagreement(table, row: dict) -> str:
    """A sentence where criteria and model point to opposite sides; empty where they do not.

    Parameters
    ----------
    table : DataFrame
        As of ``check_criteria``.
    row : dict
        The row of ``zero_shot`` for the finding.
    """
    measured = set(table["state"]) - {NOT_MEASURABLE}
    if measured == {MET} and leans(row) is False:
        return (
            "They disagree: every criterion that could be measured is met, and the model still leans against it. "
            "Criteria can be met by chance or by a finding that looks alike; the model may also be wrong."
        )
    if measured == {NOT_MET} and leans(row):
        return (
            "They disagree: no criterion that could be measured is met, and the model still leans towards it. "
            "It may see something that these criteria leave out; it may also be wrong."
        )
    return ""


def without_patient(values: str) -> str:
    """The numbers behind a criterion, without age and sex unless the patient is shown."""
    parts = values.split("; ")
    kept = [part for part in parts if not part.startswith(PERSONAL)]
    if st.session_state.get("patient_shown") or len(kept) == len(parts):
        return values
    return "; ".join([*kept, "age or sex (hidden)"])


def _numbers(values: str) -> str:
    return escape(without_patient(values)) or "–"


def _features(hand: InHand, finding) -> list[tuple]:
    from ecgclip_core.ecg.facts import facts
    from ecgclip_core.findings.criteria import state, values
    from ecgclip_core.findings.expressions import evaluate

    def look(feature):
        if feature.measured is None:
            return feature, BY_EYE, ""
        outcome = evaluate(feature.measured, facts(hand.ecg))
        return feature, state(outcome.state), values(outcome.used)

    return remembered(("features", finding.id), lambda: [look(feature) for feature in finding.features])


def state_table(heads: list[str], rows: list[tuple[str, list[str]]]) -> str:
    """An HTML table whose first column is a state; the other cells are HTML."""
    head = "".join(f'<th scope="col">{name}</th>' for name in ["State", *heads])
    body = "".join(
        f'<tr><td class="state {state.replace(" ", "-")}"><span aria-hidden="true">{SIGNS.get(state, "")}</span> '
        f"{state}</td>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
        for state, cells in rows
    )
    return f'<table class="ecgclip-criteria"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _link(source: str, words: str) -> str:
    """A DOI behind its words; a book has only these."""
    kind, _, rest = source.partition(":")
    words = escape(words.removeprefix("book:").strip())
    if kind != "doi":
        return words
    address, name = (escape(text, quote=True) for text in (f"https://doi.org/{rest.strip()}", source))
    return f'<a href="{address}" title="{name}" target="_blank" rel="noopener noreferrer">{words}</a>'
