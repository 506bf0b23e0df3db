"""Where a model has learned the criteria and where it has found something else: the table, and its file."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.interpretation.beat_aligned import TIMES
from ecgclip_core.interpretation.criteria_places import CATALOGUE, CRITERIA
from ecgclip_core.interpretation.saliency import DEFAULT
from ecgclip_core.interpretation.saliency_table import interval
from ecgclip_core.interpretation.waves import WAVES
from ecgclip_core.model.ecgclip import ECGCLIP

FILE = "criteria_agreement.json"
LEAST = 3  # recordings, for a verdict
LEAST_FOR_BEAT = 10  # recordings of persons, before their mean beat is kept
LEARNED, TALL, ELSEWHERE, OPEN, UNKNOWN, FEW = "criteria", "tall waves", "elsewhere", "open", "not known", "too few"
WORDS = {
    LEARNED: "the criteria: more than chance, and more than the same network without learning",
    TALL: "above chance only: more than chance, but no more than the same network without learning, as tall waves give",
    ELSEWHERE: "something else: less than chance",
    OPEN: "undecided: not told apart from chance",
    UNKNOWN: "not known: the model does not lean towards it, so there is nothing to explain",
    FEW: "too few: fewer than three recordings, or no place to compare with",
}


def summarise_agreement(rows: pd.DataFrame, model: ECGCLIP, source: str, real: bool) -> dict:
    """One entry a finding, with 95 % bootstrap intervals over recordings.

    Parameters
    ----------
    rows : DataFrame
        As of ``measure_agreement``.
    model : ECGCLIP
    source : str
        What the recordings are, in words.
    real : bool
        Whether they are of persons: then a mean beat is kept only of `LEAST_FOR_BEAT` or more.

    Returns
    -------
    dict
        Plain values: ``checkpoint``, ``method``, ``source``, ``real``, ``recordings``, ``times``, ``findings``.
    """
    return {
        "checkpoint": {"name": model.name, "hash": model.hash},
        "method": DEFAULT,
        "source": source,
        "real": real,
        "recordings": len(rows),
        "times": TIMES.tolist(),
        "findings": {finding: _entry(part, real) for finding, part in rows.groupby("finding")},
    }


def write_agreement(folder: Path, summary: dict) -> Path:
    """Keep a summary beside its checkpoint: one of each source, those of other weights dropped."""
    file = Path(folder) / FILE
    kept = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else []
    kept = [one for one in kept if one["checkpoint"] == summary["checkpoint"] and one["source"] != summary["source"]]
    file.write_text(json.dumps([*kept, summary], ensure_ascii=False) + "\n", encoding="utf-8")
    return file


def read_agreement(model: ECGCLIP) -> list[dict]:
    """The summaries of exactly these weights by the method that the app shows first; empty where there is none."""
    file = model.folder / FILE if model.folder else None
    if file is None or not file.is_file():
        return []
    found = json.loads(file.read_text(encoding="utf-8"))
    return [one for one in found if one["checkpoint"]["hash"] == model.hash and one["method"] == DEFAULT]


def agreement_table(summary: dict) -> pd.DataFrame:
    """One row a finding, those that lie on the criteria first: shares and gains as numbers, the verdict in words.

    Gain is 0 at chance and 1 where everything lies inside.
    """
    rows = []
    for finding, entry in summary["findings"].items():
        figures = entry[entry["judged_by"]] or {}
        gain = figures.get("gain") or {}
        rows.append(
            {
                "finding": finding,
                "recordings": entry["recordings"],
                "leans": entry["leans"],
                "share": figures.get("share"),
                "chance": figures.get("chance"),
                "gain": gain.get("value"),
                "low": gain.get("low"),
                "high": gain.get("high"),
                "unlearned": figures.get("redrawn_gain"),
                "verdict": entry["verdict"],
                "gathers": entry["gathers"],
            }
        )
    order = {verdict: place for place, verdict in enumerate(WORDS)}
    table = pd.DataFrame(rows)
    return table.sort_values(
        ["verdict", "gain"], key=lambda column: column.map(order) if column.name == "verdict" else -column
    )


def _entry(rows: pd.DataFrame, real: bool) -> dict:
    places = {place: _figures(rows[place].dropna()) for place in (CRITERIA, CATALOGUE)}
    judged = CRITERIA if places[CRITERIA] else CATALOGUE
    leans = float((rows["target"] > 0).mean())
    entry = {"recordings": len(rows), "leans": round(leans, 3), **places, "judged_by": judged}
    leads, waves, time = (np.mean(rows[key].tolist(), axis=0) for key in ("leads", "waves", "time"))
    entry["gathers"] = _gathers(leads, waves, time)
    entry["verdict"] = _verdict(places[judged], leans, len(rows))
    entry["map"] = np.round(np.mean(rows["map"].tolist(), axis=0), 1).tolist()
    beats = [beat for beat in rows["beat"] if beat is not None]
    enough = len(beats) >= (LEAST_FOR_BEAT if real else 1)
    entry["beat"] = np.round(np.mean(beats, axis=0), 2).tolist() if enough else None
    return entry


def _figures(found: pd.Series) -> dict | None:
    if not len(found):
        return None
    table = pd.DataFrame(found.tolist())
    means = {name: round(float(table[name].mean()), 4) for name in ("share", "chance")}
    figures = means | {"gain": interval(table["gain"])}
    if "redrawn_gain" in table:
        figures["redrawn_gain"] = round(float(table["redrawn_gain"].mean()), 4)
        figures["over_redrawn"] = interval(table["gain"] - table["redrawn_gain"])
    return figures


def _verdict(figures: dict | None, leans: float, recordings: int) -> str:
    if recordings < LEAST or figures is None:
        return FEW
    if leans < 0.5:
        return UNKNOWN
    if figures["gain"]["high"] < 0:
        return ELSEWHERE
    if figures["gain"]["low"] <= 0:
        return OPEN
    over = figures.get("over_redrawn")
    return LEARNED if over is None or over["low"] > 0 else TALL


def _gathers(leads: np.ndarray, waves: np.ndarray, time: np.ndarray) -> str:
    """Where most of it lies: the wave with the most for its time, and the three leads with the most."""
    ratios = np.where((waves >= 0.1) & (time > 0), waves / np.maximum(time, 1e-6), 0)
    wave = WAVES[int(ratios.argmax())]
    best = sorted(np.argsort(-leads)[:3])
    where = "between the waves" if wave == "between" else f"{wave} ({ratios.max():.1f} times its time)"
    return f"{where}; {', '.join(LEADS[lead] for lead in best)} ({100 * leads[best].sum():.0f} %)"
