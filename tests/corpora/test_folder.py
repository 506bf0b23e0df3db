import numpy as np
import pandas as pd
import pytest

from ecgclip_core.corpora import folder as folder_module
from ecgclip_core.corpora.corpus import ABSENT, HOLDS, UNKNOWN
from ecgclip_core.corpora.folder import read_folder
from ecgclip_core.corpora.labels import label_matrix, parse_codes
from ecgclip_core.corpora.shards import Shards
from ecgclip_core.corpora.simulated import simulate_corpus
from ecgclip_core.corpora.tables import read_record
from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.errors import RecordingError
from ecgclip_core.model.preprocessing import Preprocessing
from ecgclip_core.training.training_set import TrainingSet


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


def test_an_interrupted_reading_goes_on_with_what_is_missing(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(folder_module, "SHARD", 2)
    read = _counted(monkeypatch, stop_before="broken.csv")
    with pytest.raises(KeyboardInterrupt):
        read_folder(folder, Preprocessing(), tmp_path / "cache")
    assert read == ["r0.csv", "r1.csv", "r2.csv"]
    read = _counted(monkeypatch)
    assert len(read_folder(folder, Preprocessing(), tmp_path / "cache")) == 3
    assert read == ["r2.csv", "broken.csv"]


def test_of_a_folder_that_grew_only_what_is_new_is_read(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(folder_module, "SHARD", 2)
    first = read_folder(folder, Preprocessing(), tmp_path / "cache")
    (folder / "new.csv").write_bytes((folder / "r0.csv").read_bytes())
    with (folder / "records.csv").open("a") as table:
        table.write("new.csv,,\n")
    read = _counted(monkeypatch)
    grown = read_folder(folder, Preprocessing(), tmp_path / "cache")
    assert read == ["new.csv"]
    assert np.array_equal(grown.signals[:3], first.signals)


def test_a_batch_of_training_reads_its_own_rows_and_no_others(folder, tmp_path, monkeypatch):
    real = read_folder(folder, Preprocessing(), tmp_path / "cache")
    made = simulate_corpus(3, Preprocessing(), tmp_path / "cache").with_findings(real.findings)
    nothing = np.zeros((6, 0), dtype=np.int8)
    data = TrainingSet(real, made, made, (), nothing, (), nothing).of_real(np.array([True, False, True]))
    rows = []
    original = Shards._read
    monkeypatch.setattr(Shards, "_read", lambda self, home, here: rows.extend(here) or original(self, home, here))
    assert data.signals(np.array([4, 1])).shape == (2, 12, 1000)
    assert sorted(rows) == [2, 2]  # the third simulated recording, and the third real one as the second that is left


def test_a_folder_of_which_nothing_can_be_read_says_so(folder, tmp_path):
    for number in range(3):
        (folder / f"r{number}.csv").unlink()
    with pytest.raises(RecordingError, match="None of the 4 recordings"):
        read_folder(folder, Preprocessing(), tmp_path / "cache")


def _counted(monkeypatch, stop_before: str = "") -> list[str]:
    """The records that are read from now on; the one named is as far as a person lets it come."""
    read = []

    def counted(folder, record):
        if record == stop_before:
            raise KeyboardInterrupt
        read.append(record)
        return read_record(folder, record)

    monkeypatch.setattr(folder_module, "read_record", counted)
    return read


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
