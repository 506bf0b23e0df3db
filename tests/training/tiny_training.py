"""A training small enough for a test, alone or, run as a script, in two processes.

    python tests/training/tiny_training.py TEXT_FOLDER FOLDER

writes what the two have in common to FOLDER/shared.safetensors and goes on with the run in FOLDER/run.
"""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from ecgclip_core.corpora.corpus import Corpus
from ecgclip_core.training.objectives import OBJECTIVES
from ecgclip_core.training.pretrain import new_model, pretrain
from ecgclip_core.training.ranks import Ranks, start
from ecgclip_core.training.recipe import Recipe
from ecgclip_core.training.shared_norm import share_statistics
from ecgclip_core.training.training_set import TrainingSet

FINDINGS = ("atrial_fibrillation", "sinus_rhythm")
TINY = Recipe(
    *("tiny", "resnet18", (8, 8, 16, 16), 16),
    **{"epochs": 2, "batch": 8, "learning_rate": 3e-3, "weight_decay": 0.0, "warmup_share": 0.1, "average_decay": 0.9},
    **{"simulated_share": 0.5, "texts": 4, "text_steps": 0, "youngest": 16, "seed": 0},
)
# Rounding to bfloat16 would hide small differences.
EXACT = replace(TINY, precision="32-true")
# Not to be shared out evenly; real and simulated recordings.
ROWS = np.array([3, 17, 5, 11, 0, 25, 30])


def corpus(number, seed, statement):
    rng = np.random.default_rng(seed)
    fibrillating = rng.random(number) < 0.5
    # One class is large and fast, the other small and slow, so that there is something to learn.
    times = np.arange(1000) / 100
    waves = np.sin(2 * np.pi * np.where(fibrillating, 9, 2)[:, None, None] * times) * np.ones((1, 12, 1))
    waves *= np.where(fibrillating, 2.0, 0.3)[:, None, None]
    return Corpus(
        tuple(f"r{row}" for row in range(number)),
        (waves + rng.normal(0, 0.1, waves.shape)).astype(np.float16),
        np.ones(number, dtype=bool),
        FINDINGS,
        np.stack([fibrillating, ~fibrillating], axis=1).astype(np.int8),
        tuple(
            (f"{statement} and fast rhythm",) if fast else (f"{statement} and slow rhythm",) for fast in fibrillating
        ),
        np.array([f"p{row}" for row in range(number)]),
        np.ones(number, dtype=int),
        np.full(number, 60.0),
    )


def tiny_set():
    texts = (("sinus rhythm",), ("atrial fibrillation", "fast ventricular response"))
    labels = np.array([[0, 1], [1, 0]], dtype=np.int8)
    features = np.repeat(labels[:1], 40, axis=0)
    return TrainingSet(
        corpus(24, 0, "clearly seen"), corpus(16, 1, ""), corpus(40, 2, ""), texts, labels, ("fast", "slow"), features
    )


def weights(model):
    state = {name: value for name, value in model.state_dict().items() if "text_encoder" not in name}
    return torch.cat([value.flatten().float() for value in state.values()])


def recipes():
    """One for every objective, and one that accumulates."""
    real_alone = {"simulated_share": 0.0}
    own = {"statements": {}, "contrastive": {"encoder": "merl", **real_alone}}
    found = {name: replace(EXACT, objective=name, **own.get(name, real_alone)) for name in OBJECTIVES}
    return found | {"accumulated": replace(EXACT, batch=4, accumulate=2)}


def one_step(recipe, text_folder, cache, ranks, normalised=True):
    """The loss, gradients and running statistics of one step, by name."""
    torch.manual_seed(1)
    model = new_model(recipe, text_folder)
    model.text_encoder.requires_grad_(False)
    if ranks.number > 1:
        share_statistics(model.signal_encoder)
    model.train(normalised)
    objective = OBJECTIVES[recipe.objective]
    lesson = objective.prepare(recipe, tiny_set(), model.text_encoder.eval(), cache)
    rows = ROWS if recipe.simulated_share else ROWS[len(lesson.data.real) > ROWS]
    rng, generator = np.random.default_rng(2), torch.Generator().manual_seed(2)
    loss = objective.loss(model, lesson, rows, rng, generator, ranks)
    loss.backward()
    found = {name: value.grad for name, value in model.named_parameters() if value.grad is not None}
    ranks.average(list(found.values()))
    buffers = {name: value for name, value in model.signal_encoder.named_buffers() if "running" in name}
    return {"loss": loss.detach(), **found, **buffers}


def main(text_folder, folder):
    fabric = start(2)
    ranks = Ranks(fabric.global_rank, fabric.world_size)
    found = {}
    for name, recipe in recipes().items():
        step = one_step(recipe, text_folder, folder / "cache", ranks)
        found |= {f"{name} {key}": value for key, value in step.items()}
    if fabric.is_global_zero:
        save_file(found, folder / "shared.safetensors")
    trained = pretrain(EXACT, tiny_set(), text_folder, folder / "run", folder / "cache", fabric)
    if fabric.is_global_zero:
        save_file({"weights": weights(trained)}, folder / "trained.safetensors")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
