import sys

import numpy as np
import pandas as pd
import pytest

from ecgclip_core.corpora.corpus import ABSENT, HOLDS, UNKNOWN
from ecgclip_core.corpora.folder import read_folder
from ecgclip_core.corpora.labels import label_matrix
from ecgclip_core.corpora.layouts import layout_of
from ecgclip_core.corpora.layouts import ludb as ludb_layout
from ecgclip_core.corpora.tables import read_record, read_table
from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.errors import RecordingError
from ecgclip_core.findings.catalogue import catalogue
from ecgclip_core.model.preprocessing import Preprocessing


def said(folder, record_end: str) -> dict[str, int]:
    """What a corpus says of the recording whose name ends so, by finding."""
    rows = read_table(folder)
    findings, labels = label_matrix(rows)
    row = next(number for number, name in enumerate(rows["record"]) if name.endswith(record_end))
    return dict(zip(findings, labels[row].tolist(), strict=True))


def test_every_layout_becomes_a_corpus_whose_recordings_can_all_be_read(corpus_folder, tmp_path):
    name, folder = corpus_folder
    assert layout_of(folder).__name__.endswith(f".{name}")
    corpus = read_folder(folder, Preprocessing(), tmp_path / "cache")
    assert len(corpus) == len(read_table(folder)) >= 2
    assert corpus.signals[0].any()
    assert not list((tmp_path / "cache").rglob("unreadable.csv"))


def test_a_part_of_ptb_xl_is_read_at_100_hz_where_it_can_be(ptb_xl):
    rows = read_table(ptb_xl)
    assert [name.rsplit("_", 1)[1] for name in rows["record"]] == ["lr", "lr", "hr"]
    assert rows["patient_id"].tolist() == ["100", "100", "101"]
    assert rows["strat_fold"].tolist() == [1, 2, 3]
    assert rows["age"].tolist() == [90, 50, 50]  # 300 stands for over 89
    assert said(ptb_xl, "1_lr")["sinus_rhythm"] == HOLDS


def test_mimic_reports_find_their_recording_and_its_leads_their_order(mimic_iv_ecg, make_ecg):
    rows = read_table(mimic_iv_ecg)
    assert rows["report"].tolist() == ["Sinus rhythm; Left axis deviation; Abnormal ECG"] * 2
    assert rows["patient_id"].tolist() == ["10000000"] * 2
    assert label_matrix(rows)[0] == ()
    read = read_record(mimic_iv_ecg, rows["record"][1]).signal
    drawn = make_ecg(1, sampling_rate=100).signal
    assert np.allclose(read[LEADS.index("aVL")], drawn[LEADS.index("aVL")], atol=0.001)


def test_code_15_knows_six_findings_of_every_exam(code_15):
    assert len(read_table(code_15)) == 2
    labels = said(code_15, "1169160")
    assert labels["atrial_fibrillation"] == HOLDS
    assert labels["sinus_bradycardia"] == ABSENT
    assert labels["arrhythmia"] == HOLDS
    # What only an ancestor of the six could tell is not known of an exam without them.
    assert said(code_15, "2873686")["arrhythmia"] == UNKNOWN
    assert said(code_15, "2873686")["atrial_fibrillation"] == ABSENT


def test_an_exam_is_read_without_the_zeros_around_it_and_without_a_scale(code_15, make_ecg):
    ecg = read_record(code_15, "exams_part0.hdf5/2873686")
    assert ecg.duration == pytest.approx(7, abs=0.01)
    assert not ecg.calibrated
    drawn = make_ecg(1, duration=7, sampling_rate=400).signal
    assert np.corrcoef(ecg.signal[6], drawn[6])[0, 1] > 0.999


@pytest.mark.parametrize("record", ["exams_part0.hdf5/17", "exams_part9.hdf5/1169160", "exams_part0.hdf5/0"])
def test_an_exam_that_is_missing_or_empty_is_refused_with_a_sentence(code_15, record):
    with pytest.raises(RecordingError, match="exams_part|exam"):
        read_record(code_15, record)


