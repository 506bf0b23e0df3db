"""Recordings against the statements of their reports and of the catalogue, each of which holds or does not.

Each step asks of every recording: each finding of the catalogue in one of its wordings, each finding's opposite, each
waveform feature, and each statement found in the reports of the batch. Report texts without a recording take the
recording's place in one further term, so that the text side learns from all of them.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from ecgclip_core.corpora.corpus import ABSENT, HOLDS
from ecgclip_core.findings.wordings import wordings
from ecgclip_core.model.ecgclip import ECGCLIP
from ecgclip_core.model.text_encoder import TextEncoder
from ecgclip_core.training.losses import statement_loss
from ecgclip_core.training.ranks import Ranks
from ecgclip_core.training.recipe import Recipe
from ecgclip_core.training.seen import signal_vectors
from ecgclip_core.training.statements import implied_findings, pair_labels
from ecgclip_core.training.text_bank import TextBank
from ecgclip_core.training.training_set import TrainingSet

STATEMENTS_A_STEP = 192
CONTRAST_WEIGHT = 0.5
STATEMENT_WEIGHT = 0.5
TEXT_WEIGHT = 0.5
FEATURE_WEIGHT = 0.5
HEAVIEST_ODDS = 100.0
# Where the scale and the bias of the logits start: a few true sentences in a hundred.
SCALE, BIAS = 10.0, -5.0


@dataclass(frozen=True, eq=False)
class Lesson:
    """All that the steps of one run share."""

    recipe: Recipe
    data: TrainingSet
    bank: TextBank
    sentences: list[tuple[list[str], list[str]]]
    reports: list[str]
    implied: dict[str, np.ndarray]
    presence: torch.Tensor  # how much a recording with a finding counts against one without it
    feature_presence: torch.Tensor


def usable(data: TrainingSet) -> np.ndarray:
    """Which real recordings teach something, bool of shape (n,): all."""
    return np.ones(len(data.real), dtype=bool)


def prepare(recipe: Recipe, data: TrainingSet, encoder: TextEncoder, cache: Path) -> Lesson:
    """Read all texts of a run and weigh its findings.

    Parameters
    ----------
    recipe : Recipe
    data : TrainingSet
    encoder : TextEncoder
        Not trained further.
    cache : Path
        For text features.
    """
    sentences = [wordings(finding) for finding in data.real.findings]
    labels = np.concatenate([data.real.labels, data.text_labels])
    implied = implied_findings([*data.real.statements, *data.texts], labels)
    reports = [". ".join(statements) for statements in data.texts]
    every = [text for pair in sentences for side in pair for text in side]
    every += [text for report in data.real.statements for text in report]
    bank = TextBank(encoder, [*every, *reports, *data.features], cache)
    return Lesson(
        recipe,
        data,
        bank,
        sentences,
        reports,
        implied,
        weight_of_presence(np.concatenate([data.real.labels, data.simulated.labels])).to(bank.features.device),
        weight_of_presence(data.feature_labels).to(bank.features.device),
    )


def weight_of_presence(labels: np.ndarray) -> torch.Tensor:
    """How much a recording with a finding counts against one without it, float32 of shape (f,).

    The root of the odds against the finding, so that rare findings are learned in the same time as common ones;
    calibration takes the shift of the logits back.
    """
    held, absent = (labels == HOLDS).sum(axis=0), (labels == ABSENT).sum(axis=0)
    odds = np.clip((absent + 1) / (held + 1), 1, HEAVIEST_ODDS)
    return torch.from_numpy(np.sqrt(odds).astype(np.float32))


def loss(
    model: ECGCLIP,
    lesson: Lesson,
    rows: np.ndarray,
    rng: np.random.Generator,
    generator: torch.Generator,
    ranks: Ranks,
) -> torch.Tensor:
    """The loss of one step.

    Parameters
    ----------
    model : ECGCLIP
    lesson : Lesson
    rows : ndarray of int, shape (b,)
        Of the global batch.
    rng : numpy.random.Generator
        Draws wordings, statements and report texts.
    generator : torch.Generator
        Draws the changes of the recordings.
    ranks : Ranks

    Returns
    -------
    Tensor, scalar
        The same on every process.
    """
    data, bank, device = lesson.data, lesson.bank, model.bias.device
    labels = data.labels(rows)
    vectors = signal_vectors(model, lesson.recipe, data, rows, generator, ranks)

    stated = model.embed_text_features(bank[[rng.choice(positive) for positive, _ in lesson.sentences]])
    opposed = model.embed_text_features(bank[[rng.choice(opposite) for _, opposite in lesson.sentences]])
    known = torch.from_numpy(labels).to(device)
    opposite = torch.where(known >= 0, 1 - known, known)
    weights = torch.where(known == 1, lesson.presence, 1.0)
    total = statement_loss(model.logits(vectors, stated), known, weights)
    total = total + CONTRAST_WEIGHT * statement_loss(model.logits(vectors, opposed), opposite, weights)

    if data.features:
        known = torch.from_numpy(data.feature_labels[rows]).to(device)
        weights = torch.where(known == 1, lesson.feature_presence, 1.0)
        features = model.embed_text_features(bank[list(data.features)])
        total = total + FEATURE_WEIGHT * statement_loss(model.logits(vectors, features), known, weights)

    said = data.statements(rows)
    asked = sorted({statement for report in said for statement in report})
    if len(asked) > STATEMENTS_A_STEP:
        asked = list(rng.choice(asked, STATEMENTS_A_STEP, replace=False))
    if asked:
        pairs = pair_labels(said, asked, labels, lesson.implied).to(device)
        total = total + STATEMENT_WEIGHT * statement_loss(
            model.logits(vectors, model.embed_text_features(bank[asked])), pairs
        )
    if lesson.reports:
        drawn = rng.integers(len(lesson.reports), size=lesson.recipe.texts)
        vectors = model.embed_text_features(bank[[lesson.reports[row] for row in drawn]])
        text_labels = torch.from_numpy(data.text_labels[drawn]).to(device)
        weights = torch.where(text_labels == 1, lesson.presence, 1.0)
        total = total + TEXT_WEIGHT * statement_loss(model.logits(vectors, stated), text_labels, weights)
    return total
