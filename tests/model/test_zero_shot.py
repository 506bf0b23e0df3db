from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from ecgclip_core.errors import QuestionError
from ecgclip_core.findings.catalogue import catalogue, children
from ecgclip_core.model.checkpoint import load_model
from ecgclip_core.model.query import ask, ask_finding
from ecgclip_core.model.signal_encoder import SignalEncoder
from ecgclip_core.model.space import CommonSpace
from ecgclip_core.model.zero_shot import (
    answer,
    evidence,
    margin,
    most_specific_first,
    ranked_findings,
    views,
    zero_shot,
)


@pytest.fixture(scope="module")
def bundled():
    return load_model()


@pytest.mark.parametrize("text", ["AF", "atrial fibrillation", "Vorhofflimmern", "AFIB", "  ATRIAL   fibrillation "])
def test_a_name_a_synonym_or_a_code_is_asked_with_the_prompts_of_its_entry(tiny_model, text):
    query = ask(tiny_model, text)
    assert query.finding == "atrial_fibrillation"
    assert query.statements[0] == catalogue()["atrial_fibrillation"].prompts
    assert query.understood


def test_a_class_of_findings_asks_for_everything_below_it(tiny_model):
    query = ask(tiny_model, "myocardial infarction")
    assert len(query.statements) == len(children("myocardial_infarction"))


def test_what_only_simulations_taught_is_left_out_of_a_question_that_real_recordings_taught(bundled):
    asked = ask_finding(bundled, catalogue()["myocardial_infarction"])
    real = bundled.config["taught_by_recordings"]
    assert len(asked.statements) == sum(entry.id in real for entry in children("myocardial_infarction"))


def test_other_words_are_asked_as_they_are_against_their_negation(tiny_model):
    query = ask(tiny_model, "curious wave nobody named")
    assert query.statements[0][0] == "curious wave nobody named"
    assert query.contrast == ("no curious wave nobody named",)
    assert query.basis == "never taught"


def test_a_denial_has_the_opposite_answer(tiny_model, make_ecg):
    table = zero_shot(tiny_model, [make_ecg(0)], ["atrial fibrillation", "no atrial fibrillation"])
    asked, denied = table.itertuples()
    assert denied.name == "no atrial fibrillation"
    assert denied.score == pytest.approx(1 - asked.score)
    assert (denied.low, denied.high) == pytest.approx((1 - asked.high, 1 - asked.low))


@pytest.mark.parametrize(("question", "which"), [("LBBB and AF", min), ("LBBB or AF", max)])
def test_several_findings_are_answered_one_by_one_and_together(tiny_model, make_ecg, question, which):
    query = ask(tiny_model, question)
    assert [part.finding for part in query.parts] == ["left_bundle_branch_block", "atrial_fibrillation"]
    scores = zero_shot(tiny_model, [make_ecg(0)], [query, *query.parts])["score"]
    assert scores[0] == pytest.approx(which(scores[1:]))


def test_the_interval_widens_where_earlier_states_of_the_training_disagree(tiny_model, make_ecg):
    seen = views(tiny_model, make_ecg(0))
    query = ask(tiny_model, "atrial fibrillation")
    other = CommonSpace(SignalEncoder("resnet18", (8, 16, 16, 16)), 32, 16).requires_grad_(False)
    with_snapshot = replace(seen, earlier=[-seen.own[:1]])
    _, low, high, _ = answer(tiny_model, seen, query)
    try:
        tiny_model.snapshots = [other]
        _, lower, higher, _ = answer(tiny_model, with_snapshot, query)
    finally:
        tiny_model.snapshots = []
    assert lower < low
    assert high < higher


@pytest.mark.parametrize(("text", "sentence"), [("", "empty"), ("   ", "empty"), ("why " * 1250, "5,000|4,999")])
def test_empty_and_endless_questions_get_a_sentence(tiny_model, text, sentence):
    with pytest.raises(QuestionError, match=sentence):
        ask(tiny_model, text)


