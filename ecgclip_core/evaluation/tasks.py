"""Which labels a task asks about, and what a table of recordings says of them.

A task is a TOML file, a bundled one of ``assets/tasks/`` or a person's own::

    description = "what we look for on our ward"
    # Findings of the catalogue, each by id, name, synonym or code; a recording has one with any finding below it.
    findings = ["atrial fibrillation", "LBBB"]
    # A label that is the code itself (or another code of the same finding), of the table's column scp_codes ...
    codes.scp = ["LPR"]
    # ... and columns of the table that hold 1, 0 or nothing, each with a finding or a question in free words.
    [labels]
    ablated = "narrow QRS complex after ablation of an accessory pathway"

`name` may be given; else it is the file's. A task without any label asks about every finding that the corpus knows.
"""

import tomllib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from ecgclip_core.bundled import ASSETS
from ecgclip_core.corpora.corpus import ABSENT, HOLDS, UNKNOWN
from ecgclip_core.corpora.labels import label_matrix, parse_codes
from ecgclip_core.errors import EcgclipError
from ecgclip_core.findings.catalogue import CODE_SYSTEMS, Finding, catalogue, find, with_code

BUNDLED_TASKS = ASSETS / "tasks"
EVERY_FINDING = "findings"
_FIELDS = ("name", "description", "findings", "codes", "labels")
_WORDS = {"1": HOLDS, "true": HOLDS, "yes": HOLDS, "0": ABSENT, "false": ABSENT, "no": ABSENT, "": UNKNOWN}


@dataclass(frozen=True)
class Label:
    """One thing a task asks.

    Attributes
    ----------
    key : str
        Unlike that of any other label of the task: the finding's id, or the column's name.
    name : str
        For a reader.
    finding : str or None
        The catalogue entry that is asked for.
    question : str
        Its name, or the question in free words.
    codes : tuple of (str, str)
        System and code, where the label is carrying one of them; empty where findings below it count as well.
    column : str or None
        Of the table, where a person labelled the recordings themselves.
    """

    key: str
    name: str
    finding: str | None
    question: str
    codes: tuple[tuple[str, str], ...] = ()
    column: str | None = None


@dataclass(frozen=True)
class Task:
    """Labels under a name; `labels` is empty for every finding that a corpus knows."""

    name: str
    description: str
    labels: tuple[Label, ...] = ()

    def label(self, key: str) -> Label:
        """The label with a key; of a task about every finding, that of the finding."""
        own = {label.key: label for label in self.labels}
        return own[key] if key in own else _of_finding(catalogue()[key])


def task_names() -> list[str]:
    """The bundled tasks."""
    return sorted(file.stem for file in BUNDLED_TASKS.glob("*.toml"))


def task_named(name: str | Path) -> Task:
    """A bundled task by name, or that of a TOML file.

    Raises
    ------
    EcgclipError
        Naming the tasks there are, or what is wrong in the file.
    """
    if Path(name).suffix == ".toml":
        return read_task(Path(name))
    if str(name) not in task_names():
        raise EcgclipError(f"No task {str(name)!r}. There are {', '.join(task_names())}, or a .toml file of your own.")
    return read_task(BUNDLED_TASKS / f"{name}.toml")


def read_task(file: Path) -> Task:
    """A task from its file; its form stands at the top of this module.

    Raises
    ------
    EcgclipError
        Naming the file and the first fault in it.
    """
    if not file.is_file():
        raise EcgclipError(f"No task file {file.name!r}.")
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise EcgclipError(f"{file.name}: not readable as TOML ({fault}).") from fault
    for field in table:
        if field not in _FIELDS:
            raise EcgclipError(f"{file.name}: unknown field {field!r}; a task has {', '.join(_FIELDS)}.")
    labels = (*_by_finding(file, table), *_by_code(file, table), *_by_column(file, table))
    keys = [label.key for label in labels]
    for key in keys:
        if keys.count(key) > 1:
            raise EcgclipError(f"{file.name}: {key!r} is asked for twice.")
    if not labels and file.parent != BUNDLED_TASKS:
        raise EcgclipError(f"{file.name}: it asks for nothing; give it findings = [...], codes or [labels].")
    name = str(table.get("name", file.stem))
    return Task(name, str(table.get("description", name)), labels)


