"""What the signal encoder makes of the recordings of a batch, each changed anew."""

from collections.abc import Callable
from contextlib import nullcontext

import numpy as np
import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from ecgclip_core.model.ecgclip import ECGCLIP
from ecgclip_core.training.augment import augment
from ecgclip_core.training.ranks import Ranks
from ecgclip_core.training.recipe import Recipe
from ecgclip_core.training.shared_norm import statistics_at_rest
from ecgclip_core.training.training_set import TrainingSet


def signal_features(
    model: ECGCLIP,
    recipe: Recipe,
    data: TrainingSet,
    rows: np.ndarray,
    generator: torch.Generator,
    ranks: Ranks,
    augmented: bool = True,
    encode: Callable[[Tensor], Tensor] | None = None,
) -> Tensor:
    """Outputs of the signal encoder for the rows of the global batch, each process encoding its part.

    Where the recipe accumulates, `recipe.batch` rows are encoded at a time. Their activations are thrown away and
    computed again for the gradient (as GradCache does; Gao et al. 2021, doi:10.18653/v1/2021.repl4nlp-1.31), so that
    the loss still sees all rows at once. Only the statistics of batch normalisation are then those of fewer rows.

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
    encode : callable, optional
        Reads signals in the signal encoder's place.

    Returns
    -------
    Tensor of float32, shape (b, width)
        The same on every process. Differentiable.
    """
    device = model.log_scale.device

    def read(signals: Tensor) -> Tensor:
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=recipe.precision == "bf16-mixed"):
            return (encode or model.signal_encoder)(signals)

    places = at_a_time(np.arange(len(rows)), recipe)
    own = [some[ranks.part(len(some))] for some in places]
    portions = _signals(model, data, rows, np.concatenate(own), generator, augmented).split([len(some) for some in own])
    features = []
    for some, signals in zip(places, portions, strict=True):
        if len(places) > 1:
            again = lambda: (nullcontext(), statistics_at_rest(model.signal_encoder))  # noqa: E731
            found = checkpoint(read, signals, use_reentrant=False, context_fn=again)
        else:
            found = read(signals)
        features.append(ranks.gather(found.float(), len(some)))
    return torch.cat(features)


def at_a_time(rows: np.ndarray, recipe: Recipe) -> list[np.ndarray]:
    """The rows of a batch in the portions that are encoded one after the other."""
    return [rows[start : start + recipe.batch] for start in range(0, len(rows), recipe.batch)]


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


def _signals(
    model: ECGCLIP, data: TrainingSet, rows: np.ndarray, own: np.ndarray, generator: torch.Generator, augmented: bool
) -> Tensor:
    """What this process shows: its own places of the rows, changed as if one process showed them all."""
    device = model.log_scale.device
    signals = torch.from_numpy(data.signals(rows[own])).to(device)
    if not augmented:
        return signals
    calibrated = torch.from_numpy(data.calibrated(rows[own])).to(device)
    return augment(signals, calibrated, model.preprocessing.sampling_rate, generator, own, len(rows))
