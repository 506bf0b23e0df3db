"""How often readers agree with what a checkpoint says, finding by finding, over all recordings they reviewed."""

import numpy as np
import pandas as pd
from scipy.stats import norm

from ecgclip_core.review.entry import AGREE, DISAGREE, UNSURE
from ecgclip_core.review.store import latest

COLUMNS = ("finding", "leaning", "recordings", "readers", "agree", "disagree", "unsure", "share", "low", "high")
FOR, AGAINST = "for", "against"


def agreement(frame: pd.DataFrame) -> pd.DataFrame:
    """Agreement on each finding, apart for where the checkpoint leaned towards it and where against.

    Apart, since most findings are absent from most recordings: agreement on that would hide disagreement on the rest.

    Parameters
    ----------
    frame : DataFrame
        As of ``entries``, of one checkpoint.

    Returns
    -------
    DataFrame
        Columns `COLUMNS`, the most reviewed first. ``agree``, ``disagree`` and ``unsure`` count decisions; ``share``
        is the mean over recordings of the share of readers who agree among those who decide, with its 95 % interval
        by Wilson (1927), doi:10.1080/01621459.1927.10502953, in which a recording counts once however many readers
        decided on it. NaN where all are unsure. A leaning is a score above 0.5.
    """
    held = latest(frame)
    held = held[(held["finding"] != "") & held["score"].notna()]
    leaning = np.where(held["score"] > 0.5, FOR, AGAINST)
    rows = [
        {"finding": finding, "leaning": side} | _one(group)
        for (finding, side), group in held.groupby(["finding", leaning], sort=True)
    ]
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.sort_values(["recordings", "finding"], ascending=[False, True], kind="stable", ignore_index=True)


def wilson(share: float, number: int) -> tuple[float, float]:
    """95 % interval of a share of `number`, by Wilson's score."""
    if number == 0:
        return float("nan"), float("nan")
    z = norm.ppf(0.975)
    centre = share + z**2 / (2 * number)
    reach = z * np.sqrt(share * (1 - share) / number + z**2 / (4 * number**2))
    low, high = ((centre + side * reach) / (1 + z**2 / number) for side in (-1, 1))
    return max(0.0, float(low)), min(1.0, float(high))


def _one(group: pd.DataFrame) -> dict:
    counts = group["decision"].value_counts()
    decided = group[group["decision"].isin((AGREE, DISAGREE))]
    shares = (decided["decision"] == AGREE).groupby(decided["recording"]).mean()
    share = float(shares.mean()) if len(shares) else float("nan")
    low, high = wilson(share, len(shares))
    return {
        "recordings": group["recording"].nunique(),
        "readers": group["reviewer"].nunique(),
        **{decision: int(counts.get(decision, 0)) for decision in (AGREE, DISAGREE, UNSURE)},
        "share": share,
        "low": low,
        "high": high,
    }
