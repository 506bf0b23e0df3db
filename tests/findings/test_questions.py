from itertools import combinations

import pytest

from ecgclip_core.errors import CatalogueError
from ecgclip_core.findings import questions
from ecgclip_core.findings.catalogue import find, normalised
from ecgclip_core.findings.questions import ecg_questions, questions_beyond_the_ecg, unrelated_sentences

KINDS = {
    "ecg": (ecg_questions, 250),
    "beyond": (questions_beyond_the_ecg, 150),
    "unrelated": (unrelated_sentences, 250),
}


@pytest.mark.parametrize("kind", KINDS)
def test_there_are_enough_sentences_of_each_kind_and_none_twice(kind):
    read, least = KINDS[kind]
    sentences = read()
    assert len(sentences) >= least
    assert len(set(sentences)) == len(sentences)


def test_no_sentence_is_of_two_kinds():
    for (one, _), (other, _) in combinations(KINDS.values(), 2):
        assert not set(map(str.casefold, one())) & set(map(str.casefold, other()))


def test_nothing_outside_the_ecg_names_a_finding():
    for sentence in (*questions_beyond_the_ecg(), *unrelated_sentences()):
        assert find(sentence) is None, sentence


def test_unrelated_sentences_use_words_of_ecg_reports_in_other_senses():
    text = normalised(" ".join(unrelated_sentences()))
    for word in ("lead", "wave", "block", "rhythm", "axis", "normal", "elevation", "depression", "voltage"):
        assert word in text


def test_a_broken_file_is_a_catalogue_error(tmp_path, monkeypatch):
    (tmp_path / "questions").mkdir()
    (tmp_path / "questions" / "odd.toml").write_text('topic = "not a list"', encoding="utf-8")
    monkeypatch.setattr(questions, "ASSETS", tmp_path)
    with pytest.raises(CatalogueError, match="odd.toml, entry topic"):
        questions._sentences("odd")
    with pytest.raises(CatalogueError, match="missing.toml"):
        questions._sentences("missing")