def labels_of(task: Task, rows: pd.DataFrame) -> tuple[tuple[str, ...], np.ndarray]:
    """What a table says of each label of a task.

    Parameters
    ----------
    task : Task
    rows : DataFrame
        As of ``corpora.tables.read_table``.

    Returns
    -------
    keys : tuple of str
        The task's labels; of a task about every finding, those of which the table says anything.
    labels : ndarray of int8, shape (n, f)
        `HOLDS`, `ABSENT` or `UNKNOWN`.

    Raises
    ------
    EcgclipError
        Naming a column that the task needs and the table lacks, or a value in it that is neither yes nor no.
    """
    findings, known = label_matrix(rows)
    if not task.labels:
        said = (known != UNKNOWN).any(axis=0)
        return tuple(finding for finding, kept in zip(findings, said, strict=True) if kept), known[:, said]
    columns = []
    for label in task.labels:
        if label.column:
            columns.append(_own_column(task, label.column, rows))
        elif label.codes:
            columns.append(_coded(task, label, rows))
        elif label.finding in findings:
            columns.append(known[:, findings.index(label.finding)])
        else:
            columns.append(np.full(len(rows), UNKNOWN, dtype=np.int8))
    return tuple(label.key for label in task.labels), np.stack(columns, axis=1)


def _of_finding(finding: Finding) -> Label:
    return Label(finding.id, finding.name, finding.id, finding.name)


def _by_finding(file: Path, table: dict) -> list[Label]:
    labels = []
    for text in table.get("findings", []):
        finding = find(str(text))
        if finding is None:
            raise EcgclipError(
                f"{file.name}: the catalogue has no finding {text!r}. To ask in other words, give a column of your "
                'table under [labels], as: my_column = "my question".'
            )
        labels.append(_of_finding(finding))
    return labels


def _by_code(file: Path, table: dict) -> list[Label]:
    codes: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for system, listed in table.get("codes", {}).items():
        if system not in CODE_SYSTEMS:
            raise EcgclipError(f"{file.name}: no codes {system!r}; there are {', '.join(CODE_SYSTEMS)}.")
        for code in listed:
            finding = with_code(system, str(code))
            if finding is None:
                raise EcgclipError(f"{file.name}: no finding of the catalogue has the {system} code {code!r}.")
            codes.setdefault((finding.id, system), []).append((system, str(code)))
    return [replace(_of_finding(catalogue()[finding]), codes=tuple(own)) for (finding, _), own in codes.items()]


def _by_column(file: Path, table: dict) -> list[Label]:
    labels = []
    for column, question in table.get("labels", {}).items():
        if not isinstance(question, str) or not question.strip():
            raise EcgclipError(f"{file.name}: label {column!r} needs a finding or a question as text.")
        finding = find(question)
        labels.append(Label(column, question, finding.id if finding else None, question, column=column))
    return labels


def _own_column(task: Task, column: str, rows: pd.DataFrame) -> np.ndarray:
    if column not in rows:
        raise EcgclipError(f"The task {task.name!r} reads a column {column!r}, which the table does not have.")
    values = np.full(len(rows), UNKNOWN, dtype=np.int8)
    for row, value in enumerate(rows[column]):
        text = "" if pd.isna(value) else str(value).strip().casefold().removesuffix(".0")
        if text not in _WORDS:
            raise EcgclipError(f"Column {column!r} holds {str(value)!r}; a label is 1, 0 or nothing (also yes and no).")
        values[row] = _WORDS[text]
    return values


def _coded(task: Task, label: Label, rows: pd.DataFrame) -> np.ndarray:
    system = label.codes[0][0]
    column = f"{system}_codes"
    if column not in rows:
        raise EcgclipError(f"The task {task.name!r} reads a column {column!r}, which the table does not have.")
    wanted = {code for _, code in label.codes}
    values = np.full(len(rows), UNKNOWN, dtype=np.int8)
    for row, text in enumerate(rows[column].fillna("")):
        carried = parse_codes(text)
        if carried:
            values[row] = HOLDS if wanted & set(carried) else ABSENT
    if "asked" in rows:
        # Some sources of the Challenge never write some codes down.
        decided = rows["asked"].fillna("").map(lambda text: not text or label.finding in text.split(";"))
        values[(values == ABSENT) & ~decided.to_numpy(dtype=bool)] = UNKNOWN
    return values
