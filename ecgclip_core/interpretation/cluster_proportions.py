"""How much of each cluster a recording holds: what a whole cohort of sequences comes down to."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import torch

from ecgclip_core.interpretation.activations import BATCH, Activations, activations
from ecgclip_core.interpretation.clusters import ClusterDictionary, normalised_entropy
from ecgclip_core.model.ecgclip import ECGCLIP


@dataclass(frozen=True, eq=False)
class Proportions:
    """The clusters of n recordings.

    Attributes
    ----------
    proportions : ndarray of float32, shape (n, K)
        Mean responsibility of each cluster over the moments of a recording.
    entropy : ndarray of float32, shape (n,)
        Mean over the moments of the normalised entropy.
    vectors : ndarray of float32, shape (n, d)
        Of length 1; from the same pass through the encoder.
    """

    proportions: np.ndarray = field(repr=False)
    entropy: np.ndarray = field(repr=False)
    vectors: np.ndarray = field(repr=False)

    def __len__(self) -> int:
        return len(self.entropy)


def cluster_proportions(model: ECGCLIP, dictionary: ClusterDictionary, signals: np.ndarray) -> Proportions:
    """Proportions of the clusters in recordings, and how unsure the model is of them.

    Parameters
    ----------
    model : ECGCLIP
    dictionary : ClusterDictionary
        Of this model.
    signals : array or Shards, shape (n, 12, length)
        Prepared by the model's preprocessing.

    Returns
    -------
    Proportions
    """
    return joined(list(in_batches(model, dictionary, signals)))


def in_batches(model: ECGCLIP, dictionary: ClusterDictionary, signals: np.ndarray) -> Iterator[Proportions]:
    """The same batch by batch, for who wants to show how far it is or to keep what is done."""
    for start in range(0, len(signals), BATCH):
        windows = np.asarray(signals[start : start + BATCH], dtype=np.float32)
        found, vectors = _activations_and_vectors(model, windows)
        responsibilities = dictionary.responsibilities(found.values)
        yield Proportions(
            responsibilities.mean(axis=1).astype(np.float32),
            normalised_entropy(responsibilities).mean(axis=1).astype(np.float32),
            vectors,
        )


def _activations_and_vectors(model: ECGCLIP, windows: np.ndarray) -> tuple[Activations, np.ndarray]:
    pooled: list[torch.Tensor] = []
    # Held over both, so that no other thread's batch is caught.
    with model.lock, torch.no_grad():
        hook = model.signal_encoder.register_forward_hook(lambda module, args, output: pooled.append(output))
        try:
            found = activations(model, windows)
        finally:
            hook.remove()
        return found, torch.nn.functional.normalize(model.signal_head(torch.cat(pooled)), dim=1).numpy()


def joined(parts: list[Proportions]) -> Proportions:
    """Batches one after the other."""
    names = ("proportions", "entropy", "vectors")
    return Proportions(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))
