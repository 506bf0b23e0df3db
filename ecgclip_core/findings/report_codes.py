"""The SCP-ECG codes of a whole report: what its annotators would have noted, learned from reports with codes.

Rules read what a report says; they cannot know that annotators of PTB-XL noted a sinus rhythm that no sentence names,
or took "left ventricular hypertrophy possible" for one. A sparse linear model learns that from reports with codes. Its
table holds numbers of hashed words only, no text.
"""

import json
import re
import warnings
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from ecgclip_core.bundled import ASSETS
from ecgclip_core.errors import CatalogueError
from ecgclip_core.findings.reports import Statement, read_reports

# Places for hashed words; of PTB-XL 36,000 are taken, 14,000 by words of two reports or more.
_PLACES = 2**18
# Cases that a code needs to be learned, and reports that a word needs to count.
_LEAST_CASES = 20
_LEAST_REPORTS = 2
# Inverse strength of the L1 penalty, and the probability from which a code counts. Folds 1-8, each held out in turn,
# give a micro-F1 of 0.863 with a precision of 0.918; a threshold of 0.44 gives 0.0005 more, with a precision of 0.904.
_STRENGTH = 0.7
THRESHOLD = 0.5
_EDITED = re.compile(r"(?:edit|consensus label derived from):?(.*)$", re.IGNORECASE | re.DOTALL)
_ENGLISH = re.compile(r"\b(?:rhythm|ecg|the|are|is|of)\b", re.IGNORECASE)
_SWEDISH = re.compile(r"sinusrytm|el-axel|avledning|förmak|skänkel|förändring", re.IGNORECASE)
# PTB-XL cuts reports off at 255 characters.
_CUT_OFF = 250


@dataclass(frozen=True)
class CodeTable:
    """A linear model over hashed words for every code, sparse.

    Attributes
    ----------
    codes : tuple of str
        SCP-ECG codes.
    starts : ndarray of int64, shape (codes + 1,)
        Where the weights of each code begin.
    places : ndarray of int32
        Hashed words, ascending within a code.
    weights : ndarray of float32
        One for each place.
    intercepts : ndarray of float32, shape (codes,)
    """

    codes: tuple[str, ...]
    starts: np.ndarray
    places: np.ndarray
    weights: np.ndarray
    intercepts: np.ndarray


def codes_of_report(report: str, table: CodeTable | None = None) -> dict[str, float]:
    """The codes that a report's annotators are likely to have noted, with their probabilities.

    Parameters
    ----------
    report : str
    table : CodeTable, optional
        The bundled one where left out.

    Returns
    -------
    dict of str to float
        Probabilities of at least `THRESHOLD`, the highest first; `findings_of_codes` makes findings of them.
    """
    row = code_probabilities([report], table).iloc[0]
    return row[row >= THRESHOLD].sort_values(ascending=False).to_dict()


def code_probabilities(reports: Sequence[str], table: CodeTable | None = None) -> pd.DataFrame:
    """How likely it is, for each report and code, that annotators noted the code.

    Parameters
    ----------
    reports : sequence of str
        In English, German or Swedish.
    table : CodeTable, optional
        The bundled one where left out.

    Returns
    -------
    DataFrame
        Rows as `reports`, a column for each code of the table.

    Raises
    ------
    CatalogueError
        If no table is given and none is bundled.
    """
    table = table or bundled_table()
    seen = _hashed(reports)
    scores = np.tile(table.intercepts.astype(float), (len(reports), 1))
    for column, (start, end) in enumerate(zip(table.starts, table.starts[1:], strict=False)):
        scores[:, column] += seen[:, table.places[start:end]] @ table.weights[start:end]
    return pd.DataFrame(1 / (1 + np.exp(-scores)), columns=list(table.codes))


