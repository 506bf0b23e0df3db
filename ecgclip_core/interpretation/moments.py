"""How near each moment of a recording is to a question."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ecgclip_core.ecg.recording import ECG
from ecgclip_core.errors import CheckpointError
from ecgclip_core.interpretation.target import evaluating
from ecgclip_core.model.ecgclip import ECGCLIP
from ecgclip_core.model.query import Query
from ecgclip_core.model.signal_encoder import SignalEncoder
from ecgclip_core.model.zero_shot import margin


@dataclass(frozen=True, eq=False)
class Moments:
    """The answer to a question, moment by moment.

    Attributes
    ----------
    times : ndarray of float, shape (t,)
        Seconds from the start of the recording; the middle of each cell of the encoder's last stage.
    similarity : ndarray of float32, shape (t,)
        The margin of the question over its contrast, in logits, were the whole recording like this moment.
    """

    times: np.ndarray
    similarity: np.ndarray


def moments(model: ECGCLIP, ecg: ECG, query: Query) -> Moments:
    """The local similarity of each moment to a question.

    The encoder describes a recording by the mean and the maximum over time of its last stage. Here each cell of that
    stage stands for both, so that the question is asked of one moment and the beats about it that the cell sees.

    Parameters
    ----------
    model : ECGCLIP
    ecg : ECG
        Of any length: the stages are convolutions, so that a long recording has no seams.
    query : Query

    Returns
    -------
    Moments

    Raises
    ------
    CheckpointError
        For an encoder that pools otherwise, such as MERL's: none of its cells is an answer on its own.
    """
    if not isinstance(model.signal_encoder, SignalEncoder):
        raise CheckpointError(
            f"The checkpoint {model.name!r} gives no answer moment by moment: its encoder weighs all moments together."
        )
    signal = model.preprocessing.prepare(ecg)
    samples = signal.shape[1]
    padded = np.pad(signal, ((0, 0), (0, max(model.preprocessing.length - samples, 0))))
    cells = _last_stage(model, torch.from_numpy(padded[None].astype(np.float32)))
    vectors = torch.nn.functional.normalize(model.signal_head(torch.cat([cells, cells], dim=1)), dim=1)
    with torch.no_grad():
        similarity = margin(model, vectors, query).numpy()
    stride = padded.shape[1] / len(cells)
    times = np.arange(len(cells)) * stride / model.preprocessing.sampling_rate
    inside = times < samples / model.preprocessing.sampling_rate
    return Moments(times[inside], similarity[inside])


def _last_stage(model: ECGCLIP, x: Tensor) -> Tensor:
    """Cells of the last stage, shape (t, c), for one prepared signal of shape (1, 12, n)."""
    with model.lock, evaluating(model), torch.no_grad():
        x = model.signal_encoder.stem(x)
        for stage in model.signal_encoder.stages:
            x = stage(x)
        return x[0].T
