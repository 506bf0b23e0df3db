import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecgclip_core.ecg.fact import Fact, Facts
from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.ecg.measure import ABSENT, NOT_MEASURABLE
from ecgclip_core.ecg.vocabulary import LEAD_FACTS, RECORDING_FACTS
from ecgclip_core.findings.expressions import ExpressionError, evaluate, parse


def facts_of(absent=(), **values) -> Facts:
    """Facts of which only those named are known: ``qrs=148.0``, ``r_mv={"V5": 2.0}``."""
    recording = {name: Fact(None, kind.unit, NOT_MEASURABLE, "not looked at") for name, kind in RECORDING_FACTS.items()}
    leads = {
        name: {lead: Fact(None, kind.unit, NOT_MEASURABLE, "not looked at") for lead in LEADS}
        for name, kind in LEAD_FACTS.items()
    }
    for name, value in values.items():
        if name in leads:
            leads[name] |= {lead: Fact(one, LEAD_FACTS[name].unit) for lead, one in value.items()}
        else:
            recording[name] = Fact(value, RECORDING_FACTS[name].unit)
    for name in absent:
        recording[name] = Fact(None, RECORDING_FACTS[name].unit, ABSENT, "there is none")
    return Facts(recording, leads)


KNOWN = facts_of(
    qrs=148.0,
    heart_rate=75.0,
    p_waves=True,
    male=False,
    qrs_axis=-40.0,
    r_mv={"V5": 2.7, "V6": 1.0, "I": 0.4},
    s_mv={"V1": 1.0, "V5": 0.0},
    j_mv={"II": 0.15, "aVF": 0.12, "III": 0.02, "V2": 0.3, "V4": 0.2},
    qs={"V1": True, "V2": True, "V3": False},
)


@pytest.mark.parametrize(
    ("expression", "state"),
    [
        ("qrs >= 120", True),
        ("qrs < 120", False),
        ("100 < qrs <= 148", True),
        ("100 < qrs < 148", False),
        ("pr > 200", None),
        ("not pr > 200", None),
        ("p_waves and not male", True),
        ("-90 <= qrs_axis < -30", True),
        ("abs(qrs_axis) == 40", True),
        ("qrs != 148", False),
        ("s_mv('V1') + max(r_mv('V5'), r_mv('V6')) >= 3.5", True),
        ("(r_mv('V5') - r_mv('V6')) * 2 > 3.3", True),
        ("r_mv('V5') / r_mv('V6') > 2.6", True),
        ("r_mv('V5') / s_mv('V5') > 1000", True),
        ("any(qs(lead) for lead in SEPTAL)", True),
        ("all(qs(lead) for lead in SEPTAL)", True),
        ("all(qs(lead) for lead in PRECORDIAL)", False),
        ("count(qs(lead) for lead in ('V1', 'V2', 'V3')) == 2", True),
        ("min(r_mv(lead) for lead in ('V5', 'V6')) > 0.9", True),
        ("contiguous(j_mv(lead) >= 0.1 for lead in INFERIOR)", True),
        ("contiguous(j_mv(lead) >= 0.1 for lead in ('V2', 'V4'))", False),
    ],
)
def test_an_expression_comes_to_what_it_says(expression, state):
    assert evaluate(expression, KNOWN).state is state


@pytest.mark.parametrize(
    ("expression", "state"),
    [
        ("qrs >= 120 or pr > 200", True),
        ("qrs < 120 and pr > 200", False),
        ("qrs >= 120 and pr > 200", None),
        ("qrs < 120 or pr > 200", None),
        ("any(r_mv(lead) > 2.5 for lead in LATERAL)", True),
        ("all(r_mv(lead) > 0.5 for lead in LATERAL)", False),
        ("all(r_mv(lead) > 0.3 for lead in LATERAL)", None),
        ("max(r_mv(lead) for lead in LATERAL) > 2.5", True),
        ("max(r_mv(lead) for lead in LATERAL) > 3", None),
        ("min(r_mv(lead) for lead in LATERAL) > 0.5", False),
        ("count(r_mv(lead) > 0.3 for lead in LATERAL) >= 3", True),
        ("count(r_mv(lead) > 0.3 for lead in LATERAL) >= 4", None),
        ("count(r_mv(lead) > 0.3 for lead in LATERAL) >= 5", False),
        ("r_mv('aVL') + r_mv('V5') > 2.5", True),
        ("r_mv('aVL') >= 0", True),
        ("t_mv('V5') / r_mv('aVL') > 1", None),
    ],
)
def test_what_is_not_measurable_counts_only_where_it_decides(expression, state):
    assert evaluate(expression, KNOWN).state is state