def fit_code_table(reports: Sequence[str], codes: Sequence[Mapping[str, float]]) -> CodeTable:
    """Learn a table from reports and their codes.

    Parameters
    ----------
    reports : sequence of str
    codes : sequence of mapping
        SCP-ECG codes of each report with likelihoods; a code counts whatever its likelihood.

    Returns
    -------
    CodeTable
        For codes with 20 cases or more: logistic regression with an L1 penalty, words counted once a report.
    """
    from sklearn.linear_model import LogisticRegression

    seen = _hashed(reports)
    common = np.flatnonzero(np.asarray((seen > 0).sum(axis=0)).ravel() >= _LEAST_REPORTS)
    seen = seen[:, common]
    cases = pd.Series([code for row in codes for code in row]).value_counts()
    learned = tuple(sorted(cases.index[(cases >= _LEAST_CASES) & (cases < len(reports))]))
    starts, places, weights, intercepts = [0], [], [], []
    for code in learned:
        noted = np.array([code in row for row in codes])
        fit = LogisticRegression(C=_STRENGTH, penalty="l1", solver="liblinear", tol=1e-3, random_state=0)
        with warnings.catch_warnings():
            # Its newer spelling, l1_ratio=1, means nothing to the scikit-learn releases that know only this one.
            warnings.filterwarnings("ignore", message=".*penalty", module="sklearn")
            coefficients = fit.fit(seen, noted).coef_[0]
        kept = np.flatnonzero(coefficients)
        places.append(common[kept].astype(np.int32))
        weights.append(coefficients[kept].astype(np.float16).astype(np.float32))
        starts.append(starts[-1] + len(kept))
        intercepts.append(fit.intercept_[0])
    return CodeTable(
        learned, np.array(starts), np.concatenate(places), np.concatenate(weights), np.array(intercepts, np.float32)
    )


def write_code_table(table: CodeTable, file: Path) -> None:
    """Write a table as safetensors, weights in half precision."""
    from safetensors.numpy import save_file

    file.parent.mkdir(parents=True, exist_ok=True)
    arrays = {
        "starts": table.starts.astype(np.int32),
        "places": table.places,
        "weights": table.weights.astype(np.float16),
        "intercepts": table.intercepts,
    }
    save_file(arrays, file, {"codes": json.dumps(table.codes)})


def read_code_table(file: Path) -> CodeTable:
    """Read a table that `write_code_table` wrote.

    Raises
    ------
    CatalogueError
        If the file is missing or no such table.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, framework="numpy") as opened:
            arrays = {name: opened.get_tensor(name) for name in ("starts", "places", "weights", "intercepts")}
            codes = tuple(json.loads(opened.metadata()["codes"]))
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as fault:
        raise CatalogueError(f"{Path(file).name}: no readable table of report codes ({fault}).") from fault
    return CodeTable(codes, **(arrays | {"weights": arrays["weights"].astype(np.float32)}))


@cache
def bundled_table() -> CodeTable:
    """The table of ``assets/reports``, learned from PTB-XL folds 1-8."""
    return read_code_table(ASSETS / "reports" / "codes.safetensors")


def _hashed(reports: Sequence[str]):
    """(reports, places) sparse, 1 where a report has a word of that place."""
    from scipy.sparse import csr_matrix

    distinct = list(dict.fromkeys(reports))
    hashed = {
        report: sorted({zlib.crc32(word.encode()) % _PLACES for word in _words(report, statements)})
        for report, statements in zip(distinct, read_reports(distinct), strict=True)
    }
    rows = [hashed[report] for report in reports]
    ends = np.cumsum([0, *map(len, rows)])
    places = np.fromiter((place for row in rows for place in row), np.int32, ends[-1])
    return csr_matrix((np.ones(len(places)), places, ends), shape=(len(reports), _PLACES))


def _words(report: str, statements: list[Statement]) -> list[str]:
    """What the model sees: English phrases, statements, findings, raw words, the whole report, marks of its form."""
    words = _marks(report)
    for statement in statements:
        english = re.findall(r"\w+", statement.english.casefold())
        words += [f"e {phrase}" for phrase in _phrases(english, 3)] + ["s " + " ".join(english)]
        words += [f"f {finding} {holds}" for finding, holds in statement.findings]
    raw = re.findall(r"\w+", report.lower())
    return words + [f"r {phrase}" for phrase in _phrases(raw, 2)] + ["w " + " ".join(raw)]


def _marks(report: str) -> list[str]:
    """Language, whether confirmed, whether cut off, and the codes that an editor appended."""
    language = "en" if _ENGLISH.search(report) else "sv" if _SWEDISH.search(report) else "de"
    edited = _EDITED.search(report)
    codes = re.findall(r"[a-z0-9_/]{3,}", edited.group(1).lower()) if edited else []
    unconfirmed = bool(re.search(r"4\.46|unbest", report, re.IGNORECASE))
    form = f"m {language} {unconfirmed} {edited is not None} {len(report) >= _CUT_OFF}"
    return [form, *(f"c {code}" for code in codes)]


def _phrases(words: list[str], longest: int) -> list[str]:
    return [" ".join(words[i : i + n]) for n in range(1, longest + 1) for i in range(len(words) - n + 1)]
