"""A random forest that sees nothing but cluster proportions and answers in place of the model.

If it repeats the model's decisions, the clusters hold what the model decides by (arXiv:2509.15198).
"""

from dataclasses import dataclass, field

import numpy as np

TREES = 200
FEATURES_A_SPLIT = 0.5
LEAST_IN_LEAF = 3


@dataclass(frozen=True, eq=False)
class Forest:
    """Fitted by `fit_forest`.

    Attributes
    ----------
    trees : RandomForestRegressor
        Of all questions together.
    scale : ndarray, shape (f,)
        Spread of each question's scores; the trees see scores divided by it, so that no question outweighs another.
    """

    trees: object = field(repr=False)
    scale: np.ndarray = field(repr=False)

    def scores(self, proportions: np.ndarray) -> np.ndarray:
        """What the model would answer, shape (n, f), to recordings of the given proportions, shape (n, K)."""
        return self.trees.predict(proportions).reshape(len(proportions), -1) * self.scale


def fit_forest(proportions: np.ndarray, scores: np.ndarray, seed: int = 0) -> Forest:
    """Teach a forest the model's scores.

    Scores rather than decisions are taught: a recording just beyond a threshold and one far beyond it are different
    lessons, and the decision follows from the score at the model's own threshold.

    Parameters
    ----------
    proportions : ndarray, shape (n, K)
        As of `cluster_proportions`.
    scores : ndarray, shape (n, f)
        The model's logits of f questions.
    seed : int

    Returns
    -------
    Forest
    """
    from sklearn.ensemble import RandomForestRegressor

    scale = np.maximum(scores.std(axis=0), 1e-9)
    trees = RandomForestRegressor(
        TREES, max_features=FEATURES_A_SPLIT, min_samples_leaf=LEAST_IN_LEAF, random_state=seed
    )
    return Forest(trees.fit(proportions, scores / scale), scale)
