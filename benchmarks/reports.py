"""Findings of whole reports: TF-IDF with logistic regression beside this project, on reports that neither has seen.

    python benchmarks/reports.py ../shared/data/ptbxl/ptbxl_database.csv

Both learn from folds 1-8 and are judged on fold 9 over the codes with 20 cases or more there; every code counts,
whatever its likelihood. With --test N --fit, fold N of 1-8 is held out and the others teach. Intervals are 95 % of
1,000 bootstrap samples of patients, the same for both.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from ecgclip_core.corpora.labels import parse_codes
from ecgclip_core.findings.report_codes import THRESHOLD, bundled_table, code_probabilities, fit_code_table

LEAST_CASES = 20
SAMPLES = 1000
# The most frequent codes, which a report's reader would note in any case.
COMMON = ("NORM", "SR")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("texts", type=Path, help="CSV with report, scp_codes, strat_fold and patient_id")
    parser.add_argument("--test", type=int, default=9, help="fold to judge on; the others of 1-8 teach")
    parser.add_argument("--fit", action="store_true", help="learn our table too, instead of taking the bundled one")
    chosen = parser.parse_args()
    taught, judged = split(pd.read_csv(chosen.texts), chosen.test)
    counts = pd.Series([code for codes in judged["codes"] for code in codes]).value_counts()
    codes = sorted(counts.index[counts >= LEAST_CASES])
    noted = np.array([[code in row for code in codes] for row in judged["codes"]])
    table = fit_code_table(list(taught["report"]), list(taught["codes"])) if chosen.fit else bundled_table()
    ours = code_probabilities(list(judged["report"]), table).reindex(columns=codes, fill_value=0.0).to_numpy()
    answers = {
        "TF-IDF of words, logistic regression": tf_idf(taught, judged, codes) >= 0.5,
        "TF-IDF of words and pairs, C = 10": tf_idf(taught, judged, codes, 10, ngram_range=(1, 2)) >= 0.5,
        "this project": ours >= THRESHOLD,
    }
    print(
        f"fold {chosen.test}: {len(judged)} reports of {judged['patient_id'].nunique()} patients, {len(codes)} codes\n"
    )
    rare = np.array([code not in COMMON for code in codes])
    for name, columns in (("all codes", np.ones(len(codes), bool)), ("without NORM and SR", rare)):
        print(name)
        print(compared(answers, noted, columns, judged["patient_id"].to_numpy()).to_string(), end="\n\n")
    print(by_code(answers["this project"], noted, codes).to_string())


def split(rows: pd.DataFrame, test: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of folds 1-8 without a fold, and of that fold."""
    rows = rows.assign(report=rows["report"].fillna(""), codes=rows["scp_codes"].map(parse_codes))
    return rows[(rows["strat_fold"] <= 8) & (rows["strat_fold"] != test)], rows[rows["strat_fold"] == test]


def tf_idf(taught: pd.DataFrame, judged: pd.DataFrame, codes: list[str], strength: float = 1, **words) -> np.ndarray:
    """Probabilities of the peer, one model a code."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    vectors = TfidfVectorizer(**words)
    known, asked = vectors.fit_transform(taught["report"]), vectors.transform(judged["report"])
    noted = [np.array([code in row for row in taught["codes"]]) for code in codes]
    fits = [LogisticRegression(C=strength, solver="liblinear").fit(known, column) for column in noted]
    return np.stack([fit.predict_proba(asked)[:, 1] for fit in fits], axis=1)


def compared(answers: dict, noted: np.ndarray, columns: np.ndarray, patients: np.ndarray) -> pd.DataFrame:
    """Micro-averaged figures with intervals, and the gain over the first of the answers in the same samples."""
    counts = {name: outcomes(answer[:, columns], noted[:, columns]) for name, answer in answers.items()}
    weights = resampled(patients)
    first = next(iter(counts))
    rows = {}
    for name, outcome in counts.items():
        precision, recall, f1 = figures(outcome.sum(0))
        samples = figures((weights @ outcome).T)[2]
        gain = samples - figures((weights @ counts[first]).T)[2]
        rows[name] = {
            "micro-F1": f"{f1:.3f} [{np.quantile(samples, 0.025):.3f}, {np.quantile(samples, 0.975):.3f}]",
            "precision": f"{precision:.3f}",
            "recall": f"{recall:.3f}",
            "gain": f"{f1 - figures(counts[first].sum(0))[2]:+.3f} "
            f"[{np.quantile(gain, 0.025):+.3f}, {np.quantile(gain, 0.975):+.3f}]",
        }
    return pd.DataFrame(rows).T


def outcomes(answer: np.ndarray, noted: np.ndarray) -> np.ndarray:
    """(reports, 3): true positives, false positives, false negatives of each report."""
    return np.stack([(answer & noted).sum(1), (answer & ~noted).sum(1), (~answer & noted).sum(1)], axis=1)


def figures(counts: np.ndarray) -> tuple:
    """Precision, recall and F1 of (true positives, false positives, false negatives)."""
    hits, wrong, missed = counts
    return hits / (hits + wrong), hits / (hits + missed), 2 * hits / (2 * hits + wrong + missed)


def resampled(patients: np.ndarray) -> np.ndarray:
    """(samples, reports): how often each report is in each bootstrap sample of patients."""
    names, member = np.unique(patients, return_inverse=True)
    random = np.random.default_rng(0)
    return random.multinomial(len(names), np.full(len(names), 1 / len(names)), size=SAMPLES)[:, member]


def by_code(answer: np.ndarray, noted: np.ndarray, codes: list[str]) -> pd.DataFrame:
    columns = {"cases": noted, "found": answer & noted, "wrong": answer & ~noted, "missed": ~answer & noted}
    table = pd.DataFrame({name: values.sum(0) for name, values in columns.items()}, index=codes)
    return table.sort_values("missed", ascending=False)


if __name__ == "__main__":
    main()
