import json

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from ecgclip_core.evaluation.calibration import (
    calibration_error,
    cross_fitted,
    fit_calibration,
    reliability,
    save_calibration,
    scales_of_snapshots,
)


@pytest.fixture
def overconfident():
    """Margins three times too large, with another base rate for each finding."""
    rng = np.random.default_rng(1)
    logits = rng.normal(0, 1.5, (2000, 4)) + np.array([-2.0, -1.0, 0.0, 1.0])
    return 3 * logits + 2, rng.random((2000, 4)) < expit(logits)


def test_calibration_finds_the_slope_and_the_intercepts_that_were_put_in(overconfident):
    logits, truth = overconfident
    fitted = fit_calibration(logits, truth)
    assert fitted.slope == pytest.approx(1 / 3, abs=0.03)
    assert fitted.intercepts == pytest.approx(np.full(4, -2 / 3), abs=0.25)


def test_cross_fitted_probabilities_are_closer_to_the_truth_than_raw_ones(overconfident):
    logits, truth = overconfident
    probabilities = cross_fitted(logits, truth, np.arange(2000))
    assert calibration_error(probabilities, truth) < 0.02 < calibration_error(expit(logits), truth)


def test_no_person_is_calibrated_on_their_own_recordings():
    """A person whose recordings contradict all others' must not pull their own probabilities."""
    rng = np.random.default_rng(2)
    logits = rng.normal(0, 1, (200, 1))
    truth = logits > 0
    persons = np.repeat(np.arange(50), 4)
    before = cross_fitted(logits, truth, persons)
    flipped = truth.copy()
    flipped[persons == 7] = ~flipped[persons == 7]
    assert cross_fitted(logits, flipped, persons)[persons == 7] == pytest.approx(before[persons == 7])


def test_reliability_bins_hold_every_answer_once(overconfident):
    logits, truth = overconfident
    assert sum(bin["answers"] for bin in reliability(expit(logits), truth)) == truth.size


def test_calibration_is_written_with_the_number_of_positives(tmp_path, overconfident):
    logits, truth = overconfident
    findings = pd.DataFrame({"finding": list("abcd"), "positives": truth.sum(axis=0), "recordings": len(truth)})
    findings["auroc_low"] = [0.8, 0.4, 0.5, 0.51]
    leaning = {"e": {"slope": 1.0, "intercept": 0.0}}
    save_calibration(tmp_path, findings, fit_calibration(logits, truth), "a corpus", leaning, [])
    written = json.loads((tmp_path / "calibration.json").read_text())
    assert written["findings"]["b"]["positives"] == truth[:, 1].sum()
    assert [entry["better_than_chance"] for entry in written["findings"].values()] == [True, False, False, True]
    assert written["corpus"] == "a corpus"


def test_a_snapshot_on_another_scale_is_brought_onto_the_models_own():
    logits = np.random.default_rng(0).normal(size=(50, 3))
    (scale,) = scales_of_snapshots(logits, np.array([(logits - 1) / 2]))
    assert scale == pytest.approx({"slope": 2.0, "intercept": 1.0})
