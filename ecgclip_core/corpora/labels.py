"""What the labels of a table say of the findings of the catalogue."""

import ast
import json
import re
from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd

from ecgclip_core.corpora.corpus import ABSENT, HOLDS, UNKNOWN
from ecgclip_core.errors import EcgclipError, RecordingError
from ecgclip_core.findings.catalogue import ancestors, catalogue, find, with_code
from ecgclip_core.findings.reports import findings_of_codes


def label_matrix(rows: pd.DataFrame) -> tuple[tuple[str, ...], np.ndarray]:
    """What the labels of a table say of every finding that they could have stated.

    Parameters
    ----------
    rows : DataFrame
        Any of the label columns ``scp_codes``, ``snomed_codes`` and ``findings`` (see `corpora.tables`). A column
        ``asked`` names the findings that the annotators of a row decided on; where it is left out or empty these are
        all that the row's label columns have codes or names for.

    Returns
    -------
    findings : tuple of str
        What the label columns can state, with ancestors, sorted; none without a label.
    labels : ndarray of int8, shape (n, f)
        `HOLDS` for what a row states and its ancestors, `ABSENT` for what was asked and not stated, `UNKNOWN` for all
        else, and throughout for a row without labels.

    Raises
    ------
    RecordingError
        Naming the row of a cell that is not readable, or that holds an SCP-ECG code or a name without an entry in the
        catalogue.
    """
    stated = {name: _read_cells(rows[name], read) for name, read in _SYSTEMS.items() if name in rows}
    stated = {name: cells for name, cells in stated.items() if any(cells)}
    able = {name: _can_state(name, cells) for name, cells in stated.items()}
    asked = _read_cells(rows["asked"], _named) if "asked" in rows else [None] * len(rows)
    findings = tuple(sorted({finding for group in (*able.values(), *set(asked)) for finding in group or ()}))
    place = {finding: number for number, finding in enumerate(findings)}

    def places(group: Iterable[str]) -> list[int]:
        return [place[finding] for finding in group]

    labels = np.full((len(rows), len(findings)), UNKNOWN, dtype=np.int8)
    for row, decided in enumerate(asked):
        said = {name: cells[row] for name, cells in stated.items() if cells[row] is not None}
        for group in (able[name] for name in said) if decided is None else (decided,):
            labels[row, places(group)] = ABSENT
        for group in said.values():
            labels[row, places(group)] = HOLDS
    return findings, labels


def parse_codes(text: str) -> dict[str, float]:
    """Codes with likelihoods from a dict written as text, or from codes separated by semicolons.

    Raises
    ------
    RecordingError
        Where the text begins like a dict and is none.
    """
    text = str(text).strip()
    if not text.startswith("{"):
        return dict.fromkeys((code for part in _split(text) for code in _split(part, ",")), 100.0)
    try:
        read = json.loads(text) if '"' in text else ast.literal_eval(text)
        return {str(code): float(likelihood) for code, likelihood in read.items()}
    except (ValueError, SyntaxError, TypeError, AttributeError, MemoryError, RecursionError) as fault:
        raise RecordingError(
            "a cell of 'scp_codes' is neither a dict of codes with likelihoods, as {'AFIB': 100}, nor a list of codes, "
            "as AFIB; LVH."
        ) from fault


def with_ancestors(findings: Iterable[str]) -> tuple[str, ...]:
    """Findings and all that hold wherever one of them holds, each once."""
    findings = tuple(findings)
    return tuple(dict.fromkeys((*findings, *(entry.id for finding in findings for entry in ancestors(finding)))))


def stated_by_scp(text: str) -> tuple[str, ...]:
    """The findings of a cell of ``scp_codes``, the likeliest first, and after them their ancestors."""
    codes = parse_codes(text)
    findings_of_codes(codes)  # which says what is wrong with a code that nobody knows
    likeliest = sorted(codes, key=codes.get, reverse=True)
    return with_ancestors(with_code("scp", code).id for code in likeliest)


def stated_by_snomed(text: str) -> tuple[str, ...]:
    """The findings of SNOMED CT codes and their ancestors; a code that the catalogue does not have says nothing."""
    entries = (with_code("snomed", code) for code in re.split(r"[;,\s]+", text))
    return with_ancestors(entry.id for entry in entries if entry)


def stated_by_name(text: str) -> tuple[str, ...]:
    """The findings of ids, names or synonyms separated by semicolons, and their ancestors.

    Raises
    ------
    RecordingError
        Where one of them names no entry of the catalogue.
    """
    return with_ancestors(_named(text))


def _named(text: str) -> list[str]:
    names = _split(text)
    if any(find(name) is None for name in names):
        # Some names have a comma in them.
        names = [part for name in names for part in ([name] if find(name) else _split(name, ","))]
    entries = [find(name) for name in names]
    if None in entries:
        raise RecordingError(
            "a cell names something that is no finding of the catalogue. Use the names of docs/findings.md, separated "
            "by semicolons; free text belongs into a column 'report'."
        )
    return [entry.id for entry in entries]


# How a cell of each label column is read.
_SYSTEMS = {"scp_codes": stated_by_scp, "snomed_codes": stated_by_snomed, "findings": stated_by_name}


def _can_state(column: str, cells: list[tuple[str, ...] | None]) -> tuple[str, ...]:
    """All that a label column has codes for; of names, all that are used in it."""
    if column == "findings":
        return tuple({finding for cell in set(cells) for finding in cell or ()})
    system = column.removesuffix("_codes")
    return with_ancestors(entry.id for entry in catalogue().values() if entry.codes.get(system))


def _read_cells(cells: pd.Series, read: Callable[[str], Iterable[str]]) -> list[tuple[str, ...] | None]:
    """Each cell read once however often it occurs; None for an empty one."""
    known: dict[str, tuple[str, ...] | None] = {}
    found = []
    for number, cell in enumerate(cells):
        text = "" if pd.isna(cell) or str(cell).strip() == "{}" else str(cell).strip()
        if text not in known:
            try:
                known[text] = tuple(read(text)) if text else None
            except EcgclipError as error:
                raise RecordingError(f"Row {number + 1} of the table: {error}") from error
        found.append(known[text])
    return found


def _split(text: str, separator: str = ";") -> list[str]:
    return [part.strip() for part in text.split(separator) if part.strip()]
