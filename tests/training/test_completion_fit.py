import numpy as np
import pandas as pd
import pytest

from ecgclip_core.errors import CheckpointError
from ecgclip_core.findings.reports import read_report
from ecgclip_core.simulation.simulate import simulate
from ecgclip_core.training import completion_fit
from ecgclip_core.training.completion_fit import SHARES, fit_completion
from ecgclip_core.training.completion_trials import COLUMNS, RIGHT, Trials, report_on, wrong_finding
from ecgclip_core.training.proposers import stated_findings
from ecgclip_core.training.thresholds import CONFIRMED, OPEN, load_thresholds


def test_a_report_on_a_simulation_names_what_holds_and_what_does_not():
    truth = simulate("left_bundle_branch_block", 1_000_000, 100).truth
    wrong = wrong_finding(truth, np.random.default_rng(0))
    assert wrong not in truth.findings
    stated = set(stated_findings(read_report(report_on(truth, wrong))))
    assert {"left_bundle_branch_block", wrong} <= stated
    assert stated - {wrong} <= set(truth.findings)


@pytest.fixture
def trials(monkeypatch):
    """Forty recordings, one sentence that is true of half of them; measurement confirms or says nothing."""
    rng = np.random.default_rng(0)
    truth = np.arange(40) % 2
    rows = [(n, "x", "x", "tall R", RIGHT, int(truth[n]), (CONFIRMED, OPEN)[n % 4 // 2]) for n in range(40)]
    windows = rng.standard_normal((40, 12, 1000)).astype(np.float16)
    made = Trials(pd.DataFrame(rows, columns=list(COLUMNS)), windows, ("tall R",), truth[:, None].astype(np.int8))
    monkeypatch.setattr(completion_fit, "try_completion", lambda *_, **__: made)
    return made


def test_thresholds_are_written_beside_the_checkpoint_and_never_lenient_where_nothing_measures(
    trials, tiny_model, tmp_path
):
    tiny_model.folder = tmp_path
    try:
        found = fit_completion(tiny_model, 40, tmp_path / "cache")
        read = load_thresholds(tiny_model)
    finally:
        tiny_model.folder = None
    assert found["proposals"] == 40
    assert read.share == found["share"]
    assert read.share[OPEN] >= 0.95
    assert read.share[CONFIRMED] in SHARES[CONFIRMED]
    assert read.vectors.shape == (40, 16)


def test_a_model_without_a_folder_cannot_keep_thresholds(tiny_model, tmp_path):
    with pytest.raises(CheckpointError, match="folder"):
        fit_completion(tiny_model, 40, tmp_path)
