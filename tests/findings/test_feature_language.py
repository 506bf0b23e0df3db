import pytest

from ecgclip_core.findings.catalogue import Feature
from ecgclip_core.findings.claims import Claim
from ecgclip_core.findings.feature_language import feature_sentence, read_feature, unknown_leads


def claims(text):
    reading = read_feature(text)
    return None if reading is None else [list(group) for group in reading.groups]


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        ("ST elevation in II, III and aVF", Claim("ST", "elevated", ("II", "III", "aVF"), "all")),
        ("ST elevation in the inferior leads", Claim("ST", "elevated", ("II", "III", "aVF"), "region")),
        ("R in V1 taller than 0.7 mV", Claim("R", "size", ("V1",), "all", 0.7)),
        ("absent P waves", Claim("P", "present", denied=True)),
        ("P waves absent", Claim("P", "present", denied=True)),
        ("no Q waves in V1-V3", Claim("Q", "present", ("V1", "V2", "V3"), "any", denied=True)),
        ("PR interval longer than 200 ms", Claim("PR", "duration", low=200.0)),
        ("PR > 0.2 s", Claim("PR", "duration", low=200.0)),
        ("QRS duration of 120 ms or more", Claim("QRS", "duration", low=120.0)),
        ("QRS axis between -45 and -90 degrees", Claim("AXIS", "size", low=-90.0, high=-45.0)),
        ("ST depression of 2 mm in V4 to V6", Claim("ST", "depressed", ("V4", "V5", "V6"), "all", 0.2, 0.2)),
        ("T wave inversion in lead III", Claim("T", "inverted", ("III",), "all")),
        ("tall R in V1", Claim("R", "tall", ("V1",), "all")),
        ("R wave of 0.3 mV or less in V3", Claim("R", "size", ("V3",), "all", high=0.3)),
        ("RR intervals longer than one second", Claim("RR", "duration", low=1000.0)),
        ("heart rate above 100", Claim("RATE", "size", low=100.0)),
        ("sawtooth flutter waves", Claim("", "flutter_waves")),
    ],
)
def test_a_sentence_with_one_claim_is_read(text, claim):
    assert claims(text) == [[claim]]


def test_adjectives_before_a_wave_are_each_a_claim():
    assert [[c.quality for c in group] for group in claims("broad notched or slurred R waves in V5 and V6")] == [
        ["broad"],
        ["notched", "slurred"],
    ]
    assert [[c.quality for c in group] for group in claims("low, flat or slightly inverted T waves")] == [
        ["low", "flat", "inverted"]
    ]


def test_leads_belong_to_the_claims_before_them():
    assert claims("tall R waves in V5 and V6 with deep S waves in V1") == [
        [Claim("R", "tall", ("V5", "V6"), "all")],
        [Claim("S", "deep", ("V1",), "all")],
    ]
    assert claims("ST depression and T inversion in I and aVL") == [
        [Claim("ST", "depressed", ("I", "aVL"), "all")],
        [Claim("T", "inverted", ("I", "aVL"), "all")],
    ]
    assert claims("P waves upright in II and inverted in aVR") == [
        [Claim("P", "upright", ("II",), "all")],
        [Claim("P", "inverted", ("aVR",), "all")],
    ]
    assert claims("S wave in I, Q wave and inverted T wave in III") == [
        [Claim("S", "present", ("I",), "all")],
        [Claim("Q", "present", ("III",), "all")],
        [Claim("T", "inverted", ("III",), "all")],
    ]


def test_one_adjective_serves_all_waves_of_its_list():
    assert [group[0].wave for group in claims("inverted P, QRS and T in I")] == ["P", "QRS", "T"]
    assert {group[0].quality for group in claims("inverted P, QRS and T in I")} == {"inverted"}


@pytest.mark.parametrize(
    "text",
    [
        "ST elevation in leads with QS complexes",
        "ST elevation of unknown origin",
        "interpretation made without knowing the patient's age",
        "large purple R waves",
        "an ECG",
        "",
        "inverted",
        "in V1",
        "normal",
        "tall R waves " * 30,
    ],
)
def test_a_sentence_that_is_not_known_whole_is_not_read(text):
    assert read_feature(text) is None


def test_leads_that_no_twelve_lead_ecg_has_are_named():
    assert unknown_leads("ST elevation in V8, V9 and V4R") == ("V8", "V9", "V4R")
    assert unknown_leads("ST elevation in V1 to V6") == ()


def test_a_feature_says_its_few_leads_in_words_and_only_once():
    assert feature_sentence(Feature("qR complexes", ("QRS",), ("I", "aVL"))) == "qR complexes in I and aVL"
    assert feature_sentence(Feature("tall R in V1", ("QRS",), ("V1",))) == "tall R in V1"
    assert feature_sentence(Feature("ST depression", ("ST",), ("I", "II", "V4", "V5", "V6"))) == "ST depression"
