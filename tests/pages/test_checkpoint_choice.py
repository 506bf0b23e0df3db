import json
import shutil

import pytest


@pytest.fixture
def two(app, thin_assets, tmp_path, monkeypatch):
    """The app with a second checkpoint, whose weights differ a little."""
    from safetensors.torch import load_file, save_file

    from ecgclip_core.model import checkpoint

    place = tmp_path / "checkpoints"
    shutil.copytree(thin_assets / "checkpoints", place)
    other = place / "ecgclip-r34"
    shutil.copytree(place / checkpoint.DEFAULT, other)
    config = json.loads((other / "config.json").read_text())
    (other / "config.json").write_text(json.dumps(config | {"name": "second"}))
    weights = load_file(other / checkpoint.WEIGHTS)
    weights["signal_head.weight"] = weights["signal_head.weight"].flip(0).contiguous()
    save_file(weights, other / checkpoint.WEIGHTS)
    monkeypatch.setattr(checkpoint, "CHECKPOINTS", place)
    return app


def test_one_checkpoint_is_no_choice(app):
    assert not [box for box in app().selectbox if box.key == "checkpoint_choice"]


def test_the_chosen_checkpoint_answers_on_every_page(two, said):
    test = two()
    assert "<b>thin</b>" in said(test)
    (box,) = [box for box in test.selectbox if box.key == "checkpoint_choice"]
    assert box.options == ["R18 · faster", "R34 · larger"]
    box.set_value("ecgclip-r34").run()
    assert not test.exception
    assert "<b>second</b>" in said(test)
    asked = {key[0] for key in test.session_state["worked_out"] if key[1] == "ranked"}
    assert asked == {None, "ecgclip-r34"}
    test.switch_page("pages/evidence.py").run()
    assert not test.exception
    assert "<b>second</b>" in said(test)
    # Its cohort is that of the other checkpoint, which is said and no error of the page.
    test.switch_page("pages/cohort.py").run()
    assert not test.exception
    assert any("second" in str(error.value) for error in test.error)
