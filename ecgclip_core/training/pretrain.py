"""Pre-training: batches of real and simulated recordings, taught by the objective that the recipe names."""

import copy
import json
import math
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from sklearn.metrics import roc_auc_score
from tqdm import tqdm

from ecgclip_core.corpora.corpus import HOLDS, UNKNOWN, Corpus
from ecgclip_core.model.ecgclip import ECGCLIP
from ecgclip_core.model.preprocessing import Preprocessing
from ecgclip_core.model.signal_encoder import SignalEncoder
from ecgclip_core.model.space import CommonSpace
from ecgclip_core.model.text_encoder import TextEncoder
from ecgclip_core.training.objectives import OBJECTIVES
from ecgclip_core.training.ranks import Ranks
from ecgclip_core.training.recipe import Recipe
from ecgclip_core.training.text_bank import TextBank
from ecgclip_core.training.training_set import TrainingSet

# When copies of the averaged weights are put aside, as shares of the training.
SNAPSHOTS = (0.6, 0.75, 0.9)
FEWEST_POSITIVES = 5
_TEXT_SIDE = ("text_encoder.", "scope_head.")


def pretrain(recipe: Recipe, data: TrainingSet, text_folder: Path, out: Path, cache: Path) -> ECGCLIP:
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

    Returns
    -------
    ECGCLIP
        The averaged copy of the weights, in evaluation mode.
    """
    torch.manual_seed(recipe.seed)
    model = ECGCLIP(
        SignalEncoder(recipe.layout, recipe.widths),
        TextEncoder.from_pretrained(text_folder),
        recipe.dimensions,
        Preprocessing(),
    )
    model.text_encoder.requires_grad_(False).eval()
    trained = {name: value for name, value in model.named_parameters() if value.requires_grad and "scope" not in name}
    optimizer = torch.optim.AdamW(trained.values(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
    averaged = copy.deepcopy(model.state_dict())
    objective, ranks = OBJECTIVES[recipe.objective], Ranks()
    lesson = objective.prepare(recipe, data, model.text_encoder, cache)
    steps = math.ceil(len(data.real) * (1 + recipe.simulated_share) / recipe.batch)
    out.mkdir(parents=True, exist_ok=True)
    first = _resume(out, model, averaged, optimizer, trained)
    for epoch in range(first, recipe.epochs):
        generator = torch.Generator().manual_seed(recipe.seed * 10_000 + epoch)
        rng = np.random.default_rng((recipe.seed, epoch))
        losses = []
        rows = _rows_of_epoch(data, recipe, rng)
        model.train()
        model.text_encoder.eval()
        with tqdm(total=steps, desc=f"Epoch {epoch + 1} of {recipe.epochs}", unit="step") as bar:
            for step in range(steps):
                for group in optimizer.param_groups:
                    group["lr"] = recipe.learning_rate * _schedule(
                        (epoch * steps + step) / (recipe.epochs * steps), recipe
                    )
                batch = rows[step * recipe.batch : (step + 1) * recipe.batch]
                # Real recordings first: what is drawn for a batch then meets the same recordings as ever.
                batch = np.concatenate([batch[batch < len(data.real)], batch[batch >= len(data.real)]])
                loss = objective.loss(model, lesson, batch, rng, generator, ranks)
                optimizer.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(trained.values(), 1.0)
                optimizer.step()
                _average(averaged, model, recipe.average_decay, epoch * steps + step)
                losses.append(loss.item())
                bar.update()
                bar.set_postfix(loss=f"{np.mean(losses[-50:]):.4f}")
        if epoch + 1 in _snapshot_epochs(recipe):
            _put_aside(averaged, out / f"snapshot-{epoch + 1}.safetensors")
        _save_state(out, model, averaged, optimizer, trained, epoch + 1)
        current = copy.deepcopy(model.state_dict())
        model.load_state_dict(averaged)
        line = {
            "epoch": epoch + 1,
            "loss": float(np.mean(losses)),
            **_validate(model, data.validation, lesson.bank, lesson.sentences),
        }
        model.load_state_dict(current)
        with (out / "log.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps(line) + "\n")
        tqdm.write(json.dumps(line))
    model.load_state_dict(averaged)
    model.snapshots = [
        _taken_up(recipe, model.text_encoder.width, out / f"snapshot-{epoch}.safetensors")
        for epoch in _snapshot_epochs(recipe)
    ]
    return model.eval()


def _snapshot_epochs(recipe: Recipe) -> list[int]:
    """Numbers of the epochs after which a copy is put aside; none of a training too short to have any."""
    return sorted({round(share * recipe.epochs) for share in SNAPSHOTS} - {0, recipe.epochs})


def _put_aside(weights: dict[str, torch.Tensor], file: Path) -> None:
    save_file({name: value.contiguous() for name, value in weights.items() if not name.startswith(_TEXT_SIDE)}, file)


def _taken_up(recipe: Recipe, text_width: int, file: Path) -> CommonSpace:
    space = CommonSpace(SignalEncoder(recipe.layout, recipe.widths), text_width, recipe.dimensions)
    space.load_state_dict(load_file(file))
    return space.eval().requires_grad_(False)


def _rows_of_epoch(data: TrainingSet, recipe: Recipe, rng: np.random.Generator) -> np.ndarray:
    """Every real recording once and a fresh draw of simulated ones, shuffled; simulated rows follow the real ones."""
    wanted = min(int(len(data.real) * recipe.simulated_share), len(data.simulated))
    simulated = len(data.real) + rng.choice(len(data.simulated), wanted, replace=False) if wanted else []
    return rng.permutation(np.concatenate([np.arange(len(data.real)), simulated]).astype(int))


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
def _validate(model: ECGCLIP, corpus: Corpus, bank: TextBank, sentences: list) -> dict:
    """Macro-AUROC over the findings with enough positives, each asked through all its wordings."""
    if not len(corpus):
        return {}
    model.eval()
    vectors = torch.from_numpy(model.encode_windows(corpus.signals))
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
        margins = model.logits(vectors[known], torch.stack(sides)) @ torch.tensor([1.0, -1.0])
        scores[corpus.findings[column]] = roc_auc_score(truth, margins.numpy())
    return {"auroc": float(np.mean(list(scores.values()))), "findings": len(scores)}


def _save_state(out, model, averaged, optimizer, trained, epoch: int) -> None:
    tensors = {
        f"{kind}.{name}": value
        for kind, state in (("model", model.state_dict()), ("averaged", averaged))
        for name, value in state.items()
        if not name.startswith(_TEXT_SIDE)
    }
    for name, parameter in trained.items():
        for key, value in optimizer.state[parameter].items():
            tensors[f"optimizer.{name}.{key}"] = value
    partial = out / "state.part"
    save_file({name: value.contiguous() for name, value in tensors.items()}, partial, {"epoch": str(epoch)})
    partial.rename(out / "state.safetensors")


def _resume(out, model, averaged, optimizer, trained) -> int:
    """Load the state of an interrupted run; the number of finished epochs."""
    file = out / "state.safetensors"
    if not file.is_file():
        return 0
    from safetensors import safe_open

    tensors = load_file(file)
    model.load_state_dict(_under(tensors, "model."), strict=False)
    for name, value in _under(tensors, "averaged.").items():
        averaged[name].copy_(value)
    for name, parameter in trained.items():
        optimizer.state[parameter] = _under(tensors, f"optimizer.{name}.")
    with safe_open(file, "pt") as opened:
        return int(opened.metadata()["epoch"])


def _under(tensors: dict, prefix: str) -> dict:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
