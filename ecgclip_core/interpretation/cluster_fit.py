"""Fitting the dictionary of clusters for a checkpoint.

Fusion, number of clusters and sharpness are not published (arXiv:2509.15198). Here

- each stage is put on one time axis, standardised by channel and divided by the root of its number of channels, so that
  all three weigh the same; on the principal components lies a Gaussian mixture with diagonal covariances;
- the mixture is fitted by classification EM (Celeux and Govaert 1992, doi:10.1016/0167-9473(92)90042-E): k-means, then
  weight and variances of each of its clusters. Soft EM steps from there made mixtures of different recordings agree
  less (20 clusters, one split of an early checkpoint: 0.73 instead of 0.82) and gained at most 0.01 of purity
  against the waves of simulated recordings;
- the number of clusters is the largest, up to `MOST_CLUSTERS`, for which two mixtures that were fitted on different
  recordings agree on further ones: adjusted Rand index (Hubert and Arabie 1985, doi:10.1007/BF01908075) of at least
  `LEAST_AGREEMENT`, as the mean of `SPLITS` splits since one alone varies by 0.1; where none reaches it, the number
  that agrees best;
- the posteriors of a mixture in many dependent dimensions are far too sharp. They are softened by one temperature,
  chosen as in calibration (Guo et al. 2017, arXiv:1706.04599): a responsibility of 0.7 means that in 7 of 10 such
  moments a mixture fitted on other recordings puts the moment into the same cluster.
"""

from collections.abc import Callable, Sequence

import numpy as np

from ecgclip_core.interpretation.activations import Activations, activations
from ecgclip_core.interpretation.cluster_smoothing import fit_stay
from ecgclip_core.interpretation.clusters import ClusterDictionary, log_joint, softmax
from ecgclip_core.model.ecgclip import ECGCLIP

