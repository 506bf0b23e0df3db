"""Building a cohort: read, embed and measure every recording once, then lay the map.

Finished parts are written as the work goes on; an interrupted build goes on after the last of them. What cannot be read
is left out and listed in `skipped.csv` with the reason.
"""

import json
import os
import shutil
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from safetensors import safe_open
from safetensors.numpy import save_file
from tqdm import tqdm

from ecgclip_core.cohort.plane import lay_out
from ecgclip_core.cohort.sources import (
    COHORT_FIRST_SEED,
    SIMULATED,
    Entry,
    folder_entries,
    simulated_entries,
)
from ecgclip_core.cohort.store import Cohort, load_cohort, save_cohort
from ecgclip_core.corpora.labels import with_ancestors
from ecgclip_core.ecg.measure import measure
from ecgclip_core.ecg.recording import ECG
from ecgclip_core.errors import CheckpointError, EcgclipError, RecordingError
from ecgclip_core.model.ecgclip import ECGCLIP

PART = 32  # recordings: what an interruption costs at most
MEASUREMENTS = ("heart_rate", "rr_irregularity", "pr", "qrs", "qt", "qtc", "p_axis", "qrs_axis", "t_axis")


def build_cohort(model: ECGCLIP, folder: str | Path, out: str | Path, seed: int = 0, quiet: bool = False) -> Cohort:
    """Make a cohort from a folder of recordings.

    Parameters
    ----------
    model : ECGCLIP
    folder : path
        See `folder_entries`.
    out : path
        Made where it does not exist. Holding an unfinished or finished cohort of the same checkpoint and folder, it is
        completed: only recordings that are not in it yet are read.
    seed : int
        Of the map.
    quiet : bool
        Without a progress bar.

    Returns
    -------
    Cohort

    Raises
    ------
    RecordingError
        Where the folder has no recording, or none that can be read.
    CheckpointError
        Where `out` holds work of another checkpoint or another folder.
    """
    source = Path(os.path.relpath(Path(folder).resolve(), Path(out).resolve())).as_posix()
    return _build(model, folder_entries(folder), source, Path(out), seed, quiet)


def build_simulated_cohort(
    model: ECGCLIP,
    out: str | Path,
    number: int = 1560,
    first_seed: int = COHORT_FIRST_SEED,
    seed: int = 0,
    quiet: bool = False,
) -> Cohort:
    """Make a cohort of simulated recordings, the conditions in turn; see `build_cohort`."""
    return _build(model, simulated_entries(number, first_seed), SIMULATED, Path(out), seed, quiet)


def _build(model: ECGCLIP, entries: list[Entry], source: str, out: Path, seed: int, quiet: bool) -> Cohort:
    parts = out / "parts"
    begun = {"checkpoint": model.hash, "source": source}
    before = _finished(out, begun)
    parts.mkdir(parents=True, exist_ok=True)
    _check_begun(parts / "begun.json", begun)
    read = [_read_part(file) for file in sorted(parts.glob("*.safetensors"))]
    done = set() if before is None else set(before.table["record"])
    done |= {row["record"] for _, rows, skipped in read for row in (*rows, *skipped)}
    waiting = [entry for entry in entries if entry.record not in done]
    with tqdm(
        total=len(entries), initial=len(entries) - len(waiting), desc="Cohort", unit="recording", disable=quiet
    ) as bar:
        for start in range(0, len(waiting), PART):
            part = _embed(model, waiting[start : start + PART], bar.update)
            _write_part(parts / f"{len(read):06d}.safetensors", *part)
            read.append(part)

    skipped = pd.DataFrame([row for part in read for row in part[2]], columns=["record", "reason"])
    skipped.to_csv(out / "skipped.csv", index=False)
    cohort = _assemble(model, read, before, entries, source, len(skipped), seed)
    if cohort is not before:
        save_cohort(cohort, out)
    shutil.rmtree(parts)
    return load_cohort(out)


Part = tuple[np.ndarray, list[dict], list[dict]]


