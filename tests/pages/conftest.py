"""An app with a thin, untrained checkpoint and a cohort of nine recordings, so that every page can run in a second."""

import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
APP = ROOT / "app.py"
PATIENCE_S = 120


@pytest.fixture(scope="session")
def thin_assets(tiny_model, tiny_tokenizer, tmp_path_factory):
    """A folder with ``checkpoints/`` and ``cohort/`` as the bundled ones lie in ``assets/``."""
    from ecgclip_core.cohort.build import build_simulated_cohort
    from ecgclip_core.ecg.delineate import delineate
    from ecgclip_core.interpretation.cluster_description import Described, describe_clusters, save_description
    from ecgclip_core.interpretation.cluster_fit import fit_clusters
    from ecgclip_core.interpretation.clusters import save_clusters
    from ecgclip_core.model.checkpoint import DEFAULT, load_model, save_model
    from ecgclip_core.simulation.simulate import simulate

    place = tmp_path_factory.mktemp("assets")
    folder = place / "checkpoints" / DEFAULT
    architecture = {"layout": "resnet18", "widths": [8, 16, 16, 16], "dimensions": 16}
    config = {
        "name": "thin",
        "architecture": architecture | {"text": tiny_model.text_encoder.config},
        "trained_on": {"real_recordings": 0, "simulated_recordings": 0, "folds": []},
        "taught_by_simulation": ["dextrocardia"],
    }
    save_model(tiny_model, folder, config, tiny_tokenizer, "# thin\n\nFor tests.")
    model = load_model(folder)
    checked = ["atrial_fibrillation", "left_bundle_branch_block", "sinus_rhythm"]
    _write_evidence(folder, model, checked)

    shown = [("sinus_rhythm", 1), ("left_bundle_branch_block", 2), ("atrial_fibrillation", 3)] * 4
    made = [(finding, seed + turn, simulate(finding, seed + turn)) for turn, (finding, seed) in enumerate(shown)]
    windows = [model.preprocessing.windows(ecg)[0][0] for _, _, ecg in made]
    dictionary = fit_clusters(model, windows, k=6)
    save_clusters(dictionary, folder)
    described = [
        Described(f"{finding}/{seed}", ecg, delineate(ecg), ecg.truth.findings, {"finding": finding, "seed": seed})
        for finding, seed, ecg in made
    ]
    save_description(describe_clusters(model, dictionary, described), folder)
    build_simulated_cohort(model, place / "cohort", number=9, quiet=True)
    return place


def _write_evidence(folder, model, checked):
    measured = {"auroc": 0.8, "auroc_low": 0.7, "auroc_high": 0.9, "prauc": 0.5, "prauc_low": 0.4, "prauc_high": 0.6}
    counts = {"positives": 20, "recordings": 100, "prevalence": 0.2}
    rows = [{"finding": finding, "name": finding.replace("_", " ")} | counts | measured for finding in checked]
    bins = [{"probability": said, "observed": said, "answers": 30} for said in (0.02, 0.08, 0.4, 0.9)]
    estimate = {"value": 0.8, "low": 0.7, "high": 0.9}
    entry = {
        "task": "findings",
        "description": "every finding with labels",
        "kind": "zero-shot",
        "corpus": "a corpus",
        "checkpoint": {"name": model.name, "hash": model.hash},
        "recordings": 100,
        "persons": 90,
        "macro": {"auroc": estimate, "prauc": estimate},
        "calibration": {"expected_error": 0.03, "reliability": bins},
        "intervals": {"median_right": 0.5, "median_wrong": 0.9, "auroc_logit": 0.6, "auroc_score": 0.8},
        "findings": rows,
    }
    (folder / "evaluation.json").write_text(json.dumps([entry]), encoding="utf-8")
    checks = {"slope": 1.0, "intercept": 0.0, "positives": 20, "recordings": 100}
    findings = {finding: checks | {"better_than_chance": True} for finding in checked}
    findings["sinus_bradycardia"] = checks | {"better_than_chance": False}
    calibration = {"corpus": "a corpus", "findings": findings, "other": {"slope": 1.0, "intercept": 0.0}}
    (folder / "calibration.json").write_text(json.dumps(calibration), encoding="utf-8")


@pytest.fixture
def app(thin_assets, monkeypatch, tmp_path):
    """Starts a page of the app: ``app("clusters", case="normal")`` gives its `AppTest`, which has run once."""
    import streamlit as st
    from streamlit.testing.v1 import AppTest

    from ecgclip_core.cohort import store
    from ecgclip_core.model import checkpoint

    monkeypatch.syspath_prepend(str(ROOT))
    monkeypatch.setattr(checkpoint, "CHECKPOINTS", thin_assets / "checkpoints")
    monkeypatch.setattr(store, "BUNDLED", thin_assets / "cohort")
    monkeypatch.setenv("ECGCLIP_HOME", str(tmp_path / "home"))
    st.cache_resource.clear()

    def start(page="reading", **link):
        test = AppTest.from_file(str(APP), default_timeout=PATIENCE_S)
        for key, value in link.items():
            test.query_params[key] = value
        test.run()
        return test if page == "reading" else test.switch_page(f"pages/{page}.py").run()

    yield start
    for name in [name for name in sys.modules if name == "pages" or name.startswith("pages.")]:
        del sys.modules[name]


@pytest.fixture(scope="session")
def said():
    """A function that gives everything a page says in words."""
    kinds = ("markdown", "caption", "info", "warning", "error", "title", "subheader")

    def words(test) -> str:
        told = [str(element.value) for kind in kinds for element in getattr(test, kind)]
        return "\n".join([*told, *(element.proto.body for element in test.get("html"))])

    return words
