import csv
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecgclip_core.errors import CatalogueError
from ecgclip_core.findings.catalogue import catalogue
from ecgclip_core.findings.reports import findings_of_codes, read_report, read_reports, statements
from ecgclip_core.findings.translation import to_english

# Our own sentences, in the manner of reports.
WORDS = [
    "sinus rhythm",
    "Sinusrhythmus",
    "sinusrytm",
    "Linkstyp",
    "vänster el-axel",
    "inferiorer Infarkt",
    "Alter unbest.",
    "in V2,3",
    "z.B.",
    "4.56 mV",
    "mögl.",
    "AV-Block 1. Grades",
    "nicht auszuschliessen",
    "ST-Hebung in II, III, aVF",
    "kein",
    "T neg in III",
    "qrs(t) abnorm",
    "normal ECG",
    "left axis deviation",
    "Verdacht auf",
    "?",
    "P-Verbreiterung",
    "över",
    "R/S",
    "QTc 450 ms",
]
BREAKS = [" ", ". ", "; ", "\n", "    ", ", ", ".\r\n"]


def words_of(text):
    return re.findall(r"\w+", text)


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        ("Sinus rhythm. Left axis deviation. Normal ECG.", ["Sinus rhythm", "Left axis deviation", "Normal ECG"]),
        ("one; two\nthree", ["one", "two", "three"]),
        ("R in aVL 1.24 mV. QTc 0.45 s.", ["R in aVL 1.24 mV", "QTc 0.45 s"]),
        ("T waves are low in I. ST is normal in V. Fine", ["T waves are low in I", "ST is normal in V", "Fine"]),
        ("Q waves consistent with old    inferior infarction.", ["Q waves consistent with old inferior infarction"]),
        ("Veränderungen, z.B. unter Digitalis. Sonst o.B.", ["Veränderungen, z.B. unter Digitalis", "Sonst o.B"]),
        ("z. B. hier. v. a. dort", ["z. B. hier", "v. a. dort"]),
        ("AV-Block 1. Grades. Axis 30. Normal", ["AV-Block 1. Grades", "Axis 30", "Normal"]),
        ("Sinusrhythmus Lagetyp normal normales EKG", ["Sinusrhythmus", "Lagetyp normal", "normales EKG"]),
        ("Sinusrytm vänster el-axel eljest normalt EKG", ["Sinusrytm", "vänster el-axel", "eljest normalt EKG"]),
        ("inferiorer Infarkt    wahrsch. alt QT-Verlängerung", ["inferiorer Infarkt wahrsch. alt", "QT-Verlängerung"]),
        ("Linkstyp Verdacht auf P-sinistrocardiale", ["Linkstyp", "Verdacht auf P-sinistrocardiale"]),
        ("Sinusrhythmus, kein Linksschenkelblock", ["Sinusrhythmus, kein Linksschenkelblock"]),
        ("Linkstyp 4.46        unbestätigter Bericht", ["Linkstyp"]),
        ("Linkstyp 4.46        unbestÄt", ["Linkstyp"]),
        ("R in aVL 1.24", ["R in aVL 1.24"]),
        ("normal ecg. edit: norm 100, (norm 100)", ["normal ecg"]),
        ("", []),
        (" .. ; \n", []),
    ],
)
def test_reports_are_cut_into_their_statements(report, expected):
    assert statements(report) == expected


@given(st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(BREAKS)), max_size=12))
def test_no_word_of_a_report_is_lost_and_their_order_stays(pieces):
    report = "".join(word + gap for word, gap in pieces)
    # Qualifiers in front of a phrase may join it, never swap places with it.
    assert [word for statement in statements(report) for word in words_of(statement)] == words_of(report)


@given(st.text(max_size=200))
def test_any_text_gives_clean_statements(text):
    for statement in statements(text):
        assert statement == " ".join(statement.split())
        assert re.search(r"\w", statement)


