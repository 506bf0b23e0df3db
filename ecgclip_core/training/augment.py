"""Changes of a prepared batch that a reader would still read in the same way."""

import math

import numpy as np
import torch
from torch import Tensor

LONGEST_SHIFT_S = 1.5
MASKED_BATCH_SHARE = 0.5
MASKED_LEAD_SHARE = 0.15
GAIN_SPREAD = 0.08
UNSCALED_GAIN_SPREAD = 0.35
WANDER_MV = 0.05
NOISE_MV = 0.02
RATE_CHANGE = 0.04


def augment(
    signals: Tensor,
    calibrated: Tensor,
    sampling_rate: int,
    generator: torch.Generator,
    part: slice | np.ndarray = slice(None),
    total: int | None = None,
) -> Tensor:
    """Shift, stretch a little, scale, mask leads, add wander and noise.

    Parameters
    ----------
    signals : Tensor, shape (b, 12, n)
        Millivolts.
    calibrated : Tensor of bool, shape (b,)
        Leads of recordings without a scale get wide gains of their own, so that nobody learns their voltages.
    sampling_rate : int
        Hz.
    generator : torch.Generator
    part : slice or ndarray of int, optional
        Which rows of a larger batch these are: they are changed as they would be as a part of it.
    total : int, optional
        How many rows the larger batch has.

    Returns
    -------
    Tensor, shape (b, 12, n)
    """
    _, leads, length = signals.shape
    batch, device = total or len(signals), signals.device

    def uniform(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=generator)[part].to(device)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator)[part].to(device)

    shift = (2 * uniform(batch, 1) - 1) * LONGEST_SHIFT_S * sampling_rate
    stretch = 1 + (2 * uniform(batch, 1) - 1) * RATE_CHANGE
    at = torch.arange(length, device=device) * stretch + shift
    left = at.floor()
    weight = (at - left)[:, None, :]
    inside = ((left >= 0) & (left < length - 1))[:, None, :]
    left = left.clamp(0, length - 2).long()[:, None, :].expand(-1, leads, -1)
    signals = (signals.gather(2, left) * (1 - weight) + signals.gather(2, left + 1) * weight) * inside

    spread = torch.where(calibrated, 0.0, UNSCALED_GAIN_SPREAD)[:, None, None]
    signals = signals * torch.exp(GAIN_SPREAD * normal(batch, 1, 1) + spread * normal(batch, leads, 1))

    time = torch.arange(length, device=device) / sampling_rate
    frequency = 0.3 + 0.5 * uniform(batch, 1, 1)
    wander = torch.sin(2 * math.pi * (frequency * time + uniform(batch, leads, 1)))
    noise = NOISE_MV * uniform(batch, 1, 1) * normal(batch, leads, length)
    signals = signals + WANDER_MV * uniform(batch, leads, 1) * wander + noise

    masked = (uniform(batch, 1, 1) < MASKED_BATCH_SHARE) & (uniform(batch, leads, 1) < MASKED_LEAD_SHARE)
    return signals.masked_fill(masked, 0.0)
