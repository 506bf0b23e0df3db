"""Linear probe: logistic regression on the vectors of a frozen encoder."""

from dataclasses import dataclass

import numpy as np
import torch
from scipy.optimize import minimize
from scipy.special import expit
from tqdm import tqdm

from ecgclip_core.corpora.corpus import ABSENT, HOLDS, UNKNOWN
from ecgclip_core.model.space import CommonSpace

BATCH = 64
# Inverse strengths of the penalty, the C of scikit-learn, on standardised vectors.
STRENGTHS = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 1.0)
MOST_ITERATIONS = 300


@dataclass(frozen=True, eq=False)
class Probe:
    """A fitted probe.

    Attributes
    ----------
    mean, spread : ndarray of float, shape (width,)
        Of the vectors it was fitted to; they are standardised first. The spread of a component that never changes is
        infinite.
    weights : ndarray of float, shape (f, width)
    intercepts : ndarray of float, shape (f,)
        Both 0 for a finding that the recordings could not teach.
    """

    mean: np.ndarray
    spread: np.ndarray
    weights: np.ndarray
    intercepts: np.ndarray

    def score(self, vectors: np.ndarray) -> np.ndarray:
        """Log-odds of each finding, shape (n, f), for vectors of shape (n, width)."""
        return (vectors - self.mean) / self.spread @ self.weights.T + self.intercepts


def frozen_vectors(space: CommonSpace, signals: np.ndarray) -> dict[str, np.ndarray]:
    """What a frozen encoder makes of prepared signals; its normalisation statistics stay as they are too.

    Parameters
    ----------
    space : CommonSpace
    signals : array-like, shape (n, 12, length)

    Returns
    -------
    dict of ndarray of float32
        ``encoder``: the encoder's own output, shape (n, width). ``common``: the vectors of length 1 of the common
        space, shape (n, d).
    """
    space.eval()
    found = {"encoder": [], "common": []}
    with torch.inference_mode(), tqdm(total=len(signals), desc="Embedding", unit="recording") as bar:
        for start in range(0, len(signals), BATCH):
            batch = torch.from_numpy(np.asarray(signals[start : start + BATCH], dtype=np.float32))
            # In full precision: what an untrained encoder says of two recordings differs in the third digit.
            features = space.signal_encoder(batch)
            found["encoder"].append(features)
            found["common"].append(torch.nn.functional.normalize(space.signal_head(features), dim=1))
            bar.update(len(batch))
    return {place: torch.cat(parts).numpy() for place, parts in found.items()}


def teachable(labels: np.ndarray) -> np.ndarray:
    """Which findings have recordings with and without them, bool of shape (f,), for labels of shape (n, f)."""
    return (labels == HOLDS).any(axis=0) & (labels == ABSENT).any(axis=0)


def fit_probe(vectors: np.ndarray, labels: np.ndarray, strength: float, start: Probe | None = None) -> Probe:
    """Fit one logistic regression a finding, all at once.

    Parameters
    ----------
    vectors : ndarray of float, shape (n, width)
        Standardised here by their own mean and deviation, so that one penalty fits every encoder.
    labels : ndarray of int8, shape (n, f)
        `UNKNOWN` ones are left out.
    strength : float
        Inverse of the penalty, as C of scikit-learn: the sum of the losses counts `strength` times against half the
        squared length of the weights.
    start : Probe, optional
        A probe of the same vectors and labels with another strength, to begin from.

    Returns
    -------
    Probe
    """
    mean, spread = vectors.mean(axis=0, dtype=np.float64), vectors.std(axis=0, dtype=np.float64)
    spread = np.where(spread > 1e-6 * np.abs(mean), spread, np.inf)
    x = (vectors - mean) / spread
    taught = teachable(labels)
    held = (labels[:, taught] == HOLDS).astype(float)
    known = (labels[:, taught] != UNKNOWN).astype(float)
    width, number = x.shape[1], int(taught.sum())

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        weights, intercepts = flat[: width * number].reshape(number, width), flat[width * number :]
        logits = x @ weights.T + intercepts
        wrong = known * (expit(logits) - held)
        value = (known * (np.logaddexp(0, logits) - held * logits)).sum() + 0.5 / strength * (weights**2).sum()
        return value, np.concatenate([(wrong.T @ x + weights / strength).ravel(), wrong.sum(axis=0)])

    first = np.zeros((width + 1) * number)
    if start is not None:
        first = np.concatenate([start.weights[taught].ravel(), start.intercepts[taught]])
    found = minimize(loss, first, jac=True, method="L-BFGS-B", options={"maxiter": MOST_ITERATIONS}).x
    weights, intercepts = np.zeros((len(taught), width)), np.zeros(len(taught))
    weights[taught], intercepts[taught] = found[: width * number].reshape(number, width), found[width * number :]
    return Probe(mean, spread, weights, intercepts)


def fresh_head(width: int, findings: int, seed: int) -> Probe:
    """A head as linear layers usually begin: small weights drawn evenly, vectors taken as they are."""
    bound = width**-0.5
    weights = np.random.default_rng(seed).uniform(-bound, bound, (findings, width))
    return Probe(np.zeros(width), np.ones(width), weights, np.zeros(findings))