def test_cutting_a_statement_again_changes_nothing():
    report = (
        "Sinusrhythmus überdrehter Linkstyp linksanteriorer Hemiblock qrs(t) abnorm    septaler Infarkt  Alter unbest."
    )
    once = statements(report)
    assert len(once) == 5
    assert [again for statement in once for again in statements(statement)] == once


@pytest.mark.parametrize(
    ("statement", "english"),
    [
        ("unvollständiger Rechtsschenkelblock", "incomplete right bundle branch block"),
        ("überdrehter Linkstyp", "left axis deviation"),
        ("Ueberdrehter Linkstyp", "left axis deviation"),
        ("Amplitudenkriterien f#r Linkshypertrophie", "voltage criteria for left ventricular hypertrophy"),
        ("anteroseptaler Infarkt Alter unbest", "anteroseptal myocardial infarction of undetermined age"),
        ("inferolaterale Ischämie oder Linksbelastung", "inferolateral ischaemia or left ventricular strain"),
        ("hög lateral infarkt bör övervägas", "high lateral myocardial infarction should be considered"),
        ("kein Linksschenkelblock", "no left bundle branch block"),
        ("left anterior fascicular block", "left anterior fascicular block"),
    ],
)
def test_german_and_swedish_statements_read_in_english(statement, english):
    assert to_english(statement) == english


def test_a_code_brings_all_its_ancestors():
    found = findings_of_codes({"ILMI": 50.0})
    assert set(found) == {"inferolateral_infarction", "inferior_infarction", "myocardial_infarction"}
    assert set(found.values()) == {50.0}


def test_a_parent_has_the_highest_likelihood_below_it():
    assert findings_of_codes({"ILMI": 15.0, "ASMI": 80.0})["myocardial_infarction"] == 80.0


def test_an_unknown_likelihood_means_present():
    assert findings_of_codes({"SR": 0.0})["sinus_rhythm"] == 0.0


def test_a_code_that_nobody_knows_is_an_error():
    with pytest.raises(CatalogueError, match="XYZ"):
        findings_of_codes({"XYZ": 100.0})


def test_form_and_rhythm_codes_bring_no_superclass():
    for code in ("VCLVH", "INVT", "STD_", "STE_", "PVC", "LPR", "LVOLT", "QWAVE", "ABQRS", "SR", "AFIB", "PACE"):
        classes = {
            value
            for key in findings_of_codes({code: 100.0})
            for value in catalogue()[key].codes.get("scp_superclass", ())
        }
        assert not classes, code


def test_real_reports_lose_no_word_but_the_recorders_remarks(real_data):
    with (real_data / "ptbxl" / "ptbxl_database.csv").open(encoding="utf-8") as file:
        reports = {row["report"] for row in csv.DictReader(file) if int(row["strat_fold"]) <= 8}
    plain = sorted(r for r in reports if not re.search(r"\d\.\d\d|unbest|edit:|consensus", r, re.IGNORECASE))[::10]
    assert len(plain) > 300
    for report in plain:
        assert [word for statement in statements(report) for word in words_of(statement)] == words_of(report)


def test_english_reports_and_prompts_are_left_as_they_are(real_data):
    with (real_data / "ptbxl" / "ptbxl_database.csv").open(encoding="utf-8") as file:
        reports = {row["report"] for row in csv.DictReader(file) if int(row["strat_fold"]) <= 8}
    english = sorted(r for r in reports if re.search(r"\b(the|are|this)\b", r) and "ekg" not in r.casefold())[::10]
    assert len(english) > 100
    for report in english:
        for statement in statements(report):
            assert to_english(statement) == statement


def test_reports_read_together_are_read_as_each_alone():
    texts = ["Sinusrhythmus, kein Linksschenkelblock.", "", "Sinus rhythm. Sinus rhythm. LVH?", "Sinusrhythmus."]
    assert read_reports(texts) == [read_report(text) for text in texts]