MOST_CLUSTERS = 32
LEAST_AGREEMENT = 0.8
COMPONENTS = 32
MOMENTS = 60_000  # for the final mixture
SPLITS = 3
HALF_MOMENTS = 15_000  # for each half of a split
JUDGED_MOMENTS = 10_000  # on which its mixtures are compared
KMEANS_STARTS = 10
BORDER_S = 0.4  # at the borders of a window the encoder sees padding, which must not become a cluster of its own
READ_BATCH = 64
STAY_RECORDINGS = 100  # for the transition prior, whose one number they leave no doubt about

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

    splits = [_split(features, owner, random) for _ in range(SPLITS)]
    number, agreement, pairs = _compare(splits, [k] if k else None, seed, report)

    report(0.8, f"Fitting {number} clusters")
    weights, means, variances = _by_falling_weight(_mixture(features, number, seed))
    report(0.95, "Choosing the temperature")
    temperature = _temperature((weights, means, variances), pairs, [split[2] for split in splits])
    dictionary = ClusterDictionary(
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
    report(0.98, "Fitting the transition prior")
    dictionary.meta["stay"] = stay_in(model, dictionary, windows)
    report(1.0, "Done")
    return dictionary


def stay_in(model: ECGCLIP, dictionary: ClusterDictionary, windows: Sequence[np.ndarray] | np.ndarray) -> float:
    """How likely the clusters of some of these recordings last from one moment to the next; see `fit_stay`."""
    rows = np.unique(np.linspace(0, len(windows) - 1, STAY_RECORDINGS).round().astype(int))
    found = activations(model, np.stack([np.asarray(windows[int(row)]) for row in rows]))
    return round(fit_stay(list(dictionary.responsibilities(found.values)), dictionary.weights), 4)


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


def _compare(
    splits: list[list[np.ndarray]], numbers: list[int] | None, seed: int, report: Callable
) -> tuple[int, dict[int, float], list[list[Mixture]]]:
    """The number of clusters, the agreement of each number that was tried, and the mixtures of the chosen one."""
    if numbers is None:
        most = min(len(half) for split in splits for half in split[:2]) // 10
        numbers = list(range(min(MOST_CLUSTERS, most), 1, -1))
    agreement: dict[int, float] = {}
    fitted: dict[int, list[list[Mixture]]] = {}
    for tried, number in enumerate(numbers):
        report(0.3 + 0.5 * tried / len(numbers), f"Comparing halves with {number} clusters")
        fitted[number] = [
            [_mixture(half, number, seed + turn) for turn, half in enumerate(split[:2])] for split in splits
        ]
        compared = zip(fitted[number], splits, strict=True)
        agreement[number] = float(np.mean([_agreement(pair, split[2]) for pair, split in compared]))
        if agreement[number] >= LEAST_AGREEMENT:
            return number, agreement, fitted[number]
    best = max(agreement, key=agreement.get)
    return best, agreement, fitted[best]


def _split(features: np.ndarray, owner: np.ndarray, random: np.random.Generator) -> list[np.ndarray]:
    """Moments of two fifths of the recordings, of two others, and of the last fifth."""
    part = random.permutation(owner.max() + 1)[owner] % 5
    chosen = []
    for numbers, most in (((0, 1), HALF_MOMENTS), ((2, 3), HALF_MOMENTS), ((4,), JUDGED_MOMENTS)):
        own = np.flatnonzero(np.isin(part, numbers))
        chosen.append(features[random.permutation(own)[:most]])
    return chosen


def _mixture(features: np.ndarray, k: int, seed: int) -> Mixture:
    """The best of several k-means, with weight and variances of each cluster."""
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    # Many short parallel steps: on a machine with other work, threads that wait for each other cost ten times as much.
    with threadpool_limits(1):
        fitted = KMeans(k, n_init=KMEANS_STARTS, random_state=seed).fit(features)
    # Variances below a thousandth of the mean one make spikes of single moments.
    floor = 1e-3 * features.var(axis=0).mean()
    variances = np.stack([features[fitted.labels_ == cluster].var(axis=0) for cluster in range(k)]) + floor
    return np.bincount(fitted.labels_, minlength=k) / len(features), fitted.cluster_centers_, variances


def _by_falling_weight(mixture: Mixture) -> Mixture:
    order = np.argsort(-mixture[0], kind="stable")
    weights, means, variances = (part[order] for part in mixture)
    return weights, means, variances


def _agreement(pair: list[Mixture], features: np.ndarray) -> float:
    from sklearn.metrics import adjusted_rand_score

    one, other = (log_joint(features, *mixture).argmax(axis=1) for mixture in pair)
    return float(adjusted_rand_score(one, other))


def _temperature(mixture: Mixture, pairs: list[list[Mixture]], judged: list[np.ndarray]) -> float:
    """The temperature at which responsibilities best foretell the labels of mixtures that saw other recordings."""
    from scipy.optimize import minimize_scalar

    joints = [log_joint(features, *mixture) for features in judged]
    foretold = [
        (joint, _matched(log_joint(features, *other).argmax(axis=1), joint.argmax(axis=1), len(mixture[0])))
        for pair, features, joint in zip(pairs, judged, joints, strict=True)
        for other in pair
    ]

    def loss(log_temperature: float) -> float:
        chances = [
            softmax(joint / np.exp(log_temperature))[np.arange(len(joint)), labels] for joint, labels in foretold
        ]
        return -np.mean([np.log(np.maximum(chance, 1e-12)).mean() for chance in chances])

    return float(np.exp(minimize_scalar(loss, bounds=(0.0, np.log(1e3)), method="bounded").x))


def _matched(labels: np.ndarray, own: np.ndarray, k: int) -> np.ndarray:
    """Labels of another mixture, renamed after those of one's own that they share most moments with."""
    from scipy.optimize import linear_sum_assignment

    shared = np.zeros((k, k))
    np.add.at(shared, (labels, own), 1)
    return linear_sum_assignment(-shared)[1][labels]
