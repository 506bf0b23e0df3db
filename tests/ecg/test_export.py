"""Tables and WFDB for others: what is read back is what was written, and nobody is named."""

from dataclasses import replace

import numpy as np
import pytest

from ecgclip_core.ecg.export import as_table, as_wfdb
from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.ecg.read import read_ecg
from ecgclip_core.ecg.recording import Patient

PERSON = Patient(71, "female", {"name": "Jane Doe", "identifier": "4711-0815"})


def written_and_read(ecg, kind):
    return read_ecg(as_table(ecg), name="a.csv") if kind == "csv" else read_ecg(as_wfdb(ecg, "a"))


@pytest.mark.parametrize(("kind", "step"), [("csv", 0.0), ("wfdb", 0.001)])
@pytest.mark.parametrize("rate", [100, 257, 500, 1000])
def test_samples_come_back_within_one_step(make_ecg, kind, step, rate):
    ecg = make_ecg(seed=3, duration=10, sampling_rate=rate)
    back = written_and_read(ecg, kind)
    assert back.sampling_rate == pytest.approx(rate, rel=1e-6)
    assert back.units == ecg.units
    assert back.signal.shape == ecg.signal.shape
    assert np.abs(back.signal - ecg.signal).max() <= step


@pytest.mark.parametrize("kind", ["csv", "wfdb"])
def test_missing_leads_and_samples_stay_missing(make_ecg, kind):
    signal = make_ecg(seed=4).signal.copy()
    signal[LEADS.index("V3")] = np.nan
    signal[LEADS.index("V5"), 700:720] = np.nan
    ecg = replace(make_ecg(seed=4), signal=signal)
    back = written_and_read(ecg, kind)
    assert back.missing_leads == ("V3",)
    assert np.array_equal(np.isfinite(back.signal), np.isfinite(ecg.signal))


@pytest.mark.parametrize("kind", ["csv", "wfdb"])
def test_a_recording_without_millivolts_gets_none(make_ecg, kind):
    ecg = replace(make_ecg(seed=5), signal=make_ecg(seed=5).signal * 431, units="unscaled")
    back = written_and_read(ecg, kind)
    assert back.units == "unscaled"
    assert np.abs(back.signal - ecg.signal).max() <= np.abs(ecg.signal).max() / 32000


def test_a_lead_too_tall_for_microvolts_is_not_cut_off(make_ecg):
    ecg = replace(make_ecg(seed=6), signal=make_ecg(seed=6).signal * 50)
    back = written_and_read(ecg, "wfdb")
    assert np.abs(back.signal - ecg.signal).max() <= np.abs(ecg.signal).max() / 32000


def test_other_programs_read_the_header(make_ecg, tmp_path):
    wfdb = pytest.importorskip("wfdb")
    ecg = make_ecg(seed=7)
    for name, content in as_wfdb(ecg, "rec").items():
        (tmp_path / name).write_bytes(content)
    record = wfdb.rdrecord(str(tmp_path / "rec"))
    assert record.sig_name == list(LEADS)
    assert record.units == ["mV"] * 12
    assert np.abs(record.p_signal.T - ecg.signal).max() <= 0.001
    stored = wfdb.rdrecord(str(tmp_path / "rec"), physical=False)
    assert all((made - said) % 65536 == 0 for made, said in zip(stored.calc_checksum(), stored.checksum, strict=True))


def test_neither_person_nor_file_is_named(make_ecg):
    ecg = replace(make_ecg(seed=8), name="Doe_Jane_4711", patient=PERSON, notes=("Doe_Jane.dat was repaired",))
    for content in (as_table(ecg), *as_wfdb(ecg, "a").values()):
        for word in (b"Doe", b"Jane", b"4711-0815", b"female", b"repaired"):
            assert word not in content
