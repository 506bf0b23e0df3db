"""The reading page: links, questions, patients, findings."""

import pytest

from ecgclip_core.interpretation.saliency import DEFAULT
from ecgclip_core.simulation.cases import cases

CASE = "fibrillation"


def link_of(test):
    return {key: value[0] if isinstance(value, list) else value for key, value in test.query_params.items()}


def scores(test):
    return [button.label for button in test.button if button.key and button.key.startswith("finding_")]


def test_it_opens_on_a_simulated_case_and_says_so(app, said):
    test = app()
    assert "Simulated, not a person" in said(test)
    assert cases()[0].title in said(test)
    assert len(test.get("plotly_chart")) >= 1


def test_a_link_restores_case_question_and_method(app, said):
    link = {"case": CASE, "question": "left bundle branch block", "method": "gradient"}
    test = app(**link)
    assert not test.exception
    assert test.selectbox(key="case_choice").value == CASE
    assert test.text_input(key="question").value == "left bundle branch block"
    assert test.selectbox(key="method").value == "gradient"
    assert link_of(test) == link
    assert "Left bundle branch block" in said(test)


@pytest.mark.parametrize("link", [{"case": "no-such-case"}, {"case": CASE, "method": "divination"}])
def test_what_a_link_names_in_vain_is_left_aside(app, link):
    test = app(**link)
    assert not test.exception
    assert link_of(test)["method"] == DEFAULT


def test_choosing_a_case_asks_its_first_question_and_changes_the_link(app):
    test = app()
    test.selectbox(key="case_choice").set_value(CASE).run()
    chosen = next(case for case in cases() if case.id == CASE)
    assert test.text_input(key="question").value == chosen.questions[0]
    assert link_of(test)["case"] == CASE
    assert link_of(test)["question"] == chosen.questions[0]


@pytest.mark.parametrize(
    ("question", "sentence"),
    [("", "ask in your own words"), ("   ", "ask in your own words"), ("x" * 5000, "5,000 characters")],
)
def test_a_question_that_cannot_be_asked_gets_a_sentence_and_the_rest_stays(app, said, question, sentence):
    test = app()
    test.text_input(key="question").set_value(question).run()
    assert not test.exception
    assert sentence.strip() in said(test)
    assert scores(test)
    assert "ecgclip-answer" not in said(test)


@pytest.mark.parametrize(("scope", "sentence"), [("none", "not understood"), ("beyond", "beyond what an ECG can show")])
def test_a_question_outside_of_an_ecg_gets_no_score_but_what_to_ask_instead(app, said, monkeypatch, scope, sentence):
    from ecgclip_core.model import query

    monkeypatch.setattr(query, "scope_of", lambda model, text: (scope, 0.9))
    test = app()
    test.text_input(key="question").set_value("the colour of the wallpaper").run()
    assert sentence in said(test)
    assert "Ask about" in said(test) or "Name a finding" in said(test)
    assert "ecgclip-answer" not in said(test)


def test_only_findings_checked_on_real_recordings_are_ranked_with_their_range(app):
    labels = scores(app())
    assert len(labels) == 3
    assert all(" % " in label.replace("`", " ") for label in labels)


def test_a_click_on_a_finding_asks_for_it(app, said):
    test = app()
    test.button(key="finding_left_bundle_branch_block").click().run()
    assert test.text_input(key="question").value == "left bundle branch block"
    assert "Left bundle branch block" in said(test)
    assert link_of(test)["question"] == "left bundle branch block"


@pytest.mark.parametrize(
    ("finding", "basis"),
    [
        ("dextrocardia", "simulated recordings only"),
        ("sinus bradycardia", "not found better than chance"),
        ("wide QRS complexes in the chest leads", "never taught"),
    ],
)
def test_without_a_checked_score_an_answer_has_its_basis_and_no_probability(app, said, monkeypatch, finding, basis):
    from ecgclip_core.model import query

    monkeypatch.setattr(query, "scope_of", lambda model, text: ("ecg", 0.9))
    test = app()
    test.text_input(key="question").set_value(finding).run()
    (card,) = [element.proto.body for element in test.get("html") if "ecgclip-answer" in element.proto.body]
    assert basis in card
    assert "no probability" in card
    assert "%" not in card


@pytest.mark.parametrize("method", ["integrated_gradients", "gradient", "grad_cam"])
def test_every_method_says_what_its_map_cannot_show(app, said, method):
    from ecgclip_core.interpretation.saliency import METHODS

    test = app(case=CASE, question="atrial fibrillation", method=method)
    assert METHODS[method].note in said(test)
    assert "not what causes the finding" in said(test)


def test_a_question_about_something_absent_asks_for_another_baseline(app, said):
    test = app(case=CASE, question="atrial fibrillation", method="lead_ablation")
    assert "Something absent is part of this question" in said(test)
    test.selectbox(key="baseline_lead_ablation").set_value("normal").run()
    assert not test.exception
    assert "Something absent" not in said(test)


def test_integrated_gradients_say_by_how_much_they_miss_the_answer(app, said):
    test = app(case=CASE, question="atrial fibrillation", method="integrated_gradients")
    assert "misses the difference to the baseline by" in said(test)


def test_maps_of_weights_that_were_never_checked_say_so_and_can_be_checked_here(app, said):
    test = app(case=CASE, question="atrial fibrillation", method="gradient")
    assert "Not checked" in said(test)
    test.button(key="check_map").click().run()
    assert not test.exception
    assert "random orders" in said(test)
    assert "weights drawn anew" in said(test)


def test_a_second_map_stands_beside_the_first(app, said):
    test = app(case=CASE, question="atrial fibrillation", method="gradient")
    before = len(test.get("plotly_chart"))
    test.toggle(key="compare").set_value(True).run()
    test.selectbox(key="method_beside").set_value("grad_cam").run()
    assert not test.exception
    assert len(test.get("plotly_chart")) == before + 2
    assert "Rank agreement of the two maps" in said(test)


def test_the_patient_is_hidden_until_asked_for(app, said):
    test = app()
    assert "patient hidden" in said(test)
    test.toggle(key="patient_shown").set_value(True).run()
    assert "patient hidden" not in said(test)
    assert "years" in said(test)


def test_the_patient_is_hidden_again_with_the_next_recording(app, said):
    test = app()
    test.toggle(key="patient_shown").set_value(True).run()
    test.selectbox(key="case_choice").set_value(CASE).run()
    assert "patient hidden" in said(test)


def test_red_flags_stand_above_the_scores_whatever_these_are(app, said):
    flagged = next(case for case in cases() if case.finding == "inferior_st_elevation_infarction")
    words = said(app(case=flagged.id))
    assert "<b>ST elevation</b>" in words


def test_a_neighbour_can_be_opened(app, said):
    test = app()
    near = [button for button in test.button if button.key and button.key.startswith("near_")]
    assert near
    near[0].click().run()
    assert not test.exception
    assert link_of(test) == {}
    assert "Simulated, not a person" in said(test)
