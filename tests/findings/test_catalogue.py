import csv
import itertools
import re

import pytest

from ecgclip_core.bundled import ASSETS
from ecgclip_core.errors import CatalogueError
from ecgclip_core.findings.catalogue import (
    GROUPS,
    ancestors,
    catalogue,
    children,
    find,
    normalised,
    read_catalogue,
    with_code,
)

SCP_CODES = (
    "NDT NST_ DIG LNGQT NORM IMI ASMI LVH LAFB ISC_ IRBBB 1AVB IVCD ISCAL CRBBB CLBBB ILMI LAO/LAE AMI "
    "ALMI ISCIN INJAS LMI ISCIL LPFB ISCAS INJAL ISCLA RVH ANEUR RAO/RAE EL WPW ILBBB IPLMI ISCAN IPMI "
    "SEHYP INJIN INJLA PMI 3AVB INJIL 2AVB ABQRS PVC STD_ VCLVH QWAVE LOWT NT_ PAC LPR INVT LVOLT HVOLT "
    "TAB_ STE_ PRC(S) SR AFIB STACH SARRH SBRAD PACE SVARR BIGU AFLT SVTAC PSVT TRIGU"
)
# Scored in the PhysioNet/Computing in Cardiology Challenge 2021 (doi:10.23919/CinC53138.2021.9662687).
SCORED_IN_2021 = (
    "164889003 164890007 6374002 426627000 733534002 164909002 713427006 59118001 270492004 713426002 "
    "39732003 445118002 251146004 698252002 426783006 284470004 63593006 10370003 365413008 427172004 "
    "17338001 164947007 111975006 164917005 47665007 427393009 426177001 427084000 164934002 59931005"
)
ENTRY = """
[a_finding]
name = "a finding"
group = "form"
prompts = ["one", "two", "three"]
contrast = ["not one", "not two"]
waves = ["QRS"]
source = "book: X"
shown_by = "criteria"
"""


def catalogue_of(folder, text):
    (folder / "some.toml").write_text(text, encoding="utf-8")
    return read_catalogue(folder)


@pytest.mark.parametrize("code", SCP_CODES.split())
def test_every_scp_statement_has_one_entry(code):
    entries = [finding.id for finding in catalogue().values() if code in finding.codes.get("scp", ())]
    assert len(entries) == 1
    assert find(code).id == entries[0]


@pytest.mark.parametrize("code", SCORED_IN_2021.split())
def test_every_scored_snomed_code_has_one_entry(code):
    assert with_code("snomed", code) is find(code) is not None


def test_classes_of_codes_follow_ptbxl(real_data):
    with (real_data / "ptbxl" / "scp_statements.csv").open(encoding="utf-8") as file:
        rows = {row[""]: row for row in csv.DictReader(file)}
    assert set(rows) == set(SCP_CODES.split())
    for code, row in rows.items():
        above = [with_code("scp", code), *ancestors(with_code("scp", code).id)]
        for system, column in (("scp_superclass", "diagnostic_class"), ("scp_subclass", "diagnostic_subclass")):
            stated = {value for finding in above for value in finding.codes.get(system, ())}
            assert stated == {row[column]} - {""}, code


def test_the_description_of_a_code_names_its_entry(real_data):
    with (real_data / "ptbxl" / "scp_statements.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            assert find(row["description"]) is with_code("scp", row[""]), row["description"]


def test_there_are_five_superclasses_and_twenty_three_subclasses():
    codes = [finding.codes for finding in catalogue().values()]
    assert sorted(c for table in codes for c in table.get("scp_superclass", ())) == ["CD", "HYP", "MI", "NORM", "STTC"]
    assert len({c for table in codes for c in table.get("scp_subclass", ())}) == 23


def test_no_text_is_a_prompt_of_two_findings_nor_prompt_and_contrast():
    prompts = [normalised(prompt) for finding in catalogue().values() for prompt in finding.prompts]
    assert len(prompts) == len(set(prompts))
    for finding in catalogue().values():
        for sentence in finding.contrast:
            assert find(sentence) is None, sentence


def test_findings_seen_often_have_prompts_and_synonyms():
    for finding in catalogue().values():
        if finding.codes.get("scp") or finding.codes.get("scp_superclass"):
            assert len(finding.prompts) >= 3, finding.id
            assert len(finding.synonyms) >= 2, finding.id


def test_every_entry_has_a_source_that_can_be_looked_up():
    for finding in catalogue().values():
        assert re.match(r"doi:10\.\d{4,}/\S+$|book: .{10,}", finding.source), finding.id


def test_every_finding_of_the_criteria_kind_has_a_feature():
    for finding in catalogue().values():
        assert finding.features or finding.shown_by == "statistics", finding.id


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("LBBB", "left_bundle_branch_block"),
        ("left-bundle branch block", "left_bundle_branch_block"),
        ("  Left  Bundle Branch Block. ", "left_bundle_branch_block"),
        ("left_bundle_branch_block", "left_bundle_branch_block"),
        ("Linksschenkelblock", "left_bundle_branch_block"),
        ("CLBBB", "left_bundle_branch_block"),
        ("733534002", "left_bundle_branch_block"),
        ("af", "atrial_fibrillation"),
        ("VORHOFFLIMMERN", "atrial_fibrillation"),
        ("Hyperkaliämie", "hyperkalaemia"),
        ("Hyperkaliaemie", "hyperkalaemia"),
        ("hyperkaliamie", "hyperkalaemia"),
        ("hyperkalemia", "hyperkalaemia"),
        ("1° AVB", "first_degree_av_block"),
        ("heart attack", "myocardial_infarction"),
        ("inf. STEMI", "inferior_st_elevation_infarction"),
        ("myocardial ischemia", "myocardial_ischaemia"),
        ("PRC(S)", "premature_beats"),
        ("irregularly irregular rhythm without P waves", "atrial_fibrillation"),
    ],
)
def test_find_knows_names_abbreviations_german_codes_and_prompts(text, finding):
    assert find(text).id == finding


