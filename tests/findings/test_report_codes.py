"""Codes of whole reports, learned from reports with codes."""

import numpy as np
import pytest

from ecgclip_core.errors import CatalogueError
from ecgclip_core.findings import report_codes
from ecgclip_core.findings.report_codes import (
    bundled_table,
    code_probabilities,
    codes_of_report,
    fit_code_table,
    read_code_table,
    write_code_table,
)

PARTS = {
    "NORM": ("Normal ECG", "normales EKG", "normalt EKG"),
    "AFIB": ("Atrial fibrillation", "Vorhofflimmern", "förmaksflimmer"),
    "CLBBB": ("Left bundle branch block", "Linksschenkelblock", "vänstersidigt skänkelblock"),
}


@pytest.fixture(scope="module")
def drawn():
    """600 reports of one or two statements in three languages; every report without AFIB also carries SR, unsaid."""
    random = np.random.default_rng(0)
    reports, codes = [], []
    for _ in range(600):
        stated = random.choice(list(PARTS), size=random.integers(1, 3), replace=False)
        language = random.integers(3)
        reports.append(". ".join(PARTS[code][language] for code in stated))
        codes.append(dict.fromkeys(stated, 100.0) | ({} if "AFIB" in stated else {"SR": 0.0}))
    return reports, codes


@pytest.fixture(scope="module")
def table(drawn):
    return fit_code_table(*drawn)


def test_codes_that_the_text_states_are_learned(drawn, table):
    reports, codes = drawn
    found = code_probabilities(reports, table) >= 0.5
    right = [set(found.columns[row]) == set(noted) for row, noted in zip(found.to_numpy(), codes, strict=True)]
    assert np.mean(right) > 0.98


def test_codes_that_annotators_note_without_a_word_are_learned_too(table):
    assert "SR" in codes_of_report("Linksschenkelblock", table)
    assert "SR" not in codes_of_report("Vorhofflimmern", table)


def test_probabilities_stand_highest_first(table):
    found = list(codes_of_report("Left bundle branch block", table).values())
    assert found == sorted(found, reverse=True)


def test_a_table_comes_back_from_its_file_and_holds_no_word(table, tmp_path):
    write_code_table(table, tmp_path / "codes.safetensors")
    again = read_code_table(tmp_path / "codes.safetensors")
    reports = ["Vorhofflimmern", "Normal ECG", "something else"]
    np.testing.assert_allclose(code_probabilities(reports, again), code_probabilities(reports, table), atol=1e-6)
    content = (tmp_path / "codes.safetensors").read_bytes().lower()
    for word in (b"atrial", b"vorhof", b"normal", b"block"):
        assert word not in content


def test_fitting_twice_gives_the_same_table(drawn, table):
    again = fit_code_table(*drawn)
    np.testing.assert_array_equal(again.places, table.places)
    np.testing.assert_array_equal(again.weights, table.weights)


def test_rare_codes_are_left_out():
    reports = ["Normal ECG"] * 40 + ["Vorhofflimmern"] * 19
    assert fit_code_table(reports, [{"NORM": 100.0}] * 40 + [{"AFIB": 100.0}] * 19).codes == ("NORM",)


@pytest.mark.parametrize("content", [None, b"", b"no table"])
def test_a_missing_or_broken_table_is_an_error_that_names_its_file(content, tmp_path):
    file = tmp_path / "codes.safetensors"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(CatalogueError, match="codes.safetensors"):
        read_code_table(file)


def test_reports_are_read_without_a_table(monkeypatch, tmp_path):
    from ecgclip_core.findings.reports import read_report

    monkeypatch.setattr(report_codes, "ASSETS", tmp_path)
    bundled_table.cache_clear()
    assert read_report("Vorhofflimmern")[0].findings == (("atrial_fibrillation", "present"),)
    with pytest.raises(CatalogueError):
        codes_of_report("Vorhofflimmern")
    bundled_table.cache_clear()


def test_the_bundled_table_is_small_and_knows_common_codes():
    table = bundled_table()
    assert {"SR", "NORM", "AFIB", "IMI", "LVH"} <= set(table.codes)
    assert table.weights.nbytes + table.places.nbytes < 3e6
    assert "AFIB" in codes_of_report("Atrial fibrillation. Left axis deviation.")
    assert {"SR", "CLBBB"} <= set(codes_of_report("Sinusrhythmus Linksschenkelblock"))


def test_a_report_without_words_has_the_codes_most_reports_have():
    assert len(codes_of_report("")) <= 2
