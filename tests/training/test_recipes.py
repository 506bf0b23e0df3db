"""Every recipe from one call to a checkpoint that answers, on a few recordings with made-up reports."""

import json
import tomllib

import pandas as pd
import pytest
import torch

from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.errors import EcgclipError
from ecgclip_core.model.checkpoint import load_model
from ecgclip_core.model.zero_shot import zero_shot
from ecgclip_core.simulation.simulate import simulate
from ecgclip_core.training import build_checkpoint as room
from ecgclip_core.training import fg_clep, pretrain
from ecgclip_core.training.objectives import OBJECTIVES
from ecgclip_core.training.recipe import RECIPES, read_recipe
from ecgclip_core.training.text_start import text_start

SMALL = {"widths": [4, 4, 8, 8], "dimensions": 16, "batch": 8, "texts": 4, "text_steps": 5}
SAID = {
    "sinus_rhythm": ("Sinus rhythm. Normal ECG", "NORM"),
    "atrial_fibrillation": ("Atrial fibrillation with rapid ventricular response", "AFIB"),
    "left_bundle_branch_block": ("Sinus rhythm. Complete left bundle branch block", "CLBBB"),
}
RECORDINGS = 9


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Recordings in CSV files, of which one has a report of two words."""
    place = tmp_path_factory.mktemp("recordings")
    rows = []
    for number in range(RECORDINGS):
        finding = list(SAID)[number % 3]
        ecg = simulate(finding, seed=2_000_000 + number)
        table = pd.DataFrame({f"{lead} (mV)": row for lead, row in zip(LEADS, ecg.signal.round(3), strict=True)})
        table.insert(0, "time (s)", ecg.times)
        table.to_csv(place / f"{number}.csv", index=False)
        report, code = SAID[finding]
        rows.append((f"{number}.csv", "Normal ECG" if number == 0 else report, code, f"p{number}", 1 + number % 3, 50))
    header = ["record", "report", "scp_codes", "patient_id", "strat_fold", "age"]
    pd.DataFrame(rows, columns=header).to_csv(place / "records.csv", index=False)
    return place


@pytest.fixture(scope="module", autouse=True)
def few_words():
    """Two sentences a finding, and no scope: what these tests are about needs no more."""
    with pytest.MonkeyPatch.context() as patch:
        for objective in OBJECTIVES.values():
            patch.setattr(objective, "wordings", lambda finding: ([finding], [f"no {finding}"]))
        patch.setattr(room, "fit_scope", lambda model, statements: None)
        patch.setattr(fg_clep, "THRESHOLD_RECORDINGS", 12)
        yield


@pytest.fixture(scope="module")
def thin(tmp_path_factory):
    """A bundled recipe as a file of its own, thin and short."""
    place = tmp_path_factory.mktemp("recipes")

    def write(name, **changes):
        recipe = tomllib.loads((RECIPES / f"{name}.toml").read_text(encoding="utf-8"))
        settings = recipe["architecture"] | recipe["training"] | SMALL
        settings |= {"epochs": min(settings["epochs"], 2)} | changes
        lines = [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
        file = place / f"{name}.toml"
        file.write_text("[architecture]\n[training]\n" + "\n".join(lines), encoding="utf-8")
        return file

    return write


@pytest.fixture(scope="module")
def random(folder, thin, shared_text_folder, tmp_path_factory):
    """The checkpoint of the recipe `random`."""
    out = tmp_path_factory.mktemp("random")
    build(folder, thin("random", text_steps=0), shared_text_folder, out)
    return out / "checkpoint"


def build(folder, recipe, text_encoder, out):
    return room.build_checkpoint(folder, recipe, out, {1, 2, 3}, set(), 6, None, text_encoder)


def answers(model):
    ecg = simulate("atrial_fibrillation", seed=2_000_100)
    return zero_shot(model, [ecg], ["atrial fibrillation", "the P wave is absent"])


@pytest.mark.parametrize("name", sorted(path.stem for path in RECIPES.glob("*.toml")))
def test_bundled_recipes_are_complete(name):
    recipe = read_recipe(name)
    assert recipe.name == name
    assert recipe.coarse is None or read_recipe(recipe.coarse)


def test_nothing_taught_the_recipe_random_and_it_says_so(random):
    model = load_model(random)
    table = answers(model)
    assert table["score"].between(0, 1).all()
    assert set(table["basis"]) == {"never taught"}
    assert model.config["trained_on"]["real_recordings"] == 0
    assert "Never trained" in (random / "README.md").read_text(encoding="utf-8")


def test_a_second_encoder_shares_the_text_encoder_of_a_checkpoint_as_it_is(folder, thin, random, tmp_path):
    build(folder, thin("ecgclip-r34", epochs=1), random, tmp_path)
    made = tmp_path / "checkpoint"
    assert (made / "text_encoder.safetensors").read_bytes() == (random / "text_encoder.safetensors").read_bytes()
    assert not (tmp_path / "text").exists()
    assert answers(load_model(made))["score"].between(0, 1).all()


def test_merl_learns_from_reports_of_four_words_alone_and_resumes(
    folder, thin, text_folder, tmp_path, monkeypatch, random
):
    recipe = thin("merl", text_steps=0)
    whole = build(folder, recipe, random, tmp_path / "whole")

    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(pretrain, "_validate", interrupted)
        with pytest.raises(KeyboardInterrupt):
            build(folder, recipe, random, tmp_path / "broken")
    resumed = build(folder, recipe, random, tmp_path / "broken")
    for name, value in whole.state_dict().items():
        assert torch.equal(resumed.state_dict()[name], value), name

    model = load_model(tmp_path / "whole" / "checkpoint")
    assert model.config["trained_on"]["real_recordings"] == RECORDINGS - 1
    assert model.config["trained_on"]["simulated_recordings"] == 0
    assert model.config["taught_by_simulation"] == []
    assert (float(model.log_scale.exp()), float(model.bias)) == (pytest.approx(1 / 0.07, rel=1e-3), 0)
    assert answers(model)["score"].between(0, 1).all()


def test_fg_clep_completes_the_reports_and_shares_the_text_encoder_of_its_coarse_model(
    folder, thin, text_folder, tmp_path
):
    recipe = thin("fg-clep", coarse=str(thin("ecgclip-r18", epochs=1, text_steps=0)), text_steps=0)
    build(folder, recipe, text_folder, tmp_path)
    table = pd.read_csv(tmp_path / fg_clep.TABLE)
    assert set(table["record"]) == {f"{number}.csv" for number in range(RECORDINGS)}
    coarse, fine = tmp_path / "coarse" / "checkpoint", tmp_path / "checkpoint"
    same = [(place / "text_encoder.safetensors").read_bytes() for place in (coarse, fine)]
    assert same[0] == same[1]
    assert answers(load_model(fine))["score"].between(0, 1).all()
    trained = (coarse / "model.safetensors").stat().st_mtime_ns
    build(folder, recipe, text_folder, tmp_path)
    assert (coarse / "model.safetensors").stat().st_mtime_ns == trained


def test_what_completion_kept_joins_the_statements(tmp_path):
    rows = [("a", "wide QRS complexes", "kept"), ("a", "no P waves", "rejected"), ("a", "wide QRS complexes", "kept")]
    pd.DataFrame(rows, columns=["record", "feature", "state"]).to_csv(tmp_path / "t.csv", index=False)
    kept = fg_clep.kept_features(tmp_path / "t.csv")
    assert (kept["a"], kept["b"]) == (("wide QRS complexes",), ())


def test_a_text_encoder_is_taught_once(text_folder, random, tmp_path):
    assert not text_start(text_folder).taught
    assert text_start(random).taught
    with pytest.raises(EcgclipError, match="No text encoder in 'nothing'"):
        text_start(tmp_path / "nothing")
