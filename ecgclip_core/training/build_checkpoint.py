"""From a folder of recordings to a checkpoint folder: read, simulate, train, teach the scope, write."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from ecgclip_core.corpora.corpus import UNKNOWN, Corpus
from ecgclip_core.corpora.folder import read_folder
from ecgclip_core.corpora.simulated import simulate_corpus, simulated_features
from ecgclip_core.corpora.splits import folds_by_patient
from ecgclip_core.corpora.tables import read_table
from ecgclip_core.findings.catalogue import catalogue
from ecgclip_core.model.checkpoint import load_model, save_model, weights_hash
from ecgclip_core.model.ecgclip import ECGCLIP
from ecgclip_core.model.known_texts import save_known_texts
from ecgclip_core.model.preprocessing import Preprocessing
from ecgclip_core.training.fg_clep import with_completed_reports
from ecgclip_core.training.model_card import described, model_card
from ecgclip_core.training.objectives import objective_named
from ecgclip_core.training.pretrain import new_model, pretrain
from ecgclip_core.training.ranks import start
from ecgclip_core.training.recipe import Recipe, read_recipe
from ecgclip_core.training.scope import fit_scope
from ecgclip_core.training.statements import commonest, stated_findings
from ecgclip_core.training.text_stage import taught_texts, teach_text_encoder
from ecgclip_core.training.text_start import TextStart, text_start
from ecgclip_core.training.training_set import TrainingSet, training_set
from ecgclip_core.training.untrained import untrained

TEXT_COLUMNS = ["report", "strat_fold", "scp_codes", "snomed_codes", "findings", "asked"]
SCOPE_STATEMENTS = 1500
TAUGHT_STATEMENTS = 1500


def build_checkpoint(
    folder: str | Path,
    recipe_name: str,
    out: str | Path,
    folds: set[int],
    validation_folds: set[int],
    simulated: int,
    texts_file: str | Path | None = None,
    text_encoder: str | Path | None = None,
    corpus: str | None = None,
    cache: Path | None = None,
    devices: int = 1,
    nodes: int = 1,
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
        A folder with a BERT encoder, or a checkpoint whose text encoder is to be shared; all-MiniLM-L6-v2 of the
        `train` extra where left out. One that was taught the words of ECG readers is used as it is.
    corpus : str, optional
        What the recordings are, in words for the model card; the name of the folder where left out.
    cache : Path, optional
        ``cache/`` of `out` where left out.
    devices, nodes : int
        As of `ranks.start`. Every process goes through the same; the first prepares and writes, the others find it.
    """
    recipe, out = read_recipe(recipe_name), Path(out)
    cache = cache or out / "cache"
    # What a user can get wrong is looked at before there are several processes to complain of it.
    objective_named(recipe.objective)
    text_start(text_encoder)
    read_table(Path(folder))
    fabric = start(devices, nodes)
    if recipe.coarse:
        coarse = _checkpoint(
            *(folder, recipe.coarse, out / "coarse", folds, validation_folds, simulated),
            *(texts_file, text_encoder, corpus, cache, devices, nodes),
        )
        text_encoder = text_encoder or coarse
    with fabric.rank_zero_first():
        begun = text_start(text_encoder)
        real, texts = _read(Path(folder), cache)
        made, features = _simulated(recipe, simulated, real, cache)
        texts = (pd.read_csv(texts_file) if texts_file else texts).reindex(columns=TEXT_COLUMNS)
        data = training_set(real, made, texts, features, folds, validation_folds, recipe.youngest)
        if recipe.coarse:
            data = with_completed_reports(data, Path(folder), load_model(coarse), out)
        begun = _taught(recipe, begun, data, out / "text")
    if recipe.epochs:
        model = pretrain(recipe, data, begun.folder, out / "run", cache, fabric)
    else:
        model = _never_trained(recipe, data, begun.folder)
    if fabric.is_global_zero:
        fit_scope(model, commonest(data.real.statements, SCOPE_STATEMENTS))
        model.name = recipe.name
        config = described(recipe, model, data, real.findings, folds, corpus or Path(folder).name, begun.words)
        save_model(model, out / "checkpoint", config, begun.folder / "tokenizer.json", model_card(config))
        sentences = [text for entry in catalogue().values() for text in (*entry.prompts, *entry.contrast)]
        save_known_texts(model, sentences, out / "checkpoint", weights_hash(out / "checkpoint"))
    fabric.barrier()
    return model


def _checkpoint(folder: str | Path, recipe_name: str, out: Path, *settings) -> Path:
    """The folder of a checkpoint that is built where it is not there yet; parameters as of `build_checkpoint`."""
    if not (out / "checkpoint" / "README.md").is_file():  # the last file of a checkpoint
        build_checkpoint(folder, recipe_name, out, *settings)
    return out / "checkpoint"


def _read(folder: Path, cache: Path) -> tuple[Corpus, pd.DataFrame]:
    """Recordings and their table, with folds."""
    real, texts = read_folder(folder, Preprocessing(), cache), read_table(folder)
    if "strat_fold" not in texts:
        texts["strat_fold"] = folds_by_patient(texts["patient_id"])
        fold_of = dict(zip(texts["record"], texts["strat_fold"], strict=True))
        real = replace(real, folds=np.array([fold_of[record] for record in real.records]))
    return real, texts


def _simulated(recipe: Recipe, number: int, real: Corpus, cache: Path) -> tuple[Corpus, tuple]:
    """Simulated recordings with the features of each; none where the recipe draws none."""
    if recipe.simulated_share and number:
        return simulate_corpus(number, Preprocessing(), cache), simulated_features(number, cache)
    return real.where(np.zeros(len(real), dtype=bool)), ((), np.full((0, 0), UNKNOWN, dtype=np.int8))


def _taught(recipe: Recipe, begun: TextStart, data: TrainingSet, out: Path) -> TextStart:
    """The text encoder, taught the words of ECG readers where the recipe wants that and it does not know them."""
    if begun.taught or not recipe.text_steps:
        return begun
    taught = taught_texts(stated_findings(data.texts, TAUGHT_STATEMENTS))
    folder = teach_text_encoder(begun.folder, taught, recipe.text_steps, out)
    return TextStart(folder, f"{begun.words}, taught the words of ECG readers", True)


def _never_trained(recipe: Recipe, data: TrainingSet, text_folder: Path) -> ECGCLIP:
    """The model of a recipe without epochs."""
    torch.manual_seed(recipe.seed)
    model = new_model(recipe, text_folder)
    drawn = untrained(model, data.real.signals, recipe.seed)
    model.signal_encoder, model.signal_head = drawn.signal_encoder, drawn.signal_head
    return model.eval().requires_grad_(False)
