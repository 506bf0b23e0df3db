from itertools import combinations

import pytest

from ecgclip_core.errors import CatalogueError
from ecgclip_core.findings import questions
from ecgclip_core.findings.catalogue import find, normalised
from ecgclip_core.findings.questions import example_questions

LEAST = {"ecg": 250, "beyond": 150, "none": 250}


@pytest.mark.parametrize("scope", LEAST)
def test_there_are_enough_sentences_of_each_scope_and_none_twice(scope):
    sentences = example_questions(scope)
    assert len(sentences) >= LEAST[scope]
    assert len(set(sentences)) == len(sentences)


def test_no_sentence_is_of_two_scopes():
    for one, other in combinations(LEAST, 2):
        assert not set(map(normalised, example_questions(one))) & set(map(normalised, example_questions(other)))


def test_nothing_outside_the_ecg_names_a_finding():
    for sentence in (*example_questions("beyond"), *example_questions("none")):
        assert find(sentence) is None, sentence


def test_unrelated_sentences_use_words_of_ecg_reports_in_other_senses():
    text = normalised(" ".join(example_questions("none")))
    for word in ("lead", "wave", "block", "rhythm", "axis", "normal", "elevation", "depression", "voltage"):
        assert word in text


def test_a_scope_that_nobody_knows_is_a_catalogue_error():
    with pytest.raises(CatalogueError, match="poetry"):
        example_questions("poetry")


@pytest.mark.parametrize(("text", "fault"), [("topic = 3", "ecg.toml, entry topic"), ("topic = [", "ecg.toml")])
def test_a_broken_file_is_a_catalogue_error(tmp_path, monkeypatch, text, fault):
    (tmp_path / "questions").mkdir()
    (tmp_path / "questions" / "ecg.toml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(questions, "ASSETS", tmp_path)
    with pytest.raises(CatalogueError, match=fault):
        example_questions.__wrapped__("ecg")
