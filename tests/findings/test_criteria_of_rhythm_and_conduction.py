"""Every criterion of the overall, rhythm, conduction, form and position entries: an example of it and a normal one."""

import re
import tomllib
from functools import cache
from pathlib import Path

import pytest

from ecgclip_core.bundled import ASSETS
from ecgclip_core.ecg.fact import Fact, Facts
from ecgclip_core.ecg.facts import facts
from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.ecg.vocabulary import LEAD_FACTS, RECORDING_FACTS
from ecgclip_core.findings.catalogue import catalogue
from ecgclip_core.findings.expressions import evaluate
from ecgclip_core.simulation.simulate import simulate

FILES = ("1_overall", "2_rhythm", "3_conduction", "7_form")
EXAMPLES = tomllib.loads(Path(__file__).with_name("criteria_of_rhythm_and_conduction.toml").read_text(encoding="utf-8"))
NORMAL = {"simulated": "sinus_rhythm", "seed": 1_000_002}
UNKNOWN = "not given in this example"


def entries() -> list[str]:
    """Ids of the entries in the files that these examples are for."""
    return [id for name in FILES for id in tomllib.loads((ASSETS / "findings" / f"{name}.toml").read_text("utf-8"))]


def criteria() -> list[tuple[str, str]]:
    """Finding and text of every criterion that has an example."""
    return [(finding, text) for finding, texts in EXAMPLES.items() for text in texts]


def stated(given: dict) -> Facts:
    """Facts as an example states them; all others are not measurable."""

    def fact(value: float | bool | None, unit: str) -> Fact:
        return Fact(None, unit, "not measurable", UNKNOWN) if value is None else Fact(value, unit)

    return Facts(
        {name: fact(given.get(name), entry.unit) for name, entry in RECORDING_FACTS.items()},
        {
            name: {lead: fact(given.get(name, {}).get(lead), entry.unit) for lead in LEADS}
            for name, entry in LEAD_FACTS.items()
        },
    )


@cache
def simulated(condition: str, seed: int) -> Facts:
    """Facts of a simulated recording that no training saw."""
    assert 1_000_000 <= seed < 2_000_000
    return facts(simulate(condition, seed))


def state(finding: str, text: str, example: dict) -> bool | None:
    """What the criterion comes to on an example."""
    expression = next(one.expression for one in catalogue()[finding].criteria if one.text == text)
    measured = stated(example["facts"]) if "facts" in example else simulated(example["simulated"], example["seed"])
    return evaluate(expression, measured).state


def test_every_criterion_has_its_examples():
    wanted = {(id, criterion.text) for id in entries() for criterion in catalogue()[id].criteria}
    assert set(criteria()) == wanted


@pytest.mark.parametrize(("finding", "text"), criteria())
def test_the_criterion_holds_on_its_example(finding, text):
    assert state(finding, text, EXAMPLES[finding][text]["holds"]) is True


@pytest.mark.parametrize(("finding", "text"), criteria())
def test_the_criterion_does_not_hold_on_the_counterexample(finding, text):
    assert state(finding, text, EXAMPLES[finding][text].get("fails", NORMAL)) is False


def test_only_what_is_normal_has_another_counterexample_than_the_normal_recording():
    with_own = {finding for finding, texts in EXAMPLES.items() for example in texts.values() if "fails" in example}
    assert with_own == {"normal_ecg", "rhythm_of_sinus_origin", "sinus_rhythm", "normal_axis"}


@pytest.mark.parametrize("finding", ["normal_ecg", "sinus_rhythm", "normal_axis"])
def test_features_of_what_is_normal_are_seen_on_the_normal_recording(finding):
    for feature in catalogue()[finding].features:
        if feature.measured is not None:
            assert evaluate(feature.measured, simulated("sinus_rhythm", 1_000_002)).state, feature


@pytest.mark.parametrize("id", entries())
def test_every_criterion_has_a_source_that_can_be_looked_up(id):
    for criterion in catalogue()[id].criteria:
        assert re.match(r"doi:10\.\d{4,}/\S+$|book: .{10,}", criterion.source), criterion.text