def test_without_h5py_the_extra_is_named(code_15, monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    (code_15 / "exams_part0.hdf5").rename(code_15 / "exams_part5.hdf5")
    with pytest.raises(RecordingError, match=r"ecgclip-studio\[corpora\]"):
        read_record(code_15, "exams_part5.hdf5/1169160")


def test_ludb_sentences_state_findings_and_what_was_looked_for_is_otherwise_absent(ludb):
    labels = said(ludb, "/1")
    assert labels["sinus_bradycardia"] == labels["left_ventricular_hypertrophy"] == labels["hypertrophy"] == HOLDS
    assert labels["sinus_rhythm"] == labels["left_bundle_branch_block"] == ABSENT
    assert labels["vertical_axis"] == HOLDS
    assert said(ludb, "/3")["anteroseptal_infarction"] == HOLDS


def test_ludb_leaves_open_what_a_sentence_does_not_decide_or_none_speaks_of(ludb):
    undecided = said(ludb, "/1")
    assert undecided["myocardial_infarction"] == undecided["inferior_ischaemia"] == undecided["st_t_change"] == UNKNOWN
    assert said(ludb, "/2")["myocardial_infarction"] == ABSENT
    assert said(ludb, "/2")["left_axis_deviation"] == UNKNOWN  # nobody gives the axis of a paced heart
    # An early repolarisation raises ST as well, and no sentence says so.
    assert said(ludb, "/2")["st_elevation"] == UNKNOWN


def test_a_sentence_that_ludb_lacks_is_read_as_a_report_is(ludb):
    assert said(ludb, "/3")["long_qt"] == HOLDS
    assert said(ludb, "/1")["long_qt"] == UNKNOWN


def test_the_table_of_ludb_names_findings_of_the_catalogue_only():
    facts = ludb_layout._facts()
    named = [finding for group in facts.values() for findings in group.values() for finding in findings]
    assert set(named) <= set(catalogue())


def test_the_challenge_is_found_in_folders_of_any_depth_and_equal_codes_are_one_finding(challenge):
    labels = said(challenge, "E00001")
    assert labels["left_bundle_branch_block"] == labels["premature_atrial_beats"] == HOLDS
    assert labels["right_bundle_branch_block"] == labels["atrial_fibrillation"] == ABSENT
    assert said(challenge, "A0001")["right_bundle_branch_block"] == HOLDS
    assert read_table(challenge)[["age", "sex"]].drop_duplicates().values.tolist() == [[74, "male"]]


def test_a_code_that_a_source_never_writes_is_unknown_there(challenge):
    assert said(challenge, "A0001")["left_axis_deviation"] == UNKNOWN
    assert said(challenge, "E00001")["left_axis_deviation"] == ABSENT
    assert said(challenge, "X1")["left_axis_deviation"] == UNKNOWN  # of a source that nobody knows
    assert said(challenge, "X1")["atrial_fibrillation"] == HOLDS
    # Hypertrophy is not among the scored diagnoses.
    assert said(challenge, "E00001")["left_ventricular_hypertrophy"] == HOLDS
    assert said(challenge, "A0001")["left_ventricular_hypertrophy"] == UNKNOWN


def test_a_sinus_rhythm_that_is_not_written_down_is_absent_only_beside_another_rhythm(challenge):
    assert said(challenge, "E00001")["sinus_rhythm"] == UNKNOWN
    assert said(challenge, "JS45551")["sinus_rhythm"] == ABSENT


def test_flutter_in_ningbo_may_be_fibrillation(challenge):
    labels = said(challenge, "JS45551")
    assert labels["atrial_tachyarrhythmia"] == HOLDS
    assert labels["atrial_flutter"] == labels["atrial_fibrillation"] == UNKNOWN


def test_a_folder_of_nothing_known_is_refused_with_what_is_known(tmp_path, write_wfdb):
    write_wfdb(tmp_path / "a")
    assert layout_of(tmp_path) is None
    with pytest.raises(RecordingError, match=r"records\.csv.*ptbxl_database\.csv.*Dx:"):
        read_table(tmp_path)
    with pytest.raises(RecordingError, match="no folder"):
        read_table(tmp_path / "nowhere")


def test_a_published_table_without_its_recordings_says_so(ptb_xl):
    pd.read_csv(ptb_xl / "ptbxl_database.csv").tail(1).to_csv(ptb_xl / "ptbxl_database.csv", index=False)
    with pytest.raises(RecordingError, match="holds none of its recordings"):
        read_table(ptb_xl)


def test_a_record_outside_of_its_folder_is_refused(own):
    with pytest.raises(RecordingError, match="outside"):
        read_record(own, "../elsewhere.csv")


def test_the_real_ludb_and_challenge_have_the_labels_that_their_headers_state(real_data):
    ludb_labels = label_matrix(read_table(real_data / "ludb"))
    positives = {name: (column == HOLDS).sum() for name, column in zip(ludb_labels[0], ludb_labels[1].T, strict=True)}
    assert positives["left_ventricular_hypertrophy"] == 56
    assert positives["atrial_fibrillation"] == 8
    rows = read_table(real_data / "challenge")
    assert len(rows) == 20
    assert rows["asked"].str.len().gt(0).all()
