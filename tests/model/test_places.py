"""What a text in other words is likely to mean."""

import pytest

from ecgclip_core.findings.catalogue import catalogue
from ecgclip_core.model.checkpoint import load_model
from ecgclip_core.model.places import likeliest, nearest_findings
from ecgclip_core.model.query import ask


@pytest.fixture(scope="module")
def bundled():
    return load_model()


def test_shares_of_what_a_text_may_mean_sum_to_no_more_than_one(tiny_model):
    shares = [share for _, share in likeliest(tiny_model, "broad notched R waves")]
    assert shares == sorted(shares, reverse=True)
    assert 0 <= sum(shares) <= 1 + 1e-6


@pytest.mark.parametrize(
    ("text", "finding", "excluded"),
    [
        ("the potassium is too high", "hyperkalaemia", False),
        ("heart attack of the lower wall", "inferior_infarction", False),
        ("hardly any voltage in the limb leads", "low_voltage", False),
        ("the left bundle conducts normally", "left_bundle_branch_block", True),
    ],
)
def test_the_bundled_encoder_knows_what_other_words_mean(bundled, text, finding, excluded):
    places = [(place.finding, place.excluded) for place, _ in likeliest(bundled, text)[:3]]
    assert (finding, excluded) in places


def test_words_that_no_entry_has_are_asked_with_what_they_are_likely_to_mean(bundled):
    query = ask(bundled, "is the potassium too high?")
    assert query.finding is None
    assert query.near[0][0].finding == "hyperkalaemia"


def test_what_could_be_asked_instead_is_something_that_an_ecg_shows(tiny_model):
    offered = nearest_findings(tiny_model, "a leaking valve", len(catalogue()))
    assert {"atrial_fibrillation", "brugada_pattern"} <= {entry.id for entry in offered}
    assert "mitral_regurgitation" not in {entry.id for entry in offered}


def test_every_sentence_of_the_catalogue_is_answered_without_the_text_encoder(bundled):
    sentences = {text for entry in catalogue().values() for text in (*entry.prompts, *entry.contrast)}
    assert sentences <= set(bundled.known_texts)
