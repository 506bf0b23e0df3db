"""Whether completion keeps what is true and rejects what is false, on simulated recordings that nothing was chosen on.

    python benchmarks/completion.py [--recordings 390] [--checkpoint NAME] [--cache FOLDER]

Every recording gets a report that names what holds and one finding that does not. The features that the catalogue has
for these findings, and some of other findings as a careless language model would name them, are checked as
`ecgclip complete` does. What is true comes from what was put into the simulation
(`simulation.feature_truth`), seeds from 1,000,000 on. Intervals are 95 % percentiles of a bootstrap over recordings.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from ecgclip_core.model.checkpoint import load_model
from ecgclip_core.training.completion_fit import kept, outcome, with_similarity
from ecgclip_core.training.completion_trials import INVENTED, try_completion
from ecgclip_core.training.thresholds import load_thresholds

FIRST_SEED = 1_000_000
DRAWS = 1000
NAMES = {
    "kept_true": "kept that are true",
    "false_rejected": "false that are rejected",
    "true_kept": "true that are kept",
}


def with_interval(rows: pd.DataFrame) -> dict[str, tuple[float, float, float]]:
    """Each share of `outcome` with its interval over resampled recordings."""
    point = outcome(rows, rows["kept"].to_numpy())
    groups = [part for _, part in rows.groupby("recording")]
    counts = np.array([_counts(part) for part in groups])
    rng = np.random.default_rng(0)
    drawn = counts[rng.integers(len(counts), size=(DRAWS, len(counts)))].sum(axis=1)
    kept_true, kept_false, lost_true, lost_false = np.maximum(drawn, 0).T
    shares = {
        "kept_true": kept_true / np.maximum(kept_true + kept_false, 1),
        "false_rejected": lost_false / np.maximum(lost_false + kept_false, 1),
        "true_kept": kept_true / np.maximum(kept_true + lost_true, 1),
    }
    return {name: (point[name], *np.quantile(shares[name], (0.025, 0.975))) for name in NAMES}


def _counts(rows: pd.DataFrame) -> tuple[int, int, int, int]:
    true, keeps = rows["truth"].to_numpy() == 1, rows["kept"].to_numpy()
    return (true & keeps).sum(), (~true & keeps).sum(), (true & ~keeps).sum(), (~true & ~keeps).sum()


def report(title: str, rows: pd.DataFrame) -> None:
    true = int((rows["truth"] == 1).sum())
    print(f"\n{title}: {len(rows)} proposals, {true} true, {len(rows) - true} false")
    for name, (value, low, high) in with_interval(rows).items():
        print(f"  {NAMES[name]:24} {value:.3f} [{low:.3f}, {high:.3f}]")


def by_finding(rows: pd.DataFrame) -> pd.DataFrame:
    """One row a finding: how many of its proposals were true and false, and how they were sorted."""
    found = []
    for finding, part in rows.groupby("finding"):
        kept_true, kept_false, lost_true, lost_false = _counts(part)
        found.append((finding, kept_true, lost_true, lost_false, kept_false))
    columns = ["finding", "true kept", "true rejected", "false rejected", "false kept"]
    return pd.DataFrame(found, columns=columns).sort_values("false kept", ascending=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recordings", type=int, default=390)
    parser.add_argument("--checkpoint")
    parser.add_argument("--cache", type=Path, default=Path("runs/completion"))
    chosen = parser.parse_args()
    model = load_model(chosen.checkpoint)
    thresholds = load_thresholds(model)
    if thresholds is None:
        parser.exit(1, "This checkpoint has no thresholds: run ecgclip fit-completion first.\n")
    trials = try_completion(chosen.recordings, FIRST_SEED, model.preprocessing, chosen.cache)
    rows = with_similarity(trials, model.encode_windows(trials.windows), model)
    decided = rows[rows["truth"] >= 0]
    decided = decided.assign(kept=kept(decided, thresholds, model))
    print(f"{model.name}: {len(rows)} proposals, {len(rows) - len(decided)} of undecided truth left out")
    report("All proposals", decided)
    report("Proposals from the catalogue for a report with one wrong finding", decided[decided["origin"] != INVENTED])
    for origin, part in decided.groupby("origin"):
        report(f"Features of origin: {origin}", part)
    for state, part in decided.groupby("measured"):
        report(f"By measurement {state}", part)
    print()
    print(by_finding(decided[decided["origin"] != INVENTED]).to_string(index=False))


if __name__ == "__main__":
    main()
