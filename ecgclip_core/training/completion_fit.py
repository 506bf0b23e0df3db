"""The thresholds of completion, chosen on simulated recordings that trained nothing and that no benchmark uses."""

import itertools
from pathlib import Path

import numpy as np
import pandas as pd

from ecgclip_core.errors import CheckpointError
from ecgclip_core.model.ecgclip import ECGCLIP
from ecgclip_core.training.completion import CONTRADICTED
from ecgclip_core.training.completion_trials import Trials, try_completion
from ecgclip_core.training.thresholds import (
    CONFIRMED,
    FEWEST,
    NEAR_LIMIT,
    OPEN,
    Thresholds,
    quantiles,
    save_thresholds,
)

FIRST_SEED = 4_000_000
PROPOSED_ROUNDS = 4  # proposals for one round of the conditions in so many
NEVER = 2.0
# Shares of recordings without a feature that its threshold may lie above, from lenient to strict. What no measurement
# says must stand on the model alone, and so never passes with less than 0.95; what is confirmed may not be far off.
SHARES = {
    CONFIRMED: (0.2, 0.3, 0.5),
    NEAR_LIMIT: (0.8, 0.9, 0.95, NEVER),
    OPEN: (0.95, 0.98, 0.99),
}
# A little above what completion promises (0.95 and 0.90), so that other recordings reach it too.
KEPT_TRUE, FALSE_REJECTED = 0.97, 0.93


def fit_completion(model: ECGCLIP, number: int, cache: str | Path) -> dict:
    """Choose the thresholds of a checkpoint and write them beside it.

    Parameters
    ----------
    model : ECGCLIP
        Loaded from a folder.
    number : int
        Simulated recordings, of seeds from `FIRST_SEED` on.
    cache : path
        A folder for them; an interrupted call goes on where it stopped, and another checkpoint uses them again.

    Returns
    -------
    dict
        What was chosen, and what it reaches on these recordings.

    Raises
    ------
    CheckpointError
        Where the model was not loaded from a folder.
    """
    if model.folder is None:
        raise CheckpointError("Thresholds are written beside a checkpoint: load the model from its folder first.")
    trials = try_completion(number, FIRST_SEED, model.preprocessing, cache, every=PROPOSED_ROUNDS)
    signals = model.encode_windows(trials.windows)
    thresholds = Thresholds({}, _quantiles(model, trials, signals), signals)
    rows = with_similarity(trials, signals, model)
    rows = rows[rows["truth"] >= 0]
    share, reached = _chosen(rows, thresholds, model)
    chosen_on = {"recordings": number, "first_seed": FIRST_SEED, "proposals": len(rows), **reached}
    thresholds = Thresholds(share, thresholds.quantiles, signals)
    save_thresholds(Path(model.folder), model.hash, thresholds, chosen_on)
    return {"share": share, **chosen_on}


def with_similarity(trials: Trials, signals: np.ndarray, model: ECGCLIP) -> pd.DataFrame:
    """The proposals with a column ``similarity`` of their sentence to their recording."""
    sentences = list(dict.fromkeys(trials.rows["feature"]))
    texts = dict(zip(sentences, model.encode_text(sentences), strict=True)) if sentences else {}
    pairs = zip(trials.rows["recording"], trials.rows["feature"], strict=True)
    return trials.rows.assign(similarity=[float(signals[number] @ texts[sentence]) for number, sentence in pairs])


def kept(rows: pd.DataFrame, thresholds: Thresholds, model: ECGCLIP) -> np.ndarray:
    """Which proposals are kept, shape (n,), by the rule of `completion.complete`."""
    least = [
        float("inf") if state == CONTRADICTED else thresholds.of(sentence, state, model)
        for sentence, state in zip(rows["feature"], rows["measured"], strict=True)
    ]
    return rows["similarity"].to_numpy() >= np.array(least)


def outcome(rows: pd.DataFrame, keeps: np.ndarray) -> dict[str, float]:
    """How well proposals with a known truth were sorted: shares of kept that are true, of false rejected, true kept."""
    true = rows["truth"].to_numpy() == 1
    return {
        "kept_true": float(true[keeps].mean()) if keeps.any() else float("nan"),
        "false_rejected": float((~keeps[~true]).mean()) if (~true).any() else float("nan"),
        "true_kept": float(keeps[true].mean()) if true.any() else float("nan"),
    }


def _quantiles(model: ECGCLIP, trials: Trials, signals: np.ndarray) -> dict[str, list[float]]:
    """Of each sentence of the catalogue whose truth is known for enough recordings."""
    similar = signals @ model.encode_text(list(trials.sentences)).T
    found = {}
    for column, sentence in enumerate(trials.sentences):
        without = trials.truth[:, column] == 0
        if without.sum() >= FEWEST:
            found[sentence] = quantiles(similar[without, column])
    return found


def _chosen(rows: pd.DataFrame, thresholds: Thresholds, model: ECGCLIP) -> tuple[dict[str, float], dict[str, float]]:
    """The shares that keep most of what is true while both promises are met, with what they reach.

    Where none meets both, those that come nearest.
    """
    best: tuple[tuple[float, float, float], dict[str, float], dict[str, float]] | None = None
    for choice in itertools.product(*SHARES.values()):
        share = dict(zip(SHARES, choice, strict=True))
        reached = outcome(rows, kept(rows, Thresholds(share, thresholds.quantiles, thresholds.vectors), model))
        short = max(KEPT_TRUE - reached["kept_true"], 0) + max(FALSE_REJECTED - reached["false_rejected"], 0)
        rank = (-round(short, 4), reached["true_kept"], sum(choice))
        if best is None or rank > best[0]:
            best = (rank, share, reached)
    return best[1], best[2]
