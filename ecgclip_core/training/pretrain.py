"""Pre-training: recordings against the statements of their reports and of the catalogue.

Each step shows a batch of real and simulated recordings, and asks of every recording: each finding of the catalogue
in one of its wordings, each finding's opposite, each waveform feature, and each statement found in the reports of the
batch. Report texts without a recording take the recording's place in one further term, so that the text side learns
from all of them.
"""

import copy
import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from safetensors.torch import load_file, save_file
from sklearn.metrics import roc_auc_score
from tqdm import tqdm

from ecgclip_core.corpora.corpus import ABSENT, HOLDS, UNKNOWN, Corpus
from ecgclip_core.corpora.folder import english_statements, label_matrix
from ecgclip_core.findings.wordings import wordings
from ecgclip_core.model.ecgclip import ECGCLIP
from ecgclip_core.model.preprocessing import Preprocessing
from ecgclip_core.model.signal_encoder import SignalEncoder
from ecgclip_core.model.space import CommonSpace
from ecgclip_core.model.text_encoder import TextEncoder
from ecgclip_core.training.augment import augment
from ecgclip_core.training.losses import statement_loss
from ecgclip_core.training.recipe import Recipe
from ecgclip_core.training.statements import implied_findings, pair_labels
from ecgclip_core.training.text_bank import TextBank

STATEMENTS_A_STEP = 192
CONTRAST_WEIGHT = 0.5
STATEMENT_WEIGHT = 0.5
TEXT_WEIGHT = 0.5
FEATURE_WEIGHT = 0.5
# When copies of the averaged weights are put aside, as shares of the training.
SNAPSHOTS = (0.6, 0.75, 0.9)
FEWEST_POSITIVES = 5
HEAVIEST_ODDS = 100.0
_TEXT_SIDE = ("text_encoder.", "scope_head.")


@dataclass(frozen=True, eq=False)
class TrainingSet:
    """What a run learns from; real and simulated recordings share the columns of their labels.

    Attributes
    ----------
    real, simulated, validation : Corpus
        Any but `real` may be empty.
    texts : tuple of tuples of str
        Statements of reports, with or without a recording.
    text_labels : ndarray of int8, shape (t, f)
    features : tuple of str
        Waveform features in words.
    feature_labels : ndarray of int8, shape (n, g)
        Whether each holds, for the real recordings and then for the simulated ones.
    """

    real: Corpus
    simulated: Corpus
    validation: Corpus
    texts: tuple[tuple[str, ...], ...]
    text_labels: np.ndarray
    features: tuple[str, ...]
    feature_labels: np.ndarray


@dataclass(frozen=True, eq=False)
class _Lesson:
    """All that the steps of one run share."""

    recipe: Recipe
    data: TrainingSet
    bank: TextBank
    sentences: list[tuple[list[str], list[str]]]
    reports: list[str]
    implied: dict[str, np.ndarray]
    presence: torch.Tensor  # how much a recording with a finding counts against one without it
    feature_presence: torch.Tensor


def training_set(
    real: Corpus,
    simulated: Corpus,
    texts: pd.DataFrame,
    features: tuple[tuple[str, ...], np.ndarray],
    folds: set[int],
    validation_folds: set[int],
    youngest: float,
) -> TrainingSet:
    """Bring recordings, simulations and report texts to common columns and keep the folds apart.

    Parameters
    ----------
    real, simulated : Corpus
    texts : DataFrame
        Columns ``report``, ``scp_codes``, ``strat_fold``.
    features : tuple of (tuple of str, ndarray of int8, shape (s, g))
        Waveform features, and whether each holds in each simulated recording.
    folds, validation_folds : set of int
    youngest : float
        Years; recordings of younger persons are not trained on.

    Returns
    -------
    TrainingSet
        A finding without codes in `real` is unknown there: only simulated recordings teach it, so that it cannot be
        told by whether a recording is simulated.
    """
    findings = tuple(sorted({*real.findings, *simulated.findings}))
    real = real.with_findings(findings)
    young = real.ages < youngest
    texts = texts[texts["strat_fold"].isin(folds) & texts["report"].notna()]
    text_findings, text_labels = label_matrix(texts)
    labels = np.full((len(texts), len(findings)), UNKNOWN, dtype=np.int8)
    labels[:, [findings.index(finding) for finding in text_findings]] = text_labels
    trained = real.where(np.isin(real.folds, list(folds)) & ~young)
    # Nobody marked waveform features in real recordings; the statements of their reports teach them.
    unknown = np.full((len(trained), len(features[0])), UNKNOWN, dtype=np.int8)
    return TrainingSet(
        trained,
        simulated.with_findings(findings),
        real.where(np.isin(real.folds, list(validation_folds))),
        tuple(english_statements(report) for report in texts["report"].astype(str)),
        labels,
        features[0],
        np.concatenate([unknown, features[1]]),
    )


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
    lesson = _lesson(recipe, data, model.text_encoder, cache)
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
                loss = _loss(model, lesson, batch, rng, generator)
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


