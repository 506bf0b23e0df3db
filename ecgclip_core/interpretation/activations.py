"""What the encoder holds at each moment: the outputs of its last three residual stages on one time axis."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ecgclip_core.ecg.recording import ECG
from ecgclip_core.interpretation.target import evaluating
from ecgclip_core.model.ecgclip import ECGCLIP

STAGES = (1, 2, 3)
BATCH = 32


@dataclass(frozen=True)
class Activations:
    """Outputs of the last three stages.

    Attributes
    ----------
    values : ndarray of float32, shape (b, t, c)
        The channels of the stages side by side, on the time axis of the finest of them.
    widths : tuple of int
        Channels of each stage; their sum is c.
    step_s : float
        Seconds between moments; moment j lies at ``j * step_s``.
    """

    values: np.ndarray
    widths: tuple[int, ...]
    step_s: float


def activations(model: ECGCLIP, windows: np.ndarray) -> Activations:
    """Outputs of the last three stages for prepared signals.

    With odd kernels and symmetric padding, cell i of a stage is centred on sample ``i * stride``; coarser stages are
    interpolated between the centres of their cells.

    Parameters
    ----------
    model : ECGCLIP
    windows : ndarray, shape (b, 12, samples)
        Of any length: the stages are convolutions.

    Returns
    -------
    Activations
    """
    parts = [_stages(model, windows[start : start + BATCH]) for start in range(0, len(windows), BATCH)]
    finest = parts[0][0].shape[2]
    samples = windows.shape[2]
    values = np.concatenate([_on_one_axis(stages, finest, samples) for stages in parts])
    stride = -(-samples // finest)
    return Activations(values, tuple(stage.shape[1] for stage in parts[0]), stride / model.preprocessing.sampling_rate)


def whole_recording(model: ECGCLIP, ecg: ECG) -> tuple[Activations, int]:
    """Activations of a recording from end to end, and how many moments of them lie inside it.

    The stages are convolutions, so a long recording needs no windows and has no seams; a short one is padded as the
    model sees it.
    """
    signal = model.preprocessing.prepare(ecg)
    samples = signal.shape[1]
    padded = np.pad(signal, ((0, 0), (0, max(model.preprocessing.length - samples, 0))))
    found = activations(model, padded[None])
    inside = int(np.ceil(samples / (found.step_s * model.preprocessing.sampling_rate)))
    return found, min(inside, found.values.shape[1])


def _stages(model: ECGCLIP, windows: np.ndarray) -> list[Tensor]:
    outputs: dict[int, Tensor] = {}

    def keep(stage: int):
        return lambda module, args, output: outputs.__setitem__(stage, output)

    # The lock is held from setting the hooks to their removal: another thread's batch would overwrite the outputs.
    with model.lock, evaluating(model), torch.no_grad():
        hooks = [model.signal_encoder.stages[stage].register_forward_hook(keep(stage)) for stage in STAGES]
        try:
            model.signal_encoder(torch.from_numpy(np.asarray(windows, dtype=np.float32)))
        finally:
            for hook in hooks:
                hook.remove()
    return [outputs[stage] for stage in STAGES]


def _on_one_axis(stages: list[Tensor], finest: int, samples: int) -> np.ndarray:
    """Shape (b, finest, c): linear interpolation between the centres of the cells."""
    step = -(-samples // finest)
    laid = []
    for stage in stages:
        cells = stage.shape[2]
        place = torch.arange(finest) * step / -(-samples // cells)
        left = place.floor().long().clamp(max=cells - 1)
        right = (left + 1).clamp(max=cells - 1)
        share = (place - left).clamp(max=1.0)
        laid.append(stage[:, :, left] * (1 - share) + stage[:, :, right] * share)
    return torch.cat(laid, dim=1).transpose(1, 2).contiguous().numpy()
