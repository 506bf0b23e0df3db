"""The texts of the paraphrase benchmark are new to the project, enough, and of findings that there are.

A text of the benchmark is never shown by a test: who teaches the model must not read them.
"""

import sys
from collections import Counter
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))

from paraphrase_texts import bare, read_texts, repeated, said_by_the_project  # noqa: E402

from ecgclip_core.corpora.folder import english_statements  # noqa: E402
from ecgclip_core.corpora.tables import read_table  # noqa: E402
from ecgclip_core.findings.catalogue import catalogue  # noqa: E402
from ecgclip_core.findings.wordings import wordings  # noqa: E402


def test_no_text_is_one_of_the_catalogue_or_of_what_teaches_the_text_encoder():
    found = Counter(kind for kind, _ in repeated(read_texts()))
    assert not found, f"texts that the project says too, or that stand twice, by kind: {dict(found)}"


def test_no_text_is_a_statement_of_a_report_that_teaches(real_data):
    rows = read_table(real_data / "ptbxl")
    reports = rows.loc[rows["strat_fold"] < 9, "report"].dropna().unique()
    taught = {text for report in reports for text in english_statements(report)}
    found = Counter(kind for kind, _ in repeated(read_texts(), taught))
    assert len(taught) > 1000
    assert not found, f"texts that reports of the folds that teach say too, by kind: {dict(found)}"


def test_at_least_thirty_findings_of_the_catalogue_have_eight_wordings_each():
    findings = read_texts().findings
    assert len(findings) >= 30
    assert {len(texts) for texts in findings.values()} == {8}
    assert set(findings) <= set(catalogue())


def test_the_other_kinds_are_complete_and_name_findings_of_the_catalogue():
    texts = read_texts()
    assert [len(texts.unrelated), len(texts.beyond), len(texts.denied), len(texts.several)] == [200, 60, 60, 40]
    assert {finding for _, finding in texts.denied} <= set(catalogue())
    assert all(len(findings) > 1 and findings <= set(catalogue()) for _, findings in texts.several)


@pytest.mark.parametrize(
    "question",
    [
        "Atrial Fibrillation?",
        "is there any atrial-fibrillation on this ECG",
        "Does the patient have ATRIAL FIBRILLATION",
    ],
)
def test_case_punctuation_and_the_frame_of_a_question_hide_no_repetition(question):
    assert bare(question) == bare("atrial fibrillation")
    assert bare(question) in said_by_the_project()


def test_a_denial_is_not_taken_for_what_it_denies():
    assert bare("no atrial fibrillation") != bare("atrial fibrillation")


def test_wordings_from_which_the_text_encoder_learns_are_among_what_the_project_says():
    holds, absent = wordings("left_bundle_branch_block")
    assert {bare(text) for text in (*holds, *absent)} <= said_by_the_project()
