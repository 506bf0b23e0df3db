"""Taking a cluster away: its activations are replaced by the mean over all moments, and the model answers again.

If a cluster carries what its proportions say it does, the answer changes as a forest on proportions foretells.
"""

import numpy as np
import torch

from ecgclip_core.interpretation.activations import STAGES, activations
from ecgclip_core.interpretation.clusters import ClusterDictionary
from ecgclip_core.interpretation.target import evaluating
from ecgclip_core.model.ecgclip import ECGCLIP


def mean_activation(model: ECGCLIP, signals: np.ndarray) -> np.ndarray:
    """Mean over recordings and moments, shape (c,), of the activations of prepared signals, shape (n, 12, length)."""
    found = activations(model, np.asarray(signals, dtype=np.float32))
    return found.values.mean(axis=(0, 1), dtype=np.float64).astype(np.float32)


def occlude_each(model: ECGCLIP, dictionary: ClusterDictionary, signal: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Vectors of one recording with each of its clusters taken away in turn.

    In each of the three stages, a cell that a cluster accounts for to a share r becomes (1 - r) times itself plus r
    times the mean; later stages see what is left of the earlier ones.

    Parameters
    ----------
    model : ECGCLIP
    dictionary : ClusterDictionary
    signal : ndarray, shape (12, length)
        Prepared.
    mean : ndarray, shape (c,)
        As of `mean_activation`.

    Returns
    -------
    ndarray of float32, shape (K, d), rows of length 1
    """
    found = activations(model, signal[None])
    shares = torch.from_numpy(dictionary.responsibilities(found.values[0]).T.astype(np.float32))[:, None, :]
    means = torch.split(torch.from_numpy(mean)[None, :, None], found.widths, dim=1)

    def without(stage_mean):
        def replaced(module, args, output):
            # Cell i of a stage lies at sample i * stride, so coarser stages take every second or fourth share.
            own = shares[:, :, :: round(shares.shape[2] / output.shape[2])][:, :, : output.shape[2]]
            return output * (1 - own) + stage_mean * own

        return replaced

    batch = torch.from_numpy(signal.astype(np.float32)).expand(dictionary.k, -1, -1)
    with model.lock, evaluating(model), torch.no_grad():
        stages = [model.signal_encoder.stages[stage] for stage in STAGES]
        hooks = [stage.register_forward_hook(without(own)) for stage, own in zip(stages, means, strict=True)]
        try:
            return model.embed_signal(batch).numpy()
        finally:
            for hook in hooks:
                hook.remove()


def proportions_without(proportions: np.ndarray, replaced_by: np.ndarray) -> np.ndarray:
    """Proportions of a recording with each cluster taken away in turn.

    Parameters
    ----------
    proportions : ndarray, shape (K,)
    replaced_by : ndarray, shape (K,)
        Responsibilities of the mean activation: what the moments of the cluster turn into.

    Returns
    -------
    ndarray, shape (K, K)
        Row k is without cluster k; rows sum to what the proportions do.
    """
    taken = np.diag(proportions)
    return proportions[None, :] - taken + proportions[:, None] * replaced_by[None, :]
