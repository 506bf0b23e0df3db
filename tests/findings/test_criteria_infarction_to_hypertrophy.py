import re
import tomllib
from functools import cache
from pathlib import Path

import pytest

from ecgclip_core.bundled import ASSETS
from ecgclip_core.ecg.fact import Fact, Facts
from ecgclip_core.ecg.facts import facts
from ecgclip_core.findings.catalogue import catalogue
from ecgclip_core.findings.criteria import check_criteria
from ecgclip_core.findings.expressions import evaluate
from ecgclip_core.simulation.simulate import simulate

TABLE = tomllib.loads((Path(__file__).parent / "criteria_infarction_to_hypertrophy.toml").read_text(encoding="utf-8"))
EXAMPLES = {(row["finding"], row["criterion"]): row for row in TABLE["example"]}
FILES = ("4_infarction", "5_st_t", "6_hypertrophy", "8_beyond_the_ecg")


@cache
def findings_of_these_files():
    read = [tomllib.loads((ASSETS / "findings" / f"{name}.toml").read_text(encoding="utf-8")) for name in FILES]
    return [catalogue()[key] for table in read for key in table]


@cache
def expressions():
    entries = findings_of_these_files()
    return {(finding.id, one.text): one.expression for finding in entries for one in finding.criteria}


@cache
def facts_of(condition, seed):
    return facts(simulate(condition, seed))


def normal():
    return facts_of("sinus_rhythm", TABLE["normal"])


def normal_but(changes):
    """The facts of the normal recording with some of them replaced."""
    recording, leads = dict(normal().recording), {name: dict(by_lead) for name, by_lead in normal().leads.items()}
    for name, value in changes.items():
        if isinstance(value, dict):
            leads[name] |= {lead: Fact(one, leads[name][lead].unit) for lead, one in value.items()}
        else:
            recording[name] = Fact(value, recording[name].unit)
    return Facts(recording, leads)


def named(key):
    return f"{key[0]}: {key[1][:60]}"


def test_every_criterion_has_its_example_and_every_example_its_criterion():
    assert set(EXAMPLES) == set(expressions())
    assert len(EXAMPLES) == len(TABLE["example"])


@pytest.mark.parametrize("key", EXAMPLES, ids=named)
def test_the_criterion_holds_on_its_example(key):
    row = EXAMPLES[key]
    example = normal_but(row["facts"]) if "facts" in row else facts_of(row["condition"], row["seed"])
    assert evaluate(expressions()[key], example).state is True


@pytest.mark.parametrize("key", EXAMPLES, ids=named)
def test_the_criterion_does_not_hold_on_a_normal_recording(key):
    assert evaluate(expressions()[key], normal()).state is False


def test_no_example_is_a_recording_of_the_training():
    seeds = [TABLE["normal"], *(row["seed"] for row in TABLE["example"] if "seed" in row)]
    assert all(1_000_000 <= seed < 2_000_000 for seed in seeds)


def test_without_age_and_sex_st_elevation_that_some_would_be_allowed_is_not_measurable():
    expression = expressions()["st_elevation", catalogue()["st_elevation"].criteria[0].text]
    between = normal_but({"j_mv": {"V2": 0.18, "V3": 0.18}})
    limits = Fact(None, "mV", "not measurable", "age and sex unknown", bounds=(0.15, 0.25))
    between.leads["st_limit"] |= {"V2": limits, "V3": limits}
    assert evaluate(expression, between).state is None


@pytest.mark.parametrize(("sex", "qtc", "long"), [("female", 455, False), ("female", 465, True), ("male", 455, True)])
def test_the_limit_of_qtc_depends_on_the_sex(sex, qtc, long):
    expression = expressions()["long_qt", catalogue()["long_qt"].criteria[0].text]
    person = {"male": sex == "male", "female": sex == "female"}
    assert evaluate(expression, normal_but({"qtc": qtc} | person)).state is long


def test_check_criteria_gives_the_numbers_of_an_infarction():
    table = check_criteria(simulate("inferior_st_elevation_infarction", 1_000_006), "inf. STEMI")
    assert list(table["state"]) == ["met", "met"]
    assert "mV" in table["values"][0]
    assert table["source"].str.startswith("doi:").all()


def test_findings_with_criteria_say_what_can_be_measured_of_them():
    for finding in findings_of_these_files():
        if finding.criteria:
            assert any(feature.measured for feature in finding.features), finding.id


def test_features_measured_on_a_normal_recording_do_not_hold():
    # Two say that something is as it should be, which sets these findings apart from others.
    normal_too = {
        ("posterior_infarction", "upright T waves in V1 to V3"),
        ("wellens_pattern", "R waves preserved and ST segment not raised by 0.1 mV"),
    }
    held = {
        (finding.id, feature.text)
        for finding in findings_of_these_files()
        for feature in finding.features
        if feature.measured and evaluate(feature.measured, normal()).state is not False
    }
    assert held == normal_too


def listed(heading):
    page = (Path(__file__).parents[2] / "docs" / "findings.md").read_text(encoding="utf-8")
    section = page.split(f"## {heading}", 1)[1].split("\n## ", 1)[0]
    return re.findall(r"^\| `([a-z_0-9]+)`", section, re.MULTILINE)


def test_the_page_on_findings_lists_39_echocardiographic_targets_of_the_catalogue():
    targets = listed("Echocardiographic targets")
    assert len(targets) == len(set(targets)) == 39
    assert all(catalogue()[target].group == "beyond_the_ecg" for target in targets)


def test_the_rare_diseases_are_in_the_catalogue():
    diseases = listed("Diseases")
    required = {"ebstein_anomaly", "constrictive_pericarditis", "dextrocardia", "cardiac_amyloidosis"}
    assert required | {"hypertrophic_cardiomyopathy", "arrhythmogenic_cardiomyopathy", "brugada_pattern"} <= set(
        diseases
    )
    assert set(diseases) <= set(catalogue())
