import numpy as np
import pytest

from ecgclip_core.errors import EcgclipError
from ecgclip_core.evaluation import simulated_only
from ecgclip_core.evaluation.simulated_only import RealOnes, check_file, check_simulated_only, write_check
from ecgclip_core.findings.catalogue import catalogue
from ecgclip_core.model.checkpoint import load_model, save_model
from ecgclip_core.model.query import ask

FINDING = "dextrocardia"


@pytest.fixture
def model(tiny_model, tiny_tokenizer, tmp_path):
    """A checkpoint whose only finding taught by simulation is `FINDING`."""
    architecture = {"layout": "resnet18", "widths": [8, 16, 16, 16], "dimensions": 16}
    config = {"name": "tiny", "architecture": architecture | {"text": tiny_model.text_encoder.config}}
    save_model(tiny_model, tmp_path / "tiny", config | {"taught_by_simulation": [FINDING]}, tiny_tokenizer, "# tiny")
    return load_model(tmp_path / "tiny")


@pytest.fixture
def compared(model, monkeypatch):
    """A function that gives the row of `FINDING` where simulations lie `pull` nearer to its sentence than real ones."""
    rng = np.random.default_rng(0)
    towards = model.encode_text(list(catalogue()[FINDING].prompts)).mean(axis=0)

    def lengths_of_one(vectors):
        return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)

    class Simulated:
        findings = (FINDING,)
        labels = np.repeat([[0], [1]], [150, 20], axis=0)
        signals = None

    def compare(pull):
        real = lengths_of_one(rng.normal(size=(200, 16)))
        drawn = lengths_of_one(rng.normal(size=(170, 16)) + pull * towards)
        stated = [{FINDING} if number < 30 else set() for number in range(200)]
        ones = RealOnes(real, stated, np.arange(200).astype(str))
        monkeypatch.setattr(simulated_only, "_real_ones", lambda *_: ones)
        monkeypatch.setattr(simulated_only, "simulate_corpus", lambda *_: Simulated)
        monkeypatch.setattr(type(model), "encode_windows", lambda *_: drawn)
        (row,) = check_simulated_only(model, "a folder", None, 170, "a cache")
        return row

    return compare


def test_a_score_that_tells_simulations_from_real_recordings_has_learned_the_simulator(compared):
    row = compared(pull=6.0)
    assert row["learned_simulator"]
    assert row["auroc_low"] > 0.7


def test_a_score_that_cannot_tell_them_apart_has_not(compared):
    row = compared(pull=0.0)
    assert not row["learned_simulator"]
    assert row["auroc_low"] < 0.5 < row["auroc_high"]


def test_recordings_with_the_finding_on_either_side_are_left_out(compared):
    row = compared(pull=0.0)
    assert (row["real"], row["simulated"]) == (170, 150)


def test_a_finding_that_learned_the_simulator_is_not_offered_by_these_weights_alone(model, compared):
    row = compared(pull=6.0)
    write_check(check_file(model), model, "drawn", [row])
    again = load_model(model.folder)
    assert again.learned_simulator == {FINDING: row["auroc"]}
    assert not ask(again, FINDING).offered
    assert ask(again, FINDING).basis == "simulated"
    assert not ask(again, f"{FINDING} or atrial fibrillation").offered
    assert ask(again, "atrial fibrillation").offered
    model.hash = "of other weights"
    write_check(check_file(model), model, "drawn", [row])
    assert load_model(model.folder).learned_simulator == {}


def test_a_checkpoint_without_such_findings_says_so(tiny_model, tmp_path):
    with pytest.raises(EcgclipError, match="nothing to check"):
        check_simulated_only(tiny_model, tmp_path, None, 10, tmp_path)
