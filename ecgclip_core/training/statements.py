"""What the sentences of a training run say of each recording."""

from collections import Counter, defaultdict

import numpy as np
import torch
from torch import Tensor

from ecgclip_core.corpora.corpus import HOLDS
from ecgclip_core.findings.catalogue import find

# A statement of a report is taken to imply a finding where reports with the statement have the finding in most cases
# and far more often than others do. Chosen by reading the pairs it gives on the training folds.
IMPLIED_SHARE = 0.6
IMPLIED_ODDS_RATIO = 4.0
FEWEST_REPORTS = 5


def implied_findings(statements: list[tuple[str, ...]], labels: np.ndarray) -> dict[str, np.ndarray]:
    """Which findings each statement goes with, from reports whose findings are known.

    Parameters
    ----------
    statements : list of tuples of str
        n reports.
    labels : ndarray of int8, shape (n, f)

    Returns
    -------
    dict
        For each statement of at least `FEWEST_REPORTS` reports that goes with a finding, the columns of `labels`.
    """
    held = labels == HOLDS
    base = (held.sum(axis=0) + 1) / (len(held) + 2)
    rows = defaultdict(list)
    for row, said in enumerate(statements):
        for statement in set(said):
            rows[statement].append(row)
    implied = {}
    for statement, where in rows.items():
        if len(where) < FEWEST_REPORTS:
            continue
        share = (held[where].sum(axis=0) + 0.5) / (len(where) + 1)
        ratio = share / (1 - share) * (1 - base) / base
        columns = np.flatnonzero((share >= IMPLIED_SHARE) & (ratio >= IMPLIED_ODDS_RATIO))
        if len(columns):
            implied[statement] = columns
    return implied


def pair_labels(
    said: list[tuple[str, ...]], asked: list[str], labels: np.ndarray, implied: dict[str, np.ndarray]
) -> Tensor:
    """Whether each statement holds for each recording.

    It holds where the report says it, does not where the recording lacks a finding that the statement goes with, and is
    unknown elsewhere: reports leave out much that is true.

    Parameters
    ----------
    said : list of tuples of str
        Statements of the reports of b recordings.
    asked : list of str
        m statements.
    labels : ndarray of int8, shape (b, f)
    implied : dict
        From `implied_findings`.

    Returns
    -------
    Tensor of int8, shape (b, m)
    """
    pairs = np.full((len(said), len(asked)), -1, dtype=np.int8)
    for column, statement in enumerate(asked):
        if statement in implied:
            pairs[(labels[:, implied[statement]] == 0).any(axis=1), column] = 0
        pairs[[statement in row for row in said], column] = 1
    return torch.from_numpy(pairs)


def commonest(statements: tuple[tuple[str, ...], ...], most: int) -> list[str]:
    """The statements that the most reports contain."""
    counted = Counter(text for said in statements for text in set(said))
    return [text for text, _ in counted.most_common(most)]


def stated_findings(statements: tuple[tuple[str, ...], ...], most: int) -> dict[str, str]:
    """The commonest statements of reports and the finding that each names, empty where it names none."""
    found = {text: find(text) for text in commonest(statements, most)}
    return {text: entry.id if entry else "" for text, entry in found.items()}
