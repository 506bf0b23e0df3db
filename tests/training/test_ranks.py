"""Two processes against one; the two are started once for all claims."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import tiny_training
from safetensors.torch import load_file
from tiny_training import EXACT, one_step, recipes, tiny_set, weights

from ecgclip_core.training import pretrain as room
from ecgclip_core.training.objectives import OBJECTIVES
from ecgclip_core.training.pretrain import pretrain
from ecgclip_core.training.ranks import Ranks


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("ranks")


@pytest.fixture(scope="module")
def alone(folder, shared_text_folder):
    """One step of every recipe in this process alone."""
    return {name: one_step(recipe, shared_text_folder, folder / "cache", Ranks()) for name, recipe in recipes().items()}


@pytest.fixture(scope="module")
def together(alone, folder, shared_text_folder):
    """The same in two processes, which also go on with a run that one process began."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "_epoch", stopping_after_one(room._epoch))
        with pytest.raises(KeyboardInterrupt):
            pretrain(EXACT, tiny_set(), shared_text_folder, folder / "run", folder / "cache")
    script = [sys.executable, tiny_training.__file__, str(shared_text_folder), str(folder)]
    known = {"PYTHONPATH": str(Path(__file__).parents[2]), "OMP_NUM_THREADS": "1"}
    subprocess.run(script, check=True, timeout=900, env=os.environ | known)
    found = load_file(folder / "shared.safetensors")
    return {name: {key: found[f"{name} {key}"] for key in step} for name, step in alone.items()}


def stopping_after_one(real):
    def epoch(*given):
        if given[-1] == 1:
            raise KeyboardInterrupt
        return real(*given)

    return epoch


def differences(one, other):
    """The largest difference of each tensor, as a share of the largest value of its kind."""
    scale = {kind: max(value.abs().max() for name, value in one.items() if kind in name) for kind in ("", "running")}
    return {
        name: float((value - other[name]).abs().max() / scale["running" if "running" in name else ""])
        for name, value in one.items()
    }


@pytest.mark.parametrize("name", [*OBJECTIVES, "accumulated"])
def test_two_processes_find_the_loss_and_gradients_of_one(name, alone, together):
    assert float(together[name]["loss"]) == pytest.approx(float(alone[name]["loss"]), rel=1e-5)
    assert max(differences(alone[name], together[name]).values()) < 1e-4


def test_portions_find_the_loss_and_gradients_of_the_whole_batch(folder, shared_text_folder):
    # Not normalised by the statistics of the portions, which are other than those of the batch.
    whole, portions = (
        one_step(replace(EXACT, batch=batch), shared_text_folder, folder / "cache", Ranks(), normalised=False)
        for batch in (8, 2)
    )
    assert max(differences(whole, portions).values()) < 1e-4


def test_portions_count_once_in_the_running_statistics(alone):
    # Each of two portions moves the variance a tenth of the way from 1.
    kept = [value for name, value in alone["accumulated"].items() if name.endswith("running_var")]
    assert kept and all((value >= (1 - 0.1) ** 2).all() for value in kept)
    assert min(value.min() for value in kept) < 1 - 0.1


def test_a_run_goes_on_with_another_number_of_processes(together, folder, shared_text_folder):
    whole = pretrain(EXACT, tiny_set(), shared_text_folder, folder / "alone", folder / "cache")
    logs = [
        [json.loads(line) for line in (folder / name / "log.jsonl").read_text().splitlines()]
        for name in ("alone", "run")
    ]
    assert [line["epoch"] for line in logs[1]] == [1, 2]
    assert logs[1][1]["loss"] == pytest.approx(logs[0][1]["loss"], rel=1e-3)
    trained = load_file(folder / "trained.safetensors")["weights"]
    assert (trained - weights(whole)).norm() < 1e-2 * weights(whole).norm()


def test_every_row_is_the_part_of_one_process():
    for number in (1, 2, 3, 5):
        rows = [list(range(7))[Ranks(rank, number).part(7)] for rank in range(number)]
        assert sum(rows, []) == list(range(7))
        assert max(map(len, rows)) - min(map(len, rows)) <= 1
