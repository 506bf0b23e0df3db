import numpy as np
import pandas as pd
import pytest

from ecgclip_core.corpora.corpus import ABSENT, HOLDS, UNKNOWN
from ecgclip_core.corpora.folder import read_folder
from ecgclip_core.corpora.labels import label_matrix, parse_codes
from ecgclip_core.corpora.simulated import simulate_corpus
from ecgclip_core.corpora.splits import folds_by_patient, split_by_patient
from ecgclip_core.corpora.tables import read_table
from ecgclip_core.errors import RecordingError
from ecgclip_core.model.preprocessing import Preprocessing
from ecgclip_core.training.training_set import training_set


def _table(folder, text: str, encoding: str = "utf-8", name: str = "records.csv"):
    (folder / name).write_text(text, encoding=encoding)
    return read_table(folder)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("File Name,Report Text,Subject_ID,AGE\na.hea,Vorhofflimmern für Jahre,17,64\n", "utf-8"),
        ("File Name,Report Text,Subject_ID,AGE\na.hea,Vorhofflimmern für Jahre,17,64\n", "utf-8-sig"),
        ("Datei;Befund;Patient;Alter\na.hea;Vorhofflimmern für Jahre;17;64\n", "cp1252"),
        ("path\ttext\tperson\tage_years\na.hea\tVorhofflimmern für Jahre\t17\t64 Y\n", "utf-8"),
    ],
)
def test_columns_go_by_the_names_that_people_give_them(tmp_path, text, encoding):
    row = _table(tmp_path, text, encoding).iloc[0]
    assert (row["record"], row["report"]) == ("a.hea", "Vorhofflimmern für Jahre")
    assert (row["patient_id"], row["age"]) == ("17", 64)


def test_a_column_of_the_usual_name_decides_and_others_keep_theirs(tmp_path):
    rows = _table(tmp_path, "record,filename_lr,file,report,diagnosis,ward\na,b,c,said,code 7,3\n")
    assert rows.loc[0, ["record", "file", "report", "diagnosis", "ward"]].tolist() == ["a", "c", "said", "code 7", 3]


def test_a_parquet_table_is_read_as_a_csv_is(own):
    from_csv = read_table(own)
    pd.read_csv(own / "records.csv").to_parquet(own / "records.parquet")
    (own / "records.csv").unlink()
    assert read_table(own).equals(from_csv)


def test_reports_alone_are_enough_to_train_on(own, tmp_path):
    real = read_folder(own, Preprocessing(), tmp_path / "cache")
    assert real.findings == ()
    assert "left bundle branch block" in " ".join(real.statements[0]).lower()
    texts = read_table(own).assign(strat_fold=1)
    made = simulate_corpus(2, Preprocessing(), tmp_path / "cache")
    features = ((), np.zeros((2, 0), dtype=np.int8))
    data = training_set(real.where(np.ones(2, dtype=bool)), made, texts, features, {0}, set(), 18)
    assert len(data.real) == 2
    assert (data.real.labels == UNKNOWN).all()
    assert data.real.findings == made.findings


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name,report\na,x\n", "no column 'record'.*name and report"),
        ("file,path\na,b\n", "file and path.*rename"),
        ("record,report\na,x\n,y\n", "Row 2 .*no recording"),
        ("record,report\na,x\nb,y\na,z\n", "Row 3 .*earlier row"),
        ("record,strat_fold\na,1\nb,train\n", "Row 2 .*strat_fold"),
        ("record,report\na,x,y,z\n", "different numbers of cells"),
        ("record,report\na,x\nb,x,y\n", "different numbers of cells"),
        ("", "empty"),
        ("record\n", "none of its recordings"),
    ],
)
def test_a_table_that_cannot_be_used_says_what_to_do(tmp_path, text, said):
    with pytest.raises(RecordingError, match=said):
        _table(tmp_path, text)


def test_one_table_of_another_name_is_found_among_recordings_and_of_two_none_is_guessed(own):
    table = (own / "records.csv").rename(own / "Reports 2024.csv")
    assert read_table(own)["record"].tolist() == ["r0.csv", "r1.csv"]
    (own / "copy.csv").write_bytes(table.read_bytes())
    with pytest.raises(RecordingError, match="no corpus that is known"):
        read_table(own)


