import numpy as np

from ecgclip_core.evaluation.decisions import decide_cross_fitted, parts_of_persons


def test_all_recordings_of_a_person_are_in_one_part():
    persons = np.repeat(np.arange(40), 3)
    parts = parts_of_persons(persons).reshape(40, 3)
    assert (parts == parts[:, :1]).all()
    assert set(parts.ravel()) == {0, 1, 2, 3, 4}


def test_nobody_is_decided_on_by_their_own_recordings():
    """One person's labels are turned round; what is decided of that person must not change."""
    rng = np.random.default_rng(0)
    score, persons = rng.normal(size=200), np.repeat(np.arange(50), 4)
    truth = score > 0.5
    before = decide_cross_fitted(truth, score, persons)
    turned = truth ^ (persons == 7)
    assert (decide_cross_fitted(turned, score, persons) == before)[persons == 7].all()
    assert (before == truth).mean() > 0.95
