"""The control of every comparison: the same network, never trained."""

import copy

import numpy as np
import torch
from torch import nn

from ecgclip_core.model.space import CommonSpace

BATCH = 64
MOST_RECORDINGS = 512


def untrained(space: CommonSpace, signals: np.ndarray, seed: int) -> CommonSpace:
    """A copy of a model's signal side with newly drawn weights.

    Parameters
    ----------
    space : CommonSpace
        Its text side stays behind.
    signals : array-like, shape (n, 12, length)
        The normalisation layers get the statistics of at most the first `MOST_RECORDINGS` of them. Without, a network
        that was never trained would see activations of any size, and be a weaker control than it has to be.
    seed : int

    Returns
    -------
    CommonSpace
        Frozen, in evaluation mode.
    """
    fresh = CommonSpace(copy.deepcopy(space.signal_encoder), 1, space.signal_head.out_features)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        for module in fresh.modules():
            _draw(module)
    _measure_statistics(fresh, signals[: min(len(signals), MOST_RECORDINGS)])
    return fresh.eval().requires_grad_(False)


def _draw(module: nn.Module) -> None:
    """New weights for a module's own parameters, as its class draws them where it says how."""
    for name in ("reset_parameters", "_reset_parameters"):
        if hasattr(module, name):
            getattr(module, name)()
            return
    for parameter in module.parameters(recurse=False):
        # Learned tokens and positions: of any direction, as large as they were.
        nn.init.normal_(parameter, std=float(parameter.detach().pow(2).mean().sqrt()))


@torch.no_grad()
def _measure_statistics(space: CommonSpace, signals: np.ndarray) -> None:
    layers = [module for module in space.modules() if isinstance(module, nn.BatchNorm1d)]
    usual = [layer.momentum for layer in layers]
    for layer in layers:
        layer.momentum = None  # a plain average over the batches
    space.signal_encoder.train()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        for start in range(0, len(signals), BATCH):
            space.signal_encoder(torch.from_numpy(np.asarray(signals[start : start + BATCH], dtype=np.float32)))
    for layer, momentum in zip(layers, usual, strict=True):
        layer.momentum = momentum
