import pytest

from ecgclip_core.errors import CatalogueError
from ecgclip_core.findings.catalogue import find
from ecgclip_core.simulation.cases import case, cases
from ecgclip_core.simulation.conditions import CONDITIONS


def test_there_is_one_case_for_each_finding_and_each_id_is_fit_for_a_link():
    assert len(cases()) >= 26
    assert len({one.finding for one in cases()}) == len(cases())
    assert all(one.id.replace("-", "").isalnum() and one.id.islower() for one in cases())


@pytest.mark.parametrize("one", cases(), ids=lambda one: one.id)
def test_a_case_shows_its_finding_says_that_it_is_simulated_and_asks_three_questions(one):
    assert one.finding in CONDITIONS
    assert 0 <= one.seed < 1000
    assert len(one.questions) == 3
    assert find(one.questions[0]) is not None
    ecg = one.ecg()
    assert ecg.truth.findings[0] == one.finding
    assert ecg.name.startswith("Simulated")


def test_an_unknown_case_is_refused_with_the_list():
    with pytest.raises(CatalogueError, match="wenckebach"):
        case("no-such-case")
