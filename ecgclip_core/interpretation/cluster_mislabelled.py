"""Recordings whose label and representation disagree, or which the model is unsure of: candidates for a second look.

After Northcutt et al. 2021 (confident learning, arXiv:1911.00068): each label is foretold from the representations of
other persons, and a label to which that forecast gives little chance is doubtful. The forecast is fitted on the labels
at hand, wrong ones among them, so it needs no other truth; it is a logistic regression, which a few wrong labels hardly
move.
"""

import numpy as np
import pandas as pd

PARTS = 5
STRENGTH = 0.1  # of the fit: 1 / penalty on standardised vectors
FEWEST = 5  # recordings with and without a label, for it to be foretold
# What one standard deviation of uncertainty weighs, in nats. On PTB-XL's fold 8 the mean of both ranks, in its place,
# found half as many injected wrong labels as the labels' own doubt.
UNCERTAINTY_NATS = 0.2
LEAST_CHANCE = 1e-3


def candidates(
    representation: np.ndarray,
    labels: np.ndarray,
    findings: list[str],
    persons: np.ndarray | None = None,
    uncertainty: np.ndarray | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """Recordings in the order in which their labels deserve a second look.

    Parameters
    ----------
    representation : ndarray, shape (n, d)
        What the model makes of each recording: its vector, its answers, cluster proportions.
    labels : ndarray of int8, shape (n, f)
        1 the finding is said to hold, 0 not, -1 nobody said.
    findings : list of str, length f
    persons : ndarray, shape (n,), optional
        Recordings of one person are never foretold from one another.
    uncertainty : ndarray, shape (n,), optional
        Mean entropy of the clusters over a recording.
    seed : int
        Of the parts.

    Returns
    -------
    DataFrame, n rows, most doubtful first
        ``row``; ``finding`` (the most doubtful of its labels, "" where none could be foretold), ``said`` (whether it is
        said to hold), ``chance`` (that the forecast gives to what is said); ``doubt`` (how many nats less likely than
        expected all its labels are), ``uncertainty`` (NaN where not given), ``rank``: 1 for the first.
    """
    foretold = forecast(representation, labels, persons, seed)
    chance = np.where(labels == 1, foretold, 1 - foretold)
    chance[labels < 0] = np.nan
    loss = -np.log(np.clip(chance, LEAST_CHANCE, 1))
    # A recording on the border is not the same as a wrong label: what the forecast itself leaves open is taken off.
    clipped = np.clip(foretold, LEAST_CHANCE, 1 - LEAST_CHANCE)
    expected = -(clipped * np.log(clipped) + (1 - clipped) * np.log(1 - clipped))
    expected[labels < 0] = np.nan
    doubt = np.nansum(loss - expected, axis=1)
    worst = np.where(np.isnan(loss), -1.0, loss).argmax(axis=1)
    rows = np.arange(len(labels))
    known = np.isfinite(chance[rows, worst])
    table = pd.DataFrame(
        {
            "row": rows,
            "finding": [findings[column] if told else "" for column, told in zip(worst, known, strict=True)],
            "said": labels[rows, worst] == 1,
            "chance": chance[rows, worst],
            "doubt": doubt,
            "uncertainty": np.nan if uncertainty is None else uncertainty,
        }
    )
    order = table["doubt"]
    if uncertainty is not None:
        spread = max(float(np.nanstd(uncertainty)), 1e-9)
        order = order + UNCERTAINTY_NATS * ((uncertainty - np.nanmean(uncertainty)) / spread)
    table = table.iloc[np.argsort(-order.fillna(table["doubt"]).to_numpy(), kind="stable")].reset_index(drop=True)
    table["rank"] = np.arange(1, len(table) + 1)
    return table


def forecast(
    representation: np.ndarray, labels: np.ndarray, persons: np.ndarray | None = None, seed: int = 0
) -> np.ndarray:
    """How likely each label holds, from the representations and labels of other persons.

    Parameters as in `candidates`.

    Returns
    -------
    ndarray of float, shape (n, f)
        NaN for a label that fewer than `FEWEST` recordings have, or lack.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    part = _parts(np.arange(len(labels)) if persons is None else persons, seed)
    foretold = np.full(labels.shape, np.nan)
    for column, label in enumerate(labels.T):
        known = label >= 0
        if min((label == 1).sum(), (label == 0).sum()) < FEWEST:
            continue
        for own in range(PARTS):
            learnt, asked = known & (part != own), part == own
            if not asked.any():
                continue
            if len(np.unique(label[learnt])) < 2:
                foretold[asked, column] = label[learnt].mean()
                continue
            scaler = StandardScaler().fit(representation[learnt])
            fitted = LogisticRegression(C=STRENGTH, max_iter=500).fit(
                scaler.transform(representation[learnt]), label[learnt]
            )
            foretold[asked, column] = fitted.predict_proba(scaler.transform(representation[asked]))[:, 1]
    return foretold


def _parts(persons: np.ndarray, seed: int) -> np.ndarray:
    """A part for each recording, the same for all of one person."""
    _, member = np.unique(persons, return_inverse=True)
    return (np.random.default_rng(seed).permutation(member.max() + 1) % PARTS)[member]


def with_wrong_labels(labels: np.ndarray, share: float, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Labels of which some recordings carry those of another one, as after two reports were mixed up.

    Parameters
    ----------
    labels : ndarray, shape (n, f)
    share : float
        Of the recordings; each is given the labels of a random recording whose labels differ.
    random : Generator

    Returns
    -------
    labels : ndarray, shape (n, f)
    wrong : ndarray of bool, shape (n,)
    """
    changed, wrong = labels.copy(), np.zeros(len(labels), dtype=bool)
    for row in random.permutation(len(labels))[: round(share * len(labels))]:
        others = np.flatnonzero((labels != labels[row]).any(axis=1))
        if len(others):
            changed[row], wrong[row] = labels[random.choice(others)], True
    return changed, wrong
