import numpy as np
import pytest
from drawn import drawn_ecg

from ecgclip_core.ecg.delineate import delineate
from ecgclip_core.ecg.recording import ECG
from ecgclip_core.simulation.simulate import simulate


def _median_marks(frame, wave, onsets):
    rows = frame[(frame.wave == wave) & (frame.lead == "II")]
    at = np.array([onsets[np.abs(onsets - peak).argmin()] for peak in rows.peak_s])
    return float(np.median(rows.onset_s - at)), float(np.median(rows.offset_s - at))


@pytest.mark.parametrize("sampling_rate", [100, 250, 500, 1000])
def test_boundaries_lie_where_they_were_drawn(sampling_rate):
    ecg, onsets = drawn_ecg(sampling_rate=sampling_rate, noise=0.005)
    frame = delineate(ecg)
    on, off = _median_marks(frame, "QRS", onsets)
    assert abs(on) < 0.015 and abs(off - 0.09) < 0.015
    on, off = _median_marks(frame, "T", onsets)
    assert abs(off - 0.38) < 0.025
    on, off = _median_marks(frame, "P", onsets + 0.0)
    assert abs(on + 0.16) < 0.02 and abs(off + 0.06) < 0.02


def test_each_wave_has_its_peak_between_its_boundaries():
    frame = delineate(simulate("sinus_rhythm", seed=1))
    assert ((frame.onset_s <= frame.peak_s) & (frame.peak_s <= frame.offset_s)).mean() > 0.98
    assert (frame.onset_s < frame.offset_s).all()
    assert list(frame.columns) == ["lead", "beat", "wave", "onset_s", "peak_s", "offset_s"]


@pytest.mark.parametrize("finding", ["atrial_fibrillation", "ventricular_tachycardia"])
@pytest.mark.parametrize("seed", [0, 1])
def test_no_p_wave_is_invented(finding, seed):
    frame = delineate(simulate(finding, seed=seed))
    assert len(frame) and not (frame.wave == "P").any()


def test_a_recording_without_p_waves_has_none():
    frame = delineate(drawn_ecg(p=False, noise=0.01)[0])
    assert (frame.wave == "QRS").any() and not (frame.wave == "P").any()


def test_no_wave_is_drawn_on_flat_or_missing_leads():
    ecg, _ = drawn_ecg()
    signal = ecg.signal.copy()
    signal[5], signal[6] = 0.0, np.nan
    frame = delineate(ECG(signal, 500.0))
    assert not frame.lead.isin(["aVF", "V1"]).any()
    assert frame.lead.nunique() == 10


def test_a_shifted_recording_has_shifted_boundaries():
    early, _ = drawn_ecg(first=0.4)
    late = ECG(np.roll(early.signal, 100, axis=1), 500.0)
    a, b = (delineate(ecg).query("wave == 'QRS' and lead == 'V4'").onset_s.to_numpy() for ecg in (early, late))
    assert len(a) == len(b)
    assert np.allclose(b - a, 0.2, atol=0.008)


def test_waves_of_a_simulated_recording_lie_near_the_truth():
    ecg = simulate("sinus_rhythm", seed=2)
    frame, truth = delineate(ecg), ecg.truth.waves
    for wave, tolerance in (("P", 0.03), ("QRS", 0.02), ("T", 0.03)):
        found = frame[(frame.wave == wave) & (frame.lead == "II")].peak_s.to_numpy()
        for at in truth[truth.wave == wave].itertuples():
            if 0.5 < at.peak_s < 9.5:
                assert np.any((found > at.onset_s - tolerance) & (found < at.offset_s + tolerance)), (wave, at.peak_s)


def test_without_beats_the_table_is_empty():
    frame = delineate(ECG(np.zeros((12, 1000)), 100.0))
    assert len(frame) == 0 and "onset_s" in frame
