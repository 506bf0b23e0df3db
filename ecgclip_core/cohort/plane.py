"""The map of a cohort: UMAP (McInnes et al. 2018, arXiv:1802.03426), and how far it can be trusted."""

import numpy as np

NEIGHBOURS = 15
MINIMUM_DISTANCE = 0.1
FEWEST = 10  # below this many recordings there is no manifold to learn; principal components instead
JUDGED = 3000  # recordings that trustworthiness, which grows with the square, is computed on
JUDGED_NEIGHBOURS = 10


def lay_out(embeddings: np.ndarray, seed: int = 0) -> tuple[np.ndarray, dict]:
    """Coordinates of recordings on a map.

    Parameters
    ----------
    embeddings : ndarray, shape (n, d)
        Rows of length 1.
    seed : int
        The same seed gives the same map.

    Returns
    -------
    coordinates : ndarray of float32, shape (n, 2)
    map : dict
        ``method``, its parameters, and `trust` in the map.
    """
    embeddings = np.asarray(embeddings, dtype=np.float32)
    if len(embeddings) < FEWEST:
        centred = embeddings - embeddings.mean(axis=0)
        axes = np.linalg.svd(centred, full_matrices=False)[2][:2]
        coordinates = np.zeros((len(embeddings), 2), dtype=np.float32)
        coordinates[:, : len(axes)] = centred @ axes.T
        return coordinates, {"method": "principal components"}
    from umap import UMAP

    neighbours = min(NEIGHBOURS, len(embeddings) - 1)
    coordinates = UMAP(
        n_neighbors=neighbours, min_dist=MINIMUM_DISTANCE, metric="cosine", random_state=seed, n_jobs=1
    ).fit_transform(embeddings)
    parameters = {"n_neighbors": neighbours, "min_dist": MINIMUM_DISTANCE, "metric": "cosine", "seed": seed}
    return coordinates.astype(np.float32), {"method": "UMAP", **parameters, **trust(embeddings, coordinates, seed)}


def trust(embeddings: np.ndarray, coordinates: np.ndarray, seed: int = 0) -> dict:
    """How well nearness on the map means nearness of the vectors.

    Returns
    -------
    dict
        ``trustworthiness`` (Venna and Kaski 2001, doi:10.1007/3-540-44668-0_68; on at most `JUDGED` recordings) and
        ``neighbour_overlap``: the share of the nearest `JUDGED_NEIGHBOURS` by vector that are also among as many
        nearest on the map.
    """
    from sklearn.manifold import trustworthiness
    from sklearn.neighbors import NearestNeighbors

    k = min(JUDGED_NEIGHBOURS, len(embeddings) // 2 - 1)
    judged = np.random.default_rng(seed).permutation(len(embeddings))[:JUDGED]
    near, near_on_map = (
        NearestNeighbors(n_neighbors=k + 1, metric=metric).fit(points).kneighbors(points[judged], return_distance=False)
        for points, metric in ((embeddings, "cosine"), (coordinates, "euclidean"))
    )
    shared = [
        len((set(one) - {row}) & (set(other) - {row})) / k
        for row, one, other in zip(judged, near, near_on_map, strict=True)
    ]
    trusted = trustworthiness(embeddings[judged], coordinates[judged], n_neighbors=k, metric="cosine")
    return {"trustworthiness": round(float(trusted), 4), "neighbour_overlap": round(float(np.mean(shared)), 4)}
