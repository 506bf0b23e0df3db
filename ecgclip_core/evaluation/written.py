"""Where measured figures are kept: a JSON list of evaluations, one entry for each task, kind and corpus."""

import json
from pathlib import Path

import numpy as np

SAME = ("task", "kind", "corpus")


def read_entries(file: Path) -> list[dict]:
    """The evaluations in a file; none where there is no file."""
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else []


def keep_entry(file: Path, entry: dict) -> dict:
    """Write an evaluation beside those of other tasks, kinds and corpora; an older one of the same gives way.

    Parameters
    ----------
    file : Path
        ``evaluation.json`` of a checkpoint, or any other; made where it does not exist.
    entry : dict
        With at least ``task``, ``kind`` and ``corpus``. Numbers that are not there (NaN) are written as null.

    Returns
    -------
    dict
        The entry as written.
    """
    entry = _plain(entry)
    others = [old for old in read_entries(file) if any(old.get(key) != entry[key] for key in SAME)]
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(f"{file.name}.part")
    partial.write_text(json.dumps([*others, entry], indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    partial.replace(file)
    return entry


def _plain(value):
    """Numbers of numpy as Python's own; NaN, which JSON does not know, as None."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value
