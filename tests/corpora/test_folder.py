import numpy as np
import pandas as pd
import pytest

from ecgclip_core.corpora.corpus import ABSENT, HOLDS, UNKNOWN
from ecgclip_core.corpora.folder import read_folder
from ecgclip_core.corpora.labels import label_matrix, parse_codes
from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.errors import RecordingError
from ecgclip_core.model.preprocessing import Preprocessing


@pytest.fixture
def folder(tmp_path, make_ecg):
    """Three recordings as CSV, a file that is none, and a table."""
    rows = []
    for number in range(3):
        ecg = make_ecg(number, duration=10, sampling_rate=100)
        table = pd.DataFrame(ecg.signal.T, columns=[f"{lead} (mV)" for lead in LEADS])
        table.insert(0, "time (s)", ecg.times)
        table.to_csv(tmp_path / f"r{number}.csv", index=False)
        rows.append({"record": f"r{number}.csv", "report": "sinus rhythm. left axis", "scp_codes": "{'AFIB': 100.0}"})
    (tmp_path / "broken.csv").write_text("not a recording")
    rows.append({"record": "broken.csv", "report": "", "scp_codes": ""})
    pd.DataFrame(rows).to_csv(tmp_path / "records.csv", index=False)
    return tmp_path


def test_a_folder_is_read_with_labels_and_statements(folder, tmp_path):
    corpus = read_folder(folder, Preprocessing(), tmp_path / "cache")
    assert len(corpus) == 3
    assert corpus.signals.shape == (3, 12, 1000)
    assert len(corpus.statements[0]) >= 2
    assert (corpus.labels[:, corpus.findings.index("atrial_fibrillation")] == HOLDS).all()


def test_what_cannot_be_read_is_left_out_and_listed(folder, tmp_path):
    read_folder(folder, Preprocessing(), tmp_path / "cache")
    listed = pd.concat(map(pd.read_csv, (tmp_path / "cache").rglob("unreadable.csv")))
    assert list(listed["record"]) == ["broken.csv"]


def test_a_second_reading_uses_what_the_first_prepared(folder, tmp_path):
    first = read_folder(folder, Preprocessing(), tmp_path / "cache")
    for number in range(3):
        (folder / f"r{number}.csv").unlink()
    again = read_folder(folder, Preprocessing(), tmp_path / "cache")
    assert np.array_equal(first.signals, again.signals)


def test_a_folder_without_a_table_is_refused_with_a_sentence(tmp_path):
    with pytest.raises(RecordingError, match="column 'record'"):
        read_folder(tmp_path, Preprocessing(), tmp_path / "cache")


def test_a_row_without_codes_is_unknown_and_one_with_codes_lacks_the_others():
    findings, labels = label_matrix(pd.DataFrame({"scp_codes": ["{'AFIB': 0.0}", None]}))
    column = findings.index("atrial_fibrillation")
    assert labels[0, column] == HOLDS
    assert labels[0, findings.index("sinus_rhythm")] == ABSENT
    assert (labels[1] == UNKNOWN).all()


@pytest.mark.parametrize("text", ["{'AFIB': 100.0, 'LVH': 50.0}", "AFIB; LVH", '{"AFIB": 100, "LVH": 50}'])
def test_codes_are_read_from_a_dict_or_a_list(text):
    assert set(parse_codes(text)) == {"AFIB", "LVH"}


def test_a_recording_with_a_code_has_the_superclass_of_the_code():
    findings, labels = label_matrix(pd.DataFrame({"scp_codes": ["{'IMI': 100.0}"]}))
    assert labels[0, findings.index("myocardial_infarction")] == HOLDS
