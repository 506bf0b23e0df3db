"""Whether a model looks where the criteria of a finding look: of one recording, and over all that have the finding."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from ecgclip_core.ecg.beats import median_beat
from ecgclip_core.ecg.delineate import delineate
from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.ecg.recording import ECG
from ecgclip_core.findings.catalogue import Finding, catalogue
from ecgclip_core.interpretation.beat_aligned import TIMES, beat_aligned, beats_of
from ecgclip_core.interpretation.criteria_places import place_mask, places_of
from ecgclip_core.interpretation.pointing import Localisation, localise
from ecgclip_core.interpretation.randomisation import SignalSide, map_of_redrawn, redrawn
from ecgclip_core.interpretation.saliency import DEFAULT, METHODS, Saliency, saliency
from ecgclip_core.interpretation.waves import WAVES, wave_labels
from ecgclip_core.model.ecgclip import ECGCLIP
from ecgclip_core.model.query import ask_finding

FIRST_SEED = 4_000_000  # training, tests, cohorts and the descriptions of clusters use lower ones


@dataclass(frozen=True)
class Shown:
    """A recording that has a finding.

    Attributes
    ----------
    finding : str
    name : str
        Tells it from the others of its source.
    open : callable
        Gives the ECG.
    """

    finding: str
    name: str
    open: Callable[[], ECG]


def agreement(
    found: Saliency, finding: Finding, waves: pd.DataFrame, present: np.ndarray, values: np.ndarray | None = None
) -> dict[str, Localisation | None]:
    """How much of a map lies in the waves and leads that the criteria, and the catalogue, name.

    Chance is the share of the samples of all recorded leads that these places fill.

    Parameters
    ----------
    found : Saliency
    finding : Finding
    waves : DataFrame
        Of the recording, as of ``delineate``.
    present : ndarray of bool, shape (12,)
        Leads that were recorded.
    values : ndarray, shape (12, n), optional
        Another map by the same method, in place of that of `found`.

    Returns
    -------
    dict of str to Localisation or None
        ``"criteria"`` and ``"catalogue"``; None where they name no place, or nothing is attributed.
    """
    values = found.values if values is None else values
    signed = METHODS[found.method].signed

    def lies(place: dict[str, tuple[str, ...]]) -> Localisation | None:
        mask = place_mask(place, waves, values.shape[1], found.sampling_rate)
        return localise(values[present], mask[present], found.sampling_rate, signed) if present.any() else None

    return {name: lies(place) for name, place in places_of(finding).items()}


def measure_agreement(
    model: ECGCLIP, shown: Iterable[Shown], file: Path, control: bool = True, quiet: bool = False
) -> pd.DataFrame:
    """Measure recordings one by one; what the file already has is not measured again.

    Parameters
    ----------
    model : ECGCLIP
    shown : iterable of Shown
    file : Path
        JSON lines, one a recording; written as the work goes on, so that it can be stopped at any time.
    control : bool
        Whether the same is measured of the same network with its weights drawn anew.
    quiet : bool
        No progress bar.

    Returns
    -------
    DataFrame
        One row a recording and finding, as of ``of_recording``.
    """
    shown = list(shown)
    file.parent.mkdir(parents=True, exist_ok=True)
    known = {(row["finding"], row["name"]): row for row in _lines(file)}
    side = redrawn(model) if control else None
    rows = []
    for one in tqdm(shown, unit="recording", desc="Agreement with criteria", disable=quiet):
        row = known.get((one.finding, one.name))
        if row is None:
            row = {"finding": one.finding, "name": one.name} | of_recording(model, one.open(), one.finding, side)
            with file.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(row) + "\n")
        rows.append(row)
    return pd.DataFrame(rows)


def of_recording(model: ECGCLIP, ecg: ECG, finding: str, side: SignalSide | None = None) -> dict:
    """Everything that is kept of one recording.

    Parameters
    ----------
    model : ECGCLIP
    ecg : ECG
        That has the finding. Where the truth of a simulation knows the waves, they are taken from there.
    finding : str
    side : SignalSide, optional
        The same network without learning.

    Returns
    -------
    dict
        Plain values: ``target``; ``criteria`` and ``catalogue`` with ``share``, ``chance``, ``gain``, ``redrawn_gain``;
        ``leads`` and ``waves``: shares of what speaks for the finding; ``map`` and ``beat``: beat-aligned attribution
        of mean size 1 and the median beat in mV, both at ``TIMES``, rounded.
    """
    entry = catalogue()[finding]
    found = saliency(model, ecg, ask_finding(model, entry), DEFAULT)
    waves = ecg.truth.waves if ecg.truth is not None else delineate(ecg)
    present = np.isfinite(ecg.signal).any(axis=1)
    own = agreement(found, entry, waves, present)
    if side is not None:
        others = agreement(found, entry, waves, present, map_of_redrawn(side, model, ecg, found))
    row = {"target": round(found.target, 3)}
    for place, where in own.items():
        row[place] = where and {"share": where.share, "chance": where.chance, "gain": where.gain}
        if where and side is not None:
            row[place]["redrawn_gain"] = others[place].gain if others[place] else 0.0
    size = np.maximum(found.values, 0) if METHODS[found.method].signed else np.abs(found.values)
    total = float(size.sum(dtype=np.float64)) or 1.0
    labels = wave_labels(waves, size.shape[1], found.sampling_rate)
    row["leads"] = np.round(size.sum(axis=1, dtype=np.float64) / total, 4).tolist()
    row["waves"] = [round(float(size[labels == wave].sum(dtype=np.float64)) / total, 4) for wave in range(len(WAVES))]
    row["time"] = [round(float((labels[present] == wave).mean()), 4) for wave in range(len(WAVES))]
    aligned = beat_aligned(found.values, found.sampling_rate, beats_of(ecg, finding))
    row["map"] = np.round(aligned / (np.abs(found.values[present]).mean() or 1.0), 2).tolist()
    return row | {"beat": _beat(ecg, finding)}


def simulated(findings: Iterable[str], number: int, first_seed: int = FIRST_SEED) -> list[Shown]:
    """Simulated recordings, `number` of each finding."""
    from ecgclip_core.simulation.simulate import simulate

    def shown(finding: str, seed: int) -> Shown:
        return Shown(finding, str(seed), lambda: simulate(finding, seed))

    return [shown(finding, first_seed + seed) for seed in range(number) for finding in findings]


def of_folder(
    folder: str | Path, number: int, folds: set[int] | None = None, findings: Iterable[str] = ()
) -> list[Shown]:
    """Real recordings with labels: of each finding at most `number`, each of another person, drawn at random.

    Parameters
    ----------
    folder : path
        Any that ``read_table`` knows.
    number : int
    folds : set of int, optional
        Values of ``strat_fold`` to take.
    findings : iterable of str
        Ids; every finding with labels and criteria where left out.
    """
    from ecgclip_core.corpora.corpus import HOLDS
    from ecgclip_core.corpora.labels import label_matrix
    from ecgclip_core.corpora.tables import read_table
    from ecgclip_core.ecg.read import read_ecg

    rows = read_table(folder)
    if folds and "strat_fold" in rows:
        rows = rows[rows["strat_fold"].isin(folds)]
    rows = rows.reset_index(drop=True)
    known, labels = label_matrix(rows)
    persons = rows["patient_id"].astype(str) if "patient_id" in rows else rows["record"].astype(str)
    random, taken = np.random.default_rng(0), []
    for column, finding in enumerate(known):
        if finding not in (tuple(findings) or known) or not catalogue()[finding].criteria:
            continue
        having = random.permutation(np.flatnonzero(labels[:, column] == HOLDS))
        first = pd.Series(having).groupby(persons.iloc[having].to_numpy(), sort=False).first().to_numpy()[:number]
        for record in rows["record"].iloc[first].astype(str):
            taken.append(Shown(finding, record, lambda record=record: read_ecg(Path(folder) / record)))
    return taken


def _beat(ecg: ECG, finding: str) -> list | None:
    """The usual beat in mV at ``TIMES``, NaN as 0; None without one, or without a scale."""
    beat = median_beat(ecg)
    if beat is None or not ecg.calibrated:
        return None
    rows = [np.interp(TIMES, beat.times, np.nan_to_num(beat.signal[lead])) for lead in range(len(LEADS))]
    return np.round(rows, 3).tolist()


def _lines(file: Path) -> list[dict]:
    """The lines that were written whole."""
    found = []
    for line in file.read_text(encoding="utf-8").splitlines() if file.is_file() else []:
        try:
            found.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return found
