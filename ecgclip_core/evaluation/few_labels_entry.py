"""What is written of a comparison with few labels: intervals of every model, and paired differences."""

import numpy as np

from ecgclip_core.corpora.corpus import ABSENT, HOLDS, UNKNOWN
from ecgclip_core.evaluation.compare import Reported, curves, differences, estimates, macro
from ecgclip_core.evaluation.contenders import Study
from ecgclip_core.evaluation.metrics import estimate, resampled_weights
from ecgclip_core.evaluation.tasks import Task
from ecgclip_core.model.ecgclip import ECGCLIP

RANDOM, NOTHING = "random", "supervised from nothing"


def entry_of(
    kind: str,
    model: ECGCLIP,
    task: Task,
    corpus: str,
    study: Study,
    ways: dict[str, str],
    fractions: list[float],
    found: list[dict],
) -> dict:
    """An entry of ``evaluation.json``.

    Parameters
    ----------
    kind : str
    model : ECGCLIP
    task : Task
    corpus : str
        In words.
    study : Study
    ways : dict of str to str
        How each model was taught; the first is the checkpoint's.
    fractions : list of float
        Ascending.
    found : list of dict
        One a fraction: ``taught`` (rows by draw and round) and ``scores`` (runs by model, each with ``scores``,
        ``decided`` and ``chosen``).

    Returns
    -------
    dict
        ``macro`` and ``findings`` are those of the checkpoint with the largest fraction; ``fractions`` has every model
        with every fraction, the paired differences of the checkpoint from each other model (``paired``), and those
        from `NOTHING` with the largest fraction (``paired_with_all_labels``).
    """
    test = np.concatenate([round.test for round in study.rounds])
    reported = Reported(study.labels[test], resampled_weights(study.persons[test]))
    positives = (reported.labels == HOLDS).sum(axis=0)
    all_curves = [
        {
            name: curves(reported, [(run["scores"], run["decided"]) for run in runs])
            for name, runs in each["scores"].items()
        }
        for each in found
    ]
    macros = [{name: macro(values, positives) for name, values in each.items()} for each in all_curves]
    own = next(iter(ways))
    entry = {
        "task": task.name,
        "description": task.description,
        "kind": kind,
        "corpus": corpus,
        "checkpoint": {"name": model.name, "hash": model.hash},
        "recordings": len(test),
        "persons": len(set(study.persons[test])),
        "macro": estimates(macros[-1][own]),
        "findings": _per_finding(task, study, reported, all_curves[-1][own]),
        "rounds": len(study.rounds),
        "taught_by": ways,
        "fractions": [],
    }
    for fraction, each, models in zip(fractions, found, macros, strict=True):
        entry["fractions"].append(
            {
                "fraction": fraction,
                "recordings": len(each["taught"][0][0]),
                "persons": len(set(study.persons[each["taught"][0][0]])),
                "draws": len(each["taught"]),
                "not_taught": _not_taught(study, each["taught"]),
                "models": {
                    name: estimates(values) | {"chosen": [run["chosen"] for run in each["scores"][name]]}
                    for name, values in models.items()
                },
                "paired": {name: differences(models[own], other) for name, other in models.items() if name != own},
                "paired_with_all_labels": {NOTHING: differences(models[own], macros[-1][NOTHING])},
            }
        )
    return entry


def _not_taught(study: Study, taught: list[list[np.ndarray]]) -> dict[str, int]:
    """Findings that a subset could not teach, with the number of subsets: every model scored them alike."""
    subsets = [study.labels[rows] for draw in taught for rows in draw]
    missed = sum(~((labels == HOLDS).any(axis=0) & (labels == ABSENT).any(axis=0)) for labels in subsets)
    return {finding: int(number) for finding, number in zip(study.findings, missed, strict=True) if number}


def _per_finding(task: Task, study: Study, reported: Reported, curves: dict[str, np.ndarray]) -> list[dict]:
    rows = []
    for column, finding in enumerate(study.findings):
        known, held = reported.labels[:, column] != UNKNOWN, reported.labels[:, column] == HOLDS
        row = {
            "finding": finding,
            "name": task.label(finding).name,
            "positives": int(held.sum()),
            "recordings": int(known.sum()),
            "prevalence": float(held.sum() / known.sum()),
        }
        for name in ("prauc", "auroc", "f1"):
            measured = estimate(curves[name][column])
            row |= {name: measured.value, f"{name}_low": measured.low, f"{name}_high": measured.high}
        rows.append(row)
    return rows


def summary(entry: dict) -> str:
    """The entry as lines of text: every model with every fraction, and what the checkpoint has more than it."""
    lines = [f"{entry['task']}, {entry['kind']}: {entry['recordings']} recordings of {entry['persons']} persons report"]
    for part in entry["fractions"]:
        draws = f", {part['draws']} draws" if part["draws"] > 1 else ""
        lines.append(f"{part['fraction']:.0%} of the labels: {part['recordings']} recordings{draws}")
        for name, model in part["models"].items():
            line = f"  {name:26}" + "  ".join(
                f"{measure.upper()} {model[measure]['value']:.3f} [{model[measure]['low']:.3f}, "
                f"{model[measure]['high']:.3f}]"
                for measure in ("prauc", "auroc")
            )
            for measure in ("prauc", "auroc") if name in part["paired"] else ():
                ahead = part["paired"][name][measure]
                line += f"  {measure.upper()} {ahead['value']:+.3f} [{ahead['low']:+.3f}, {ahead['high']:+.3f}]"
            lines.append(line)
    return "\n".join([*lines, *entry["notes"]])
