import re
import time
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecgclip_core.errors import CatalogueError
from ecgclip_core.findings import abbreviations
from ecgclip_core.findings.abbreviations import write_out
from ecgclip_core.findings.catalogue import catalogue, children
from ecgclip_core.findings.naming import corrected, named
from ecgclip_core.findings.question import plain_statement, read_question

TABLE = tomllib.loads((Path(__file__).parent / "questions.toml").read_text(encoding="utf-8"))
ROWS = [(question, asked) for rows in TABLE.values() for question, asked in rows.items()]
FRAMES = (
    "Is there {}?",
    "Does the patient have {} on this ECG?",
    "please check for {}",
    "Zeigt das EKG {}?",
    "I am worried about {}.",
)
DENIALS = ("no {}", "there is no {} on this ECG", "{} ruled out", "does the patient not have {}?", "kein {}")


def asked(question):
    return " ".join(
        f"{part.joined} {'not ' if part.negated else ''}{part.finding or f'<{part.english}>'}".strip()
        for part in read_question(question)
    )


@pytest.mark.parametrize(("question", "expected"), ROWS, ids=[question for question, _ in ROWS])
def test_a_question_is_taken_apart(question, expected):
    assert asked(question) == expected


def test_what_the_catalogue_names_may_change_but_not_the_shape_of_an_answer():
    inferior, lateral = read_question("inferior and lateral ST elevation")
    assert (inferior.english, lateral.english) == ("inferior ST elevation", "lateral ST elevation")
    assert (inferior.joined, lateral.joined) == ("", "and")


@pytest.mark.parametrize("frame", FRAMES)
def test_every_name_and_synonym_in_a_question_finds_its_entry(frame):
    names = [(name, entry.id) for entry in catalogue().values() for name in (entry.name, *entry.synonyms)]
    missed = [name for name, entry in names if asked(frame.format(name)) != entry]
    assert missed == []


@pytest.mark.parametrize("denial", DENIALS)
def test_every_name_denied_is_its_entry_denied(denial):
    missed = [entry.name for entry in catalogue().values() if asked(denial.format(entry.name)) != f"not {entry.id}"]
    # "changes by drugs, electrolytes, QT or T waves" is a list within a name.
    assert len(missed) <= 1, missed


def test_no_sentence_of_the_opposite_asks_for_its_own_finding():
    for entry in catalogue().values():
        own = {below.id for below in children(entry.id)}
        for sentence in entry.contrast:
            for part in read_question(sentence):
                assert part.negated or part.finding not in own, sentence


OPPOSITES = [("left", "right"), ("long", "short"), ("high", "low"), ("hyper", "hypo"), ("brady", "tachy")]
OPPOSITES += [("elevation", "depression"), ("anterior", "inferior"), ("links", "rechts"), ("first", "second")]
OPPOSITES += [("stenosis", "regurgitation"), ("prolonged", "shortened"), ("broad", "narrow"), ("aortic", "mitral")]


@pytest.mark.parametrize(("one", "other"), [*OPPOSITES, *(pair[::-1] for pair in OPPOSITES)])
def test_one_word_turned_to_its_opposite_asks_for_something_else(one, other):
    for entry in catalogue().values():
        for name in (entry.name, *entry.synonyms):
            # Two words of a bifascicular block may well be turned about.
            if re.search(rf"\b{one}", name, re.IGNORECASE) and entry.id not in (
                "bifascicular_block",
                "fascicular_block",
            ):
                assert asked(re.sub(rf"\b{one}", other, name, flags=re.IGNORECASE)) != entry.id, name


@pytest.mark.parametrize(
    "text",
    [
        *("right bundle branch", "T wave", "QT interval", "sinus", "block", "axis", "infarct size", "left ventricular"),
        *("cerebral infarction", "renal artery stenosis", "nerve block", "premature birth", "PE teacher", "AF 447"),
        *("high voltage cable", "the lad is ill", "pseudo-infarct", "eyelid flutter", "sinus infection"),
    ],
)
def test_words_that_a_name_has_too_are_not_that_name(text):
    assert all(part.finding is None for part in read_question(text))


def test_a_finding_is_named_as_the_catalogue_finds_it():
    for entry in catalogue().values():
        assert named(entry.id.replace("_", " ")) is named(entry.name) is entry


@pytest.mark.parametrize(
    "text",
    [
        "?",
        "...",
        "😀😀",
        "心房細動はありますか",
        "есть ли мерцание предсердий?",
        "هل هناك رجفان أذيني؟",
        "'; DROP TABLE ecg; --",
        "<script>alert(1)</script>",
        "{} {0} %s \\n \x00",
        "no",
        "and",
        "is there?",
        "please",
        "without",
        "AF " * 500,
        "a" * 10_000,
        "not " * 200,
        "AF and " * 100,
        "(((((((((",
        "/" * 300,
        "I, II, III, " * 50,
        "a/" * 480,
    ],
)
def test_odd_input_comes_back_as_a_part_and_never_as_an_exception(text):
    parts = read_question(text)
    assert parts
    assert all(part.text and part.english for part in parts)


