import json
import re
from dataclasses import replace
from itertools import count

import pytest
import torch
from safetensors.torch import load_file
from tiny_training import TINY, tiny_set, weights

from ecgclip_core.corpora.corpus import UNKNOWN
from ecgclip_core.errors import EcgclipError
from ecgclip_core.training import pretrain as room
from ecgclip_core.training.objectives import statements
from ecgclip_core.training.pretrain import pretrain
from ecgclip_core.training.recipe import RECIPES, read_recipe


@pytest.fixture
def data():
    return tiny_set()


def test_a_run_killed_after_any_epoch_ends_bit_for_bit_where_an_uninterrupted_one_does(
    data, text_folder, tmp_path, monkeypatch
):
    recipe = replace(TINY, epochs=3)
    whole = pretrain(recipe, data, text_folder, tmp_path / "whole", tmp_path / "cache")

    def stop_in(name, call):
        """Interrupt a call of a function of the room, counted from 1."""
        real, calls = getattr(room, name), count(1)

        def interrupted(*given):
            if next(calls) == call:
                raise KeyboardInterrupt
            return real(*given)

        with monkeypatch.context() as patch:
            patch.setattr(room, name, interrupted)
            with pytest.raises(KeyboardInterrupt):
                pretrain(recipe, data, text_folder, tmp_path / "broken", tmp_path / "cache")

    stop_in("_average", 7)  # in the middle of the second epoch
    stop_in("_validate", 1)  # after its last step
    stop_in("save_state", 1)  # after its line in the log
    stop_in("_average", 2)
    resumed = pretrain(recipe, data, text_folder, tmp_path / "broken", tmp_path / "cache")
    assert torch.equal(weights(resumed), weights(whole))
    ended = [(tmp_path / name / "log.jsonl").read_text() for name in ("broken", "whole")]
    assert ended[0] == ended[1]
    for name in ("state.safetensors", "snapshot-2.safetensors"):
        broken, unbroken = (load_file(tmp_path / run / name) for run in ("broken", "whole"))
        assert broken.keys() == unbroken.keys()
        assert all(torch.equal(broken[key], unbroken[key]) for key in broken)


def test_a_run_does_not_go_on_under_another_recipe(data, text_folder, tmp_path):
    pretrain(replace(TINY, epochs=1), data, text_folder, tmp_path / "run", tmp_path / "cache")
    with pytest.raises(EcgclipError, match="learning_rate was 0.003, is 0.1"):
        pretrain(replace(TINY, epochs=1, learning_rate=0.1), data, text_folder, tmp_path / "run", tmp_path / "cache")


def test_training_learns_what_tells_two_findings_apart(data, text_folder, tmp_path, monkeypatch):
    # An untrained encoder of letters tells real sentences hardly apart; words without a common letter it does.
    letters = {"atrial_fibrillation": (["aaaa"], ["zzzz"]), "sinus_rhythm": (["mmmm"], ["kkkk"])}
    monkeypatch.setattr(statements, "wordings", letters.get)
    data = replace(data, texts=())
    pretrain(replace(TINY, epochs=12), data, text_folder, tmp_path / "run", tmp_path / "cache")
    last = json.loads((tmp_path / "run" / "log.jsonl").read_text().splitlines()[-1])
    assert last["auroc"] > 0.9


def test_the_text_encoder_stays_as_it_was(data, text_folder, tmp_path, tiny_model):
    trained = pretrain(replace(TINY, epochs=1), data, text_folder, tmp_path / "run", tmp_path / "cache")
    for name, value in tiny_model.text_encoder.state_dict().items():
        assert torch.equal(trained.text_encoder.state_dict()[name], value)


def test_a_finding_nobody_knows_on_real_recordings_is_taught_by_simulated_ones_alone(data, text_folder, tmp_path):
    unknown = data.real.labels.copy()
    unknown[:, 0] = UNKNOWN
    data = replace(data, real=replace(data.real, labels=unknown))
    trained = pretrain(replace(TINY, epochs=1), data, text_folder, tmp_path / "run", tmp_path / "cache")
    assert torch.isfinite(weights(trained)).all()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"precision": '"fp8"'}, "precision = 'fp8'. It can be: bf16-mixed, 32-true"),
        ({"encoder": '"vit"'}, "encoder = 'vit'. It can be: ecgclip, merl"),
        ({"accumulate": "0"}, "accumulate = 0. It is a count from 1 on"),
        ({"speed": "1"}, "speed"),
    ],
)
def test_a_recipe_says_which_setting_is_wrong(wrong, said, tmp_path):
    text = (RECIPES / "ecgclip-r18.toml").read_text()
    file = tmp_path / "mine.toml"
    file.write_text(text + "\n".join(f"{key} = {value}" for key, value in wrong.items()))
    with pytest.raises(EcgclipError, match=re.escape(said)):
        read_recipe(file)