def _lesson(recipe: Recipe, data: TrainingSet, encoder: TextEncoder, cache: Path) -> _Lesson:
    sentences = [wordings(finding) for finding in data.real.findings]
    labels = np.concatenate([data.real.labels, data.text_labels])
    implied = implied_findings([*data.real.statements, *data.texts], labels)
    reports = [". ".join(statements) for statements in data.texts]
    every = [text for pair in sentences for side in pair for text in side]
    every += [text for report in data.real.statements for text in report]
    return _Lesson(
        recipe,
        data,
        TextBank(encoder, [*every, *reports, *data.features], cache),
        sentences,
        reports,
        implied,
        _weight_of_presence(np.concatenate([data.real.labels, data.simulated.labels])),
        _weight_of_presence(data.feature_labels),
    )


def _snapshot_epochs(recipe: Recipe) -> list[int]:
    """Numbers of the epochs after which a copy is put aside; none of a training too short to have any."""
    return sorted({round(share * recipe.epochs) for share in SNAPSHOTS} - {0, recipe.epochs})


def _put_aside(weights: dict[str, torch.Tensor], file: Path) -> None:
    save_file({name: value.contiguous() for name, value in weights.items() if not name.startswith(_TEXT_SIDE)}, file)


def _taken_up(recipe: Recipe, text_width: int, file: Path) -> CommonSpace:
    space = CommonSpace(SignalEncoder(recipe.layout, recipe.widths), text_width, recipe.dimensions)
    space.load_state_dict(load_file(file))
    return space.eval().requires_grad_(False)


def _weight_of_presence(labels: np.ndarray) -> torch.Tensor:
    """How much a recording with a finding counts against one without it, float32 of shape (f,).

    The root of the odds against the finding, so that rare findings are learned in the same time as common ones;
    calibration takes the shift of the logits back.
    """
    held, absent = (labels == HOLDS).sum(axis=0), (labels == ABSENT).sum(axis=0)
    odds = np.clip((absent + 1) / (held + 1), 1, HEAVIEST_ODDS)
    return torch.from_numpy(np.sqrt(odds).astype(np.float32))


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


def _loss(
    model: ECGCLIP, lesson: _Lesson, batch: np.ndarray, rng: np.random.Generator, generator: torch.Generator
) -> torch.Tensor:
    """The loss of one step; rows of `batch` beyond the real recordings are simulated ones."""
    data, bank = lesson.data, lesson.bank
    real, simulated = batch[batch < len(data.real)], batch[batch >= len(data.real)] - len(data.real)
    rows = np.concatenate([real, simulated + len(data.real)])
    labels = np.concatenate([data.real.labels[real], data.simulated.labels[simulated]])
    vectors = _seen(model, data, real, simulated, generator)

    stated = model.embed_text_features(bank[[rng.choice(positive) for positive, _ in lesson.sentences]])
    opposed = model.embed_text_features(bank[[rng.choice(opposite) for _, opposite in lesson.sentences]])
    known = torch.from_numpy(labels)
    opposite = torch.where(known >= 0, 1 - known, known)
    weights = torch.where(known == 1, lesson.presence, 1.0)
    loss = statement_loss(model.logits(vectors, stated), known, weights)
    loss = loss + CONTRAST_WEIGHT * statement_loss(model.logits(vectors, opposed), opposite, weights)

    if data.features:
        known = torch.from_numpy(data.feature_labels[rows])
        weights = torch.where(known == 1, lesson.feature_presence, 1.0)
        features = model.embed_text_features(bank[list(data.features)])
        loss = loss + FEATURE_WEIGHT * statement_loss(model.logits(vectors, features), known, weights)

    said = [data.real.statements[row] for row in real] + [()] * len(simulated)
    asked = sorted({statement for report in said for statement in report})
    if len(asked) > STATEMENTS_A_STEP:
        asked = list(rng.choice(asked, STATEMENTS_A_STEP, replace=False))
    if asked:
        pairs = pair_labels(said, asked, labels, lesson.implied)
        loss = loss + STATEMENT_WEIGHT * statement_loss(
            model.logits(vectors, model.embed_text_features(bank[asked])), pairs
        )
    if lesson.reports:
        drawn = rng.integers(len(lesson.reports), size=lesson.recipe.texts)
        vectors = model.embed_text_features(bank[[lesson.reports[row] for row in drawn]])
        text_labels = torch.from_numpy(data.text_labels[drawn])
        weights = torch.where(text_labels == 1, lesson.presence, 1.0)
        loss = loss + TEXT_WEIGHT * statement_loss(model.logits(vectors, stated), text_labels, weights)
    return loss


def _seen(
    model: ECGCLIP, data: TrainingSet, real: np.ndarray, simulated: np.ndarray, generator: torch.Generator
) -> torch.Tensor:
    """Vectors of length 1 of the recordings of a batch, slightly changed."""
    signals = np.concatenate([data.real.signals[real], data.simulated.signals[simulated]]).astype(np.float32)
    calibrated = np.concatenate([data.real.calibrated[real], data.simulated.calibrated[simulated]])
    signals = augment(
        torch.from_numpy(signals), torch.from_numpy(calibrated), model.preprocessing.sampling_rate, generator
    )
    with torch.autocast("cpu", dtype=torch.bfloat16):
        features = model.signal_encoder(signals)
    return torch.nn.functional.normalize(model.signal_head(features.float()), dim=1)


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
