import numpy as np

from ecgclip_core.training.statements import implied_findings, pair_labels

# Columns: atrial fibrillation, anything (so common that it says nothing).
LABELS = np.array([[1, 1]] * 10 + [[0, 1]] * 30 + [[0, 0]] * 2, dtype=np.int8)
REPORTS = [("atrial fibrillation", "normal axis")] * 10 + [("normal axis",)] * 30 + [("rare words",)] * 2


def test_a_statement_implies_the_finding_it_goes_with_and_not_the_one_everybody_has():
    implied = implied_findings(REPORTS, LABELS)
    assert 0 in implied["atrial fibrillation"]
    assert 0 not in implied.get("normal axis", [])


def test_a_statement_of_few_reports_implies_nothing():
    assert "rare words" not in implied_findings(REPORTS, LABELS)


def test_a_statement_holds_where_said_fails_where_its_finding_is_absent_and_is_unknown_elsewhere():
    said = [("atrial fibrillation",), (), ()]
    labels = np.array([[1, 1], [0, 1], [1, 1]], dtype=np.int8)
    pairs = pair_labels(said, ["atrial fibrillation"], labels, {"atrial fibrillation": np.array([0])})
    assert pairs[:, 0].tolist() == [1, 0, -1]
