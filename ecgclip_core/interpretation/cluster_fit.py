"""Fitting the dictionary of clusters for a checkpoint.

Fusion, number of clusters and sharpness are not published (arXiv:2509.15198). Here

- each stage is put on one time axis, standardised by channel and divided by the root of its number of channels, so that
  all three weigh the same; the principal components are clustered by a Gaussian mixture with diagonal covariances;
- the number of clusters is the largest, up to `MOST_CLUSTERS`, for which two mixtures that were fitted on different
  recordings agree on further ones: adjusted Rand index (Hubert and Arabie 1985, doi:10.1007/BF01908075) of at least
  `LEAST_AGREEMENT`; where none reaches it, the number that agrees best;
- the posteriors of a mixture in many dependent dimensions are far too sharp. They are softened by one temperature,
  chosen as in calibration (Guo et al. 2017, arXiv:1706.04599): a responsibility of 0.7 means that in 7 of 10 such
  moments a mixture fitted on other recordings puts the moment into the same cluster.
"""

from collections.abc import Callable, Sequence

import numpy as np

from ecgclip_core.interpretation.activations import Activations, activations
from ecgclip_core.interpretation.clusters import ClusterDictionary, log_joint, softmax
from ecgclip_core.model.ecgclip import ECGCLIP

MOST_CLUSTERS = 32
LEAST_AGREEMENT = 0.8
COMPONENTS = 32
MOMENTS = 120_000  # for the final mixture
SELECTION_MOMENTS = 30_000  # for each half while the number of clusters is chosen
KMEANS_STARTS = 10
BORDER_S = 0.4  # at the borders of a window the encoder sees padding, which must not become a cluster of its own
READ_BATCH = 64

Mixture = tuple[np.ndarray, np.ndarray, np.ndarray]