@pytest.mark.parametrize("name", ["records.csv", "records.parquet"])
def test_a_file_that_is_no_table_is_refused(tmp_path, name):
    (tmp_path / name).write_bytes(b"\x89PNG\r\n\x1a\n\x00\x81\x8d")
    with pytest.raises(RecordingError, match=name):
        read_table(tmp_path)


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("scp_codes", "{'AFIB': 100"),
        ("scp_codes", "{'AFIB'}"),
        ("scp_codes", "XYZZY"),
        ("findings", "sinus rhythm; the patient felt unwell"),
        ("asked", "LBBB; the patient felt unwell"),
    ],
)
def test_a_label_that_cannot_be_read_names_its_row_and_not_the_whole_text(column, cell):
    with pytest.raises(RecordingError, match="Row 2 of the table") as raised:
        label_matrix(pd.DataFrame({column: [None, cell]}))
    assert "unwell" not in str(raised.value)


def test_names_of_findings_are_labels_and_what_nobody_names_is_no_column():
    findings, labels = label_matrix(pd.DataFrame({"findings": ["LBBB; sinus rhythm", "AF", ""]}))
    assert "right_bundle_branch_block" not in findings
    column = findings.index("left_bundle_branch_block")
    assert labels[:, column].tolist() == [HOLDS, ABSENT, UNKNOWN]
    assert labels[0, findings.index("conduction_disturbance")] == HOLDS


@pytest.mark.parametrize(
    ("column", "cell"),
    [("scp_codes", "AFIB, CLBBB"), ("snomed_codes", "164889003,164909002"), ("findings", "AF, LBBB; sinus rhythm")],
)
def test_commas_separate_as_semicolons_do(column, cell):
    findings, labels = label_matrix(pd.DataFrame({column: [cell]}))
    assert labels[0, findings.index("atrial_fibrillation")] == HOLDS
    assert labels[0, findings.index("left_bundle_branch_block")] == HOLDS


def test_labels_of_two_systems_complete_each_other():
    rows = pd.DataFrame({"scp_codes": ["AFIB", None], "snomed_codes": ["428417006", "164889003; 61721007"]})
    findings, labels = label_matrix(rows)
    told = [dict(zip(findings, row, strict=True)) for row in labels.tolist()]
    assert told[0]["atrial_fibrillation"] == told[0]["early_repolarisation"] == HOLDS
    assert told[1]["atrial_fibrillation"] == HOLDS
    assert told[1]["sinus_rhythm"] == ABSENT
    assert told[1]["normal_ecg"] == UNKNOWN  # which has no SNOMED code


@pytest.mark.parametrize(
    ("column", "cells"),
    [
        ("snomed_codes", [164889003.0, None]),
        ("findings", [["AF", "LBBB"], []]),
        ("scp_codes", [{"AFIB": 100.0, "LVH": None}, {"AFIB": None, "LVH": None}]),
    ],
)
def test_labels_of_a_parquet_table_may_be_numbers_lists_or_records(tmp_path, column, cells):
    pd.DataFrame({"record": ["a", "b"], column: cells}).to_parquet(tmp_path / "records.parquet")
    findings, labels = label_matrix(read_table(tmp_path))
    assert labels[:, findings.index("atrial_fibrillation")].tolist() == [HOLDS, UNKNOWN]


def test_numbers_of_persons_and_codes_do_not_change_where_a_column_has_gaps(tmp_path):
    rows = _table(tmp_path, "record,patient_id,snomed\na,007,164889003\nb,,\n")
    assert rows["patient_id"].tolist() == ["007", "b"]
    assert rows["snomed_codes"].tolist() == ["164889003", ""]


def test_codes_as_json_and_as_a_python_dict_are_the_same():
    assert parse_codes('{"AFIB": 100}') == parse_codes("{'AFIB': 100.0}") == {"AFIB": 100.0}


def test_a_split_keeps_persons_together_and_the_shares_nearly():
    patients = np.repeat([f"p{number}" for number in range(400)], np.random.default_rng(0).integers(1, 6, 400))
    part = split_by_patient(patients, (0.7, 0.2, 0.1))
    assert all(len(set(part[patients == patient])) == 1 for patient in set(patients))
    assert np.allclose(np.bincount(part) / len(part), (0.7, 0.2, 0.1), atol=0.01)
    assert set(folds_by_patient(patients)) == set(range(1, 11))


def test_a_split_is_the_same_in_another_order_and_hardly_changes_as_a_corpus_grows():
    patients = np.array([f"p{number}" for number in range(1000)])
    part = split_by_patient(patients, (0.8, 0.2))
    assert np.array_equal(split_by_patient(patients[::-1], (0.8, 0.2)), part[::-1])
    grown = split_by_patient([*patients, *(f"q{number}" for number in range(100))], (0.8, 0.2))
    assert (grown[:1000] != part).mean() < 0.02
    assert (split_by_patient(patients, (0.8, 0.2), seed=1) != part).mean() > 0.2
