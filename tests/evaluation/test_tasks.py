import pandas as pd
import pytest

from ecgclip_core.corpora.corpus import ABSENT, HOLDS, UNKNOWN
from ecgclip_core.errors import EcgclipError
from ecgclip_core.evaluation.tasks import labels_of, task_named, task_names
from ecgclip_core.findings.catalogue import catalogue


@pytest.fixture
def own(tmp_path):
    """A function that writes a task file and reads it."""

    def write(text):
        file = tmp_path / "ward.toml"
        file.write_text(text, encoding="utf-8")
        return task_named(file)

    return write


def known(task, rows, key):
    """What a table says of one label of a task."""
    keys, labels = labels_of(task, pd.DataFrame(rows))
    return labels[:, keys.index(key)].tolist()


@pytest.mark.parametrize(
    ("name", "number"),
    [("ptbxl-super", 5), ("ptbxl-sub", 23), ("ptbxl-form", 19), ("ptbxl-rhythm", 12), ("challenge", 26)],
)
def test_a_published_task_has_as_many_labels_as_published(name, number):
    assert len(task_named(name).labels) == number


def test_every_bundled_task_names_findings_of_the_catalogue():
    for name in task_names():
        assert all(label.finding in catalogue() for label in task_named(name).labels)


def test_form_is_the_code_itself_and_not_what_lies_below_it():
    rows = {"scp_codes": ["{'1AVB': 100.0}", "{'LPR': 0.0}", None]}
    assert known(task_named("ptbxl-form"), rows, "prolonged_pr_interval") == [ABSENT, HOLDS, UNKNOWN]


def test_a_superclass_holds_with_any_code_below_it():
    rows = {"scp_codes": ["{'CLBBB': 100.0}", "{'SR': 0.0}"]}
    assert known(task_named("ptbxl-super"), rows, "conduction_disturbance") == [HOLDS, ABSENT]


def test_codes_that_the_challenge_scores_as_one_are_one_label():
    rows = {"snomed_codes": ["733534002", "164909002", "426783006"]}
    assert known(task_named("challenge"), rows, "left_bundle_branch_block") == [HOLDS, HOLDS, ABSENT]


def test_the_task_about_every_finding_asks_what_the_corpus_knows():
    keys, _ = labels_of(task_named("findings"), pd.DataFrame({"scp_codes": ["AFIB"]}))
    assert {"atrial_fibrillation", "atrial_tachyarrhythmia"} <= set(keys)


def test_a_column_of_ones_own_can_hold_a_question_in_free_words(own):
    task = own('description = "ours"\n[labels]\nafib = "atrial fibrillation"\nodd = "a heart on the other side"')
    rows = {"record": list("abcd"), "afib": [1, 0, None, "yes"], "odd": ["no", "True", "", 1.0]}
    assert known(task, rows, "afib") == [HOLDS, ABSENT, UNKNOWN, HOLDS]
    assert known(task, rows, "odd") == [ABSENT, HOLDS, UNKNOWN, HOLDS]
    assert task.label("afib").finding == "atrial_fibrillation"
    assert task.label("odd").finding is None


def test_findings_can_be_asked_for_by_name_synonym_or_code(own):
    task = own('findings = ["atrial fibrillation", "LBBB", "164873001"]')
    assert task.name == "ward"
    assert [label.key for label in task.labels] == [
        "atrial_fibrillation",
        "left_bundle_branch_block",
        "left_ventricular_hypertrophy",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("findings = [", "TOML"),
        ('findings = ["a broken heart"]', r"\[labels\]"),
        ('findings = ["AF", "atrial fibrillation"]', "twice"),
        ('codes.scp = ["QQQ"]', "QQQ"),
        ('codes.icd = ["I48"]', "snomed"),
        ("[labels]\nafib = 1", "afib"),
        ('finding = "AF"', "unknown field"),
        ('description = "nothing"', "asks for nothing"),
    ],
)
def test_a_fault_in_a_task_file_is_named(own, text, said):
    with pytest.raises(EcgclipError, match=said):
        own(text)


def test_a_column_or_value_that_does_not_fit_is_named(own):
    task = own('[labels]\nafib = "AF"')
    with pytest.raises(EcgclipError, match="column 'afib'"):
        labels_of(task, pd.DataFrame({"record": ["a"]}))
    with pytest.raises(EcgclipError, match="perhaps"):
        labels_of(task, pd.DataFrame({"record": ["a"], "afib": ["perhaps"]}))
    with pytest.raises(EcgclipError, match="snomed_codes"):
        labels_of(task_named("challenge"), pd.DataFrame({"scp_codes": ["AFIB"]}))


def test_a_task_nobody_defined_is_named_with_those_that_are():
    with pytest.raises(EcgclipError, match="ptbxl-super"):
        task_named("nonsense")
