from dataclasses import replace

import numpy as np
import pytest

from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.ecg.recording import ECG
from ecgclip_core.model.preprocessing import Preprocessing

P = Preprocessing()


def correlation(a, b):
    return np.corrcoef(a.ravel(), b.ravel())[0, 1]


@pytest.mark.parametrize("rate", [100, 250, 257, 500])
def test_the_same_heart_looks_the_same_at_every_sampling_rate(make_ecg, rate):
    ecg = make_ecg(sampling_rate=1000)
    times = np.arange(round(10 * rate)) / rate
    other = ECG(np.stack([np.interp(times, ecg.times, row) for row in ecg.signal]), rate)
    assert correlation(P.windows(other)[0], P.windows(ecg)[0]) > 0.98


def test_wander_is_filtered_out_and_the_beat_is_kept(make_ecg):
    ecg = make_ecg()
    wandering = replace(ecg, signal=ecg.signal + np.sin(2 * np.pi * 0.15 * ecg.times).astype(np.float32))
    assert correlation(P.prepare(wandering), P.prepare(ecg)) > 0.95


def test_an_unscaled_lead_has_the_typical_spread_whatever_its_numbers(make_ecg):
    ecg = make_ecg()
    odd = replace(ecg, signal=ecg.signal * np.linspace(0.1, 50, 12, dtype=np.float32)[:, None], units="unscaled")
    assert P.prepare(odd).std(axis=1) == pytest.approx(P.typical_std, rel=0.05)


def test_millivolts_are_left_as_they_are(make_ecg):
    ecg = make_ecg()
    assert P.prepare(replace(ecg, signal=ecg.signal * 2)) == pytest.approx(2 * P.prepare(ecg), abs=1e-4)


def test_a_missing_lead_is_zero_and_harms_no_other(make_ecg):
    ecg = make_ecg()
    signal = ecg.signal.copy()
    signal[4] = np.nan
    prepared, whole = P.prepare(replace(ecg, signal=signal)), P.prepare(ecg)
    assert (prepared[4] == 0).all()
    assert np.delete(prepared, 4, axis=0) == pytest.approx(np.delete(whole, 4, axis=0))


def test_a_gap_does_not_spread_over_the_lead(make_ecg):
    ecg = make_ecg()
    signal = ecg.signal.copy()
    signal[1, 1000:1050] = np.nan
    prepared = P.prepare(replace(ecg, signal=signal))
    assert np.isfinite(prepared).all()
    assert prepared[1, 400:] == pytest.approx(P.prepare(ecg)[1, 400:], abs=0.02)


@pytest.mark.parametrize(("seconds", "windows"), [(2, 1), (10, 1), (10.5, 2), (25, 3), (60, 6)])
def test_windows_cover_recordings_of_every_length(make_ecg, seconds, windows):
    ecg = make_ecg(duration=seconds)
    cut, starts = P.windows(ecg)
    assert cut.shape == (windows, 12, 1000)
    assert starts[0] == 0
    assert starts[-1] + 1000 >= round(seconds * 100)


@pytest.mark.parametrize("seconds", [3, 10, 25])
def test_values_of_windows_return_to_the_samples_they_came_from(make_ecg, seconds):
    ecg = make_ecg(duration=seconds)
    laid = P.over_recording(P.windows(ecg)[0], ecg)
    assert laid.shape == ecg.signal.shape
    assert correlation(laid, ecg.signal) > 0.9


def test_another_lead_order_is_followed_and_undone(make_ecg):
    ecg = make_ecg()
    other = Preprocessing(leads=LEADS[::-1])
    assert other.prepare(ecg) == pytest.approx(P.prepare(ecg)[::-1])
    laid, same = (p.over_recording(p.windows(ecg)[0], ecg) for p in (other, P))
    assert laid == pytest.approx(same)


def test_preprocessing_survives_its_json(make_ecg):
    import json

    assert Preprocessing.from_dict(json.loads(json.dumps(P.to_dict()))) == P


def test_flat_and_saturated_signals_stay_finite_and_bounded():
    for level in (0.0, 1e4):
        ecg = ECG(np.full((12, 5000), level, dtype=np.float32), 500)
        assert np.abs(P.prepare(ecg)).max() <= P.limit
