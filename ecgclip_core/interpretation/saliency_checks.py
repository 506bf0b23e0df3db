"""What is checked of maps: of one map on its recording, and of each method on simulated recordings of known truth."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from tqdm import tqdm

from ecgclip_core.ecg.recording import ECG
from ecgclip_core.findings.catalogue import catalogue
from ecgclip_core.interpretation.agreement import rank_agreement
from ecgclip_core.interpretation.faithfulness import (
    Faithfulness,
    RandomOrders,
    faithfulness,
    max_sensitivity,
    random_orders,
)
from ecgclip_core.interpretation.pointing import localise, truth_mask
from ecgclip_core.interpretation.randomisation import (
    SignalSide,
    agreement_of,
    agreement_with_random_targets,
    cascade,
    map_of_redrawn,
    redrawn,
)
from ecgclip_core.interpretation.saliency import METHODS, STAGES, Saliency, saliency
from ecgclip_core.interpretation.target import Progress
from ecgclip_core.model.ecgclip import ECGCLIP
from ecgclip_core.model.query import Query, ask_finding
from ecgclip_core.model.zero_shot import margin
from ecgclip_core.simulation.conditions import CONDITIONS
from ecgclip_core.simulation.simulate import simulate

FIRST_SEED = 2_000_000
ORDERS = 9  # of a recording; the mean over recordings decides
LEAST_AGREEMENT = 0.5  # from which a map counts as the same


@dataclass(frozen=True)
class Variant:
    """A method with its settings."""

    method: str
    baseline: str = "zero"
    stage: int = STAGES[-1]

    @property
    def name(self) -> str:
        """The method, with what departs from its usual settings."""
        baseline = f", {self.baseline}" if self.baseline != "zero" else ""
        return self.method + baseline + (f", stage {self.stage}" if self.stage != STAGES[-1] else "")


VARIANTS = (
    Variant("gradient"),
    Variant("smoothgrad"),
    Variant("integrated_gradients"),
    Variant("integrated_gradients", "normal"),
    Variant("integrated_gradients", "blurred"),
    Variant("grad_cam"),
    Variant("grad_cam", stage=2),
    Variant("lead_ablation"),
    Variant("occlusion"),
)


@dataclass(frozen=True)
class MapChecks:
    """Checks of one map.

    Attributes
    ----------
    removal : Faithfulness
    weights : DataFrame or None
        As of ``cascade``; None for a slow method.
    question : float or None
        Mean agreement with maps for random targets.
    sensitivity : float or None
    """

    removal: Faithfulness
    weights: pd.DataFrame | None = None
    question: float | None = None
    sensitivity: float | None = None


def check_map(model: ECGCLIP, ecg: ECG, found: Saliency, progress: Progress | None = None) -> MapChecks:
    """Every check that one map allows without a truth.

    Parameters
    ----------
    model : ECGCLIP
    ecg : ECG
    found : Saliency
        Of that recording. Of a slow method only removal is checked: the other checks need its map a dozen times.
    progress : callable, optional
        An exception that it raises stops the work.

    Returns
    -------
    MapChecks
    """

    def part(first: float, last: float) -> Progress | None:
        return progress and (lambda share: progress(first + share * (last - first)))

    slow = METHODS[found.method].slow
    orders = random_orders(model, ecg, found.query, part(0, 1 if slow else 0.4))
    removal = faithfulness(model, ecg, found, orders)
    if slow:
        return MapChecks(removal)
    return MapChecks(
        removal,
        cascade(model, ecg, found, progress=part(0.4, 0.7)),
        agreement_with_random_targets(model, ecg, found, progress=part(0.7, 0.85)),
        max_sensitivity(model, ecg, found, part(0.85, 1)),
    )


def measure(
    model: ECGCLIP,
    file: Path,
    findings: tuple[str, ...] = tuple(CONDITIONS),
    seeds: int = 2,
    thorough: int = 4,
    variants: tuple[Variant, ...] = VARIANTS,
    quiet: bool = False,
) -> pd.DataFrame:
    """Measure every method on simulated recordings; what the file already has is not measured again.

    Parameters
    ----------
    model : ECGCLIP
    file : Path
        JSON lines, one a recording and method; written as the work goes on, so that it can be stopped at any time.
    findings : tuple of str
        Ids in `CONDITIONS`.
    seeds : int
        Recordings of each finding.
    thorough : int
        On so many of the recordings the costly checks are made too, and slow methods run on these alone.
    variants : tuple of Variant
    quiet : bool
        No progress bar.

    Returns
    -------
    DataFrame
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    rows = read_rows(file)
    known = {(row["finding"], row["seed"], row["variant"]) for row in rows}
    work = [(finding, FIRST_SEED + seed) for seed in range(seeds) for finding in findings]
    costly = {work[at] for at in np.linspace(0, len(findings) - 1, min(thorough, len(findings))).round().astype(int)}
    with tqdm(total=len(work), unit="recording", desc="Checking maps", disable=quiet) as bar:
        for finding, seed in work:
            wanted = [one for one in variants if not METHODS[one.method].slow or (finding, seed) in costly]
            missing = [one for one in wanted if (finding, seed, one.name) not in known]
            if missing:
                for row in _measure_recording(model, finding, seed, wanted, missing, (finding, seed) in costly):
                    rows.append(row)
                    with file.open("a", encoding="utf-8") as lines:
                        lines.write(json.dumps(row) + "\n")
            bar.update()
    wanted_rows = [row for row in rows if (row["finding"], row["seed"]) in set(work)]
    return pd.DataFrame(wanted_rows)


