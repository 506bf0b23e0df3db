import json
import shutil

import numpy as np
import pytest

from ecgclip_core.errors import CheckpointError
from ecgclip_core.model.checkpoint import load_model, save_model


@pytest.fixture
def folder(tiny_model, tiny_tokenizer, tmp_path):
    architecture = {
        "layout": "resnet18",
        "widths": [8, 16, 16, 16],
        "dimensions": 16,
        "text": tiny_model.text_encoder.config,
    }
    save_model(
        tiny_model, tmp_path / "small", {"name": "small", "architecture": architecture}, tiny_tokenizer, "# small"
    )
    return tmp_path / "small"


def test_a_saved_model_answers_as_before(folder, tiny_model, make_ecg):
    loaded = load_model(folder)
    ecgs = [make_ecg(seed) for seed in range(3)]
    assert np.allclose(loaded.encode_ecg(ecgs), tiny_model.encode_ecg(ecgs), atol=0.01)
    assert np.allclose(loaded.encode_text(["af"]), tiny_model.encode_text(["af"]), atol=0.01)


def test_a_loaded_model_knows_its_name_its_hash_and_its_preprocessing(folder, tiny_model):
    loaded = load_model(folder)
    assert (loaded.name, len(loaded.hash)) == ("small", 12)
    assert loaded.preprocessing == tiny_model.preprocessing
    assert load_model(folder).hash == loaded.hash


def test_a_checkpoint_may_share_the_text_encoder_of_the_one_beside_it(folder, tmp_path, make_ecg):
    sharing = tmp_path / "sharing"
    shutil.copytree(folder, sharing)
    (sharing / "text_encoder.safetensors").unlink()
    with pytest.raises(CheckpointError, match="text_encoder_of"):
        load_model(sharing)
    config = json.loads((sharing / "config.json").read_text())
    (sharing / "config.json").write_text(json.dumps(config | {"text_encoder_of": "small"}))
    own, shared = load_model(folder), load_model(sharing)
    assert shared.hash == own.hash
    assert np.array_equal(shared.encode_text(["af"]), own.encode_text(["af"]))


def test_a_model_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(CheckpointError, match="nowhere"):
        load_model("nowhere")


def test_damaged_weights_are_said_to_be_damaged(folder):
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(CheckpointError, match="small"):
        load_model(folder)


def test_a_configuration_that_does_not_fit_the_weights_is_refused(folder):
    config = json.loads((folder / "config.json").read_text())
    config["architecture"]["widths"] = [8, 8, 8, 8]
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(CheckpointError, match="belong together"):
        load_model(folder)


def test_a_configuration_that_is_not_json_is_refused(folder):
    (folder / "config.json").write_text("{")
    with pytest.raises(CheckpointError):
        load_model(folder)
