"""Every recipe from one command to a checkpoint that answers, on a few recordings with made-up reports."""

import json
import tomllib
from dataclasses import replace

import pandas as pd
import pytest
import torch

from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.errors import EcgclipError
from ecgclip_core.model.checkpoint import load_model
from ecgclip_core.model.zero_shot import zero_shot
from ecgclip_core.simulation.simulate import simulate
from ecgclip_core.training import fg_clep
from ecgclip_core.training.build_checkpoint import build_checkpoint
from ecgclip_core.training.recipe import RECIPES, read_recipe

SMALL = {"widths": [4, 4, 8, 8], "dimensions": 16, "batch": 8, "texts": 4, "text_steps": 0}
SAID = {
    "sinus_rhythm": ("Sinus rhythm. Normal ECG", "NORM"),
    "atrial_fibrillation": ("Atrial fibrillation with rapid ventricular response", "AFIB"),
    "left_bundle_branch_block": ("Sinus rhythm. Complete left bundle branch block", "CLBBB"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A dozen recordings in CSV files, of which one has a report of two words."""
    place = tmp_path_factory.mktemp("recordings")
    rows = []
    for number in range(12):
        finding = list(SAID)[number % 3]
        ecg = simulate(finding, seed=2_000_000 + number)
        table = pd.DataFrame({f"{lead} (mV)": row for lead, row in zip(LEADS, ecg.signal, strict=True)})
        table.insert(0, "time (s)", ecg.times)
        table.to_csv(place / f"{number}.csv", index=False)
        report, code = SAID[finding]
        rows.append((f"{number}.csv", "Normal ECG" if number == 0 else report, code, f"p{number}", 1 + number % 3, 50))
    header = ["record", "report", "scp_codes", "patient_id", "strat_fold", "age"]
    pd.DataFrame(rows, columns=header).to_csv(place / "records.csv", index=False)
    return place


@pytest.fixture
def thin(tmp_path):
    """A bundled recipe as a file of its own, thin and short."""

    def write(name, **changes):
        recipe = tomllib.loads((RECIPES / f"{name}.toml").read_text(encoding="utf-8"))
        settings = recipe["architecture"] | recipe["training"] | SMALL
        settings |= {"epochs": min(settings["epochs"], 2)} | changes
        file = tmp_path / f"{name}.toml"
        lines = [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
        file.write_text("[architecture]\n[training]\n" + "\n".join(lines), encoding="utf-8")
        return file

    return write


def build(folder, recipe, text_folder, out):
    simulated = 6 if read_recipe(recipe).simulated_share else 0
    return build_checkpoint(folder, recipe, out, {1, 2, 3}, set(), simulated, None, text_folder)


def answers(checkpoint):
    model = load_model(checkpoint)
    ecg = simulate("atrial_fibrillation", seed=2_000_100)
    return model, zero_shot(model, [ecg], ["atrial fibrillation", "the P wave is absent"])


@pytest.mark.parametrize("name", sorted(path.stem for path in RECIPES.glob("*.toml")))
def test_bundled_recipes_are_complete(name):
    recipe = read_recipe(name)
    assert recipe.name == name
    assert recipe.coarse is None or read_recipe(recipe.coarse)


@pytest.mark.parametrize("name", ["ecgclip-r34", "merl", "random"])
def test_a_recipe_becomes_a_checkpoint_that_answers(name, folder, thin, text_folder, tmp_path):
    build(folder, thin(name), text_folder, tmp_path / "out")
    model, table = answers(tmp_path / "out" / "checkpoint")
    assert model.name == name
    assert table["score"].between(0, 1).all()


def test_merl_learns_from_reports_of_at_least_four_words_alone(folder, thin, text_folder, tmp_path):
    build(folder, thin("merl"), text_folder, tmp_path / "out")
    model = load_model(tmp_path / "out" / "checkpoint")
    assert model.config["trained_on"]["real_recordings"] == 11
    assert model.config["trained_on"]["simulated_recordings"] == 0
    assert model.config["taught_by_simulation"] == []
    assert float(model.log_scale.exp()) == pytest.approx(1 / 0.07, rel=1e-3)
    assert float(model.bias) == 0


def test_random_weights_are_those_of_the_seed_and_nothing_taught_them(folder, thin, text_folder, tmp_path):
    first = build(folder, thin("random"), text_folder, tmp_path / "first")
    again = build(folder, thin("random"), text_folder, tmp_path / "again")
    assert all(torch.equal(one, other) for one, other in zip(first.parameters(), again.parameters(), strict=True))
    assert not (tmp_path / "first" / "run").exists()
    model, table = answers(tmp_path / "first" / "checkpoint")
    assert set(table["basis"]) == {"never taught"}
    assert "Never trained" in (tmp_path / "first" / "checkpoint" / "README.md").read_text()


def test_an_interrupted_merl_ends_where_an_uninterrupted_one_does(folder, thin, text_folder, tmp_path, monkeypatch):
    from ecgclip_core.training import pretrain as room

    whole = build(folder, thin("merl"), text_folder, tmp_path / "whole")

    def interrupted(*_):
        raise KeyboardInterrupt

    real, calls = room._average, iter(range(100))
    with monkeypatch.context() as patch:
        patch.setattr(room, "_average", lambda *given: interrupted() if next(calls) == 3 else real(*given))
        with pytest.raises(KeyboardInterrupt):
            build(folder, thin("merl"), text_folder, tmp_path / "broken")
    resumed = build(folder, thin("merl"), text_folder, tmp_path / "broken")
    for name, value in whole.state_dict().items():
        assert torch.equal(resumed.state_dict()[name], value), name


def test_fg_clep_completes_the_reports_and_shares_the_text_encoder_of_its_coarse_model(
    folder, thin, text_folder, tmp_path, monkeypatch
):
    monkeypatch.setattr(fg_clep, "THRESHOLD_RECORDINGS", 12)
    recipe = thin("fg-clep", coarse=str(thin("ecgclip-r18", epochs=1)))
    build(folder, recipe, text_folder, tmp_path / "out")
    table = pd.read_csv(tmp_path / "out" / fg_clep.TABLE)
    assert set(table["record"]) == {f"{number}.csv" for number in range(12)}
    coarse, fine = tmp_path / "out" / "coarse" / "checkpoint", tmp_path / "out" / "checkpoint"
    same = [(place / "text_encoder.safetensors").read_bytes() for place in (coarse, fine)]
    assert same[0] == same[1]
    assert answers(fine)[1]["score"].between(0, 1).all()
    trained = (coarse / "model.safetensors").stat().st_mtime_ns
    build(folder, recipe, text_folder, tmp_path / "out")
    assert (coarse / "model.safetensors").stat().st_mtime_ns == trained


def test_what_completion_kept_joins_the_statements(tmp_path):
    rows = [("a", "wide QRS complexes", "kept"), ("a", "no P waves", "rejected"), ("a", "wide QRS complexes", "kept")]
    pd.DataFrame(rows, columns=["record", "feature", "state"]).to_csv(tmp_path / "t.csv", index=False)
    kept = fg_clep.kept_features(tmp_path / "t.csv")
    assert (kept["a"], kept["b"]) == (("wide QRS complexes",), ())


def test_a_text_encoder_that_knows_the_words_is_shared_as_it_is(folder, thin, text_folder, tmp_path):
    build(folder, thin("random"), text_folder, tmp_path / "first")
    first = tmp_path / "first" / "checkpoint"
    build(folder, thin("ecgclip-r34", epochs=1, text_steps=5), first, tmp_path / "second")
    second = tmp_path / "second" / "checkpoint"
    assert (first / "text_encoder.safetensors").read_bytes() == (second / "text_encoder.safetensors").read_bytes()
    assert not (tmp_path / "second" / "text").exists()


def test_a_folder_without_a_text_encoder_is_named(folder, thin, tmp_path):
    with pytest.raises(EcgclipError, match="No text encoder in 'nothing'"):
        build(folder, thin("random"), tmp_path / "nothing", tmp_path / "out")


def test_a_recipe_can_be_read_with_all_that_it_leaves_out():
    assert replace(read_recipe("ecgclip-r18"), name="x").architecture()["encoder"] == "ecgclip"
