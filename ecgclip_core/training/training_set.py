"""What a run learns from: real recordings, simulated ones, and report texts, with labels in common columns."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ecgclip_core.corpora.corpus import UNKNOWN, Corpus
from ecgclip_core.corpora.folder import english_statements
from ecgclip_core.corpora.labels import label_matrix


@dataclass(frozen=True, eq=False)
class TrainingSet:
    """What a run learns from; real and simulated recordings share the columns of their labels.

    A row below ``len(real)`` is a real recording, one from there on a simulated one.

    Attributes
    ----------
    real, simulated, validation : Corpus
        Any but `real` may be empty.
    texts : tuple of tuples of str
        Statements of reports, with or without a recording.
    text_labels : ndarray of int8, shape (t, f)
    features : tuple of str
        Waveform features in words.
    feature_labels : ndarray of int8, shape (n, g)
        Whether each holds, for the real recordings and then for the simulated ones.
    """

    real: Corpus
    simulated: Corpus
    validation: Corpus
    texts: tuple[tuple[str, ...], ...]
    text_labels: np.ndarray
    features: tuple[str, ...]
    feature_labels: np.ndarray

    def signals(self, rows: np.ndarray) -> np.ndarray:
        """Prepared signals of rows, float32 of shape (b, 12, length)."""
        return self._of_both(rows, lambda corpus, own: np.asarray(corpus.signals[own], dtype=np.float32))

    def calibrated(self, rows: np.ndarray) -> np.ndarray:
        """Whether the scale of each is known, bool of shape (b,)."""
        return self._of_both(rows, lambda corpus, own: corpus.calibrated[own])

    def labels(self, rows: np.ndarray) -> np.ndarray:
        """What is known of each finding, int8 of shape (b, f)."""
        return self._of_both(rows, lambda corpus, own: corpus.labels[own])

    def statements(self, rows: np.ndarray) -> list[tuple[str, ...]]:
        """What each recording's report says; nothing for a simulated one."""
        return [self.real.statements[row] if row < len(self.real) else () for row in rows]

    def of_real(self, mask: np.ndarray) -> "TrainingSet":
        """The same with only those real recordings that a boolean mask of shape (n,) picks."""
        kept = np.concatenate([mask, np.ones(len(self.simulated), dtype=bool)])
        return replace(self, real=self.real.where(mask), feature_labels=self.feature_labels[kept])

    def _of_both(self, rows: np.ndarray, read) -> np.ndarray:
        real = rows < len(self.real)
        if real.all():
            return read(self.real, rows)
        of_simulated = read(self.simulated, rows[~real] - len(self.real))
        result = np.empty((len(rows), *of_simulated.shape[1:]), dtype=of_simulated.dtype)
        result[~real] = of_simulated
        if real.any():
            result[real] = read(self.real, rows[real])
        return result


def training_set(
    real: Corpus,
    simulated: Corpus,
    texts: pd.DataFrame,
    features: tuple[tuple[str, ...], np.ndarray],
    folds: set[int],
    validation_folds: set[int],
    youngest: float,
) -> TrainingSet:
    """Bring recordings, simulations and report texts to common columns and keep the folds apart.

    Parameters
    ----------
    real, simulated : Corpus
    texts : DataFrame
        Columns ``report``, ``strat_fold`` and the label columns of `corpora.tables`.
    features : tuple of (tuple of str, ndarray of int8, shape (s, g))
        Waveform features, and whether each holds in each simulated recording.
    folds, validation_folds : set of int
    youngest : float
        Years; recordings of younger persons are not trained on.

    Returns
    -------
    TrainingSet
        A finding without codes in `real` is unknown there: only simulated recordings teach it, so that it cannot be
        told by whether a recording is simulated.
    """
    texts = texts[texts["strat_fold"].isin(folds) & texts["report"].notna()]
    text_findings, text_labels = label_matrix(texts)
    findings = tuple(sorted({*real.findings, *simulated.findings, *text_findings}))
    real = real.with_findings(findings)
    young = real.ages < youngest
    labels = np.full((len(texts), len(findings)), UNKNOWN, dtype=np.int8)
    labels[:, [findings.index(finding) for finding in text_findings]] = text_labels
    trained = real.where(np.isin(real.folds, list(folds)) & ~young)
    # Nobody marked waveform features in real recordings; the statements of their reports teach them.
    unknown = np.full((len(trained), len(features[0])), UNKNOWN, dtype=np.int8)
    return TrainingSet(
        trained,
        simulated.with_findings(findings),
        real.where(np.isin(real.folds, list(validation_folds))),
        tuple(english_statements(report) for report in texts["report"].astype(str)),
        labels,
        features[0],
        np.concatenate([unknown, features[1]]),
    )
