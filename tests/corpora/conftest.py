"""Folders laid out as the makers of public corpora publish them, each with a few drawn recordings."""

import numpy as np
import pandas as pd
import pytest

from ecgclip_core.ecg.leads import LEADS

# A MATLAB 4 file has 24 bytes before its samples.
MATLAB_4 = bytes(24)
MIMIC_LEADS = ("I", "II", "III", "aVR", "aVF", "aVL", "V1", "V2", "V3", "V4", "V5", "V6")
CODE_15_LABELS = ("1dAVb", "RBBB", "LBBB", "SB", "ST", "AF")


@pytest.fixture(scope="session")
def write_wfdb(make_ecg):
    """A function that draws 10 s at 100 Hz into a WFDB record and gives its signal in mV.

    ``write_wfdb(path, seed=0, comments=(), leads=LEADS, mat=False)``; `path` is without ending, its folders are made.
    """

    def write(path, seed=0, comments=(), leads=LEADS, mat=False):
        path.parent.mkdir(parents=True, exist_ok=True)
        signal = make_ecg(seed, sampling_rate=100).signal
        rows = np.round(signal[[LEADS.index(lead) for lead in leads]] * 1000).astype("<i2")
        ending, layout, before = (".mat", "16+24", MATLAB_4) if mat else (".dat", "16", b"")
        lines = [f"{path.name} 12 100 {rows.shape[1]}"]
        lines += [
            f"{path.name}{ending} {layout} 1000(0)/mV 16 0 {row[0]} {row.sum(dtype=int) % 65536} 0 {lead}"
            for lead, row in zip(leads, rows, strict=True)
        ]
        lines += [f"#{text}" for text in comments]
        path.with_name(f"{path.name}.hea").write_text("\n".join(lines) + "\n", encoding="utf-8")
        path.with_name(f"{path.name}{ending}").write_bytes(before + rows.T.tobytes())
        return signal

    return write


