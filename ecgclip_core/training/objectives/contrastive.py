"""MERL (Liu et al. 2024, arXiv 2403.06659): a recording finds its report in its batch, and itself when seen twice.

The whole report is one text, read by the frozen text encoder. Recordings are shown as they are. Two losses of one form,
summed: between recordings and reports, and between two linear maps with dropout of the mean over time of a recording.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ecgclip_core.findings.wordings import wordings
from ecgclip_core.model.ecgclip import ECGCLIP
from ecgclip_core.model.text_encoder import TextEncoder
from ecgclip_core.training.losses import info_nce
from ecgclip_core.training.ranks import Ranks
from ecgclip_core.training.recipe import Recipe
from ecgclip_core.training.seen import signal_features
from ecgclip_core.training.text_bank import TextBank
from ecgclip_core.training.training_set import TrainingSet

TEMPERATURE = 0.07
DROPOUT = 0.1
FEWEST_WORDS = 4
# What turns a cosine into the logit of an answer; fixed, as the temperature is.
SCALE, BIAS = 1 / TEMPERATURE, 0.0


@dataclass(frozen=True, eq=False)
class Lesson:
    """All that the steps of one run share."""

    recipe: Recipe
    data: TrainingSet  # of the recordings whose reports are long enough
    bank: TextBank
    sentences: list[tuple[list[str], list[str]]]
    reports: list[str]


def usable(data: TrainingSet) -> np.ndarray:
    """Which real recordings have a report of at least `FEWEST_WORDS` words, bool of shape (n,)."""
    return np.array([len(" ".join(said).split()) >= FEWEST_WORDS for said in data.real.statements], dtype=bool)


def prepare(recipe: Recipe, data: TrainingSet, encoder: TextEncoder, cache: Path) -> Lesson:
    """Keep the real recordings whose reports have at least `FEWEST_WORDS` words, and read those.

    Parameters
    ----------
    recipe : Recipe
        Of the encoder "merl".
    data : TrainingSet
    encoder : TextEncoder
        Not trained further.
    cache : Path
        For text features.
    """
    data = data.of_real(usable(data))
    reports = [". ".join(said) for said in data.real.statements]
    sentences = [wordings(finding) for finding in data.real.findings]
    every = [text for pair in sentences for side in pair for text in side]
    return Lesson(recipe, data, TextBank(encoder, [*every, *reports], cache), sentences, reports)


def loss(
    model: ECGCLIP,
    lesson: Lesson,
    rows: np.ndarray,
    rng: np.random.Generator,
    generator: torch.Generator,
    ranks: Ranks,
) -> Tensor:
    """The loss of one step; parameters as of `statements.loss`. The generator draws what dropout leaves out."""
    encoder = model.signal_encoder
    features = signal_features(
        model, lesson.recipe, lesson.data, rows, generator, ranks, augmented=False, encode=encoder.with_mean
    )
    attended, mean = features.split(encoder.width, dim=1)
    texts = model.embed_text_features(lesson.bank[[lesson.reports[row] for row in rows]])
    views = [_dropout(view(mean), generator) for view in encoder.views]
    return info_nce(model.signal_head(attended), texts, TEMPERATURE) + info_nce(*views, TEMPERATURE)


def _dropout(values: Tensor, generator: torch.Generator) -> Tensor:
    """Dropout whose draws are alike on every process."""
    kept = torch.rand(values.shape, generator=generator) >= DROPOUT
    return values * kept.to(values.device) / (1 - DROPOUT)