def _embed(model: ECGCLIP, entries: list[Entry], done: Callable[[int], object]) -> Part:
    """Vectors, rows of the table, and rows of what was skipped."""
    ecgs, rows, skipped = [], [], []
    for entry in entries:
        try:
            ecg = entry.read()
        except (EcgclipError, OSError) as error:
            skipped.append({"record": entry.record, "reason": " ".join(str(error).split())})
        else:
            ecgs.append(ecg)
            rows.append(_row(entry, ecg))
        done(1)
    vectors = model.encode_ecg(ecgs) if ecgs else np.zeros((0, model.signal_head.out_features), dtype=np.float32)
    return vectors.astype(np.float16), rows, skipped


def _row(entry: Entry, ecg: ECG) -> dict:
    held = entry.findings
    if not held and ecg.truth is not None:
        held = with_ancestors(ecg.truth.findings)
    measured = measure(ecg)
    values = {name: getattr(measured, name).value for name in MEASUREMENTS}
    return {
        "record": entry.record,
        "name": ecg.name,
        "finding": entry.finding,
        "findings": ";".join(held),
        "seed": entry.seed,
        "duration": round(float(ecg.duration), 3),
        "calibrated": bool(ecg.calibrated),
        **{name: None if value is None else round(float(value), 3) for name, value in values.items()},
    }


def _write_part(file: Path, vectors: np.ndarray, rows: list[dict], skipped: list[dict]) -> None:
    partial = file.with_suffix(".partial")
    words = {"rows": json.dumps(rows), "skipped": json.dumps(skipped)}
    save_file({"embeddings": np.ascontiguousarray(vectors)}, partial, metadata=words)
    partial.replace(file)


def _read_part(file: Path) -> Part:
    with safe_open(file, framework="np") as opened:
        words = opened.metadata()
        return opened.get_tensor("embeddings"), json.loads(words["rows"]), json.loads(words["skipped"])


def _finished(out: Path, begun: dict) -> Cohort | None:
    """The cohort that `out` already holds, if it can be completed."""
    if not (out / "cohort.json").is_file():
        return None
    cohort = load_cohort(out)
    _check_same({key: cohort.meta[key] for key in begun}, begun, out.name)
    return cohort


def _check_begun(file: Path, begun: dict) -> None:
    if file.is_file():
        _check_same(json.loads(file.read_text(encoding="utf-8")), begun, file.parent.parent.name)
    else:
        file.write_text(json.dumps(begun), encoding="utf-8")


def _check_same(there: dict, wanted: dict, folder: str) -> None:
    for key, what in (("checkpoint", "checkpoint"), ("source", "folder of recordings")):
        if there[key] != wanted[key]:
            raise CheckpointError(
                f"The folder {folder!r} holds a cohort of another {what} ({there[key]}, not {wanted[key]}). "
                "Choose another folder for this one."
            )


def _assemble(
    model: ECGCLIP,
    parts: list[Part],
    before: Cohort | None,
    entries: list[Entry],
    source: str,
    skipped: int,
    seed: int,
) -> Cohort:
    rows = [row for part in parts for row in part[1]]
    if before is not None and not rows:
        return before
    if not rows:
        raise RecordingError("None of the recordings could be read; skipped.csv says why for each.")
    table = pd.DataFrame(rows).astype(dict.fromkeys(MEASUREMENTS, "float32") | {"duration": "float32"})
    embeddings = np.concatenate([part[0] for part in parts])
    if before is not None:
        table = pd.concat([before.table, table], ignore_index=True)
        embeddings = np.concatenate([before.embeddings, embeddings])
    # Parts that were already taken up into a cohort, if the work stopped before they were cleared away.
    fresh = ~table["record"].duplicated().to_numpy()
    table, embeddings = table[fresh], embeddings[fresh]
    # In the order of the folder, whatever was read first: the same folder always gives the same map.
    order = {entry.record: place for place, entry in enumerate(entries)}
    arranged = np.argsort([order.get(record, len(order)) for record in table["record"]], kind="stable")
    table, embeddings = table.iloc[arranged].reset_index(drop=True), embeddings[arranged]
    coordinates, described = lay_out(embeddings.astype(np.float32), seed)
    meta = {
        "checkpoint": model.hash,
        "checkpoint_name": model.name,
        "source": source,
        "recordings": len(table),
        "skipped": skipped,
        "map": described,
        "versions": {package: version(package) for package in ("torch", "umap-learn", "numba", "pandas")},
    }
    return Cohort(embeddings, coordinates, table, meta)
