"""The clusters page: dictionary, cohort, second look, what was measured."""

import json

import numpy as np
import pytest


@pytest.fixture
def seen(app):
    """A view of the page, with pages that need few recordings."""

    def show(view):
        import pages.shared.cluster_cohort as cluster_cohort

        cluster_cohort.FEWEST = 2
        cluster_cohort.FEWEST_FORETOLD = 2
        test = app("clusters")
        test.button_group(key="clusters_view").set_value(view).run()
        if any(button.key == "work_out_clusters" for button in test.button):
            test.button(key="work_out_clusters").click().run()
        assert not test.exception
        return test

    return show


def test_an_example_opens_its_recording(app, said):
    test = app("clusters")
    assert not test.exception
    examples = [button for button in test.button if str(button.key).startswith("example_")]
    finding, seed = examples[0].key.removeprefix("example_").split("/")
    examples[0].click().run()
    assert not test.exception
    assert test.session_state["in_hand"].key == f"{finding}/{seed}"


def test_the_cohort_is_shown_by_finding_and_between_groups(seen, said):
    test = seen("Cohort")
    heat, points = (json.loads(chart.proto.spec)["data"][0] for chart in test.get("plotly_chart")[:2])
    assert heat["type"] == "heatmap"
    assert np.shape(points["y"]) == (6,)
    assert "recordings against" in said(test)
    assert "Holm" in said(test)


def test_groups_that_are_the_same_get_a_sentence(seen, said):
    test = seen("Cohort")
    second = test.selectbox(key="second_group")
    second.set_value(test.selectbox(key="first_group").value).run()
    assert not test.exception
    assert "are needed" in said(test)


def test_a_row_of_the_second_look_opens_its_recording(seen, said):
    test = seen("Second look")
    shown = test.dataframe[0].value
    assert {"recording", "doubtful label", "doubt", "uncertainty"} <= set(shown.columns)
    assert (np.diff(shown["doubt"]) < 1).all()
    test.session_state["second_look"] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    test.run()
    assert not test.exception
    assert test.session_state["in_hand"].key == shown["recording"].iloc[0]


def test_what_was_not_measured_is_said_to_be_so(seen, said):
    assert "Nothing was measured" in said(seen("How good they are"))


def test_what_was_measured_is_shown_with_its_goals(seen, thin_assets):
    from ecgclip_core.model.checkpoint import DEFAULT, load_model

    folder = thin_assets / "checkpoints" / DEFAULT
    estimate = {"value": 0.9, "low": 0.8, "high": 0.95}
    checks = {
        "checkpoint": load_model(folder).hash,
        "questions": ["normal_ecg"],
        "corpus": {"taught": 10, "reported": 5, "fold": 9},
        "forest": dict.fromkeys(
            ("equal", "kappa", "majority", "hard_gap", "soft_gap", "hard_model", "hard_forest"), estimate
        )
        | {"soft_model": estimate, "soft_forest": estimate},
        "mislabelled": {"found": estimate, "wrong": 0.05, "first": 0.1, "injections": 3},
    }
    file = folder / "clusters_checks.json"
    file.write_text(json.dumps(checks), encoding="utf-8")
    try:
        shown = seen("How good they are").dataframe[0].value
    finally:
        file.unlink()
    assert "0.900 [0.800, 0.950]" in set(shown["found"])
    assert "0.50 or more" in set(shown["goal"])
