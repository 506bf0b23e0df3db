"""Fine-tuning: a probe put on its encoder, then both trained together.

Linear probe first, then everything (Kumar et al. 2022, arXiv:2202.10054): a head that starts at random pulls a good
encoder out of shape in the first steps. Encoders of every origin go the same way.
"""

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from ecgclip_core.corpora.corpus import UNKNOWN
from ecgclip_core.model.space import CommonSpace
from ecgclip_core.training.augment import augment
from ecgclip_core.training.losses import statement_loss
from ecgclip_core.training.probe import Probe, teachable

BATCH = 32
WEIGHT_DECAY = 0.05
WARMUP_SHARE = 0.1
LONGEST_GRADIENT = 1.0
CHECKS = 4


class Classifier(nn.Module):
    """A copy of a signal side with a probe on top, both of which can be trained.

    Parameters
    ----------
    space : CommonSpace
        Its signal encoder and signal head are copied.
    probe : Probe
        Of the vectors at `place`.
    place : str
        ``"encoder"`` or ``"common"``, as in `frozen_vectors`.
    """

    def __init__(self, space: CommonSpace, probe: Probe, place: str):
        super().__init__()
        self.encoder = copy.deepcopy(space.signal_encoder).requires_grad_(True)
        self.projection = copy.deepcopy(space.signal_head).requires_grad_(True) if place == "common" else None
        self.register_buffer("mean", torch.from_numpy(probe.mean).float())
        self.register_buffer("scale", torch.from_numpy(1 / probe.spread).float())
        self.head = nn.Linear(probe.weights.shape[1], len(probe.weights))
        with torch.no_grad():
            self.head.weight.copy_(torch.from_numpy(probe.weights))
            self.head.bias.copy_(torch.from_numpy(probe.intercepts))

    def forward(self, x: Tensor) -> Tensor:
        """Log-odds, shape (b, f), for signals of shape (b, 12, length)."""
        with torch.autocast("cpu", dtype=torch.bfloat16):
            features = self.encoder(x)
        features = features.float()
        if self.projection is not None:
            features = nn.functional.normalize(self.projection(features), dim=1)
        return self.head((features - self.mean) * self.scale)

    @torch.inference_mode()
    def score(self, signals: np.ndarray) -> np.ndarray:
        """Log-odds, shape (n, f), for prepared signals of shape (n, 12, length)."""
        self.eval()
        parts = [
            self(torch.from_numpy(np.asarray(signals[start : start + BATCH], dtype=np.float32)))
            for start in range(0, len(signals), BATCH)
        ]
        return torch.cat(parts).numpy().astype(float)


@dataclass(frozen=True, eq=False)
class Finetuned:
    """A trained classifier and how it came about.

    Attributes
    ----------
    classifier : Classifier
        As it was when it did best on the recordings that choose.
    checks : list of dict
        ``step``, ``loss`` (mean since the check before) and ``quality`` on the recordings that choose.
    step : int
        The one that was kept; 0 is the probe as it was put on.
    """

    classifier: Classifier
    checks: list[dict]
    step: int


def finetune(
    space: CommonSpace,
    probe: Probe,
    place: str,
    signals: np.ndarray,
    calibrated: np.ndarray,
    labels: np.ndarray,
    quality: Callable[[Classifier], float],
    steps: int,
    learning_rate: float,
    sampling_rate: int,
    seed: int = 0,
) -> Finetuned:
    """Train an encoder and its head on labelled recordings.

    Parameters
    ----------
    space : CommonSpace
        Left as it is; a copy is trained.
    probe : Probe
        Where the head starts.
    place : str
        Of the vectors that the probe was fitted to, as in `Classifier`.
    signals : array-like, shape (n, 12, length)
    calibrated : ndarray of bool, shape (n,)
    labels : ndarray of int8, shape (n, f)
        A finding that has no recordings with it, or none without, is left out.
    quality : callable
        How good a classifier is on recordings that choose; asked before the first step and `CHECKS` times after.
    steps : int
        Of `BATCH` recordings each.
    learning_rate : float
        The highest; it rises over the first tenth and falls along half a cosine.
    sampling_rate : int
        Hz.
    seed : int

    Returns
    -------
    Finetuned
    """
    classifier = Classifier(space, probe, place)
    optimizer = torch.optim.AdamW(classifier.parameters(), lr=learning_rate, weight_decay=WEIGHT_DECAY)
    generator, rng = torch.Generator().manual_seed(seed), np.random.default_rng(seed)
    known = torch.from_numpy(np.where(teachable(labels), labels, UNKNOWN).astype(np.int8))
    order = _passes(len(signals), steps, rng)
    best, kept = quality(classifier), 0
    checks = [{"step": 0, "loss": None, "quality": best}]
    state, losses = copy.deepcopy(classifier.state_dict()), []
    with tqdm(total=steps, desc=f"Fine-tuning at {learning_rate:g}", unit="step") as bar:
        for step in range(steps):
            for group in optimizer.param_groups:
                group["lr"] = learning_rate * _schedule(step / steps)
            rows = order[step]
            seen = augment(
                torch.from_numpy(np.asarray(signals[rows], dtype=np.float32)),
                torch.from_numpy(calibrated[rows]),
                sampling_rate,
                generator,
            )
            losses.append(_step(classifier, optimizer, seen, known[rows]))
            bar.update()
            if (step + 1) * CHECKS // steps > step * CHECKS // steps:
                found = quality(classifier)
                checks.append({"step": step + 1, "loss": float(np.mean(losses)), "quality": found})
                losses = []
                bar.set_postfix(quality=f"{found:.3f}")
                if found > best:
                    best, kept, state = found, step + 1, copy.deepcopy(classifier.state_dict())
    classifier.load_state_dict(state)
    return Finetuned(classifier.eval().requires_grad_(False), checks, kept)


def _step(classifier: Classifier, optimizer: torch.optim.Optimizer, seen: Tensor, labels: Tensor) -> float:
    classifier.train()
    loss = statement_loss(classifier(seen), labels)
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(classifier.parameters(), LONGEST_GRADIENT)
    optimizer.step()
    return loss.item()


def _passes(number: int, steps: int, rng: np.random.Generator) -> np.ndarray:
    """Rows of each step, shape (steps, `BATCH`): pass after pass over all recordings, each in a new order."""
    passes = -(-steps * BATCH // number)
    return np.concatenate([rng.permutation(number) for _ in range(passes)])[: steps * BATCH].reshape(steps, BATCH)


def _schedule(done: float) -> float:
    """Linear warm-up, then half a cosine."""
    if done < WARMUP_SHARE:
        return (done + 1e-3) / WARMUP_SHARE
    return 0.5 * (1 + math.cos(math.pi * (done - WARMUP_SHARE) / (1 - WARMUP_SHARE)))
