"""The proof beside the picture: how the method did on simulated recordings, and how this map does here."""

from html import escape

import streamlit as st

from pages.shared.in_hand import InHand
from pages.shared.model import model

CHECK_NAMES = {
    "weights": "depends on what was learned",
    "question": "depends on the question",
    "removal": "names what the answer rests on",
    "place": "lies where the finding is",
}
SIGNS = {True: "✓", False: "✕"}


def method_badge(found) -> None:
    """Whether the method passed its checks on the weights that answer, with the numbers."""
    from ecgclip_core.interpretation.saliency_table import entry_for, read_checks

    summary = read_checks(model())
    entry = summary and entry_for(summary, found.method, found.baseline, found.stage)
    if entry is None:
        st.html(
            '<div class="ecgclip-checks"><b class="open">? Not checked</b> Maps by this method were never checked for '
            "these weights: <code>python benchmarks/saliency.py</code> does.</div>"
        )
        return
    st.html(f'<div class="ecgclip-checks">{_verdict(entry, summary)} {_items(entry, summary)}</div>')


def check_here(hand: InHand, found) -> None:
    """A button that checks this one map, and what came of it."""
    from ecgclip_core.interpretation.saliency_checks import check_map

    key = ("map checks", model().hash, found.query, found.method, found.baseline, found.stage)
    kept = st.session_state.setdefault("worked_out", {})
    if key not in kept:
        slot = st.empty()
        if not slot.button("Check this map on this recording", icon=":material/fact_check:", key="check_map"):
            return
        bar = slot.progress(0.0, "Checking the map; any other choice stops it …")
        kept[key] = check_map(model(), hand.ecg, found, lambda share: bar.progress(share, "Checking the map …"))
        slot.empty()
    st.markdown("\n".join(f"- {line}" for line in _lines(kept[key])))


def _verdict(entry: dict, summary: dict) -> str:
    if entry["passed"]:
        return '<b class="passed">✓ Checks passed</b>'
    if None in entry["checks"].values() and _all_made_passed(entry) and summary["knowledge"]["passed"]:
        return '<b class="open">? Checked in part</b>'
    return '<b class="failed">✕ Checks failed</b>'


def _made(entry: dict) -> dict[str, bool]:
    """The checks with a verdict: of a slow method not all are made."""
    return {name: passed for name, passed in entry["checks"].items() if passed is not None}


def _all_made_passed(entry: dict) -> bool:
    return all(_made(entry).values())


def _items(entry: dict, summary: dict) -> str:
    auroc = summary["knowledge"]["auroc"]
    numbers = {
        "weights": lambda: f"rank correlation {entry['weights']['value']:.2f} with all weights drawn anew",
        "question": lambda: f"{entry['question']['value']:.2f} with a random question",
        "removal": lambda: (
            f"{entry['deletion_gain']['value']:+.1f} and {entry['insertion_gain']['value']:+.1f} logits against random "
            "order, taken out and put in"
        ),
        "place": lambda: (
            f"{_percent(entry['share'])} of it in waves and leads that fill {_percent(entry['chance'])}; "
            f"{100 * entry['over_redrawn']['value']:+.0f} points of gain over the same network without learning"
        ),
    }
    said = [
        f'<span class="{"passed" if passed else "failed"}">{SIGNS[passed]} {CHECK_NAMES[name]}</span> '
        f"({escape(numbers[name]())})"
        for name, passed in _made(entry).items()
    ]
    knowledge = summary["knowledge"]["passed"]
    said.append(
        f'<span class="{"passed" if knowledge else "failed"}">{SIGNS[knowledge]} the model knows the findings</span> '
        f"(AUROC {auroc['value']:.2f})"
    )
    where = f"on {entry['recordings']} simulated recordings of {len(summary['findings'])} findings"
    return f"{where}: {'; '.join(said)}."


def _percent(figure: dict | None) -> str:
    return "–" if figure is None else f"{100 * figure['value']:.0f} %"


def _lines(checks) -> list[str]:
    from ecgclip_core.interpretation.saliency_checks import LEAST_AGREEMENT

    removal, lines = checks.removal, []
    orders = len(removal.random_deletion)
    for what, gain, p in (
        ("Taking out what it marks", removal.deletion_gain, removal.deletion_p),
        ("Putting in only what it marks", removal.insertion_gain, removal.insertion_p),
    ):
        better = round((1 - p) * (orders + 1))
        lines.append(
            f"{_sign(p <= 0.05)} {what} moves the answer more than {better} of {orders} random orders do "
            f"({gain:+.1f} logits on average, p = {p:.2f})."
        )
    if checks.weights is None:
        return [*lines, "The other checks need this map a dozen times, which takes too long with a slow method."]
    last, first = checks.weights["agreement"].iloc[-1], checks.weights["agreement"].iloc[0]
    lines.append(
        f"{_sign(abs(last) < LEAST_AGREEMENT)} With all weights drawn anew its rank correlation with itself is "
        f"{last:.2f}; {first:.2f} with only the layer next to the answer."
    )
    lines.append(
        f"{_sign(checks.question < LEAST_AGREEMENT)} With random questions it is {checks.question:.2f} on average."
    )
    lines.append(
        f"Noise that nobody would see moves the map by at most {100 * checks.sensitivity:.0f} % of its size; what it "
        f"says of random parts explains {100 * (1 - removal.infidelity):.0f} % of what their removal does."
    )
    return lines


def _sign(passed: bool) -> str:
    return f"**{SIGNS[bool(passed)]}**"
