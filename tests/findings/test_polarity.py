"""Negation and doubt in English, German and Swedish, and what only looks like them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecgclip_core.findings.catalogue import catalogue
from ecgclip_core.findings.polarity import Polarity, read_polarities, read_polarity

DENIED = [
    ("no atrial fibrillation", "atrial fibrillation"),
    ("no ST elevation or Q waves", "ST elevation or Q waves"),
    ("No ST elevation, Q waves or T wave inversion", "ST elevation, Q waves or T wave inversion"),
    ("ST elevation, Q waves or T inversion not seen", "ST elevation, Q waves or T inversion"),
    ("Q waves not seen", "Q waves"),
    ("free of ST elevation", "ST elevation"),
    ("the ECG is free of ST elevation", "ST elevation"),
    ("negative for ischaemia", "ischaemia"),
    ("without LBBB", "LBBB"),
    ("no longer in atrial fibrillation", "atrial fibrillation"),
    ("AF no longer present", "AF"),
    ("AF has resolved", "AF"),
    ("AF: no", "AF"),
    ("MI ruled out", "MI"),
    ("LBBB is absent", "LBBB"),
    ("LBBB absent in V1", "LBBB in V1"),
    ("neither AF nor flutter", "AF, flutter"),
    ("no suspicion of infarction", "infarction"),
    ("probably no infarction", "infarction"),
    ("an infarction is unlikely", "infarction"),
    ("the ECG does not show atrial fibrillation", "atrial fibrillation"),
    ("The tracing doesn't meet criteria for LVH", "LVH"),
    ("there isn't any ST elevation", "ST elevation"),
    ("patient has no pacemaker", "pacemaker"),
    ("QRS not wide", "QRS wide"),
    ("without acute changes", "acute changes"),
    ("no P waves", "P waves"),
    ("not consistent with pericarditis", "pericarditis"),
    ("This does not look like LBBB", "LBBB"),
    ("I don't think this is atrial fibrillation", "atrial fibrillation"),
    ("no Q waves in I, V5 and V6", "Q waves in I, V5 and V6"),
    ("not normal", "normal"),
    ("kein Vorhofflimmern", "Vorhofflimmern"),
    ("keine Zeichen für einen Infarkt", "Infarkt"),
    ("keine sicheren Infarktzeichen", "Infarktzeichen"),
    ("kein sicherer Hinweis auf Linkshypertrophie", "Linkshypertrophie"),
    ("kein Verdacht auf Infarkt", "Infarkt"),
    ("weder Infarkt noch Ischämie", "Infarkt, Ischämie"),
    ("Ausschluss Infarkt", "Infarkt"),
    ("Infarkt ausgeschlossen", "Infarkt"),
    ("Es liegt kein Linksschenkelblock vor", "Linksschenkelblock"),
    ("Vorhofflimmern nicht nachweisbar", "Vorhofflimmern"),
    ("QRS nicht verbreitert", "QRS verbreitert"),
    ("ej förmaksflimmer", "förmaksflimmer"),
    ("ingen ST-höjning", "ST-höjning"),
    ("inga tecken till ischemi", "ischemi"),
    ("varken ischemi eller infarkt", "ischemi eller infarkt"),
    ("utan hållpunkt för infarkt", "infarkt"),
]
DOUBTED = [
    ("possible LVH", "LVH"),
    ("LVH possible", "LVH"),
    ("infarction (possible)", "infarction"),
    ("LVH (?)", "LVH"),
    ("probable left atrial enlargement", "left atrial enlargement"),
    ("probably normal ECG", "normal ECG"),
    ("consider anterior infarct", "anterior infarct"),
    ("anterior infarct should be considered", "anterior infarct"),
    ("cannot rule out MI", "MI"),
    ("can't exclude old inferior infarction", "old inferior infarction"),
    ("infarction can not be excluded", "infarction"),
    ("infarction, cannot be excluded", "infarction"),
    ("MI has not been ruled out", "MI"),
    ("rule out MI", "MI"),
    ("suspected LVH", "LVH"),
    ("possible acute infarct", "acute infarct"),
    ("Infarkt nicht auszuschließen", "Infarkt"),
    ("Infarkt nicht auszuschliessen", "Infarkt"),
    ("Ein Infarkt kann nicht ausgeschlossen werden", "Infarkt"),
    ("nicht sicher auszuschließen: Vorderwandinfarkt", "Vorderwandinfarkt"),
    ("Zum Ausschluss Infarkt", "Infarkt"),
    ("V.a. Hinterwandinfarkt", "Hinterwandinfarkt"),
    ("Verdacht auf Infarkt", "Infarkt"),
    ("fragliche Linkshypertrophie", "Linkshypertrophie"),
    ("Linkshypertrophie fraglich", "Linkshypertrophie"),
    ("Infarkt möglich", "Infarkt"),
    ("wahrscheinlich normales EKG", "normales EKG"),
    ("möjlig inferior infarkt", "inferior infarkt"),
    ("inferior infarkt bör övervägas", "inferior infarkt"),
    ("Infarkt kan ej uteslutas", "Infarkt"),
    ("misstänkt hypertrofi av vänster förmak", "hypertrofi av vänster förmak"),
]
STATED = [
    "non-specific ST changes",
    "no change since the last tracing",
    "no significant change compared with the day before",
    "LBBB, not seen before",
    "non-conducted P waves",
    "nicht übergeleitete P-Wellen",
    "P waves not followed by QRS complexes",
    "Q-wave absent",
    "absent P waves",
    "P waves are absent",
    "loss of R waves in V2 and V3",
    "fehlende R-Progression",
    "pacing spikes without capture",
    "failure to capture",
    "non-ST-elevation myocardial infarction",
    "inferior infarct, probably old",
    "inferiorer Infarkt wahrsch. alt",
    "negative T waves",
    "T negativ in I, aVL",
    "Linkstyp noch normal",
    "ST-T change that is not ischaemic",
    "T wave changes of no certain meaning",
    "T wave abnormality, cause not stated",
    "no doubt atrial fibrillation",
    "normal",
    "North-south axis, notched QRS",
]


@pytest.mark.parametrize(("text", "left"), DENIED)
def test_what_is_denied_is_absent(text, left):
    assert read_polarities(text) == (Polarity(left, "absent"),)


@pytest.mark.parametrize(("text", "left"), DOUBTED)
def test_what_is_doubted_is_uncertain(text, left):
    assert read_polarities(text) == (Polarity(left, "uncertain"),)


@pytest.mark.parametrize("text", STATED)
def test_what_only_looks_like_a_denial_is_present_and_keeps_its_words(text):
    assert read_polarities(text) == (Polarity(text, "present"),)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sinus rhythm without acute changes", [("sinus rhythm", "present"), ("acute changes", "absent")]),
        ("sinus rhythm, no ST elevation, LBBB", [("sinus rhythm", 1), ("ST elevation", 0), ("LBBB", 1)]),
        ("sinus rhythm, Q waves or T inversion not seen", [("sinus rhythm", 1), ("Q waves or T inversion", 0)]),
        ("no AF and sinus rhythm", [("AF", 0), ("sinus rhythm", 1)]),
        ("no evidence of ischaemia, but LVH", [("ischaemia", 0), ("LVH", 1)]),
        ("no abnormality except LBBB", [("abnormality", 0), ("LBBB", 1)]),
        ("sinus rhythm with possible LVH", [("sinus rhythm", 1), ("LVH", "uncertain")]),
        ("AF, no ischaemia; possible LVH", [("AF", 1), ("ischaemia", 0), ("LVH", "uncertain")]),
        ("ST elevation not due to infarction", [("ST elevation", 1), ("infarction", 0)]),
        ("Sinusrhythmus, kein Linksschenkelblock", [("Sinusrhythmus", 1), ("Linksschenkelblock", 0)]),
        ("ohne Vorhofflimmern, aber mit Linksschenkelblock", [("Vorhofflimmern", 0), ("Linksschenkelblock", 1)]),
        ("Sinusrytm utan ST-höjning", [("Sinusrytm", 1), ("ST-höjning", 0)]),
    ],
)
def test_a_denial_reaches_no_further_than_it_is_meant(text, expected):
    names = {0: "absent", 1: "present"}
    assert [(part.text, part.holds) for part in read_polarities(text)] == [
        (words, names.get(holds, holds)) for words, holds in expected
    ]


@pytest.mark.parametrize(
    ("question", "holds"),
    [
        ("Is there atrial fibrillation?", "present"),
        ("Is there no atrial fibrillation?", "absent"),
        ("Is AF absent?", "absent"),
        ("Are P waves absent?", "present"),
        ("Has infarction been ruled out?", "absent"),
        ("Can AF be ruled out?", "absent"),
        ("Isn't this atrial flutter?", "present"),
        ("Is this AF or not?", "present"),
        ("Ist das nicht Vorhofflimmern?", "present"),
        ("Liegt kein Vorhofflimmern vor?", "absent"),
        ("Does this patient not have LBBB?", "absent"),
        ("Is a possible infarction visible?", "uncertain"),
    ],
)
def test_questions_are_read_like_statements(question, holds):
    assert read_polarity(question).holds == holds


@pytest.mark.parametrize("text", ["not without ST elevation", "not free of ST elevation"])
def test_two_denials_make_a_statement(text):
    assert read_polarity(text) == Polarity("ST elevation", "present")


@given(st.text(max_size=80))
def test_any_text_has_a_polarity(text):
    for part in read_polarities(text):
        assert part.holds in ("present", "absent", "uncertain")
        assert part.text == part.text.strip()


def test_names_of_findings_are_stated_and_their_denials_denied():
    for entry in catalogue().values():
        assert read_polarity(f"no {entry.name}").holds == "absent", entry.name
        assert read_polarity(f"cannot rule out {entry.name}").holds == "uncertain", entry.name
    denied = [entry.name for entry in catalogue().values() if read_polarity(entry.name).holds != "present"]
    assert not denied
