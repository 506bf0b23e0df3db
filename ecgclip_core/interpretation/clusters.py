"""Time-localized clusters: what the encoder's last three residual stages tell apart, moment by moment, and how surely.

After arXiv:2509.15198: the activations over time are clustered softly, without further training; a recording becomes a
sequence of clusters, and the entropy of the assignment is the uncertainty of the moment. How a dictionary of clusters
is fitted stands in `cluster_fit`; on disk it lies beside the checkpoint: `clusters.safetensors` and `clusters.json`.
"""

import json
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from ecgclip_core.ecg.recording import ECG
from ecgclip_core.errors import CheckpointError
from ecgclip_core.interpretation.activations import whole_recording
from ecgclip_core.interpretation.cluster_smoothing import smooth
from ecgclip_core.model.ecgclip import ECGCLIP

ARRAYS = ("projection", "offset", "weights", "means", "variances")


@dataclass(frozen=True)
class Segments:
    """A recording as a sequence of clusters.

    Attributes
    ----------
    responsibilities : ndarray of float32, shape (t, K)
        Rows sum to 1.
    labels : ndarray of int, shape (t,)
        The likeliest cluster.
    entropy : ndarray of float32, shape (t,)
        Of the responsibilities, divided by log K: 0 sure, 1 no idea.
    times : ndarray, shape (t,)
        Seconds; the middle of each moment, from the start of the recording.
    """

    responsibilities: np.ndarray = field(repr=False)
    labels: np.ndarray = field(repr=False)
    entropy: np.ndarray = field(repr=False)
    times: np.ndarray = field(repr=False)

    @property
    def proportions(self) -> np.ndarray:
        """Mean responsibility of each cluster over the recording, shape (K,)."""
        return self.responsibilities.mean(axis=0)


@dataclass(frozen=True, eq=False)
class ClusterDictionary:
    """A fitted mixture, with the way from activations to it.

    Attributes
    ----------
    projection, offset : ndarray, shapes (c, p) and (p,)
        Components of an activation vector a: ``a @ projection + offset``.
    weights, means, variances : ndarray, shapes (K,), (K, p), (K, p)
        Of the mixture; clusters in order of falling weight.
    temperature : float
        Log densities are divided by it.
    checkpoint : str
        Hash of the model that it belongs to.
    meta : dict
        How it was fitted: ``agreement`` (adjusted Rand index of each number of clusters that was tried), ``seed``,
        ``moments``, ``recordings``, ``explained_variance``, ``stay`` (probability of the transition prior),
        ``versions``.
    """

    projection: np.ndarray = field(repr=False)
    offset: np.ndarray = field(repr=False)
    weights: np.ndarray = field(repr=False)
    means: np.ndarray = field(repr=False)
    variances: np.ndarray = field(repr=False)
    temperature: float
    checkpoint: str
    meta: dict = field(repr=False)

    @property
    def k(self) -> int:
        """Number of clusters."""
        return len(self.weights)

    def responsibilities(self, values: np.ndarray) -> np.ndarray:
        """How far each cluster accounts for activation vectors of shape (..., c); shape (..., K), summing to 1."""
        features = values.astype(np.float64) @ self.projection + self.offset
        return softmax(log_joint(features, self.weights, self.means, self.variances) / self.temperature)


def segment(model: ECGCLIP, ecg: ECG, dictionary: ClusterDictionary | None = None, lasting: bool = False) -> Segments:
    """Cut a recording into time-localized clusters.

    Parameters
    ----------
    model : ECGCLIP
    ecg : ECG
        Of any length; the moments of a short one's padding are left out.
    dictionary : ClusterDictionary, optional
        The one beside the checkpoint where left out.
    lasting : bool
        With the transition prior of `cluster_smoothing`: fewer changes that last a moment only.

    Returns
    -------
    Segments

    Raises
    ------
    CheckpointError
        Where the checkpoint has no dictionary, or one of other weights, or the prior was not fitted.
    """
    if dictionary is None:
        dictionary = clusters_of(model)
    if dictionary.checkpoint != model.hash:
        raise CheckpointError(
            f"The cluster dictionary was fitted on checkpoint {dictionary.checkpoint}, not on {model.name} "
            f"({model.hash}). Fit it again for this checkpoint."
        )
    found, inside = whole_recording(model, ecg)
    responsibilities = dictionary.responsibilities(found.values[0, :inside])
    if lasting:
        responsibilities = smooth(responsibilities, dictionary.weights, _stay_of(dictionary))
    return Segments(
        responsibilities.astype(np.float32),
        responsibilities.argmax(axis=1),
        normalised_entropy(responsibilities).astype(np.float32),
        np.arange(inside) * found.step_s,
    )


