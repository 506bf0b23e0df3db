"""What a criterion compares with what."""

import pytest

from ecgclip_core.ecg.fact import Fact, Facts
from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.ecg.vocabulary import LEAD_FACTS, RECORDING_FACTS
from ecgclip_core.findings.catalogue import catalogue
from ecgclip_core.findings.limits import limits, named_facts


@pytest.fixture
def measured():
    """Facts in which all is 0.5 or yes, S is 2, and the PR interval is missing."""

    def fact(name):
        return Fact(True, name.unit) if name.is_truth else Fact(0.5, name.unit)

    recording = {key: fact(name) for key, name in RECORDING_FACTS.items()} | {"pr": Fact(None, "ms", "not measurable")}
    leads = {key: {lead: fact(name) for lead in LEADS} for key, name in LEAD_FACTS.items()}
    leads["s_mv"] = {lead: Fact(2.0, "mV") for lead in LEADS}
    return Facts(recording, leads)


def told(expression, measured):
    return [(one.name, one.lead, one.sign, one.limit, one.holds) for one in limits(expression, measured)]


def test_a_limit_is_given_for_every_lead_that_a_criterion_goes_through(measured):
    assert told('all(t_mv(lead) < 0 for lead in ("V1", "V2"))', measured) == [
        ("t_mv", "V1", "<", 0.0, False),
        ("t_mv", "V2", "<", 0.0, False),
    ]


def test_what_a_denial_wants_is_the_opposite(measured):
    assert told("not r_mv('V1') > 0.6", measured) == [("r_mv", "V1", "≤", 0.6, True)]


def test_what_was_not_measured_is_neither_held_nor_missed(measured):
    assert told("120 <= pr <= 200", measured) == [("pr", "", "≥", 120.0, None), ("pr", "", "≤", 200.0, None)]


def test_the_parts_of_a_sum_have_no_limit_of_their_own(measured):
    found = told('s_mv("V1") + max(r_mv("V5"), r_mv("V6")) >= 2.5', measured)
    assert found == [(name, lead, "", None, True) for name, lead in (("s_mv", "V1"), ("r_mv", "V5"), ("r_mv", "V6"))]


def test_each_side_of_a_largest_value_has_the_limit(measured):
    found = told('max(r_mv("V5"), r_mv("V6")) > 2.6', measured)
    assert found == [("r_mv", "V5", ">", 2.6, False), ("r_mv", "V6", ">", 2.6, False)]


def test_a_ratio_stands_as_r_with_its_limit_in_millivolts(measured):
    (one,) = limits('r_s_ratio("V1") > 1', measured)
    assert (one.name, one.limit, one.fact.value) == ("r_mv", 2.0, 0.5)


def test_a_limit_on_a_size_holds_on_both_sides_of_zero(measured):
    (one,) = limits('abs(t_mv("II")) < 0.1', measured)
    assert one.absolute and one.holds is False


def test_every_criterion_of_the_catalogue_has_something_to_show(measured):
    for finding in catalogue().values():
        for criterion in finding.criteria:
            assert limits(criterion.expression, measured)


def test_what_only_shuts_out_a_conduction_defect_does_not_say_where_to_look():
    assert named_facts('qrs < 120 and j_mv("II") > 0.1') == (("j_mv", "II"),)
    assert named_facts('j_mv("II") > 0.1 and not (qrs >= 120 and r_s_ratio("V1") < 1)') == (("j_mv", "II"),)
    assert named_facts("qrs < 120") == (("qrs", ""),)
