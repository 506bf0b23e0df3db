"""What tests of training share."""

import json
import shutil

import pytest
from safetensors.torch import save_file


@pytest.fixture
def text_folder(tiny_model, tiny_tokenizer, tmp_path):
    """A folder with a tiny BERT encoder to start from."""
    folder = tmp_path / "text"
    folder.mkdir()
    encoder = tiny_model.text_encoder
    (folder / "config.json").write_text(json.dumps(encoder.body.config.to_dict()))
    shutil.copyfile(tiny_tokenizer, folder / "tokenizer.json")
    save_file(dict(encoder.body.state_dict()), folder / "model.safetensors")
    return folder
