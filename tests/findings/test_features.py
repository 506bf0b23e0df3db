import pytest

from ecgclip_core.findings.catalogue import catalogue
from ecgclip_core.findings.expressions import parse
from ecgclip_core.findings.feature_language import feature_sentence
from ecgclip_core.findings.features import measurable
from ecgclip_core.findings.german_features import english
from ecgclip_core.findings.margins import with_margins

# Sentences that no entry of the catalogue has.
SENTENCES = [
    "ST elevation in II, III and aVF",
    "ST elevation of 2 mm in V2 and V3",
    "no ST elevation in V1 to V4",
    "ST depression of 0.1 mV in V4 to V6",
    "tall R in V1",
    "deep S waves in V1 and V2",
    "broad notched R waves in V5 and V6",
    "pathological Q waves in III and aVF",
    "no pathological Q waves in the inferior leads",
    "flat or inverted T waves in I and aVL",
    "PR interval shorter than 110 ms",
    "QRS of 140 ms",
    "QTc above 480 ms",
    "heart rate above 130",
    "irregular RR intervals",
    "no P waves",
    "left axis deviation",
    "rsR' complexes in V1",
    "low voltage in the limb leads",
    "P waves taller than 0.3 mV in II",
]
GERMAN = {
    "ST-Hebung in II, III und aVF": "ST elevation in II, III and aVF",
    "keine P-Wellen": "no P waves",
    "PQ-Zeit über 200 ms": "PR interval above 200 ms",
    "hohe R-Zacken in V5 und V6": "tall R waves in V5 and V6",
    "QRS-Dauer mindestens 120 ms": "QRS duration at least 120 ms",
    "T-Negativierung in V1 bis V3": "T inversion in V1 to V3",
}


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_sentence_about_waves_becomes_an_expression_of_the_language(sentence):
    check = measurable(sentence)
    assert check.complete
    parse(check.expression)


@pytest.mark.parametrize(("german", "same"), GERMAN.items())
def test_german_words_mean_the_same_as_english_ones(german, same):
    assert english(german) == same
    assert measurable(german) == measurable(same)


@pytest.mark.parametrize(
    "sentence", ["a small epsilon wave", "prominent U waves", "the patient is 80 years old", "ST elevation in V9", "x"]
)
def test_what_no_measurement_says_is_left_to_the_model(sentence):
    assert measurable(sentence) is None


def test_denial_turns_the_expression_round():
    assert measurable("no ST elevation in V1").expression == f"not ({measurable('ST elevation in V1').expression})"


def test_what_only_hints_at_a_feature_may_contradict_but_not_confirm():
    check = measurable("fibrillatory waves")
    assert not check.complete
    assert measurable("no fibrillatory waves") is None


def test_a_feature_of_the_catalogue_brings_its_own_expression():
    for entry in catalogue().values():
        for feature in entry.features:
            check = measurable(feature_sentence(feature), entry.id)
            if feature.measured:
                assert check.expression == feature.measured
                assert check.source == "catalogue"
            elif check is not None:
                parse(check.expression)


def test_a_value_becomes_a_range_and_what_is_not_there_stays():
    from ecgclip_core.ecg.fact import Fact, Facts

    facts = Facts(
        {"qrs": Fact(118.0, "ms"), "regular": Fact(True, "yes or no"), "premature_beats": Fact(2.0, "")},
        {"q_mv": {"I": Fact(0.0, "mV"), "II": Fact(0.01, "mV")}, "t_mv": {"I": Fact(0.01, "mV")}},
    )
    ranged = with_margins(facts)
    low, high = ranged.recording["qrs"].bounds
    assert low < 118 < high
    assert ranged.recording["qrs"].value is None
    assert ranged.recording["regular"].value is True
    assert ranged.recording["premature_beats"].value == 2
    assert ranged.leads["q_mv"]["I"].value == 0
    assert ranged.leads["q_mv"]["II"].bounds[0] == 0
    assert ranged.leads["t_mv"]["I"].bounds[0] < 0
