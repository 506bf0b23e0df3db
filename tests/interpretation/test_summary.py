"""A map's shares by lead and by wave."""

import numpy as np
import pytest

from ecgclip_core.interpretation.saliency import Saliency, saliency
from ecgclip_core.interpretation.summary import summarise
from ecgclip_core.interpretation.waves import WAVES, wave_at, wave_labels


def a_map(values, query, method="integrated_gradients", sampling_rate=100):
    return Saliency(values.astype(np.float32), method, query, 0.01, 1.0, 0.0, sampling_rate)


def test_samples_inside_a_wave_carry_its_label(make_ecg):
    ecg = make_ecg(sampling_rate=100)
    labels = wave_labels(ecg.truth, 1000, 100)
    r = round(ecg.truth.query("wave == 'QRS'")["peak_s"].iloc[0] * 100)
    assert set(np.unique(labels)) == {0, 1, 2, 3}
    assert (labels[:, r] == WAVES.index("QRS")).all()
    assert (labels[:, r + 28] == WAVES.index("T")).all()
    assert wave_at(ecg.truth, np.array([r / 100]))[0] == WAVES.index("QRS")


def test_all_attribution_in_one_lead_and_wave_is_found_there(make_ecg, query):
    ecg = make_ecg(sampling_rate=100)
    labels = wave_labels(ecg.truth, 1000, 100)
    values = np.zeros((12, 1000))
    values[7] = -1.0 * (labels[7] == WAVES.index("T"))
    summary = summarise(a_map(values, query), ecg.truth)
    assert summary.by_lead["V2"] == pytest.approx(1)
    assert summary.by_wave["T"] == pytest.approx(1)
    assert summary.top_leads == ("V2",)
    assert summary.top_wave == "T"
    assert summary.supports == pytest.approx(0)
    assert 0 < summary.time_by_wave["T"] < 0.4


def test_shares_sum_to_one(tiny_model, make_ecg, query):
    ecg = make_ecg()
    summary = summarise(saliency(tiny_model, ecg, query), ecg.truth)
    assert sum(summary.by_lead.values()) == pytest.approx(1)
    assert sum(summary.by_wave.values()) == pytest.approx(1)
    assert sum(summary.time_by_wave.values()) == pytest.approx(1)
    assert list(summary.by_lead.values()) == sorted(summary.by_lead.values(), reverse=True)


def test_a_uniform_map_prefers_no_wave(make_ecg, query):
    ecg = make_ecg(sampling_rate=100)
    summary = summarise(a_map(np.ones((12, 1000)), query), ecg.truth)
    for wave, share in summary.by_wave.items():
        assert share == pytest.approx(summary.time_by_wave[wave])
    assert len(summary.top_leads) == 6


def test_a_method_without_leads_names_none_and_one_without_time_names_no_wave(make_ecg, query):
    ecg = make_ecg(sampling_rate=100)
    assert summarise(a_map(np.ones((12, 1000)), query, "grad_cam"), ecg.truth).by_lead is None
    assert summarise(a_map(np.ones((12, 1000)), query, "lead_ablation"), ecg.truth).by_wave is None


def test_an_empty_map_and_a_missing_delineation_are_answered_without_numbers(make_ecg, query):
    ecg = make_ecg(sampling_rate=100)
    assert summarise(a_map(np.zeros((12, 1000)), query), ecg.truth).by_lead is None
    assert summarise(a_map(np.ones((12, 1000)), query), ecg.truth.iloc[:0]).by_wave is None


def test_a_row_for_all_leads_counts_for_every_lead(make_ecg):
    ecg = make_ecg(sampling_rate=100)
    for_all = ecg.truth[ecg.truth["lead"] == "I"].assign(lead="all")
    assert np.array_equal(wave_labels(for_all, 1000, 100), wave_labels(ecg.truth, 1000, 100))
    times = np.arange(0, 10, 0.04)
    assert np.array_equal(wave_at(for_all, times), wave_at(ecg.truth, times))
