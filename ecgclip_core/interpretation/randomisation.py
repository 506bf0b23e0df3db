"""Whether a map depends on what the model has learned, and on what is asked.

A map that stays the same when the weights are drawn anew, or when the question is replaced by a meaningless one, shows
the recording and not the model (Adebayo et al. 2018, arXiv:1810.03292).
"""

import copy
from functools import lru_cache

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from ecgclip_core.ecg.recording import ECG
from ecgclip_core.interpretation.agreement import cells, rank_correlation, told_apart
from ecgclip_core.interpretation.saliency import METHODS, Saliency, attribute
from ecgclip_core.interpretation.target import ContrastMargin, Progress, RandomMargin
from ecgclip_core.model.ecgclip import ECGCLIP
from ecgclip_core.model.preprocessing import Preprocessing
from ecgclip_core.simulation.simulate import simulate

# From the answer down to the signal.
LAYERS = ("head", "stage 4", "stage 3", "stage 2", "stage 1", "stem")
RANDOM_TARGETS = 3
# Recordings on which batch normalisation learns the scale of a re-drawn layer.
SCALE_FINDINGS = ("sinus_rhythm", "left_bundle_branch_block", "atrial_fibrillation", "old_inferior_infarction")


class SignalSide(nn.Module):
    """A copy of what turns windows into vectors, to be changed without changing the model."""

    def __init__(self, model: ECGCLIP):
        super().__init__()
        with model.lock:
            self.signal_encoder = copy.deepcopy(model.signal_encoder)
            self.signal_head = copy.deepcopy(model.signal_head)
        self.eval().requires_grad_(False)

    def embed_signal(self, x: Tensor) -> Tensor:
        """As ``CommonSpace.embed_signal``."""
        return nn.functional.normalize(self.signal_head(self.signal_encoder(x)), dim=1)

    def layer(self, name: str) -> nn.Module:
        """The part that `LAYERS` names so."""
        if name == "head":
            return self.signal_head
        return self.signal_encoder.stem if name == "stem" else self.signal_encoder.stages[int(name[-1]) - 1]


def redrawn(model: ECGCLIP, layers: tuple[str, ...] = LAYERS, seed: int = 0) -> SignalSide:
    """A copy of the signal encoder in which some layers know nothing.

    Weights are drawn from a normal distribution with the standard deviation they had; batch normalisation starts anew
    and learns the scale of simulated ECGs, so that signals still pass.

    Parameters
    ----------
    model : ECGCLIP
    layers : tuple of str
        Of `LAYERS`.
    seed : int

    Returns
    -------
    SignalSide
    """
    generator = torch.Generator().manual_seed(seed)
    side = SignalSide(model)
    norms = []
    for name in layers:
        for module in side.layer(name).modules():
            if isinstance(module, nn.Conv1d | nn.Linear):
                _draw(module, generator)
            elif isinstance(module, nn.BatchNorm1d):
                module.reset_parameters()
                module.momentum = None
                norms.append(module)
    for module in norms:
        module.training = True
    side.embed_signal(_scale_windows(model.preprocessing))
    return side.eval()


def cascade(model: ECGCLIP, ecg: ECG, found: Saliency, seed: int = 0, progress: Progress | None = None) -> pd.DataFrame:
    """Draw the layers anew from the answer down, one more at each step, and compare the map with what it was.

    Parameters
    ----------
    model : ECGCLIP
    ecg : ECG
    found : Saliency
        Of that recording.
    seed : int
    progress : callable, optional

    Returns
    -------
    DataFrame, one row a step
        ``layer`` (the last that was drawn anew; all above it were too), ``agreement`` (Spearman's correlation of the
        cells with those of the map).
    """
    rows = []
    for step, layer in enumerate(LAYERS):
        rows.append((layer, agreement_with_redrawn(model, ecg, found, LAYERS[: step + 1], seed)))
        if progress:
            progress((step + 1) / len(LAYERS))
    return pd.DataFrame(rows, columns=["layer", "agreement"])


def agreement_with_redrawn(
    model: ECGCLIP, ecg: ECG, found: Saliency, layers: tuple[str, ...] = LAYERS, seed: int = 0
) -> float:
    """Spearman's correlation of a map's cells with those of the same network after a re-draw."""
    return agreement_of(found, map_of_redrawn(redrawn(model, layers, seed), model, ecg, found))


def map_of_redrawn(side: SignalSide, model: ECGCLIP, ecg: ECG, found: Saliency) -> np.ndarray:
    """The map, shape (12, n), that the same method gives for the same question with other weights."""
    return _repeat(ContrastMargin(model, found.query, space=side), ecg, found)


def agreement_with_random_targets(
    model: ECGCLIP, ecg: ECG, found: Saliency, targets: int = RANDOM_TARGETS, progress: Progress | None = None
) -> float:
    """Mean size of Spearman's correlation of a map's cells with those of maps for meaningless questions."""
    agreements = []
    for seed in range(targets):
        other = _repeat(RandomMargin(model, found.query, seed), ecg, found)
        agreements.append(abs(agreement_of(found, other)))
        if progress:
            progress((seed + 1) / targets)
    return float(np.mean(agreements))


def _repeat(target: ContrastMargin, ecg: ECG, found: Saliency) -> np.ndarray:
    options = {"baseline": found.baseline} | ({"stage": found.stage} if found.stage else {})
    return attribute(target, ecg, found.method, **options)[0]


def agreement_of(found: Saliency, other: np.ndarray) -> float:
    """Spearman's correlation of a map's cells with those of another map by the same method, of shape (12, n).

    0 where the other map is constant: it then has nothing of the first; NaN where the map itself is.
    """
    method = METHODS[found.method]
    pair = [
        told_apart(cells(values, found.sampling_rate), method.by_lead, method.by_time)
        for values in (found.values, other)
    ]
    correlation = rank_correlation(*pair)
    return 0.0 if np.isnan(correlation) and np.ptp(pair[0]) > 0 else correlation


def _draw(module: nn.Conv1d | nn.Linear, generator: torch.Generator) -> None:
    with torch.no_grad():
        for weight in (module.weight, module.bias):
            if weight is not None:
                spread = weight.std() if weight.numel() > 1 else weight.abs()
                weight.copy_(spread * torch.randn(weight.shape, generator=generator))


@lru_cache(maxsize=4)
def _scale_windows(preprocessing: Preprocessing) -> Tensor:
    """Prepared windows of a few simulated recordings, shape (w, 12, length)."""
    ecgs = [simulate(finding, 0, sampling_rate=250) for finding in SCALE_FINDINGS]
    return torch.from_numpy(np.concatenate([preprocessing.windows(ecg)[0] for ecg in ecgs]))
