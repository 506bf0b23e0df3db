"""Completion of a whole folder of recordings with reports: one table, written as it grows, resumed where it stopped."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from ecgclip_core.corpora.tables import read_record, read_table
from ecgclip_core.errors import EcgclipError, EndpointError, RecordingError
from ecgclip_core.model.ecgclip import ECGCLIP
from ecgclip_core.training.completion import COLUMNS, KEPT, REJECTED, check_proposals
from ecgclip_core.training.proposers import Proposer
from ecgclip_core.training.thresholds import Thresholds, load_thresholds

# One row of this state for a recording without proposals, so that every recording stands in the table.
NOTHING, UNREADABLE = "nothing proposed", "unreadable"
HEADER = ("record", *COLUMNS)


@dataclass(frozen=True)
class Completed:
    """What a folder came to: how many of its recordings, and of their proposals."""

    recordings: int
    kept: int
    rejected: int
    unreadable: int


def complete_folder(
    folder: str | Path,
    out: str | Path,
    model: ECGCLIP,
    proposer: Proposer,
    proposer_name: str,
    only: set[str] | None = None,
) -> Completed:
    """Complete the report of every recording of a folder.

    Parameters
    ----------
    folder : path
        Any that `read_table` knows, with reports.
    out : path
        A CSV file: ``record`` and the columns of `completion.complete`; a recording without proposals has one row of
        the state "nothing proposed". Where it is there already, what it lacks is added.
    model : ECGCLIP
    proposer : callable
    proposer_name : str
        What proposes, in words; a file that something else began is refused.
    only : set of str, optional
        Records to complete; all where left out.

    Returns
    -------
    Completed

    Raises
    ------
    RecordingError
        Where the table is missing or has no reports, or the file was begun with another checkpoint or proposer.
    EndpointError
        Where an endpoint fails; what was done until then is kept.
    """
    rows = read_table(folder)
    if "report" not in rows:
        raise RecordingError("The table of this folder has no column 'report': there is nothing to complete.")
    if only is not None:
        rows = rows[rows["record"].astype(str).isin(only)]
    out, thresholds = Path(out), load_thresholds(model)
    done = _begun(out, {"checkpoint": model.hash, "proposer": proposer_name})
    reports = rows["report"].fillna("").astype(str)
    todo = [pair for pair in zip(rows["record"].astype(str), reports, strict=True) if pair[0] not in done]
    with out.open("a", newline="", encoding="utf-8") as opened:
        writer = csv.writer(opened)
        for record, report in tqdm(todo, desc="Completing", unit="recording", initial=len(done), total=len(rows)):
            for row in _rows_of(Path(folder), record, report, model, proposer, thresholds):
                writer.writerow((record, *row))
            opened.flush()
    return _counted(out)


def _rows_of(
    folder: Path, record: str, report: str, model: ECGCLIP, proposer: Proposer, thresholds: Thresholds | None
) -> Iterator[tuple]:
    try:
        ecg = read_record(folder, record)
        proposals = proposer(report)
    except EndpointError:
        raise
    except EcgclipError as error:
        return iter([_remark(UNREADABLE, str(error))])
    if not proposals:
        return iter([_remark(NOTHING, "the report states no finding whose features it leaves out")])
    table = check_proposals(ecg, proposals, model, thresholds).round({"similarity": 4, "threshold": 4})
    return table.astype(object).where(table.notna(), "").itertuples(index=False, name=None)


def _remark(state: str, reason: str) -> tuple:
    return tuple((dict.fromkeys(COLUMNS, "") | {"state": state, "reason": reason}).values())


def _begun(out: Path, settings: dict[str, str]) -> set[str]:
    """The recordings that the file holds whole; the last one is done again, since it may have been cut off."""
    beside = out.with_name(out.name + ".settings.json")
    if not out.is_file() or not out.stat().st_size:
        out.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(json.dumps(settings), encoding="utf-8")
        pd.DataFrame(columns=list(HEADER)).to_csv(out, index=False)
        return set()
    try:
        same = json.loads(beside.read_text(encoding="utf-8")) == settings
        with out.open(newline="", encoding="utf-8") as opened:
            lines = list(csv.reader(opened))
    except (OSError, ValueError, csv.Error):
        same, lines = False, []
    if not same or not lines or tuple(lines[0]) != HEADER:
        raise RecordingError(
            f"{out.name} is there already and was not begun with this checkpoint and this proposer. Name another file "
            "with --out, or remove it."
        )
    whole = [line for line in lines[1:] if len(line) == len(HEADER)]
    whole = [line for line in whole if line[0] != whole[-1][0]]
    partial = out.with_name(out.name + ".part")
    with partial.open("w", newline="", encoding="utf-8") as opened:
        csv.writer(opened).writerows([HEADER, *whole])
    partial.replace(out)
    return {line[0] for line in whole}


def _counted(out: Path) -> Completed:
    table = pd.read_csv(out, dtype=str, keep_default_na=False)
    states = table["state"].value_counts()
    return Completed(
        table["record"].nunique(),
        int(states.get(KEPT, 0)),
        int(states.get(REJECTED, 0)),
        int(states.get(UNREADABLE, 0)),
    )
