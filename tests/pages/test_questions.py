"""Questions in free words on the reading page: denials, several findings at once, what is left out or offered."""

import json
import re

import pytest

CASE = "fibrillation"


@pytest.fixture
def asked(app):
    """A function that asks the first case a question and gives the page."""

    def ask(question):
        test = app()
        return test.text_input(key="question").set_value(question).run()

    return ask


@pytest.fixture
def about_ecgs(monkeypatch):
    """Whatever is asked counts as about an ECG, but for a wallpaper and a nodule."""
    from ecgclip_core.model import query
    from ecgclip_core.model import scope as room

    def scope(model, text):
        return ("none" if "wallpaper" in text else "beyond" if "nodule" in text else "ecg"), 0.9

    for module in (query, room):
        monkeypatch.setattr(module, "scope_of", scope)


def card(test):
    (body,) = [element.proto.body for element in test.get("html") if "ecgclip-answer" in element.proto.body]
    return body


def percent(card):
    return [float(score) for score in re.findall(r'class="score">(?:[<>] )?(\d+) %', card)]


def suggested(test):
    return [button for button in test.button if (button.key or "").startswith("suggest_")]


def curves(test):
    spec = json.loads(test.get("plotly_chart")[0].proto.spec)
    return [trace for trace in spec["data"] if trace.get("meta") == "moments"]


def test_a_denial_is_named_as_one_and_has_what_is_left_of_the_score(asked):
    stated, denied = card(asked("atrial fibrillation")), card(asked("no atrial fibrillation"))
    assert "No atrial fibrillation" in denied
    assert percent(denied)[0] == pytest.approx(100 - percent(stated)[0], abs=1)


@pytest.mark.parametrize(
    ("question", "whole", "pick"), [("AF and LBBB", "both", min), ("AF or LBBB?", "either of them", max)]
)
def test_several_findings_are_answered_one_by_one_and_together(asked, question, whole, pick):
    told = card(asked(question))
    first, second, total = percent(told)
    assert "atrial fibrillation" in told and "left bundle branch block" in told
    assert "is understood as" in told
    assert whole in told
    assert total == pick(first, second)


def test_a_part_without_a_checked_score_leaves_the_whole_without_a_probability(asked):
    told = card(asked("AF and dextrocardia"))
    assert len(percent(told)) == 1
    assert told.count("The model lean") + told.count("does not lean") == 2
    assert "simulated recordings only" in told


@pytest.mark.parametrize(
    ("rest", "why"),
    [("the colour of the wallpaper", "Not understood"), ("a nodule on the X-ray", "Beyond what an ECG")],
)
def test_a_part_that_is_not_understood_is_named_and_the_other_offered_alone(asked, said, about_ecgs, rest, why):
    test = asked(f"AF and {rest}")
    words = said(test)
    assert why in words
    assert rest.removeprefix("the ").removeprefix("a ") in words
    assert suggested(test)[0].label == "atrial fibrillation"


def test_a_question_in_free_words_says_so_and_offers_the_nearest_findings(asked, about_ecgs):
    test = asked("wavy line with tiny notches somewhere")
    assert "its own words" in card(test)
    near = suggested(test)
    assert len(near) == 3
    name = near[0].label
    near[0].click().run()
    assert test.text_input(key="question").value == name
    assert name.casefold() in card(test).casefold()


@pytest.mark.parametrize(("question", "least"), [("the colour of the wallpaper", 4), ("a nodule in the chest", 3)])
def test_where_nothing_is_understood_examples_can_be_clicked(asked, about_ecgs, question, least):
    test = asked(question)
    offers = suggested(test)
    assert len(offers) >= least
    offers[-1].click().run()
    assert not test.exception
    assert "ecgclip-answer" in "".join(element.proto.body for element in test.get("html"))


def test_every_example_names_its_findings(app):
    from ecgclip_core.model.checkpoint import load_model
    from ecgclip_core.model.query import ask
    from pages.shared.question import EXAMPLES

    model = load_model()
    assert all(part.finding for example in EXAMPLES for part in ask(model, example).each)


def test_the_match_along_the_recording_is_drawn_explained_and_can_be_hidden(asked, said):
    test = asked("atrial fibrillation")
    assert len(curves(test)) == 1
    assert "about two seconds" in said(test)
    test.toggle(key="curve_shown").set_value(False).run()
    assert curves(test) == []
    assert "about two seconds" not in said(test)


def test_without_a_question_there_is_no_match_to_draw(asked, said):
    test = asked("")
    assert curves(test) == []
    assert "about two seconds" not in said(test)


@pytest.mark.parametrize("layout", ["3x4+1", "12x1"])
def test_the_match_is_drawn_in_both_layouts(asked, layout):
    test = asked("atrial fibrillation")
    test.button_group(key="layout").set_value(layout).run()
    assert not test.exception
    assert len(curves(test)) == 1


def test_each_finding_of_a_question_leads_to_its_criteria(asked, said):
    test = asked("AF and LBBB")
    test.button(key="criteria_left_bundle_branch_block").click().run()
    assert not test.exception
    assert "QRS duration of 120 ms or more" in said(test)
