"""FG-CLEP's last stage: recordings against reports that were completed (arXiv 2505.11939).

Two terms. The sigmoid loss calls each recording and its own text a match, and every other pair none. Since many of
those others are described by nearly the same words, a second term draws the cosine of recording i and text j to that
of text i and text j.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ecgclip_core.findings.wordings import wordings
from ecgclip_core.model.ecgclip import ECGCLIP
from ecgclip_core.model.text_encoder import TextEncoder
from ecgclip_core.training.losses import pair_loss, similarity_loss
from ecgclip_core.training.ranks import Ranks
from ecgclip_core.training.recipe import Recipe
from ecgclip_core.training.seen import signal_vectors
from ecgclip_core.training.text_bank import TextBank
from ecgclip_core.training.training_set import TrainingSet

# Where the sigmoid loss starts (Zhai et al. 2023, doi:10.1109/ICCV51070.2023.01100): nearly every pair is no match.
SCALE, BIAS = 10.0, -10.0


@dataclass(frozen=True, eq=False)
class Lesson:
    """All that the steps of one run share."""

    recipe: Recipe
    data: TrainingSet  # of the recordings with a report
    bank: TextBank
    sentences: list[tuple[list[str], list[str]]]
    texts: Tensor  # features of each recording's text, rows of length 1


def usable(data: TrainingSet) -> np.ndarray:
    """Which real recordings have a report, bool of shape (n,)."""
    return np.array([bool(said) for said in data.real.statements], dtype=bool)


def prepare(recipe: Recipe, data: TrainingSet, encoder: TextEncoder, cache: Path) -> Lesson:
    """Keep the real recordings with a report, and read those.

    The features of a text are the mean of those of its statements: completed reports are longer than what the text
    encoder reads at once, and are asked about one statement at a time.

    Parameters
    ----------
    recipe : Recipe
    data : TrainingSet
        With completed statements.
    encoder : TextEncoder
        Not trained further.
    cache : Path
        For text features.
    """
    data = data.of_real(usable(data))
    sentences = [wordings(finding) for finding in data.real.findings]
    every = [text for pair in sentences for side in pair for text in side]
    every += [text for said in data.real.statements for text in said]
    bank = TextBank(encoder, every, cache)
    means = [bank[list(said)].mean(dim=0) for said in data.real.statements]
    return Lesson(recipe, data, bank, sentences, torch.nn.functional.normalize(torch.stack(means), dim=1))


def loss(
    model: ECGCLIP,
    lesson: Lesson,
    rows: np.ndarray,
    rng: np.random.Generator,
    generator: torch.Generator,
    ranks: Ranks,
) -> Tensor:
    """The loss of one step; parameters as of `statements.loss`."""
    vectors = signal_vectors(model, lesson.recipe, lesson.data, rows, generator, ranks)
    features = lesson.texts[torch.from_numpy(rows).to(lesson.texts.device)]
    texts = model.embed_text_features(features)
    said = [frozenset(statements) for statements in lesson.data.statements(rows)]
    # Recordings of which the same was said cannot be told apart by their texts.
    matches = torch.tensor([[one == other for other in said] for one in said], device=vectors.device)
    return pair_loss(model.logits(vectors, texts), matches) + similarity_loss(vectors @ texts.T, features @ features.T)