def test_a_class_stands_behind_the_member_it_repeats_and_before_those_it_does_not():
    scores = {"conduction_disturbance": 0.9, "left_bundle_branch_block": 0.6, "hypertrophy": 0.7, "low_voltage": 0.1}
    answers = pd.DataFrame({"finding": list(scores), "score": list(scores.values())})
    ordered = list(most_specific_first(answers)["finding"])
    assert ordered == ["hypertrophy", "left_bundle_branch_block", "low_voltage", "conduction_disturbance"]


def test_answers_come_ecg_by_ecg_with_scores_inside_their_intervals(tiny_model, make_ecg):
    table = zero_shot(tiny_model, [make_ecg(0), make_ecg(1)], ["atrial fibrillation", "LBBB", "something else"])
    assert list(table["ecg"]) == ["drawn 0"] * 3 + ["drawn 1"] * 3
    assert ((table["low"] <= table["score"]) & (table["score"] <= table["high"])).all()
    assert table["score"].between(0, 1).all()


def test_evidence_of_a_question_is_that_of_its_likeliest_statement(tiny_model, make_ecg):
    vectors = torch.from_numpy(tiny_model.encode_ecg([make_ecg(0)]))
    query = ask(tiny_model, "myocardial infarction")
    each = [evidence(tiny_model, vectors, replace(query, statements=(one,))) for one in query.statements]
    assert evidence(tiny_model, vectors, query).item() == pytest.approx(max(value.item() for value in each), abs=1e-4)


def test_margin_changes_its_sign_when_question_and_contrast_change_places(tiny_model, make_ecg):
    vectors = torch.from_numpy(tiny_model.encode_ecg([make_ecg(0)]))
    query = ask(tiny_model, "left bundle branch block")
    swapped = replace(query, statements=(query.contrast,), contrast=query.statements[0])
    assert margin(tiny_model, vectors, swapped).item() == pytest.approx(
        -margin(tiny_model, vectors, query).item(), abs=1e-4
    )


def test_the_first_view_of_a_recording_is_the_recording_itself(tiny_model, make_ecg):
    ecg = make_ecg(3, duration=25)
    assert views(tiny_model, ecg).own[0].numpy() == pytest.approx(tiny_model.encode_ecg([ecg])[0], abs=1e-5)


@pytest.mark.parametrize(
    ("question", "scope"),
    [
        ("is there atrial flutter with block?", "ecg"),
        ("a nodule on the chest X-ray", "beyond"),
        ("how do I bake a cake", "none"),
    ],
)
def test_the_bundled_model_knows_what_it_can_be_asked(bundled, question, scope):
    query = ask(bundled, question)
    assert query.scope == scope
    assert query.understood == (scope == "ecg")


def test_only_findings_checked_on_real_recordings_are_ranked(bundled):
    ranked = [ask_finding(bundled, catalogue()[finding]) for finding in ranked_findings(bundled)]
    assert ranked
    assert all(query.basis == "real" and query.n >= 5 for query in ranked)
    assert ask(bundled, "dextrocardia").basis == "simulated"
    assert ask(bundled, "cardiac amyloidosis").basis == "never taught"


@pytest.mark.parametrize("finding", ["dextrocardia", "inferior_st_elevation_infarction", "ventricular_tachycardia"])
def test_the_bundled_model_leans_towards_what_a_simulation_shows_and_against_it_on_a_normal_one(bundled, finding):
    from ecgclip_core.simulation.simulate import simulate

    ecgs = [simulate(shown, seed=1_000_000 + seed) for shown in (finding, "sinus_rhythm") for seed in range(5)]
    scores = zero_shot(bundled, ecgs, [finding])["score"].to_numpy()
    assert np.median(scores[:5]) > 0.5 > np.median(scores[5:])


def test_the_bundled_model_finds_in_simulations_what_was_put_in(bundled):
    from ecgclip_core.simulation.simulate import simulate

    findings = ["left_bundle_branch_block", "atrial_fibrillation", "sinus_rhythm"]
    ecgs = [simulate(finding, seed=1_000_000 + seed) for finding in findings for seed in range(3)]
    table = zero_shot(bundled, ecgs, findings)
    scores = table["similarity"].to_numpy().reshape(3, 3, 3).mean(axis=1)
    assert (np.argmax(scores, axis=0) == np.arange(3)).all()
