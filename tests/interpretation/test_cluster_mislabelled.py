"""Candidates for mislabelling, on labels of which the wrong ones are known."""

import numpy as np
import pytest

from ecgclip_core.interpretation.cluster_mislabelled import candidates, with_wrong_labels

FINDINGS = ["one", "two"]


@pytest.fixture(scope="module")
def cohort():
    """Representations in which two findings can be told, not without error, and their true labels."""
    random = np.random.default_rng(0)
    labels = (random.random((400, 2)) < 0.4).astype(np.int8)
    return random.normal(0, 1, (400, 8)) + 1.5 * (labels @ random.normal(0, 1, (2, 8))), labels


def test_wrong_labels_stand_at_the_head_of_the_list(cohort):
    vectors, labels = cohort
    changed, wrong = with_wrong_labels(labels, 0.05, np.random.default_rng(1))
    assert wrong.sum() == 20
    assert (changed[~wrong] == labels[~wrong]).all()
    assert (changed[wrong] != labels[wrong]).any(axis=1).all()
    first = candidates(vectors, changed, FINDINGS)["row"].to_numpy()[:40]
    assert wrong[first].sum() >= 10


def test_the_list_says_which_label_is_doubtful_and_what_speaks_for_it(cohort):
    vectors, labels = cohort
    listed = candidates(vectors, labels, FINDINGS, np.arange(400) // 2, np.linspace(0, 1, 400))
    first = listed.iloc[0]
    assert sorted(listed["row"]) == list(range(400))
    assert listed["rank"].tolist() == list(range(1, 401))
    assert first["said"] == (labels[first["row"], FINDINGS.index(first["finding"])] == 1)
    assert first["chance"] < 0.5
    assert {"doubt", "uncertainty"} <= set(listed.columns)


def test_uncertainty_moves_a_recording_up(cohort):
    vectors, labels = cohort
    calm = np.zeros(400)
    unsure = calm.copy()
    unsure[7] = 1.0
    place = [
        candidates(vectors, labels, FINDINGS, uncertainty=u).set_index("row").loc[7, "rank"] for u in (calm, unsure)
    ]
    assert place[1] < place[0]


def test_labels_nobody_gave_are_not_doubted(cohort):
    vectors, labels = cohort
    silent = labels.copy()
    silent[:, 0] = -1
    silent[3] = -1
    listed = candidates(vectors, silent, FINDINGS).set_index("row")
    assert set(listed["finding"]) == {"two", ""}
    assert listed.loc[3, "finding"] == ""
    assert listed.loc[3, "doubt"] == 0


def test_a_cohort_too_small_for_a_forecast_doubts_nothing():
    listed = candidates(np.ones((4, 2)), np.ones((4, 1), dtype=np.int8), ["one"])
    assert (listed["finding"] == "").all()
