import numpy as np
import pandas as pd
import pytest
from drawn import drawn_ecg

import ecgclip_core as ecgclip
from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.ecg.quality import check_quality
from ecgclip_core.ecg.recording import ECG
from ecgclip_core.simulation.simulate import simulate


def _problems(ecg):
    return {(remark.lead, remark.problem) for remark in check_quality(ecg)}


def _with(lead=None, samples=None, sampling_rate=500.0, **drawn):
    ecg, _ = drawn_ecg(sampling_rate=sampling_rate, **drawn)
    signal = ecg.signal.copy()
    if lead is not None:
        signal[LEADS.index(lead)] = samples(signal[LEADS.index(lead)])
    return ECG(signal, sampling_rate, ecg.units)


def test_a_clean_recording_has_no_remark():
    assert check_quality(drawn_ecg(noise=0.005)[0]) == []


@pytest.mark.parametrize(
    ("problem", "change"),
    [
        ("missing", lambda row: row * np.nan),
        ("flat", lambda row: row * 0),
        ("clipped", lambda row: np.clip(row, -1, 0.35)),
        ("noise", lambda row: row + np.random.default_rng(0).normal(0, 0.15, len(row))),
        ("mains", lambda row: row + 0.1 * np.sin(2 * np.pi * 50 * np.arange(len(row)) / 500)),
        ("baseline wander", lambda row: row + 1.5 * np.sin(2 * np.pi * 0.2 * np.arange(len(row)) / 500)),
        ("gaps", lambda row: np.where(np.arange(len(row)) % 500 < 60, np.nan, row)),
    ],
)
def test_the_fault_of_one_lead_is_named_with_the_lead(problem, change):
    remarks = [remark for remark in check_quality(_with("V4", change, noise=0.003)) if remark.problem == problem]
    assert [remark.lead for remark in remarks] == ["V4"]
    assert "V4" in remarks[0].sentence and remarks[0].sentence.endswith(".")


def test_exchanged_arm_electrodes_are_suspected():
    ecg, _ = drawn_ecg(noise=0.003)
    signal = ecg.signal.copy()
    signal[:6] = np.stack([-signal[0], signal[2], signal[1], signal[4], signal[3], signal[5]])
    assert (None, "limb lead reversal") in _problems(ECG(signal, 500.0))


def test_exchanged_chest_electrodes_are_suspected():
    ecg = simulate("sinus_rhythm", seed=0)
    signal = ecg.signal.copy()
    signal[[7, 8]] = signal[[8, 7]]
    assert "precordial reversal" not in {problem for _, problem in _problems(ecg)}
    assert "precordial reversal" in {problem for _, problem in _problems(ECG(signal, 500.0))}


def test_what_limits_the_whole_recording_is_said():
    assert (None, "short") in _problems(drawn_ecg(duration=3.0)[0])
    assert (None, "unscaled") in _problems(drawn_ecg(units="unscaled")[0])
    assert (None, "sampling rate") in _problems(drawn_ecg(sampling_rate=100)[0])
    ecg, _ = drawn_ecg()
    assert (None, "amplitude") in _problems(ECG(ecg.signal * 1000, 500.0))


@pytest.mark.parametrize(
    "signal",
    [
        np.full((12, 1000), np.nan),
        np.zeros((12, 1000)),
        np.zeros((12, 0)),
        np.random.default_rng(1).normal(size=(12, 1000)),
    ],
)
def test_what_has_no_beats_is_said_to_have_none(signal):
    assert (None, "no beats") in _problems(ECG(signal, 100.0))


def test_normal_real_recordings_raise_no_suspicion_of_exchanged_electrodes(real_data):
    table = pd.read_csv(real_data / "ptbxl" / "records.csv")
    normal = table[table.scp_codes.str.contains("'NORM': 100") & (table.strat_fold <= 8)].head(30)
    suspected = [
        record
        for record in normal.record
        if any("reversal" in remark.problem for remark in check_quality(ecgclip.read_ecg(real_data / "ptbxl" / record)))
    ]
    assert len(suspected) <= 1