@pytest.fixture
def ptb_xl(tmp_path, write_wfdb):
    """PTB-XL, of which the third recording is there at 500 Hz only and the fourth not at all."""
    folder = tmp_path / "ptb-xl"
    rows = []
    for number in range(1, 5):
        low, high = f"records100/00000/0000{number}_lr", f"records500/00000/0000{number}_hr"
        row = {"ecg_id": number, "patient_id": 100.0 + number // 3, "age": 300.0 if number == 1 else 50.0}
        row |= {"report": "sinusrhythmus linkstyp", "scp_codes": "{'NORM': 100.0, 'SR': 0.0}"}
        rows.append(row | {"strat_fold": number, "filename_lr": low, "filename_hr": high})
        if number < 3:
            write_wfdb(folder / low, number)
        if number < 4:
            write_wfdb(folder / high, number)
    pd.DataFrame(rows).to_csv(folder / "ptbxl_database.csv", index=False)
    return folder


@pytest.fixture
def mimic_iv_ecg(tmp_path, write_wfdb):
    """MIMIC-IV-ECG, of which the third recording is not there; aVF stands before aVL."""
    folder = tmp_path / "mimic"
    listed, said = [], []
    for number in range(3):
        path = f"files/p1000/p1000000{number // 2}/s4000000{number}/4000000{number}"
        listed.append({"subject_id": 10000000 + number // 2, "study_id": 40000000 + number, "path": path})
        lines = {f"report_{line}": "" for line in range(18)}
        lines |= {"report_0": "Sinus rhythm", "report_1": "Left axis deviation.", "report_17": "Abnormal ECG"}
        said.append({"subject_id": 10000000 + number // 2, "study_id": 40000000 + number, **lines, "p_axis": 29999})
        if number < 2:
            write_wfdb(folder / path, number, leads=MIMIC_LEADS)
    pd.DataFrame(listed).to_csv(folder / "record_list.csv", index=False)
    pd.DataFrame(said[::-1]).to_csv(folder / "machine_measurements.csv", index=False)
    return folder


@pytest.fixture
def code_15(tmp_path, make_ecg):
    """CODE-15 %, of which the second part is not there."""
    import h5py

    folder = tmp_path / "code-15"
    folder.mkdir()
    tracings = np.zeros((3, 4096, 12), dtype=np.float32)
    for row in range(2):
        signal = make_ecg(row, duration=7, sampling_rate=400).signal
        tracings[row, 648 : 648 + signal.shape[1]] = signal.T
    with h5py.File(folder / "exams_part0.hdf5", "w") as opened:
        opened["exam_id"], opened["tracings"] = [1169160, 2873686, 0], tracings
    rows = [{"exam_id": 1169160, "trace_file": "exams_part0.hdf5", "patient_id": 523632, "AF": True}]
    rows += [{"exam_id": 2873686, "trace_file": "exams_part0.hdf5", "patient_id": 523632}]
    rows += [{"exam_id": 168405, "trace_file": "exams_part1.hdf5", "patient_id": 9}]
    rows = [dict.fromkeys(CODE_15_LABELS, False) | {"age": 38, "is_male": True} | row for row in rows]
    pd.DataFrame(rows).to_csv(folder / "exams.csv", index=False)
    return folder


@pytest.fixture
def ludb(tmp_path, write_wfdb):
    """LUDB with three recordings: one undecided, one paced and without an axis, one with a sentence that LUDB lacks."""
    folder = tmp_path / "ludb"
    said = [
        [
            "Rhythm: Sinus bradycardia.",
            "Electric axis of the heart: vertical. ",
            "Left ventricular hypertrophy. ",
            "Undefined ischemia/scar/supp.NSTEMI: lateral wall. ",
        ],
        ["Rhythm: Atrial fibrillation.", "BIpolar ventricular pacing. "],
        ["Rhythm: Sinus rhythm.", "Electric axis of the heart: normal. ", "STEMI: septal. ", "Prolonged QT interval. "],
    ]
    for number, sentences in enumerate(said, 1):
        write_wfdb(folder / f"data/{number}", number, ["<age>: 51", "<sex>: F", "<diagnoses>:", *sentences])
    return folder


@pytest.fixture
def challenge(tmp_path, write_wfdb):
    """The Challenge of 2021 with a recording each of Georgia, CPSC 2018, Ningbo and of nobody known."""
    folder = tmp_path / "challenge-2021"
    codes = {
        "training/georgia/g1/E00001": "164909002,63593006,164873001",
        "training/cpsc_2018/g1/A0001": "59118001",
        "training/ningbo/g36/JS45551": "164890007",
        "mine/X1": "164889003",
    }
    for seed, (path, stated) in enumerate(codes.items()):
        comments = ["Age: 74", "Sex: Male", f"Dx: {stated}", "Rx: Unknown"]
        write_wfdb(folder / path, seed, [f" {line}" if seed % 2 else line for line in comments], mat=True)
    (folder / "training/georgia/g1/RECORDS").write_text("E00001\n")
    return folder


@pytest.fixture
def own(tmp_path, make_ecg):
    """A person's own folder: two recordings as CSV and a table of reports."""
    folder = tmp_path / "own"
    folder.mkdir()
    for number in range(2):
        ecg = make_ecg(number, sampling_rate=100)
        table = pd.DataFrame(ecg.signal.T, columns=[f"{lead} (mV)" for lead in LEADS])
        table.insert(0, "time (s)", ecg.times)
        table.to_csv(folder / f"r{number}.csv", index=False)
    rows = {"record": ["r0.csv", "r1.csv"], "report": ["Sinus rhythm. Left bundle branch block.", "AF with RVR"]}
    pd.DataFrame(rows).to_csv(folder / "records.csv", index=False)
    return folder


@pytest.fixture(params=["ptb_xl", "mimic_iv_ecg", "code_15", "ludb", "challenge", "own"])
def corpus_folder(request):
    """Each of the folders in turn, under the name of its layout."""
    return request.param, request.getfixturevalue(request.param)
