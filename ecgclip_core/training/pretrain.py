"""Pre-training: batches of real and simulated recordings, taught by the objective that the recipe names.

The same loop runs in one process or in many (`ranks`): each encodes its part of every batch, all arrive at the same
loss and the same weights, and the first one writes.
"""

import copy
import json
import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from sklearn.metrics import roc_auc_score
from tqdm import tqdm

from ecgclip_core.corpora.corpus import HOLDS, UNKNOWN, Corpus
from ecgclip_core.model.architecture import signal_encoder_of, space_of
from ecgclip_core.model.ecgclip import ECGCLIP
from ecgclip_core.model.preprocessing import Preprocessing
from ecgclip_core.model.space import CommonSpace
from ecgclip_core.model.text_encoder import TextEncoder
from ecgclip_core.training.objectives import objective_named
from ecgclip_core.training.ranks import Ranks, start
from ecgclip_core.training.recipe import Recipe
from ecgclip_core.training.run_state import add_to_log, cut_log, put_aside, resume, save_state
from ecgclip_core.training.seen import at_a_time
from ecgclip_core.training.shared_norm import share_statistics
from ecgclip_core.training.text_bank import TextBank
from ecgclip_core.training.training_set import TrainingSet

# When copies of the averaged weights are put aside, as shares of the training.
SNAPSHOTS = (0.6, 0.75, 0.9)
FEWEST_POSITIVES = 5
LONGEST_GRADIENT = 1.0


