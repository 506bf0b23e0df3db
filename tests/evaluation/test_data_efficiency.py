import json

import numpy as np
import pandas as pd
import pytest

from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.errors import EcgclipError
from ecgclip_core.evaluation import data_efficiency, finetune
from ecgclip_core.evaluation.data_efficiency import compare_with_few_labels
from ecgclip_core.evaluation.few_labels_entry import summary
from ecgclip_core.evaluation.label_shares import Folds
from ecgclip_core.evaluation.tasks import task_named
from ecgclip_core.evaluation.written import keep_entry


@pytest.fixture(scope="module")
def folder(tmp_path_factory, make_ecg):
    """60 recordings of 60 persons; those of the left bundle branch block class are ten times as large."""
    place = tmp_path_factory.mktemp("corpus")
    rows = []
    for number in range(60):
        ecg = make_ecg(number, sampling_rate=100)
        blocked = number % 3 == 0
        signals = pd.DataFrame((ecg.signal * (3.0 if blocked else 0.3)).T, columns=[f"{lead} (mV)" for lead in LEADS])
        signals.insert(0, "time (s)", ecg.times)
        signals.to_csv(place / f"{number}.csv", index=False)
        row = {"record": f"{number}.csv", "scp_codes": str({"CLBBB" if blocked else "NORM": 100.0})}
        rows.append(row | {"patient_id": number, "strat_fold": 1 if number < 30 else 8 if number < 45 else 9})
    pd.DataFrame(rows).to_csv(place / "records.csv", index=False)
    return place


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(finetune, "SEARCH", (("probe", 1e-3),))
    monkeypatch.setattr(data_efficiency, "UNTRAINED_SEEDS", 1)


def compare(model, folder, place, kind="probe", task="ptbxl-super", fractions=(0.4, 1.0), folds=None, steps=2):
    return compare_with_few_labels(
        kind,
        model,
        folder,
        task_named(task),
        place / "log",
        folder.with_name("cache"),
        fractions,
        (),
        folds,
        most_steps=steps,
    )


def test_every_fraction_has_the_checkpoint_and_both_controls_with_intervals_and_differences(
    tiny_model, folder, tmp_path, quick
):
    entry = compare(tiny_model, folder, tmp_path)
    assert [part["fraction"] for part in entry["fractions"]] == [0.4, 1.0]
    assert [part["recordings"] for part in entry["fractions"]] == [12, 30]
    assert entry["fractions"][0]["draws"] == 3
    for part in entry["fractions"]:
        assert set(part["models"]) == {"tiny", "random", "supervised from nothing"}
        assert set(part["paired"]) == {"random", "supervised from nothing"}
        for model in part["models"].values():
            assert model["auroc"]["low"] <= model["auroc"]["value"] <= model["auroc"]["high"]
    assert entry["macro"]["auroc"]["value"] > 0.9
    written = keep_entry(tmp_path / "evaluation.json", entry)
    assert json.loads((tmp_path / "evaluation.json").read_text()) == [written]
    assert "random" in summary(entry)


def test_the_same_command_again_runs_nothing_and_finds_the_same(tiny_model, folder, tmp_path, quick):
    first = compare(tiny_model, folder, tmp_path, "finetune", fractions=(1.0,))
    log = tmp_path / "log" / "runs.jsonl"
    lines = log.read_text()
    again = compare(tiny_model, folder, tmp_path, "finetune", fractions=(1.0,))
    assert log.read_text() == lines
    assert np.isclose(first["macro"]["prauc"]["value"], again["macro"]["prauc"]["value"])


def test_a_corpus_without_folds_is_cross_validated_and_says_so(tiny_model, folder, tmp_path, quick):
    rows = pd.read_csv(folder / "records.csv")
    try:
        rows.drop(columns="strat_fold").to_csv(folder / "records.csv", index=False)
        entry = compare(tiny_model, folder, tmp_path, fractions=(0.1, 1.0))
    finally:
        rows.to_csv(folder / "records.csv", index=False)
    assert entry["recordings"] == 60
    assert entry["rounds"] == 5
    assert "10% of 36 recordings" in entry["notes"][0]
    assert "Cross-validated" in entry["notes"][1]


def test_a_checkpoint_that_knows_the_folds_that_report_is_named(tiny_model, folder, tmp_path, quick, monkeypatch):
    monkeypatch.setattr(tiny_model, "config", {"trained_on": {"folds": [1, 9]}})
    entry = compare(tiny_model, folder, tmp_path, fractions=(1.0,))
    assert any("folds 9" in note and "not new to it" in note for note in entry["notes"])


def test_what_cannot_be_compared_is_refused_with_a_sentence(tiny_model, folder, tmp_path):
    with pytest.raises(EcgclipError, match="probe, finetune"):
        compare(tiny_model, folder, tmp_path, kind="guess")
    with pytest.raises(EcgclipError, match="Choose larger"):
        compare(tiny_model, folder, tmp_path, fractions=(0.01,))
    with pytest.raises(EcgclipError, match="--choose-folds"):
        compare(tiny_model, folder, tmp_path, folds=Folds(frozenset({1}), frozenset({2}), frozenset({9})))
    with pytest.raises(EcgclipError, match="5 recordings"):
        compare(tiny_model, folder, tmp_path, task="ptbxl-form")
