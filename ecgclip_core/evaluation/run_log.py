"""A log of runs: what was tried with which result stays on record, and nothing is done twice."""

import hashlib
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

LINES = "runs.jsonl"


def once(
    log: Path, settings: dict, run: Callable[[], tuple[dict, dict[str, np.ndarray]]]
) -> tuple[dict, dict[str, np.ndarray]]:
    """The result of a run: from the log where it stands there with the same settings, else by running it.

    Parameters
    ----------
    log : path
        A folder; ``runs.jsonl`` in it has one line a run, ``scores/`` the arrays.
    settings : dict
        Plain values that decide the result.
    run : callable
        Returns what to note (plain values) and arrays to keep.

    Returns
    -------
    noted : dict
    arrays : dict of ndarray
    """
    key = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:16]
    line = _lines(log).get(key)
    file = log / "scores" / f"{key}.npz"
    if line is None or not file.is_file():
        began = time.monotonic()
        noted, arrays = run()
        seconds = round(time.monotonic() - began, 1)
        file.parent.mkdir(parents=True, exist_ok=True)
        partial = file.with_suffix(".part")
        with partial.open("wb") as opened:
            np.savez(opened, **arrays)
        partial.rename(file)
        line = {"key": key, **settings, **noted, "seconds": seconds}
        with (log / LINES).open("a", encoding="utf-8") as opened:
            opened.write(json.dumps(line) + "\n")
    with np.load(file, allow_pickle=False) as kept:
        return line, {name: kept[name] for name in kept.files}


def _lines(log: Path) -> dict[str, dict]:
    """The lines of a log by key; one that an interruption left half-written is passed over."""
    found = {}
    if (log / LINES).is_file():
        for text in (log / LINES).read_text(encoding="utf-8").splitlines():
            try:
                line = json.loads(text)
                found[line["key"]] = line
            except (json.JSONDecodeError, KeyError, TypeError):
                continue
    return found
