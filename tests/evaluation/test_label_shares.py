import numpy as np
import pytest

from ecgclip_core.errors import EcgclipError
from ecgclip_core.evaluation.label_shares import Folds, beginnings, round_of_folds, rounds_by_person, worthwhile


@pytest.fixture
def corpus():
    """400 recordings of 250 persons with a common, a middling and a rare finding."""
    rng = np.random.default_rng(3)
    persons = np.array([f"p{number}" for number in rng.integers(250, size=400)])
    labels = (rng.random((400, 3)) < [0.5, 0.15, 0.03]).astype(np.int8)
    return persons, labels


def test_a_smaller_fraction_lies_within_a_larger_one_and_takes_whole_persons(corpus):
    persons, labels = corpus
    rows = np.arange(0, 400, 2)
    few, some, every = beginnings(persons, labels, rows, [0.05, 0.3, 1.0], seed=0)
    assert set(few) < set(some) < set(every)
    assert sorted(every) == list(rows)
    for taken in (few, some):
        assert set(rows[np.isin(persons[rows], persons[taken])]) == set(taken)
    assert len(few) == pytest.approx(10, abs=3)
    assert len(some) == pytest.approx(60, abs=3)


def test_a_small_fraction_has_the_findings_in_about_the_proportions_of_the_whole(corpus):
    persons, labels = corpus
    for seed in range(5):
        (taken,) = beginnings(persons, labels, np.arange(400), [0.1], seed)
        assert labels[taken].mean(axis=0) == pytest.approx(labels.mean(axis=0), abs=0.12)
        assert labels[taken].any(axis=0)[:2].all()


def test_another_draw_takes_other_persons_and_the_same_draw_the_same(corpus):
    persons, labels = corpus
    first, again, other = (beginnings(persons, labels, np.arange(400), [0.1], seed)[0] for seed in (0, 0, 1))
    assert list(first) == list(again)
    assert set(first) != set(other)


def test_every_recording_reports_once_and_no_person_is_in_two_parts(corpus):
    persons, labels = corpus
    rounds = rounds_by_person(persons, labels)
    assert sorted(np.concatenate([round.test for round in rounds])) == list(range(400))
    for round in rounds:
        parts = [set(persons[rows]) for rows in (round.train, round.choose, round.test)]
        assert not (parts[0] & parts[1] or parts[0] & parts[2] or parts[1] & parts[2])
        assert sum(map(len, (round.train, round.choose, round.test))) == 400


def test_folds_are_taken_as_the_corpus_has_them():
    folds = np.array([1, 7, 8, 9, 10, 3])
    found = round_of_folds(folds, np.arange(6).astype(str), Folds())
    assert (list(found.train), list(found.choose), list(found.test)) == ([0, 1, 5], [2], [3])


def test_a_fold_without_recordings_is_refused_with_those_that_there_are():
    with pytest.raises(EcgclipError, match=r"has 1, 2.*--choose-folds"):
        round_of_folds(np.array([1, 2]), np.array(["a", "b"]), Folds(frozenset({1}), frozenset({5}), frozenset({2})))


def test_a_person_in_two_parts_is_refused():
    with pytest.raises(EcgclipError, match="1 persons"):
        round_of_folds(np.array([1, 8, 9]), np.array(["a", "b", "a"]), Folds())


def test_too_few_persons_are_refused():
    with pytest.raises(EcgclipError, match="3 persons are too few"):
        rounds_by_person(np.array(["a", "b", "c", "c"]), np.ones((4, 1), dtype=np.int8))


def test_fractions_that_leave_too_few_recordings_are_left_out():
    assert worthwhile([1.0, 0.01, 0.2], 100) == [0.2, 1.0]
    with pytest.raises(EcgclipError, match="larger"):
        worthwhile([0.01], 100)
    with pytest.raises(EcgclipError, match="10 does not"):
        worthwhile([10.0], 100)