@pytest.mark.parametrize("text", ["", "   ", "a nodule on the chest X-ray", "block", "no left bundle block", "?"])
def test_find_answers_nothing_for_what_it_does_not_hold(text):
    assert find(text) is None


def test_children_come_with_all_below_and_the_finding_first():
    below = [finding.id for finding in children("myocardial_infarction")]
    assert below[0] == "myocardial_infarction"
    assert {"inferior_infarction", "old_inferior_infarction", "anteroseptal_infarction"} <= set(below)
    assert len(below) == len(set(below))
    assert [finding.id for finding in children("dextrocardia")] == ["dextrocardia"]


def test_ancestors_and_children_agree():
    for finding in catalogue().values():
        for above in ancestors(finding.id):
            assert finding in children(above.id)


def test_an_unknown_id_is_a_catalogue_error():
    with pytest.raises(CatalogueError, match="dragon"):
        children("dragon")


def test_every_group_is_used():
    assert {finding.group for finding in catalogue().values()} == set(GROUPS)


def test_a_whole_entry_is_read(tmp_path):
    finding = catalogue_of(tmp_path, ENTRY)["a_finding"]
    assert finding.prompts == ("one", "two", "three")
    assert len(finding.leads) == 12
    assert finding.codes == {} and finding.parents == finding.features == ()


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('name = "a finding"', "", "name"),
        ('name = "a finding"', "name = 3", "name"),
        ('group = "form"', 'group = "fom"', "group"),
        ('prompts = ["one", "two", "three"]', 'prompts = ["one"]', "prompts"),
        ('prompts = ["one", "two", "three"]', 'prompts = ["one", "two", "One "]', "prompts"),
        ('contrast = ["not one", "not two"]', 'contrast = ["not one", "one"]', "contrast"),
        ('contrast = ["not one", "not two"]', "", "contrast"),
        ('waves = ["QRS"]', 'waves = ["R"]', "waves"),
        ('waves = ["QRS"]', 'waves = ["QRS"]\nleads = ["V7"]', "leads"),
        ('waves = ["QRS"]', 'waves = "QRS"', "waves"),
        ('shown_by = "criteria"', 'shown_by = "magic"', "shown_by"),
        ('shown_by = "criteria"', 'shown_by = "criteria"\ncolour = "red"', "colour"),
        ('shown_by = "criteria"', 'shown_by = "criteria"\ncodes.snomed = ["12a"]', "codes.snomed"),
        ('shown_by = "criteria"', 'shown_by = "criteria"\ncodes.icd = ["I48"]', "codes"),
        ('shown_by = "criteria"', 'shown_by = "criteria"\nparents = ["nobody"]', "parents"),
        ('shown_by = "criteria"', 'shown_by = "criteria"\nparents = ["a_finding"]', "parents"),
        ('shown_by = "criteria"', 'shown_by = "criteria"\nfeatures = [{ text = "x" }]', "features"),
        ('source = "book: X"', 'source = ""', "source"),
    ],
)
def test_a_fault_names_file_entry_and_field(tmp_path, old, new, field):
    assert old in ENTRY
    with pytest.raises(CatalogueError, match=rf"some\.toml, entry a_finding, field {re.escape(field)}:"):
        catalogue_of(tmp_path, ENTRY.replace(old, new))


def second_entry(**changes):
    text = ENTRY.replace("a_finding", "another").replace("a finding", "another finding").replace('"one", ', '"four", ')
    text = text.replace('"two", "three"', '"five", "six"')
    for old, new in changes.values():
        text = text.replace(old, new)
    return text


def test_two_entries_may_stand_side_by_side(tmp_path):
    assert set(catalogue_of(tmp_path, ENTRY + second_entry())) == {"a_finding", "another"}


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('"five"', '"T-w-o"', "prompts"),
        ("another finding", "A  Finding", "name"),
        ('waves = ["QRS"]', 'waves = ["QRS"]\nsynonyms = ["three"]', "synonyms"),
    ],
)
def test_a_text_with_two_meanings_is_a_fault(tmp_path, old, new, field):
    with pytest.raises(CatalogueError, match=f"some.toml, entry another, field {field}: .* also means a_finding"):
        catalogue_of(tmp_path, ENTRY + second_entry(change=(old, new)))


def test_parents_in_a_circle_are_a_fault(tmp_path):
    first = ENTRY + 'parents = ["another"]\n'
    with pytest.raises(CatalogueError, match="its own ancestor"):
        catalogue_of(tmp_path, first + second_entry() + 'parents = ["a_finding"]\n')


def test_an_entry_in_two_files_is_a_fault(tmp_path):
    (tmp_path / "other.toml").write_text(ENTRY, encoding="utf-8")
    with pytest.raises(CatalogueError, match="also an entry of other.toml"):
        catalogue_of(tmp_path, ENTRY)


def test_a_file_that_is_not_toml_is_named(tmp_path):
    with pytest.raises(CatalogueError, match="some.toml"):
        catalogue_of(tmp_path, "[a_finding\n")


def test_an_empty_folder_is_a_fault(tmp_path):
    with pytest.raises(CatalogueError, match="empty"):
        read_catalogue(tmp_path)


def test_no_machine_path_stands_in_the_catalogue():
    for path in itertools.chain((ASSETS / "findings").glob("*.toml"), (ASSETS / "reports").glob("*.toml")):
        assert "/work" not in path.read_text(encoding="utf-8")
