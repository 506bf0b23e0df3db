"""Statements linked to findings, each with its polarity."""

import gc
import weakref

import pytest

from ecgclip_core.findings.catalogue import catalogue
from ecgclip_core.findings.linking import link
from ecgclip_core.findings.polarity import read_polarities
from ecgclip_core.findings.reports import findings_of_report, read_report


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("sinus rhythm", {"sinus_rhythm": "present"}),
        ("no ST elevation or Q waves", {"st_elevation": "absent", "q_waves": "absent"}),
        ("sinus rhythm without LBBB", {"sinus_rhythm": "present", "left_bundle_branch_block": "absent"}),
        ("atrial fibrillation with rapid ventricular response", {"atrial_fibrillation_with_rapid_response": "present"}),
        ("inferior myocardial infarction, probably old", {"old_inferior_infarction": "present"}),
        ("inferior myocardial infarction, possibly acute", {"inferior_infarction": "present"}),
        ("possible old inferior infarct", {"old_inferior_infarction": "uncertain"}),
        ("septal infarction of undetermined age", {"anteroseptal_infarction": "present"}),
        ("anteroseptal myocardial damage cannot be excluded", {"anteroseptal_infarction": "uncertain"}),
        (
            "high lateral ischaemia or left ventricular strain",
            {"lateral_ischaemia": "present", "left_ventricular_strain": "present"},
        ),
        (
            "voltages are high in chest leads suggesting LVH",
            {"lvh_voltage_criteria": "present", "left_ventricular_hypertrophy": "uncertain"},
        ),
        ("no definite pathology", {"normal_ecg": "present"}),
        ("sinus rhythm, otherwise normal ECG", {"sinus_rhythm": "present", "normal_ecg": "present"}),
        ("T waves are flat in I and inverted in III", {"low_t_waves": "present", "t_wave_inversion": "present"}),
        ("left bundle branch block, not seen", {"left_bundle_branch_block": "absent"}),
        ("no AF, left bundle branch block, or LVH", "absent"),
        ("incomplete right bundle branch block", {"incomplete_right_bundle_branch_block": "present"}),
        ("no infarction", {"myocardial_infarction": "absent"}),
        ("as in previous tracings", {}),
        ("interpretation made without knowing patient's age", {}),
        ("", {}),
    ],
)
def test_a_statement_is_linked_to_the_findings_it_names(statement, expected):
    found = dict(link(statement))
    if isinstance(expected, str):
        assert len(found) == 3
        assert set(found.values()) == {expected}
    else:
        assert found == expected


@pytest.mark.parametrize("group", ["rhythm", "conduction", "infarction", "st_t", "hypertrophy", "form"])
def test_most_names_of_the_catalogue_link_to_their_entry(group):
    entries = [entry for entry in catalogue().values() if entry.group == group]
    linked = [entry.id in dict(link(entry.name)) for entry in entries]
    denied = [dict(link(f"no {entry.name}")).get(entry.id) == "absent" for entry in entries]
    assert sum(linked) >= 0.9 * len(entries)
    assert sum(denied) >= 0.9 * len(entries)


def test_a_report_is_read_statement_by_statement():
    first, second, third = read_report("Sinusrhythmus, kein Linksschenkelblock. Infarkt nicht auszuschließen. LVH?")
    assert first.english == "sinus rhythm, no left bundle branch block"
    assert first.findings == (("sinus_rhythm", "present"), ("left_bundle_branch_block", "absent"))
    assert (second.polarity, second.findings) == ("uncertain", (("myocardial_infarction", "uncertain"),))
    assert third.findings == (("left_ventricular_hypertrophy", "uncertain"),)


def test_a_swedish_report_is_understood():
    report = "Sinusrytm utan ST-höjning. Inga tecken till ischemi. Misstänkt vänster kammarhypertrofi"
    assert {finding: holds for finding, holds in findings_of_report(report).items() if finding != "hypertrophy"} == {
        **dict.fromkeys(["sinus_rhythm", "rhythm_of_sinus_origin"], "present"),
        **dict.fromkeys(["st_elevation", "myocardial_ischaemia"], "absent"),
        "left_ventricular_hypertrophy": "uncertain",
    }


def test_a_translation_model_can_take_the_glossarys_place():
    words = {"Rytm zatokowy": "sinus rhythm", "bez bloku": "no bundle branch block"}
    read = read_report("Rytm zatokowy. bez bloku", translate=words.__getitem__)
    assert [statement.findings for statement in read] == [
        (("sinus_rhythm", "present"),),
        (("bundle_branch_block", "absent"),),
    ]


def test_what_is_stated_outweighs_a_doubt_and_a_doubt_a_denial():
    said = findings_of_report("No infarction. Possible infarction. LVH possible. LVH.")
    assert said["myocardial_infarction"] == "uncertain"
    assert said["left_ventricular_hypertrophy"] == "present"
    assert said["hypertrophy"] == "present"


@pytest.mark.parametrize("read", [link, read_polarities, read_report])
def test_what_was_read_does_not_stay_in_memory(read):
    class Text(str):
        """A text whose end can be watched."""

    text = Text("no left bundle branch block")
    read(text)
    watched = weakref.ref(text)
    del text
    gc.collect()
    assert watched() is None
