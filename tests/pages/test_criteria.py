"""The criteria page: what is asked for, what is measured, what the model says."""

import json
import re

import pytest

from ecgclip_core.simulation.cases import cases

CASE = next(case for case in cases() if case.finding == "left_bundle_branch_block")


def choice(test):
    return next(box for box in test.selectbox if box.label == "Finding")


def states(test):
    tables = [element.proto.body for element in test.get("html") if "ecgclip-criteria" in element.proto.body]
    return [re.findall(r'<td class="state ([\w-]+)"><span[^>]*>([^<]*)</span> ([^<]+)</td>', table) for table in tables]


@pytest.fixture
def of_case(app):
    """A function that opens the page with a case in hand, on a finding if one is named."""

    def start(case=CASE.id, finding=None):
        test = app(case=case).switch_page("pages/criteria.py").run()
        return choice(test).set_value(finding).run() if finding else test

    return start


def test_it_starts_with_a_finding_that_fits_the_recording(of_case):
    assert choice(of_case()).value == CASE.finding


def test_every_criterion_has_its_state_as_sign_and_word_its_numbers_and_its_source(of_case, said):
    from ecgclip_core.findings.catalogue import catalogue

    test = of_case()
    criteria = catalogue()[CASE.finding].criteria
    (rows, _) = states(test)
    words = said(test)
    assert len(rows) == len(criteria)
    assert {(sign, word) for _, sign, word in rows} <= {("✓", "met"), ("✕", "not met"), ("?", "not measurable")}
    assert ("met", "✓", "met") in rows
    assert all(criterion.text in words for criterion in criteria)
    assert 'href="https://doi.org/10.1161/CIRCULATIONAHA.108.191095"' in words
    assert re.search(r"QRS \d+ ms", words)


def charts(test):
    return {chart.proto.alt: json.loads(chart.proto.spec) for chart in test.get("plotly_chart")}


def test_criteria_and_map_are_drawn_on_the_same_leads_of_the_median_beat(of_case):
    from ecgclip_core.findings.catalogue import catalogue

    first, second = (
        {trace["name"] for trace in spec["data"] if trace.get("mode") == "lines"} for spec in charts(of_case()).values()
    )
    assert first == second >= set(catalogue()[CASE.finding].leads)


def test_limits_and_measurements_are_drawn_and_said_in_words(of_case, said):
    test = of_case()
    alt, spec = next(iter(charts(test).items()))
    lines = [shape for shape in spec["layout"]["shapes"] if shape["type"] == "line"]
    points = [trace for trace in spec["data"] if trace.get("mode") != "lines"]
    assert lines and points
    assert re.search(r"\d+ measurements of criteria are drawn with their limits: .*met", alt)
    assert re.search(r"V6: R peak time \d+ ms, > 60 ms: met", said(test))


def test_one_criterion_can_be_drawn_alone(of_case):
    test = of_case()
    everything = len(next(iter(charts(test).values()))["data"])
    pills = next(group for group in test.button_group if group.label == "Draw one criterion only")
    pills.set_value(0).run()
    assert not test.exception
    assert len(next(iter(charts(test).values()))["data"]) < everything


def test_how_much_of_the_map_lies_where_the_criteria_look_is_said_with_chance(of_case, said):
    words = said(of_case())
    found = re.search(
        r"\*\*(\d+) %\*\* of what speaks for it lies in the waves and leads that the criteria measure", words
    )
    assert found
    assert re.search(r"which fill \d+ % of the recording: \*\*[^*]*chance\*\*", words)
    assert "Chance is the share of the samples" in words


def test_a_finding_without_criteria_says_that_an_ecg_shows_it_only_statistically(of_case, said):
    from ecgclip_core.findings.catalogue import catalogue

    finding = next(entry for entry in catalogue().values() if entry.shown_by == "statistics")
    assert "only statistically" in said(of_case(finding=finding.id))


def test_the_models_own_answer_stands_beside_and_leads_back_to_the_reading_page(of_case, said):
    test = of_case()
    assert "ecgclip-answer" in said(test)
    next(button for button in test.button if button.label == "Ask on the reading page").click().run()
    assert test.text_input(key="question").value == "left bundle branch block"


@pytest.mark.parametrize(
    ("found", "score", "disagree"),
    [
        (["met", "met", "not measurable"], 0.1, True),
        (["met", "not met"], 0.1, False),
        (["met", "met"], 0.9, False),
        (["not met", "not met"], 0.9, True),
        (["not met"], 0.5, False),
        (["not measurable"], 0.9, False),
    ],
)
def test_a_disagreement_is_said_only_where_both_are_clear(app, found, score, disagree):
    import pandas as pd

    from pages.shared.criteria import disagreement

    row = {"score": score, "low": score - 0.05, "high": score + 0.05}
    assert bool(disagreement(pd.DataFrame({"state": found}), row)) == disagree


def test_a_recording_of_ones_own_has_criteria_too(app, make_ecg):
    from pages.shared import in_hand

    test = app()
    test.session_state["in_hand"] = in_hand.InHand(make_ecg(), in_hand.OWN, "mine", "mine")
    test.session_state["question"] = ""
    test.session_state["worked_out"] = {}
    test.switch_page("pages/criteria.py").run()
    assert not test.exception
    assert choice(test).value
    choice(test).set_value("first_degree_av_block").run()
    assert not test.exception
    assert states(test)


def test_no_finding_of_the_catalogue_breaks_the_tables(app, make_ecg):
    from ecgclip_core.findings.catalogue import catalogue
    from ecgclip_core.findings.criteria import check_criteria
    from pages.shared.criteria import counted, place

    ecg = make_ecg()
    for finding in catalogue().values():
        table = check_criteria(ecg, finding.id)
        assert len(table) == len(finding.criteria)
        assert place(finding.waves, finding.leads)
        assert table.empty or counted(table).endswith(".")


def test_age_and_sex_stay_hidden_among_the_numbers(of_case, said):
    words = said(of_case(finding="left_bundle_branch_block"))
    assert "female: " not in words and "male: " not in words
    assert "age or sex (hidden)" in words
