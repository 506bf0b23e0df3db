"""What a comparison compares: labelled recordings that all models see, and the models."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch

from ecgclip_core.corpora.corpus import Corpus
from ecgclip_core.evaluation.label_shares import Round
from ecgclip_core.model.ecgclip import ECGCLIP
from ecgclip_core.model.space import CommonSpace
from ecgclip_core.training.untrained import untrained


@dataclass(frozen=True, eq=False)
class Study:
    """Labelled recordings with their parts.

    Attributes
    ----------
    identity : str
        Changes with the recordings, their labels and the findings asked.
    recordings : str
        Changes with the recordings alone.
    findings : tuple of str
    labels : ndarray of int8, shape (n, f)
    persons : ndarray of str, shape (n,)
    rounds : list of Round
    """

    identity: str
    recordings: str
    findings: tuple[str, ...]
    labels: np.ndarray
    persons: np.ndarray
    rounds: list[Round]


@dataclass(frozen=True, eq=False)
class Contender:
    """A model in a comparison.

    Attributes
    ----------
    name : str
        As the table calls it.
    identity : str
        Of its weights, or of the architecture whose weights are drawn.
    network : callable
        Its signal side for a given seed; the seed matters only where weights are drawn.
    signals : array-like, shape (n, 12, length)
        The recordings of the study as this model wants them.
    calibrated : ndarray of bool, shape (n,)
    sampling_rate : int
        Hz.
    """

    name: str
    identity: str
    network: Callable[[int], CommonSpace]
    signals: np.ndarray
    calibrated: np.ndarray
    sampling_rate: int


def pretrained(model: ECGCLIP, corpus: Corpus, name: str | None = None) -> Contender:
    """A checkpoint as it is."""
    return Contender(
        name or model.name,
        model.hash,
        lambda seed: model,
        corpus.signals,
        corpus.calibrated,
        model.preprocessing.sampling_rate,
    )


def from_nothing(model: ECGCLIP, corpus: Corpus, train: np.ndarray, name: str) -> Contender:
    """A checkpoint's architecture with weights drawn anew.

    Parameters
    ----------
    model : ECGCLIP
    corpus : Corpus
    train : ndarray of int
        Rows whose signals, without labels, give the normalisation layers their statistics.
    name : str
    """
    weights = {**_shapes(model.signal_encoder), **_shapes(model.signal_head)}
    records = [corpus.records[row] for row in train]
    return Contender(
        name,
        f"untrained-{identity_of(type(model.signal_encoder).__name__, sorted(weights.items()), records)}",
        lru_cache(maxsize=1)(lambda seed: untrained(model, corpus.signals[train], seed)),
        corpus.signals,
        corpus.calibrated,
        model.preprocessing.sampling_rate,
    )


def _shapes(module: torch.nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(value.shape) for name, value in module.state_dict().items()}


def identity_of(*parts: object) -> str:
    """A short hash of names, numbers and arrays."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(np.ascontiguousarray(part).tobytes() if isinstance(part, np.ndarray) else repr(part).encode())
        digest.update(b"|")
    return digest.hexdigest()[:12]