def pretrain(recipe: Recipe, data: TrainingSet, text_folder: Path, out: Path, cache: Path, fabric=None) -> ECGCLIP:
    """Train a model, or go on with an interrupted run in `out`.

    Parameters
    ----------
    recipe : Recipe
    data : TrainingSet
    text_folder : Path
        Of the text encoder to start from; it is kept frozen and its projection trained.
    out : Path
        Gets ``state.safetensors`` and ``log.jsonl`` after every epoch.
    cache : Path
        For text features.
    fabric : lightning_fabric.Fabric, optional
        From `ranks.start`; this process alone where left out.

    Returns
    -------
    ECGCLIP
        The averaged copy of the weights, in evaluation mode, on the CPU.
    """
    fabric = fabric or start()
    ranks = Ranks(fabric.global_rank, fabric.world_size)
    objective = objective_named(recipe.objective)
    torch.manual_seed(recipe.seed)
    model = new_model(recipe, text_folder)
    if ranks.number > 1:
        share_statistics(model.signal_encoder)
    model.text_encoder.requires_grad_(False).eval()
    model.to(fabric.device)
    trained = {name: value for name, value in model.named_parameters() if value.requires_grad and "scope" not in name}
    optimizer = torch.optim.AdamW(trained.values(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
    averaged = copy.deepcopy(model.state_dict())
    with fabric.rank_zero_first():  # what it makes of the texts is kept: the others find it
        lesson = objective.prepare(recipe, data, model.text_encoder, cache)
    out.mkdir(parents=True, exist_ok=True)
    first = resume(out, recipe, model, averaged, optimizer, trained)
    fabric.barrier()
    if fabric.is_global_zero:
        cut_log(out, first)
    for epoch in range(first, recipe.epochs):
        loss = _epoch(model, objective, lesson, optimizer, trained, averaged, ranks, epoch)
        current = copy.deepcopy(model.state_dict())
        model.load_state_dict(averaged)
        line = {
            "epoch": epoch + 1,
            "loss": loss,
            **_validate(model, data.validation, lesson.bank, lesson.sentences, ranks),
        }
        model.load_state_dict(current)
        if fabric.is_global_zero:
            if epoch + 1 in _snapshot_epochs(recipe):
                put_aside(averaged, out / f"snapshot-{epoch + 1}.safetensors")
            # The state comes last: an epoch counts as finished once all of it is on disk.
            add_to_log(out, line)
            save_state(out, recipe, model, averaged, optimizer, trained, epoch + 1)
            tqdm.write(json.dumps(line))
        fabric.barrier()
    model.load_state_dict(averaged)
    model.snapshots = [
        _taken_up(recipe, model.text_encoder.width, out / f"snapshot-{epoch}.safetensors")
        for epoch in _snapshot_epochs(recipe)
    ]
    return model.eval().to("cpu")


def _epoch(model, objective, lesson, optimizer, trained: dict, averaged: dict, ranks: Ranks, epoch: int) -> float:
    """Train for one epoch; its mean loss. All that is drawn comes from the seed and the number of the epoch."""
    recipe = lesson.recipe
    torch.manual_seed(recipe.seed * 10_000 + epoch)
    generator = torch.Generator().manual_seed(recipe.seed * 10_000 + epoch)
    rng = np.random.default_rng((recipe.seed, epoch))
    batches = _batches(lesson.data, recipe, rng)
    model.train()
    model.text_encoder.eval()
    losses = []
    described = {"desc": f"Epoch {epoch + 1} of {recipe.epochs}", "unit": "step", "disable": ranks.rank > 0}
    with tqdm(total=len(batches), **described) as bar:
        for step, rows in enumerate(_read_ahead(lesson, batches, ranks), epoch * len(batches)):
            for group in optimizer.param_groups:
                group["lr"] = recipe.learning_rate * _schedule(step / (recipe.epochs * len(batches)), recipe)
            loss = objective.loss(model, lesson, rows, rng, generator, ranks)
            optimizer.zero_grad()
            loss.backward()
            ranks.average([value.grad for value in trained.values() if value.grad is not None])
            torch.nn.utils.clip_grad_norm_(trained.values(), LONGEST_GRADIENT)
            optimizer.step()
            _average(averaged, model, recipe.average_decay, step)
            losses.append(loss.item())
            bar.update()
            bar.set_postfix(loss=f"{np.mean(losses[-50:]):.4f}")
    return float(np.mean(losses))


def new_model(recipe: Recipe, text_folder: Path) -> ECGCLIP:
    """An untrained model of a recipe, whose weights come from torch's random numbers."""
    architecture, preprocessing = recipe.architecture(), Preprocessing()
    model = ECGCLIP(
        signal_encoder_of(architecture, preprocessing.length),
        TextEncoder.from_pretrained(text_folder),
        recipe.dimensions,
        preprocessing,
        recipe.text_hidden,
    )
    objective = objective_named(recipe.objective)
    with torch.no_grad():
        model.log_scale.copy_(torch.tensor(objective.SCALE).log())
        model.bias.fill_(objective.BIAS)
    return model


def _snapshot_epochs(recipe: Recipe) -> list[int]:
    """Numbers of the epochs after which a copy is put aside; none of a training too short to have any."""
    return sorted({round(share * recipe.epochs) for share in SNAPSHOTS} - {0, recipe.epochs})


def _taken_up(recipe: Recipe, text_width: int, file: Path) -> CommonSpace:
    space = space_of(recipe.architecture(), text_width, Preprocessing().length)
    space.load_state_dict(load_file(file))
    return space.eval().requires_grad_(False)


def _batches(data: TrainingSet, recipe: Recipe, rng: np.random.Generator) -> list[np.ndarray]:
    """Rows of each step of an epoch: every real recording once and a fresh draw of simulated ones, shuffled."""
    wanted = min(int(len(data.real) * recipe.simulated_share), len(data.simulated))
    simulated = len(data.real) + rng.choice(len(data.simulated), wanted, replace=False) if wanted else []
    rows = rng.permutation(np.concatenate([np.arange(len(data.real)), simulated]).astype(int))
    # Real recordings come first in each portion, so that what is drawn for a row is the same as it always was.
    parts = [
        np.concatenate([part[part < len(data.real)], part[part >= len(data.real)]]) for part in at_a_time(rows, recipe)
    ]
    several = recipe.accumulate
    return [np.concatenate(parts[start : start + several]) for start in range(0, len(parts), several)]


def _read_ahead(lesson, batches: list[np.ndarray], ranks: Ranks) -> Iterator[np.ndarray]:
    """Each batch, while a thread has the signals of the next one read: memory-mapped ones then wait in memory."""
    with ThreadPoolExecutor(1) as reader:
        for rows, following in pairwise([*batches, None]):
            if following is not None:
                for part in at_a_time(following, lesson.recipe):
                    reader.submit(lesson.data.signals, part[ranks.part(len(part))])
            yield rows


def _schedule(done: float, recipe: Recipe) -> float:
    """Linear warm-up, then half a cosine."""
    if done < recipe.warmup_share:
        return (done + 1e-3) / recipe.warmup_share
    return 0.5 * (1 + math.cos(math.pi * (done - recipe.warmup_share) / (1 - recipe.warmup_share)))


def _average(averaged: dict, model: ECGCLIP, decay: float, step: int) -> None:
    """An exponential moving average of all that is trained and of the normalisation statistics, short at the start."""
    decay = min(decay, (1 + step) / (10 + step))
    for name, value in model.state_dict().items():
        if name.startswith("text_encoder"):
            continue
        if value.is_floating_point():
            averaged[name].mul_(decay).add_(value, alpha=1 - decay)
        else:
            averaged[name].copy_(value)


@torch.no_grad()
def _validate(model: ECGCLIP, corpus: Corpus, bank: TextBank, sentences: list, ranks: Ranks) -> dict:
    """Macro-AUROC over the findings with enough positives, each asked through all its wordings."""
    if not len(corpus):
        return {}
    model.eval()
    own = np.zeros(len(corpus), dtype=bool)
    own[ranks.part(len(corpus))] = True
    device = model.bias.device
    vectors = torch.from_numpy(model.encode_windows(corpus.where(own).signals)).to(device)
    vectors = ranks.gather(vectors, len(corpus))
    scores = {}
    for column, (positive, opposite) in enumerate(sentences):
        known = corpus.labels[:, column] != UNKNOWN
        truth = corpus.labels[known, column] == HOLDS
        if min(truth.sum(), (~truth).sum()) < FEWEST_POSITIVES:
            continue
        sides = [
            torch.nn.functional.normalize(model.embed_text_features(bank[s]).mean(0), dim=0)
            for s in (positive, opposite)
        ]
        margins = model.logits(vectors[torch.from_numpy(known).to(device)], torch.stack(sides))
        scores[corpus.findings[column]] = roc_auc_score(truth, (margins[:, 0] - margins[:, 1]).cpu().numpy())
    # A corpus of reports alone has no finding to be measured by.
    return {"auroc": float(np.mean(list(scores.values()))), "findings": len(scores)} if scores else {}
