import numpy as np
import pytest
from drawn import drawn_ecg

from ecgclip_core.ecg.beats import median_beat, r_peaks
from ecgclip_core.ecg.recording import ECG
from ecgclip_core.simulation.simulate import simulate


def _hits(found, onsets):
    return [np.abs(found - (onset + 0.025)).min() < 0.04 for onset in onsets]


@pytest.mark.parametrize("rate", [25, 40, 60, 100, 150, 190])
def test_every_beat_is_found_once_at_any_rate(rate):
    ecg, onsets = drawn_ecg(rr=60 / rate)
    found = r_peaks(ecg)
    assert len(found) == len(onsets)
    assert all(_hits(found, onsets))


@pytest.mark.parametrize("sampling_rate", [100, 250, 360, 500, 1000])
def test_beats_do_not_depend_on_the_sampling_rate(sampling_rate):
    ecg, onsets = drawn_ecg(sampling_rate=sampling_rate)
    assert all(_hits(r_peaks(ecg), onsets)) and len(r_peaks(ecg)) == len(onsets)


def test_one_lead_is_enough():
    ecg, onsets = drawn_ecg(noise=0.02)
    signal = np.full_like(ecg.signal, np.nan)
    signal[7] = ecg.signal[7]
    assert len(r_peaks(ECG(signal, 500.0))) == len(onsets)


def test_beats_stand_out_of_muscle_noise():
    ecg, onsets = drawn_ecg(noise=0.15)
    assert len(r_peaks(ecg)) == len(onsets)


@pytest.mark.parametrize("duration", [2.0, 60.0])
def test_short_and_long_recordings_have_their_beats(duration):
    ecg, onsets = drawn_ecg(duration=duration)
    assert len(r_peaks(ecg)) == len(onsets)


@pytest.mark.parametrize("seed", range(5))
def test_noise_has_no_beats(seed):
    noise = np.random.default_rng(seed).normal(size=(12, 5000))
    assert len(r_peaks(ECG(noise, 500.0))) == 0


@pytest.mark.parametrize(
    "finding", ["atrial_fibrillation", "ventricular_tachycardia", "left_bundle_branch_block", "hyperkalaemia"]
)
def test_beats_of_simulated_rhythms_are_found(finding):
    ecg = simulate(finding, seed=3)
    truth = ecg.truth.waves.query("wave == 'QRS'").peak_s.to_numpy()
    found = r_peaks(ecg)
    assert all(np.abs(found - beat).min() < 0.1 for beat in truth)
    inside = found[(found > truth[0] - 0.1) & (found < truth[-1] + 0.1)]
    assert len(inside) == len(truth)


def test_the_median_beat_removes_noise_and_keeps_height():
    clean, _ = drawn_ecg()
    noisy, _ = drawn_ecg(noise=0.05)
    beat, reference = median_beat(noisy), median_beat(clean)
    assert beat.n_beats == reference.n_beats > 8
    at = np.abs(beat.times) < 0.2
    same = np.abs(reference.times) < 0.2
    assert np.abs(beat.signal[1, at].max() - reference.signal[1, same].max()) < 0.06


def test_the_median_beat_leaves_ectopic_beats_aside():
    ecg = simulate("premature_ventricular_beats", seed=1)
    assert 0 < median_beat(ecg).n_beats < len(r_peaks(ecg))


def test_missing_leads_stay_missing_in_the_median_beat():
    ecg, _ = drawn_ecg()
    signal = ecg.signal.copy()
    signal[3] = np.nan
    beat = median_beat(ECG(signal, 500.0))
    assert np.isnan(beat.signal[3]).all() and np.isfinite(beat.signal[1]).any()


def test_without_beats_there_is_no_median_beat():
    assert median_beat(ECG(np.zeros((12, 1000)), 100.0)) is None