def test_nothing_is_more_or_less_than_what_is_absent():
    facts = facts_of(absent=["pr"], heart_rate=80.0)
    for expression in ("pr > 200", "pr <= 200", "pr == 0", "pr != 0", "abs(pr) + 1 > 0", "pr / heart_rate < 9"):
        assert evaluate(expression, facts).state is False
    assert evaluate("max(pr, heart_rate) == 80", facts).state is True


def test_an_unknown_limit_decides_only_between_its_bounds():
    facts = facts_of(j_mv={"V2": 0.18, "V3": 0.3})
    facts.leads["st_limit"]["V2"] = Fact(None, "mV", NOT_MEASURABLE, "age not known", bounds=(0.15, 0.25))
    facts.leads["st_limit"]["V3"] = Fact(None, "mV", NOT_MEASURABLE, "age not known", bounds=(0.15, 0.25))
    assert evaluate("j_mv('V2') >= st_limit('V2')", facts).state is None
    assert evaluate("j_mv('V3') >= st_limit('V3')", facts).state is True


def test_only_the_facts_that_decided_are_told():
    used = evaluate("any(r_mv(lead) > 2.5 for lead in LATERAL) or pr > 200", KNOWN).used
    assert [(one.name, one.lead) for one in used] == [("r_mv", "V5")]
    used = evaluate("qrs >= 120 and heart_rate > 100", KNOWN).used
    assert [one.name for one in used] == ["heart_rate"]
    used = evaluate("qrs >= 120 and heart_rate < 100", KNOWN).used
    assert [one.name for one in used] == ["qrs", "heart_rate"]


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("", "not empty"),
        ("qrs >=", "not readable"),
        ("qrs", "this is a number"),
        ("qrs_ms > 3", "there is no name 'qrs_ms'"),
        ("heart_rat > 3", "'heart_rate' is one"),
        ("r_mv > 1", 'as in r_mv("V1")'),
        ("r_mv('V7') > 1", "is not a lead"),
        ("r_mv('V1', 'V2') > 1", "needs one lead"),
        ("heart_rate('V1') > 1", "takes no lead"),
        ("qs(lead)", "is not a lead"),
        ("any(r_mv(lead) for lead in ALL)", "any needs a truth"),
        ("max(qs(lead) for lead in ALL) > 1", "max needs a number"),
        ("any(qs(lead) for lead in SOUTHERN)", "the groups are"),
        ("any(qs(lead) for lead in ALL if qs(lead))", "without 'if'"),
        ("any(qs(qrs) for qrs in ALL)", "means something else"),
        ("any(qs('V1'))", "goes over leads"),
        ("p_waves > 1", "a comparison needs a number"),
        ("qrs and p_waves", "needs a truth"),
        ("qrs in (1, 2)", "compare"),
        ("qrs > 'a'", "not part of the language"),
        ("True", "not part of the language"),
        ("qrs > 2 ** 9", "not part of the language"),
        ("qrs > 1e999", "not part of the language"),
        ("qrs.real > 1", "not part of the language"),
        ("__import__('os').getcwd()", "not part of the language"),
        ("(lambda: p_waves)()", "not part of the language"),
        ("qrs > 1" + " + 1" * 400, "at most"),
        ("(" * 300 + "p_waves" + ")" * 300, "not readable"),
    ],
)
def test_what_is_not_of_the_language_is_refused_with_a_reason(expression, said):
    with pytest.raises(ExpressionError, match=said.replace("(", r"\(").replace(")", r"\)")):
        parse(expression)


@given(st.text(max_size=60))
def test_no_text_does_more_than_be_refused(text):
    try:
        parse(text)
    except ExpressionError as fault:
        assert str(fault)


@given(st.floats(0, 300), st.floats(0, 300), st.sampled_from(["<", "<=", ">", ">=", "==", "!="]))
def test_measured_numbers_compare_as_numbers_do(a, b, sign):
    facts = facts_of(qrs=a, pr=b)
    assert evaluate(f"qrs {sign} pr", facts).state is eval(f"a {sign} b")
    assert evaluate(f"not qrs {sign} pr", facts).state is not evaluate(f"qrs {sign} pr", facts).state


@given(st.floats(-5, 5), st.floats(0, 5), st.floats(-5, 5))
def test_what_is_unknown_can_only_become_what_was_possible(known, size, limit):
    """Measuring one more lead never turns a met criterion into one that is not met, or the other way round."""
    for expression in (
        f"r_mv('I') + t_mv('I') > {limit}",
        f"max(r_mv(lead) for lead in HIGH_LATERAL) - abs(t_mv('I')) >= {limit}",
        f"count(r_mv(lead) > {limit} for lead in HIGH_LATERAL) >= 1",
        f"r_mv('I') / r_mv('aVL') > {limit}",
    ):
        before = evaluate(expression, facts_of(t_mv={"I": known})).state
        after = evaluate(expression, facts_of(t_mv={"I": known}, r_mv={"I": size})).state
        assert before is None or before is after
