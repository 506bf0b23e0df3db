"""The cohort page: colours, selection, the recording in hand."""

import json

import numpy as np
import pytest

CHART = "map"


def points(test):
    traces = json.loads(test.get("plotly_chart")[0].proto.spec)["data"]
    return [trace["name"] for trace in traces]


def test_the_recording_in_hand_is_on_the_map(app):
    assert "this recording" in points(app("cohort"))


@pytest.mark.parametrize(("by", "name"), [("a measurement", "heart rate (bpm)"), ("an answer", "evidence (logits)")])
def test_it_is_coloured_by_a_measurement_or_by_an_answer(app, by, name):
    test = app("cohort")
    test.button_group(key="colour_by").set_value(by).run()
    assert not test.exception
    assert name in points(test)


@pytest.mark.parametrize("question", ["", "x" * 5000])
def test_a_question_that_cannot_be_asked_gets_a_sentence(app, said, question):
    test = app("cohort")
    test.button_group(key="colour_by").set_value("an answer").run()
    test.text_input(key="colour_question").set_value(question).run()
    assert not test.exception
    assert "question" in said(test)


def test_a_lasso_lists_the_recordings_inside(app, said, thin_assets):
    from ecgclip_core.cohort.store import load_cohort

    coordinates = load_cohort(thin_assets / "cohort").coordinates
    (left, low), (right, high) = coordinates.min(axis=0) - 1, coordinates.max(axis=0) + 1
    lasso = {"x": [left, right, right, left], "y": [low, low, high, high]}
    test = app("cohort")
    test.session_state[CHART] = {"selection": {"points": [], "point_indices": [], "box": [], "lasso": [lasso]}}
    test.run()
    assert not test.exception
    assert f"{len(coordinates)} selected" in said(test)
    assert np.shape(test.dataframe[0].value)[0] == len(coordinates)


def test_a_click_opens_the_recording_on_the_reading_page(app, said, thin_assets):
    from ecgclip_core.cohort.store import load_cohort

    test = app("cohort")
    point = {"customdata": 3, "x": 0.0, "y": 0.0}
    test.session_state[CHART] = {"selection": {"points": [point], "point_indices": [3], "box": [], "lasso": []}}
    test.run()
    assert not test.exception
    assert test.session_state["in_hand"].key == load_cohort(thin_assets / "cohort").table["record"].iloc[3]
    assert "ecgclip-title" in said(test)


@pytest.mark.parametrize("question", ["atrial fibrillation", "no atrial fibrillation", "AF and LBBB", "AF or LBBB"])
def test_recordings_are_ranked_by_a_question(app, said, thin_assets, question):
    from ecgclip_core.cohort.neighbours import score_question
    from ecgclip_core.cohort.store import load_cohort
    from ecgclip_core.model.checkpoint import load_model

    test = app("cohort")
    test.button_group(key="colour_by").set_value("an answer").run()
    test.text_input(key="colour_question").set_value(question).run()
    assert not test.exception
    assert "Understood as" in said(test)
    shown = test.dataframe[0].value["evidence"].to_numpy()
    scores = score_question(load_model(), load_cohort(thin_assets / "cohort"), question)
    assert np.allclose(shown, np.sort(scores)[::-1], atol=1e-5)


def test_a_row_of_the_ranking_opens_its_recording(app, thin_assets):
    from ecgclip_core.cohort.neighbours import score_question
    from ecgclip_core.cohort.store import load_cohort
    from ecgclip_core.model.checkpoint import load_model

    loaded = load_cohort(thin_assets / "cohort")
    best = int(np.argmax(score_question(load_model(), loaded, "atrial fibrillation")))
    test = app("cohort")
    test.button_group(key="colour_by").set_value("an answer").run()
    test.session_state["best"] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    test.run()
    assert not test.exception
    assert test.session_state["in_hand"].key == loaded.table["record"].iloc[best]
