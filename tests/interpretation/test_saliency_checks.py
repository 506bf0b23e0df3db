"""The checks of a checkpoint's maps: measured, summed up, kept with the weights they belong to."""

import json

import numpy as np
import pandas as pd
import pytest
import torch

from ecgclip_core.interpretation import saliency_checks
from ecgclip_core.interpretation.saliency import DEFAULT, METHODS, saliency
from ecgclip_core.interpretation.saliency_checks import VARIANTS, Variant, check_map, measure
from ecgclip_core.interpretation.saliency_table import (
    entry_for,
    interval,
    read_checks,
    summarise_checks,
    table,
    write_checks,
)
from ecgclip_core.model.checkpoint import load_model

GRADIENT = (Variant("gradient"),)
FINDINGS = ("left_bundle_branch_block", "t_wave_inversion", "old_inferior_infarction")


def shuffled(model):
    """The checkpoint with the entries of every weight of its signal encoder in another order."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for value in [*model.signal_encoder.state_dict().values(), *model.signal_head.state_dict().values()]:
            if value.dtype == torch.float32:
                value.copy_(value.flatten()[torch.randperm(value.numel(), generator=generator)].reshape(value.shape))
    return model


@pytest.fixture(scope="module")
def measured(tiny_model, tmp_path_factory):
    file = tmp_path_factory.mktemp("saliency") / "rows.jsonl"
    return file, measure(tiny_model, file, FINDINGS[:2], 1, 1, (Variant("gradient"), Variant("grad_cam")), quiet=True)


def test_a_model_with_shuffled_weights_fails(tmp_path):
    model = shuffled(load_model())
    rows = measure(model, tmp_path / "rows.jsonl", FINDINGS, 1, 1, GRADIENT, quiet=True)
    summary = summarise_checks(rows, model)
    assert not summary["knowledge"]["passed"] or not summary["methods"][0]["checks"]["place"]
    assert not summary["methods"][0]["passed"]
    assert summary["best"] is None


def test_an_untrained_model_fails(tiny_model, measured):
    summary = summarise_checks(measured[1], tiny_model)
    assert not any(entry["passed"] for entry in summary["methods"])


def test_the_bundled_checkpoint_was_checked_and_the_first_method_of_the_app_is_its_best():
    summary = read_checks(load_model("ecgclip-r18"))
    assert summary["best"] == Variant(DEFAULT, METHODS[DEFAULT].baseline).name
    assert summary["knowledge"]["passed"]
    assert {entry["method"] for entry in summary["methods"]} == set(METHODS)


def test_every_method_is_measured():
    assert {variant.method for variant in VARIANTS} == set(METHODS)
    assert len({variant.name for variant in VARIANTS}) == len(VARIANTS)


def test_what_was_measured_is_not_measured_again(tiny_model, measured, monkeypatch):
    file, rows = measured

    def refuse(*_):
        raise AssertionError("measured again")

    monkeypatch.setattr(saliency_checks, "_measure_recording", refuse)
    file.write_text(file.read_text(encoding="utf-8") + '{"finding": "cut off', encoding="utf-8")
    again = measure(tiny_model, file, FINDINGS[:2], 1, 1, (Variant("gradient"), Variant("grad_cam")), quiet=True)
    assert len(again) == len(rows) == 4


def test_results_are_shown_only_for_the_weights_they_belong_to(tiny_model, measured, tmp_path, monkeypatch):
    summary = summarise_checks(measured[1], tiny_model)
    write_checks(tmp_path, summary)
    monkeypatch.setattr(tiny_model, "folder", tmp_path)
    assert read_checks(tiny_model) == json.loads(json.dumps(summary))
    monkeypatch.setattr(tiny_model, "hash", "other weights")
    assert read_checks(tiny_model) is None


def test_settings_that_were_not_checked_have_the_results_of_the_usual_ones(tiny_model, measured):
    summary = summarise_checks(measured[1], tiny_model)
    assert entry_for(summary, "grad_cam", None, 4) == entry_for(summary, "grad_cam", None, 1)
    assert entry_for(summary, "smoothgrad", None, None) is None
    assert list(table(summary)["method"])


def test_an_interval_holds_its_mean():
    found = interval(pd.Series([0.0, 1.0, 1.0, np.nan]))
    assert found["value"] == pytest.approx(2 / 3, abs=1e-3)
    assert found["low"] <= found["value"] <= found["high"]
    assert interval(pd.Series([], dtype=float)) is None


def test_one_map_is_checked_to_the_end_and_a_slow_one_in_part(tiny_model, make_ecg, query):
    ecg = make_ecg(duration=3.0, sampling_rate=100)
    shares = []
    checks = check_map(tiny_model, ecg, saliency(tiny_model, ecg, query, "gradient"), shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1)
    assert checks.weights is not None
    slow = check_map(tiny_model, ecg, saliency(tiny_model, ecg, query, "occlusion"))
    assert slow.weights is None
    assert slow.removal.deletion_gain != 0
