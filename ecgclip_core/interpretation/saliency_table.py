"""What the checks of a checkpoint's maps come to: a table of methods, verdicts, and the file beside the checkpoint."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from ecgclip_core.interpretation.randomisation import LAYERS
from ecgclip_core.interpretation.saliency import METHODS
from ecgclip_core.interpretation.saliency_checks import LEAST_AGREEMENT, VARIANTS
from ecgclip_core.model.ecgclip import ECGCLIP

FILE = "saliency.json"
LEAST_AUROC = 0.6
FEWEST = 2  # recordings, for a verdict
DRAWS = 2000
LARGEST_CHANCE = 0.5  # a finding that fills more of the recording cannot be missed


def summarise_checks(rows: pd.DataFrame, model: ECGCLIP) -> dict:
    """Everything that the checks found, with verdicts.

    Parameters
    ----------
    rows : DataFrame
        As of ``measure``.
    model : ECGCLIP

    Returns
    -------
    dict
        Plain values: ``checkpoint``, ``recordings``, ``findings``, ``knowledge`` (AUROC and verdict), ``methods`` (one
        entry a variant: figures with 95 % bootstrap intervals over recordings, ``checks`` with a verdict each,
        ``passed``, ``by_finding``), ``agreement`` (mean rank agreement of pairs), ``best``.
    """
    recordings = rows.drop_duplicates(["finding", "seed"])
    knowledge = _knowledge(recordings)
    entries = [_entry(part, name, knowledge) for name, part in rows.groupby("variant", sort=False)]
    entries.sort(key=lambda entry: -(entry["gain"] or {"value": -9})["value"])
    fit = [entry for entry in entries if _may_lead(entry)]
    return {
        "checkpoint": {"name": model.name, "hash": model.hash},
        "recordings": len(recordings),
        "findings": sorted(set(rows["finding"])),
        "knowledge": knowledge,
        "methods": entries,
        "agreement": _agreements(rows),
        "best": fit[0]["variant"] if fit else None,
    }


def write_checks(folder: Path, summary: dict) -> Path:
    """Keep a summary beside its checkpoint."""
    file = Path(folder) / FILE
    file.write_text(json.dumps(summary, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return file


def read_checks(model: ECGCLIP) -> dict | None:
    """The summary of exactly these weights; None where they were never checked."""
    file = model.folder / FILE if model.folder else None
    if file is None or not file.is_file():
        return None
    summary = json.loads(file.read_text(encoding="utf-8"))
    return summary if summary["checkpoint"]["hash"] == model.hash else None


def entry_for(summary: dict, method: str, baseline: str | None, stage: int | None) -> dict | None:
    """The entry of a method with its settings; with its usual settings where these were not checked."""
    entries = {(one["method"], one["baseline"], one["stage"]): one for one in summary["methods"]}
    usual = next((one for one in summary["methods"] if one["method"] == method), None)
    return entries.get((method, baseline, stage), usual)


def table(summary: dict) -> pd.DataFrame:
    """One row a method, for reading."""
    rows = []
    for entry in summary["methods"]:
        row = {"method": entry["variant"], "n": entry["recordings"], "passed": entry["passed"]}
        row["failed"] = ", ".join(name for name, passed in entry["checks"].items() if passed is False)
        for name in ("gain", "over_redrawn", "hits", "deletion_gain", "insertion_gain", "weights", "question"):
            row[name] = _words(entry[name])
        rows.append(row | {name: _words(entry[name]) for name in ("infidelity", "sensitivity", "seconds")})
    return pd.DataFrame(rows)


def by_finding(summary: dict) -> pd.DataFrame:
    """Gain of place, finding by method."""
    columns = {
        entry["variant"]: {finding: one["gain"] for finding, one in entry["by_finding"].items()}
        for entry in summary["methods"]
    }
    return pd.DataFrame(columns).sort_index()


def _may_lead(entry: dict) -> bool:
    """Whether a method may be the first that the app shows, by the rule in ``docs/saliency.md``."""
    return bool(entry["checks"]["weights"]) and bool(entry["checks"]["question"]) and not entry["slow"]


def _entry(rows: pd.DataFrame, name: str, knowledge: dict) -> dict:
    variant = next(one for one in VARIANTS if one.name == name)
    uses = METHODS[variant.method].uses
    # A map of an answer that the model does not give need not lie where the finding is.
    placed = rows[(rows["target"] > 0) & rows["gain"].notna() & (rows["chance"] <= LARGEST_CHANCE)]
    over = placed["gain"] - placed["redrawn_gain"] if "redrawn_gain" in placed else pd.Series(dtype=float)
    figures = {
        "gain": interval(placed["gain"]),
        "over_redrawn": interval(over),
        "hits": interval(placed["hit"]),
        "chance": interval(placed["chance"]),
        "share": interval(placed["share"]),
        **{key: interval(_column(rows, key)) for key in ("deletion_gain", "insertion_gain", "deletion_p")},
        **{key: interval(_column(rows, key)) for key in ("insertion_p", "infidelity", "sensitivity")},
        "weights": interval(_column(rows, "weights").abs()),
        "question": interval(_column(rows, "question")),
        "seconds": interval(rows["seconds"]),
    }
    checks = {
        "weights": _below(figures["weights"], LEAST_AGREEMENT),
        "question": _below(figures["question"], LEAST_AGREEMENT),
        "removal": _both(_above(figures["deletion_gain"], 0), _above(figures["insertion_gain"], 0)),
        "place": _both(_above(figures["gain"], 0), _above(figures["over_redrawn"], 0)),
    }
    return {
        "variant": name,
        "method": variant.method,
        "baseline": variant.baseline if "baseline" in uses else None,
        "stage": variant.stage if "stage" in uses else None,
        "slow": METHODS[variant.method].slow,
        "recordings": len(rows),
        "placed": len(placed),
        **figures,
        "cascade": _cascade(rows),
        "checks": checks,
        "passed": bool(knowledge["passed"] and all(checks.values())),
        "by_finding": {finding: _of_finding(part) for finding, part in placed.groupby("finding")},
    }


def _column(rows: pd.DataFrame, key: str) -> pd.Series:
    return rows[key].dropna().astype(float) if key in rows else pd.Series(dtype=float)


def _above(figure: dict | None, bound: float) -> bool | None:
    """None where too few recordings tell."""
    return None if figure is None or figure["n"] < FEWEST else figure["low"] > bound


def _below(figure: dict | None, bound: float) -> bool | None:
    return None if figure is None or figure["n"] < FEWEST else figure["high"] < bound


def _both(first: bool | None, second: bool | None) -> bool | None:
    return None if None in (first, second) else first and second


def _of_finding(rows: pd.DataFrame) -> dict:
    means = {key: round(float(rows[key].astype(float).mean()), 4) for key in ("share", "chance", "gain")}
    return means | {"hits": round(float(rows["hit"].astype(float).mean()), 4), "recordings": len(rows)}


def _cascade(rows: pd.DataFrame) -> dict[str, float] | None:
    steps = [step for step in rows["cascade"] if isinstance(step, dict)] if "cascade" in rows else []
    if not steps:
        return None
    return {layer: round(float(np.mean([step[layer] for step in steps])), 4) for layer in LAYERS}


def _agreements(rows: pd.DataFrame) -> list[dict]:
    pairs: dict[tuple[str, str], list[float]] = {}
    for row in rows.itertuples():
        for other, agreement in (row.agreement or {}).items():
            if agreement is not None and np.isfinite(agreement):
                pairs.setdefault((other, row.variant), []).append(agreement)
    return [
        {"first": first, "second": second, "agreement": round(float(np.mean(found)), 4), "recordings": len(found)}
        for (first, second), found in pairs.items()
    ]


def _knowledge(recordings: pd.DataFrame) -> dict:
    """Whether the margins tell simulated recordings with a finding from those without."""
    margins = pd.DataFrame(list(recordings["margins"]), index=recordings.index)
    truth = np.array([[finding in one for finding in margins] for one in recordings["holds"]])
    rng = np.random.default_rng(0)
    drawn = [_macro_auroc(margins.to_numpy(), truth, rng.integers(len(truth), size=len(truth))) for _ in range(300)]
    value = _macro_auroc(margins.to_numpy(), truth, np.arange(len(truth)))
    low, high = np.nanquantile(drawn, (0.025, 0.975))
    auroc = {"value": round(value, 4), "low": round(float(low), 4), "high": round(float(high), 4)}
    return {"auroc": auroc, "passed": bool(low > LEAST_AUROC)}


def _macro_auroc(margins: np.ndarray, truth: np.ndarray, rows: np.ndarray) -> float:
    """Mean over the findings that some of the rows have and others do not."""
    margins, truth = margins[rows], truth[rows]
    positives = truth.sum(axis=0)
    ranks = rankdata(margins, axis=0)
    pairs = positives * (len(rows) - positives)
    wins = (ranks * truth).sum(axis=0) - positives * (positives + 1) / 2
    known = pairs > 0
    return float(np.mean(wins[known] / pairs[known])) if known.any() else float("nan")


def interval(values: pd.Series) -> dict | None:
    """Mean with its 95 % percentile interval over resampled recordings; None without values."""
    values = np.asarray(values.dropna(), dtype=float)
    if not len(values):
        return None
    rng = np.random.default_rng(0)
    means = values[rng.integers(len(values), size=(DRAWS, len(values)))].mean(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    figures = (("value", values.mean()), ("low", low), ("high", high))
    return {key: round(float(value), 4) for key, value in figures} | {"n": len(values)}


def _words(figure: dict | None) -> str:
    return "" if figure is None else f"{figure['value']:.2f} [{figure['low']:.2f}, {figure['high']:.2f}]"