def fit_clusters(
    model: ECGCLIP,
    windows: Sequence[np.ndarray] | np.ndarray,
    k: int | None = None,
    seed: int = 0,
    progress: Callable[[float, str], None] | None = None,
) -> ClusterDictionary:
    """Fit a dictionary of clusters on recordings that the model was trained on.

    Parameters
    ----------
    model : ECGCLIP
    windows : array or sequence, shape (n, 12, length)
        Prepared by the model's preprocessing; at least 10.
    k : int, optional
        Number of clusters. Chosen by agreement between halves where left out.
    seed : int
    progress : callable, optional
        Given the share of the work that is done and what is being done.

    Returns
    -------
    ClusterDictionary
    """
    report = progress or (lambda share, step: None)
    random = np.random.default_rng(seed)
    values, owner, found = _sampled_moments(model, windows, random, report)
    projection, offset, explained = _principal_components(values, found.widths, seed)
    features = values.astype(np.float64) @ projection + offset

    # Two fifths of the recordings for each of two mixtures, one fifth on which they are compared.
    part = random.permutation(len(windows))[owner] % 5
    first, second, judge = (features[np.isin(part, numbers)] for numbers in ((0, 1), (2, 3), (4,)))
    halves = [half[random.permutation(len(half))[:SELECTION_MOMENTS]] for half in (first, second)]
    candidates = [k] if k else range(min(MOST_CLUSTERS, len(halves[0]) // 10), 1, -1)
    agreement, best = {}, None
    for tried, number in enumerate(candidates):
        report(0.3 + 0.5 * tried / len(candidates), f"Comparing halves with {number} clusters")
        pair = [_mixture(half, number, seed + turn) for turn, half in enumerate(halves)]
        agreement[number] = _agreement(pair, judge)
        if best is None or agreement[number] > agreement[best[0]]:
            best = (number, pair)
        if agreement[number] >= LEAST_AGREEMENT:
            best = (number, pair)
            break
    number, pair = best

    report(0.8, f"Fitting {number} clusters")
    weights, means, variances = _by_falling_weight(_mixture(features, number, seed))
    report(0.95, "Choosing the temperature")
    temperature = _temperature((weights, means, variances), pair, judge)
    report(1.0, "Done")
    return ClusterDictionary(
        projection.astype(np.float32),
        offset.astype(np.float32),
        weights.astype(np.float32),
        means.astype(np.float32),
        variances.astype(np.float32),
        temperature,
        model.hash,
        {
            "agreement": {str(number): round(value, 4) for number, value in agreement.items()},
            "least_agreement": LEAST_AGREEMENT,
            "chosen": k is None,
            "seed": seed,
            "recordings": len(windows),
            "moments": len(features),
            "explained_variance": round(explained, 4),
            "step_s": found.step_s,
        },
    )


def _sampled_moments(
    model: ECGCLIP, windows: Sequence[np.ndarray], random: np.random.Generator, report: Callable
) -> tuple[np.ndarray, np.ndarray, Activations]:
    """Activation vectors of random moments, the same number from each recording, and the recording of each."""
    values, owner = [], []
    each = -(-MOMENTS // len(windows))
    for start in range(0, len(windows), READ_BATCH):
        report(0.3 * start / len(windows), "Reading activations")
        found = activations(model, np.stack(list(windows[start : start + READ_BATCH])))
        border = round(BORDER_S / found.step_s)
        for row, recording in enumerate(found.values):
            chosen = random.permutation(np.arange(border, len(recording) - border))[:each]
            values.append(recording[chosen])
            owner.append(np.full(len(chosen), start + row))
    return np.concatenate(values), np.concatenate(owner), found


def _principal_components(
    values: np.ndarray, widths: tuple[int, ...], seed: int
) -> tuple[np.ndarray, np.ndarray, float]:
    from sklearn.decomposition import PCA

    mean, spread = values.mean(axis=0, dtype=np.float64), values.std(axis=0, dtype=np.float64)
    # A channel that never speaks must not be blown up to weigh as much as the others.
    scale = np.divide(1.0, spread, out=np.zeros_like(spread), where=spread > 1e-6) / np.sqrt(np.repeat(widths, widths))
    components = min(COMPONENTS, values.shape[1], len(values))
    pca = PCA(components, svd_solver="covariance_eigh", random_state=seed).fit((values - mean) * scale)
    projection = scale[:, None] * pca.components_.T
    return projection, -(mean @ projection) - pca.mean_ @ pca.components_.T, float(pca.explained_variance_ratio_.sum())


def _mixture(features: np.ndarray, k: int, seed: int) -> Mixture:
    """The best of several k-means as the start of one Gaussian mixture with diagonal covariances."""
    from sklearn.cluster import KMeans
    from sklearn.mixture import GaussianMixture

    means = KMeans(k, n_init=KMEANS_STARTS, random_state=seed).fit(features).cluster_centers_
    # Variances below a thousandth of the mean one make spikes of single moments.
    floor = 1e-3 * features.var(axis=0).mean()
    fitted = GaussianMixture(
        k, covariance_type="diag", means_init=means, reg_covar=floor, max_iter=100, random_state=seed
    ).fit(features)
    return fitted.weights_, fitted.means_, fitted.covariances_


def _by_falling_weight(mixture: Mixture) -> Mixture:
    order = np.argsort(-mixture[0], kind="stable")
    weights, means, variances = (part[order] for part in mixture)
    return weights, means, variances


def _agreement(pair: list[Mixture], features: np.ndarray) -> float:
    from sklearn.metrics import adjusted_rand_score

    one, other = (log_joint(features, *mixture).argmax(axis=1) for mixture in pair)
    return float(adjusted_rand_score(one, other))


def _temperature(mixture: Mixture, pair: list[Mixture], features: np.ndarray) -> float:
    """The temperature at which responsibilities best foretell the labels of mixtures that saw other recordings."""
    from scipy.optimize import linear_sum_assignment, minimize_scalar

    joint = log_joint(features, *mixture)
    own = joint.argmax(axis=1)
    rows = np.arange(len(features))
    foretold = []
    for other in pair:
        labels = log_joint(features, *other).argmax(axis=1)
        shared = np.zeros((len(mixture[0]),) * 2)
        np.add.at(shared, (labels, own), 1)
        foretold.append(linear_sum_assignment(-shared)[1][labels])

    def loss(log_temperature: float) -> float:
        chances = softmax(joint / np.exp(log_temperature))
        return -np.mean([np.log(np.maximum(chances[rows, labels], 1e-12)).mean() for labels in foretold])

    return float(np.exp(minimize_scalar(loss, bounds=(0.0, np.log(1e3)), method="bounded").x))
