from dataclasses import replace

import pandas as pd
import pytest
from drawn import drawn_ecg

import ecgclip_core as ecgclip
from ecgclip_core.ecg.measure import measure
from ecgclip_core.ecg.recording import ECG, Patient
from ecgclip_core.ecg.red_flags import red_flags, st_threshold
from ecgclip_core.simulation.simulate import simulate

MAN = Patient(age=60, sex="male")
WOMAN = Patient(age=60, sex="female")


def _names(ecg):
    return [flag.name for flag in red_flags(ecg)]


@pytest.mark.parametrize(
    ("finding", "flag"),
    [
        ("anterior_st_elevation_infarction", "ST elevation"),
        ("inferior_st_elevation_infarction", "ST elevation"),
        ("third_degree_av_block", "complete AV block"),
        ("ventricular_tachycardia", "ventricular tachycardia"),
        ("long_qt", "long QTc"),
    ],
)
def test_what_is_dangerous_is_flagged(finding, flag):
    hits = sum(flag in _names(simulate(finding, seed=seed)) for seed in (2, 3, 4, 5))
    assert hits >= 3


@pytest.mark.parametrize(
    "finding",
    ["sinus_rhythm", "sinus_tachycardia", "sinus_bradycardia", "left_bundle_branch_block", "mobitz_i_av_block"],
)
def test_what_is_not_dangerous_is_not_flagged(finding):
    assert [name for seed in range(3) for name in _names(simulate(finding, seed=seed))] == []


def test_st_elevation_needs_a_calibrated_recording():
    elevated, _ = drawn_ecg(st=0.4)
    elevated = replace(elevated, patient=MAN)
    assert "ST elevation" in _names(elevated)
    assert "ST elevation" not in _names(replace(elevated, units="unscaled"))


def test_st_elevation_needs_two_contiguous_leads():
    ecg, _ = drawn_ecg()
    elevated, _ = drawn_ecg(st=0.4)
    signal = ecg.signal.copy()
    signal[8] = elevated.signal[8]
    assert "ST elevation" not in _names(ECG(signal, 500.0, patient=MAN))


def test_the_threshold_depends_on_lead_age_and_sex():
    assert st_threshold("V5", MAN) == 0.1
    assert st_threshold("V2", MAN) == 0.2
    assert st_threshold("V2", Patient(age=30, sex="male")) == 0.25
    assert st_threshold("V3", WOMAN) == 0.15
    assert st_threshold("V3", Patient()) == 0.25


def test_an_unknown_age_or_sex_is_said():
    flag = red_flags(drawn_ecg(st=0.4)[0])[0]
    assert "not known" in flag.sentence
    assert {"V2", "V3"} <= set(flag.leads) and flag.measured["st_V2"] > 0.25


def test_the_sentence_gives_the_numbers():
    ecg = simulate("long_qt", seed=3)
    flag = next(flag for flag in red_flags(ecg) if flag.name == "long QTc")
    assert f"{measure(ecg).qtc.value:.0f} ms" in flag.sentence


def test_an_empty_recording_has_no_flags():
    assert red_flags(ECG([[0.0] * 1000] * 12, 100.0)) == []


def test_normal_real_recordings_are_seldom_flagged(real_data):
    table = pd.read_csv(real_data / "ptbxl" / "records.csv")
    normal = table[table.scp_codes.str.contains("'NORM': 100") & (table.strat_fold <= 8)].head(40)
    flagged = [record for record in normal.record if _names(ecgclip.read_ecg(real_data / "ptbxl" / record))]
    assert len(flagged) <= 2