@pytest.mark.parametrize("text", ["", "   ", "\n\t"])
def test_nothing_asked_is_no_part(text):
    assert read_question(text) == ()


def test_line_breaks_and_spaces_do_not_matter():
    assert asked("Is there\n  AF \t and\nLBBB ?") == asked("Is there AF and LBBB?")


WORDS = [
    *("no", "not", "without", "and", "or", "with", "neither", "nor", "AF", "LBBB", "in", "V1", "II", "aVF", "absent"),
    *(
        "is",
        "there",
        "any",
        "signs",
        "of",
        "kein",
        "und",
        "mit",
        "ST",
        "elevation",
        ",",
        "?",
        "/",
        "(",
        "1°",
        "AVB",
        "ruled",
    ),
    *("out", "the", "left", "and", "atrial", "enlargement", "P", "waves", ".", ";"),
]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=14))
def test_any_order_of_words_gives_parts_in_the_words_of_the_question(words):
    question = " ".join(words)
    parts = read_question(question)
    assert parts[0].joined == ""
    assert all(part.joined in ("and", "or", "with") for part in parts[1:])
    assert all(part.finding is None or part.finding in catalogue() for part in parts)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=80))
def test_any_text_is_read(text):
    assert bool(read_question(text)) == bool(text.split())


def test_parts_keep_the_words_of_the_reader():
    assert [part.text for part in read_question("any AF w/o inf. STEMI?")] == ["AF", "inf. STEMI"]
    assert [part.text for part in read_question("Is there AF?")] == ["Is there AF?"]


def test_english_has_neither_question_nor_abbreviation_nor_negation():
    (part,) = read_question("Bitte prüfen: kein LSB?")
    assert (part.english, part.negated) == ("left bundle branch block", True)


@pytest.mark.parametrize(
    ("question", "statement"),
    [
        ("Is there AF?", "atrial fibrillation"),
        ("AF was not seen", "atrial fibrillation was not seen"),
        ("Zeigt das EKG kein Vorhofflimmern?", "no atrial fibrillation"),
        (
            "can you see LBBB and AF but no LVH, thanks",
            "left bundle branch block and atrial fibrillation but no left ventricular hypertrophy",
        ),
        ("Does the ECG show that the upper chambers do not beat as one?", "upper chambers do not beat as one"),
        ("where is my umbrella?", "where is my umbrella?"),
    ],
)
def test_a_plain_statement_keeps_all_but_the_question(question, statement):
    assert plain_statement(question) == statement


def test_an_abbreviation_knows_where_it_stood():
    written = write_out("old inf. MI?")
    assert written.text == "old inferior myocardial infarction?"
    start = written.text.index("inferior")
    assert written.original(start, start + len("inferior myocardial infarction")) == "inf. MI"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("after a fast walk", "after a fast walk"),
        ("AS and as", "aortic stenosis and as"),
        ("IS IT AS BAD AS THAT", "IS IT AS BAD AS THAT"),
        ("LAD stenosis", "left anterior descending artery stenosis"),
        ("LAD", "left axis deviation"),
        ("QRS in V1", "QRS in V1"),
    ],
)
def test_only_abbreviations_are_written_out(text, written):
    assert write_out(text).text == written


def test_what_an_abbreviation_is_written_out_to_holds_no_further_one():
    for section in ("any_case", "as_written", "among_small_letters"):
        for word, written in abbreviations._tables()[section].items():
            assert written.strip(), word
            assert write_out(write_out(word).text).text == write_out(word).text, word


def test_there_are_a_few_hundred_abbreviations():
    assert sum(map(len, abbreviations._tables().values())) >= 300


@pytest.mark.parametrize(
    ("text", "spelt"),
    [
        ("atrail fibrilation", "atrial fibrillation"),
        ("hyprkalaemia", "hyprkalaemia"),
        ("atypical", "atypical"),
        ("fracture of the femur", "fracture of the femur"),
        ("nodule", "nodule"),
    ],
)
def test_one_letter_is_corrected_only_where_one_word_fits(text, spelt):
    assert corrected(text) == spelt


def test_a_broken_table_of_abbreviations_names_file_and_entry(tmp_path, monkeypatch):
    (tmp_path / "questions").mkdir()
    (tmp_path / "questions" / "abbreviations.toml").write_text("[any_case]\naf = 3\n", encoding="utf-8")
    monkeypatch.setattr(abbreviations, "ASSETS", tmp_path)
    with pytest.raises(CatalogueError, match=re.escape("abbreviations.toml, table any_case, entry af")):
        abbreviations._tables.__wrapped__()


def test_a_question_takes_milliseconds():
    read_question("no warm-up, AF?")
    started = time.process_time()
    for question, _ in ROWS:
        read_question(question)
    # Five allowed; ten where other work disturbs.
    assert (time.process_time() - started) / len(ROWS) < 0.010
