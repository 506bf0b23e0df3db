"""What the signal encoder makes of the recordings of a batch, each changed anew."""

import numpy as np
import torch
from torch import Tensor

from ecgclip_core.model.ecgclip import ECGCLIP
from ecgclip_core.training.augment import augment
from ecgclip_core.training.ranks import Ranks
from ecgclip_core.training.recipe import Recipe
from ecgclip_core.training.training_set import TrainingSet


def signal_features(
    model: ECGCLIP,
    recipe: Recipe,
    data: TrainingSet,
    rows: np.ndarray,
    generator: torch.Generator,
    ranks: Ranks,
    augmented: bool = True,
) -> Tensor:
    """Outputs of the signal encoder for the rows of the global batch, each process encoding its part.

    Parameters
    ----------
    model : ECGCLIP
    recipe : Recipe
    data : TrainingSet
    rows : ndarray of int, shape (b,)
        The same on every process.
    generator : torch.Generator
        In the same state on every process.
    ranks : Ranks
    augmented : bool
        Whether recordings are changed before they are shown.

    Returns
    -------
    Tensor of float32, shape (b, width)
        The same on every process. Differentiable.
    """
    signals = torch.from_numpy(data.signals(rows))
    if augmented:
        calibrated = torch.from_numpy(data.calibrated(rows))
        signals = augment(signals, calibrated, model.preprocessing.sampling_rate, generator)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        features = model.signal_encoder(signals[ranks.part(len(rows))])
    return ranks.gather(features.float(), len(rows))


def signal_vectors(
    model: ECGCLIP,
    recipe: Recipe,
    data: TrainingSet,
    rows: np.ndarray,
    generator: torch.Generator,
    ranks: Ranks,
    augmented: bool = True,
) -> Tensor:
    """Their places in the common space, shape (b, d), rows of length 1; parameters as of `signal_features`."""
    features = signal_features(model, recipe, data, rows, generator, ranks, augmented)
    return torch.nn.functional.normalize(model.signal_head(features), dim=1)