def read_rows(file: Path) -> list[dict]:
    """What `measure` has written so far; a line that was cut off is left out."""
    if not file.is_file():
        return []
    rows = []
    for line in file.read_text(encoding="utf-8").splitlines():
        try:
            rows.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return rows


def _measure_recording(
    model: ECGCLIP, finding: str, seed: int, variants: list[Variant], missing: list[Variant], costly: bool
) -> Iterator[dict]:
    """Rows of all missing variants of one recording."""
    ecg = simulate(finding, seed)
    query = ask_finding(model, catalogue()[finding])
    orders, side = random_orders(model, ecg, query, orders=ORDERS), redrawn(model, seed=seed)
    maps = {}
    margins = _margins(model, ecg)
    for variant in [one for one in variants if one in missing or not METHODS[one.method].slow]:
        began = time.perf_counter()
        found = saliency(model, ecg, query, variant.method, baseline=variant.baseline, stage=variant.stage)
        seconds = time.perf_counter() - began
        if variant in missing:
            row = {"finding": finding, "seed": seed, "variant": variant.name, "seconds": seconds}
            row |= {"margins": margins, "holds": list(ecg.truth.findings)}
            row |= _of_one_map(model, ecg, found, orders, side)
            if costly and not METHODS[variant.method].slow:
                row |= _costly(model, ecg, found, usual=variant == Variant(variant.method))
            row["agreement"] = {name: rank_agreement(found, other) for name, other in maps.items()}
            yield row
        maps[variant.name] = found


def _of_one_map(model: ECGCLIP, ecg: ECG, found: Saliency, orders: RandomOrders, side: SignalSide) -> dict:
    removal = faithfulness(model, ecg, found, orders)
    finding, signed = found.query.finding, METHODS[found.method].signed
    mask = truth_mask(ecg.truth, finding, ecg.signal.shape[1], ecg.sampling_rate)
    own = localise(found.values, mask, ecg.sampling_rate, signed)
    row = {
        "target": found.target,
        "delta": found.delta,
        "deletion_gain": removal.deletion_gain,
        "insertion_gain": removal.insertion_gain,
        "deletion_p": removal.deletion_p,
        "insertion_p": removal.insertion_p,
        "infidelity": removal.infidelity,
        "share": own and own.share,
        "chance": own and own.chance,
        "gain": own and own.gain,
        "hit": own and own.hit,
    }
    if METHODS[found.method].slow:
        return row
    other = map_of_redrawn(side, model, ecg, found)
    control = localise(other, mask, ecg.sampling_rate, signed)
    return row | {
        "redrawn_gain": control.gain if control else 0.0,
        "weights": agreement_of(found, other),
    }


def _costly(model: ECGCLIP, ecg: ECG, found: Saliency, usual: bool) -> dict:
    """The cascade and the sensitivity only with the usual settings of a method: they need its map ten times."""
    row = {"question": agreement_with_random_targets(model, ecg, found)}
    if not usual:
        return row
    steps = cascade(model, ecg, found)
    return row | {
        "cascade": dict(zip(steps["layer"], steps["agreement"], strict=True)),
        "sensitivity": max_sensitivity(model, ecg, found),
    }


def _margins(model: ECGCLIP, ecg: ECG) -> dict[str, float]:
    """The margin of every finding that can be simulated."""
    vector = torch.from_numpy(model.encode_ecg([ecg]))
    queries: dict[str, Query] = {finding: ask_finding(model, catalogue()[finding]) for finding in CONDITIONS}
    with torch.no_grad():
        return {finding: round(float(margin(model, vector, query)[0]), 4) for finding, query in queries.items()}
