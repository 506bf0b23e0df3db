"""The teaching mode hides everything until the learner has answered, then explains and counts."""

import json
import random
import re

import pytest

from ecgclip_core.simulation.cases import cases

CASE = next(case for case in cases() if case.finding == "left_bundle_branch_block")
MODE = "Teaching mode"


def view(test, name):
    next(group for group in test.button_group if group.label == "View").set_value(name).run()
    assert not test.exception
    return test


def choose(test, finding):
    test.radio[0].set_value(finding).run()
    next(button for button in test.button if button.label == "Commit to this answer").click().run()
    assert not test.exception
    return test


def everything(test, without=()) -> str:
    """All that a page sends to the browser in any element, tooltips, keys and alternative texts included."""
    return "\n".join(
        str(element.proto)
        for element in test.main
        if getattr(element, "proto", None) is not None and element.type not in without
    )


@pytest.fixture
def lesson(app):
    """The teaching mode with the case of left bundle branch block to be named."""
    from pages.shared.teaching import Lesson, choices_for

    test = app(case="normal").switch_page("pages/criteria.py").run()
    test.session_state["lesson"] = Lesson(1, CASE.id, choices_for(CASE, random.Random(0)))
    return view(test, MODE)


def secrets():
    from ecgclip_core.findings.catalogue import catalogue

    truth = catalogue()[CASE.finding]
    return {truth.id, truth.name, *truth.synonyms, CASE.id, CASE.title, CASE.teaching, *CASE.questions}


def test_before_the_answer_nothing_but_the_list_of_choices_names_it(lesson, said):
    sent = everything(lesson, without=("radio",)) + said(lesson) + str(lesson.query_params)
    shown = [text for text in secrets() if re.search(rf"\b{re.escape(text)}\b", sent, re.IGNORECASE)]
    assert not shown
    assert "ecgclip-answer" not in sent and "ecgclip-criteria" not in sent and "ecgclip-measures" not in sent
    (chart,) = lesson.get("plotly_chart")
    assert chart.proto.alt.startswith("12-lead tracing")
    assert {trace["name"] for trace in json.loads(chart.proto.spec)["data"]} <= {
        *("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
    }


def test_the_choices_have_one_right_answer_and_normal_among_them():
    from pages.shared.teaching import CHOICES, choices_for, truth_of

    for case in cases():
        holds = set(case.ecg().truth.findings) if case in (CASE, cases()[0]) else {truth_of(case)}
        for seed in range(2):
            choices = choices_for(case, random.Random(seed))
            assert len(choices) == len(set(choices)) == CHOICES
            assert "normal_ecg" in choices
            assert set(choices) & (holds | {truth_of(case)}) - {"normal_ecg"} <= {truth_of(case)}
            assert truth_of(case) in choices


def test_no_answer_cannot_be_committed(lesson):
    commit = next(button for button in lesson.button if button.label == "Commit to this answer")
    assert commit.disabled


def test_a_right_answer_is_explained_and_counted(lesson, said):
    choose(lesson, CASE.finding)
    assert lesson.success[0].value.startswith("**Right: left bundle branch block.**")
    assert CASE.teaching in lesson.success[0].value
    assert "**1 right**, **0 wrong**" in said(lesson)
    assert "ecgclip-criteria" in said(lesson) and "What the model says" in said(lesson)


def test_a_wrong_answer_says_what_it_was_and_can_be_held_against_the_criteria(lesson, said):
    choose(lesson, "normal_ecg")
    assert "left bundle branch block" in lesson.error[0].value
    assert "**0 right**, **1 wrong**" in said(lesson)
    row = lesson.dataframe[0].value.iloc[0]
    assert (row["Right"], row["Wrong"], row["Taken for"]) == (0, 1, "normal ECG")
    shown = next(group for group in lesson.button_group if group.label == "Criteria of")
    shown.set_value("normal_ecg").run()
    assert not lesson.exception


def test_the_next_case_hides_again_and_the_tally_can_be_reset(lesson, said):
    choose(lesson, CASE.finding)
    next(button for button in lesson.button if button.label == "Next case").click().run()
    assert not lesson.exception
    assert lesson.session_state["lesson"].recording not in (CASE.id, "normal")
    assert not lesson.success and not lesson.dataframe
    assert "ecgclip-criteria" not in said(lesson)
    assert "**1 right**" in said(lesson)
    next(button for button in lesson.button if button.label == "Reset").click().run()
    assert "right" not in said(lesson)


def test_the_recording_in_hand_stays_in_hand(lesson):
    choose(lesson, CASE.finding)
    assert lesson.session_state["in_hand"].key == "normal"
    view(lesson, "This recording")
    assert not lesson.exception


def test_an_opened_recording_has_no_truth_and_does_not_count(app, make_ecg, said):
    from pages.shared import in_hand

    test = app().switch_page("pages/criteria.py").run()
    test.session_state["in_hand"] = in_hand.InHand(make_ecg(), in_hand.OWN, "mine", "lbbb_female_77.dat")
    test.session_state["worked_out"] = {}
    view(test, MODE)
    source = next(group for group in test.button_group if group.label == "Recording")
    source.set_value("The recording that I opened").run()
    assert not test.exception
    before = everything(test, without=("selectbox",)) + said(test)
    assert "lbbb_female" not in before and "ecgclip-answer" not in before and "ecgclip-criteria" not in before
    next(box for box in test.selectbox if box.label.startswith("What does")).set_value("sinus_tachycardia").run()
    next(button for button in test.button if button.label == "Commit to this answer").click().run()
    assert not test.exception
    assert "Nobody knows the truth" in test.info[0].value
    assert "The model's likeliest findings" in said(test)
    assert "lesson_tally" not in test.session_state


def test_the_cohort_view_says_how_to_measure_and_shows_what_was_measured(app, thin_assets, said):
    from ecgclip_core.interpretation.beat_aligned import TIMES
    from ecgclip_core.model.checkpoint import DEFAULT, load_model

    test = view(app(case="normal").switch_page("pages/criteria.py").run(), "Over a cohort")
    assert "python benchmarks/criteria_agreement.py" in said(test)
    folder = thin_assets / "checkpoints" / DEFAULT
    file = folder / "criteria_agreement.json"
    file.write_text(json.dumps([_summary(load_model(folder), len(TIMES), TIMES.tolist())]), encoding="utf-8")
    try:
        test.run()
        assert not test.exception
        assert test.dataframe[0].value["finding"].tolist() == ["left bundle branch block"]
        (chart,) = test.get("plotly_chart")
        assert len(json.loads(chart.proto.spec)["data"]) == 12
    finally:
        file.unlink()


def _summary(model, bins, times):
    from ecgclip_core.interpretation.saliency import DEFAULT as METHOD

    gain = {"value": 0.4, "low": 0.3, "high": 0.5}
    figures = {"share": 0.5, "chance": 0.2, "gain": gain, "redrawn_gain": 0.1, "over_redrawn": gain}
    entry = {"recordings": 5, "leans": 1.0, "criteria": figures, "catalogue": figures, "judged_by": "criteria"}
    entry |= {"gathers": "QRS", "verdict": "criteria", "map": [[1.0] * bins] * 12, "beat": [[0.1] * bins] * 12}
    head = {"checkpoint": {"name": model.name, "hash": model.hash}, "method": METHOD, "source": "simulated"}
    return head | {"real": False, "recordings": 5, "times": times, "findings": {"left_bundle_branch_block": entry}}
