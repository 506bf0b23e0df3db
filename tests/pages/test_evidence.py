"""The evidence page: what was measured, in words and figures, all from the checkpoint's files."""

import json

import pytest


@pytest.fixture
def evaluations(thin_assets):
    """The checkpoint's ``evaluation.json`` as a list to change; ``keep(entries)`` writes it, and it is put back."""
    (file,) = thin_assets.glob("checkpoints/*/evaluation.json")
    before = file.read_text(encoding="utf-8")
    yield json.loads(before), lambda entries: file.write_text(json.dumps(entries), encoding="utf-8")
    file.write_text(before, encoding="utf-8")


def near(value):
    return {"value": value, "low": value - 0.05, "high": value + 0.05}


@pytest.fixture
def with_few_labels(evaluations):
    """A linear probe beside two controls, at two shares of the labels."""
    entries, keep = evaluations

    def models(own, other):
        return {
            "thin": {"prauc": near(own), "auroc": near(own)},
            "random": {"prauc": near(other), "auroc": near(other)},
        }

    fractions = [
        {"fraction": 0.1, "recordings": 40, "models": models(0.7, 0.5), "paired": {"random": {"prauc": near(0.2)}}},
        {"fraction": 1.0, "recordings": 400, "models": models(0.8, 0.79), "paired": {"random": {"prauc": near(0.01)}}},
    ]
    fractions[0]["paired_with_all_labels"] = {"random": {"prauc": near(-0.09)}}
    about = {"kind": "probe", "taught_by": {"thin": "probe", "random": "probe"}, "notes": ["Said by the measurement."]}
    keep([*entries, entries[0] | about | {"fractions": fractions, "calibration": {}, "intervals": {}}])


@pytest.fixture
def with_retrieval(evaluations):
    entries, keep = evaluations
    rows = [
        {"direction": direction, "k": k, "recall": near(0.3 + 0.02 * k), "chance": 0.01 * k}
        for direction in ("recording to report", "report to recording")
        for k in (1, 5, 10)
    ]
    entry = {"kind": "retrieval", "task": "retrieval", "description": "finding each other", "corpus": "a corpus"}
    entry |= {"checkpoint": entries[0]["checkpoint"], "recordings": 80, "persons": 70, "distinct_reports": 61}
    keep([*entries, entry | {"most_often_the_same": 9, "median_rank": {"recording to report": 4}, "retrieval": rows}])


@pytest.fixture
def checked_simulations(thin_assets):
    """A check by which one of two findings has learned the simulator."""
    (folder,) = thin_assets.glob("checkpoints/*")
    evaluation = json.loads((folder / "evaluation.json").read_text(encoding="utf-8"))
    rows = [
        {"finding": finding, "name": finding, "auroc": auroc, "auroc_low": auroc - 0.02, "auroc_high": auroc + 0.02}
        | {"real": 100, "simulated": 90, "within": 0.9, "learned_simulator": auroc > 0.7}
        for finding, auroc in (("dextrocardia", 0.91), ("pericarditis", 0.55))
    ]
    file = folder / "simulated_only.json"
    checked = {"checkpoint": evaluation[0]["checkpoint"], "corpus": "real ones", "threshold": 0.7, "findings": rows}
    file.write_text(json.dumps(checked), encoding="utf-8")
    yield
    file.unlink()


def traces(test):
    """Everything that the figures of a page draw."""
    figures = [json.loads(chart.proto.spec) for chart in test.get("plotly_chart")]
    return [trace for figure in figures for trace in figure["data"]]


def kind(test, name):
    """The page after a click on another kind of evaluation."""
    return test.segmented_control(key="evidence_kind").set_value(name).run()


def test_the_reliability_curve_shows_what_was_measured(app, said):
    test = app("evidence")
    assert any(trace.get("name") == "answers" for trace in traces(test))
    assert "one in five came true" in said(test)
    assert "0.030" in said(test)


def test_intervals_are_said_to_warn_only_where_they_do(app, said, evaluations):
    assert "wider where answers are wrong" in said(app("evidence"))
    entries, keep = evaluations
    entries[0]["intervals"] |= {"median_wrong": 0.4}
    keep(entries)
    assert "warns of no error" in said(app("evidence"))
    entries[0] |= {"intervals": {}, "calibration": {}}
    keep(entries)
    test = app("evidence")
    assert not test.exception
    assert "Whether scores" not in said(test)


def test_f1_is_shown_with_where_its_threshold_comes_from(app, said, evaluations):
    entries, keep = evaluations
    entries[0] |= {"threshold": "best F1 on fold 8", "fewest_positives": 5, "too_few": {"dextrocardia": 2}}
    for number, row in enumerate(entries[0]["findings"]):
        row |= dict.fromkeys(("f1", "f1_low", "f1_high"), None if number else 0.5)
    keep(entries)
    test = app("evidence")
    assert not test.exception
    assert "threshold of best F1 on fold 8" in said(test)
    assert "dextrocardia (2)" in said(test)


@pytest.mark.parametrize("name", ["probe", "finetune", "retrieval"])
def test_what_was_not_measured_names_the_command_that_measures_it(app, said, name):
    test = kind(app("evidence"), name)
    assert f"ecgclip evaluate {name} --data" in said(test)


def test_the_curve_has_a_line_for_every_model_with_its_intervals(app, with_few_labels):
    lines = [trace for trace in traces(kind(app("evidence"), "probe")) if trace.get("mode") == "lines+markers"]
    assert [line["name"] for line in lines] == ["thin, linear probe", "random, linear probe"]
    assert all(line["error_y"]["array"] for line in lines)
    assert len({line["marker"]["symbol"] for line in lines}) == 2


def test_a_difference_counts_as_ahead_only_where_its_whole_interval_does(app, said, with_few_labels):
    test = kind(app("evidence"), "probe")
    (row,) = [frame.value for frame in test.dataframe if "against" in frame.value][0].to_dict("records")
    assert row["10 % of the labels"].startswith("ahead")
    assert row["100 % of the labels"].startswith("not told apart")
    assert "behind" in said(test)
    assert "Said by the measurement." in said(test)


def test_retrieval_stands_beside_chance_with_its_sizes(app, said, with_retrieval):
    test = kind(app("evidence"), "retrieval")
    assert not test.exception
    assert "61" in said(test)
    assert "commonest stands 9 times" in said(test)
    assert (test.dataframe[0].value["by chance"] > 0).all()


def test_the_check_of_simulations_names_the_command_until_it_was_run(app, said):
    assert "ecgclip evaluate simulated-only" in said(app("evidence"))


def test_a_finding_that_learned_the_simulator_is_named_and_not_answered(app, said, checked_simulations):
    assert "not offered: dextrocardia" in said(app("evidence"))
    test = app().text_input(key="question").set_value("dextrocardia").run()
    assert "learned the simulator" in said(test)
    assert "ecgclip-answer" not in said(test)
    offered = [name for box in test.selectbox if box.key == "unranked" for name in box.options]
    assert offered
    assert not any(name.startswith("dextrocardia ") for name in offered)