def _stay_of(dictionary: ClusterDictionary) -> float:
    if "stay" not in dictionary.meta:
        raise CheckpointError("The cluster dictionary has no transition prior. Fit it again: ecgclip clusters fit")
    return float(dictionary.meta["stay"])


def normalised_entropy(responsibilities: np.ndarray) -> np.ndarray:
    """Entropy over the last axis divided by the log of its length, in [0, 1]."""
    k = responsibilities.shape[-1]
    logs = np.log(np.maximum(responsibilities, np.finfo(float).tiny))
    return np.clip(-(responsibilities * logs).sum(axis=-1) / np.log(k), 0, 1)


def save_clusters(dictionary: ClusterDictionary, folder: str | Path) -> None:
    """Write a dictionary into a checkpoint's folder."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    save_file({name: getattr(dictionary, name) for name in ARRAYS}, folder / "clusters.safetensors")
    described = {
        "checkpoint": dictionary.checkpoint,
        "clusters": dictionary.k,
        "temperature": dictionary.temperature,
        **dictionary.meta,
        "versions": {package: version(package) for package in ("scikit-learn", "torch")},
    }
    (folder / "clusters.json").write_text(json.dumps(described, indent=1) + "\n", encoding="utf-8")


def load_clusters(folder: str | Path) -> ClusterDictionary:
    """Read a dictionary from a checkpoint's folder.

    Raises
    ------
    CheckpointError
        Where it is missing or damaged.
    """
    folder = Path(folder)
    if not (folder / "clusters.json").is_file():
        raise CheckpointError(
            f"The checkpoint {folder.name!r} has no cluster dictionary (clusters.json). Fit one for it."
        )
    try:
        described = json.loads((folder / "clusters.json").read_text(encoding="utf-8"))
        arrays = load_file(folder / "clusters.safetensors")
        described.pop("versions", None), described.pop("clusters")
        return ClusterDictionary(
            **{name: arrays[name] for name in ARRAYS},
            temperature=float(described.pop("temperature")),
            checkpoint=described.pop("checkpoint"),
            meta=described,
        )
    except (OSError, KeyError, TypeError, ValueError, SafetensorError) as error:
        raise CheckpointError(
            f"The cluster dictionary of {folder.name!r} cannot be read ({type(error).__name__}). Fit it again."
        ) from error


def clusters_of(model: ECGCLIP) -> ClusterDictionary:
    """The dictionary beside a model's checkpoint.

    Raises
    ------
    CheckpointError
        Where the model has none.
    """
    if model.folder is None:
        raise CheckpointError(
            f"The model {model.name!r} was not loaded from a checkpoint, so it has no cluster dictionary."
        )
    return _loaded(str(model.folder), model.hash)


@lru_cache(maxsize=4)
def _loaded(folder: str, _hash: str) -> ClusterDictionary:
    return load_clusters(folder)


def log_joint(features: np.ndarray, weights: np.ndarray, means: np.ndarray, variances: np.ndarray) -> np.ndarray:
    """Log of weight times density of each cluster, shape (..., K), for features of shape (..., p)."""
    weights, means, variances = (np.asarray(part, dtype=np.float64) for part in (weights, means, variances))
    precision = 1 / variances
    squared = features**2 @ precision.T - 2 * features @ (means * precision).T + (means**2 * precision).sum(axis=1)
    return np.log(weights) - 0.5 * (np.log(2 * np.pi * variances).sum(axis=1) + squared)


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)
