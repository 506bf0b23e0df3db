"""A corpus: prepared signals, what is known of each finding, and what the reports say."""

from dataclasses import dataclass

import numpy as np

from ecgclip_core.corpora.shards import Shards

HOLDS, ABSENT, UNKNOWN = 1, 0, -1


@dataclass(frozen=True, eq=False)
class Corpus:
    """Recordings with their labels and statements.

    Attributes
    ----------
    records : tuple of str
        One name a recording.
    signals : ndarray or Shards of float16, shape (n, 12, length)
        Prepared by a checkpoint's preprocessing; the first window of a longer recording. `Shards` stay on disk until
        rows of them are asked for.
    calibrated : ndarray of bool, shape (n,)
        False where the scale of the recording is lost.
    findings : tuple of str
        Identifiers of catalogue entries, the columns of `labels`.
    labels : ndarray of int8, shape (n, f)
        1 the finding holds, 0 it does not, -1 nobody said.
    statements : tuple of tuples of str
        What the report of each recording says, statement by statement.
    patients : ndarray of str, shape (n,)
    folds : ndarray of int, shape (n,)
        0 where the corpus has none.
    ages : ndarray of float, shape (n,)
        Years, NaN where unknown.
    """

    records: tuple[str, ...]
    signals: np.ndarray | Shards
    calibrated: np.ndarray
    findings: tuple[str, ...]
    labels: np.ndarray
    statements: tuple[tuple[str, ...], ...]
    patients: np.ndarray
    folds: np.ndarray
    ages: np.ndarray

    def __len__(self) -> int:
        return len(self.records)

    def where(self, mask: np.ndarray) -> "Corpus":
        """The recordings that a boolean mask of shape (n,) picks; signals on disk stay there."""
        rows = np.flatnonzero(mask)
        return Corpus(
            tuple(self.records[row] for row in rows),
            self.signals.view(rows) if isinstance(self.signals, Shards) else self.signals[rows],
            self.calibrated[rows],
            self.findings,
            self.labels[rows],
            tuple(self.statements[row] for row in rows),
            self.patients[rows],
            self.folds[rows],
            self.ages[rows],
        )

    def with_findings(self, findings: tuple[str, ...]) -> "Corpus":
        """The same recordings with other columns; what this corpus does not know is `UNKNOWN`."""
        labels = np.full((len(self), len(findings)), UNKNOWN, dtype=np.int8)
        for column, finding in enumerate(findings):
            if finding in self.findings:
                labels[:, column] = self.labels[:, self.findings.index(finding)]
        return Corpus(
            self.records,
            self.signals,
            self.calibrated,
            findings,
            labels,
            self.statements,
            self.patients,
            self.folds,
            self.ages,
        )
