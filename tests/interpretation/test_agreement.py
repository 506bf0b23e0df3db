"""Agreement of two maps."""

import numpy as np
import pytest

from ecgclip_core.interpretation.agreement import cells, rank_agreement
from ecgclip_core.interpretation.saliency import Saliency


def a_map(values, query, method="integrated_gradients"):
    return Saliency(np.asarray(values, dtype=np.float32), method, query, 0.01, 1.0, None, 100)


@pytest.fixture
def values():
    return np.random.default_rng(0).normal(size=(12, 1000))


def test_cells_are_means_over_a_tenth_of_a_second():
    found = cells(np.tile(np.arange(25.0), (12, 1)), 100)
    assert found.shape == (12, 3)
    assert found[0].tolist() == [4.5, 14.5, 22.0]


def test_a_map_agrees_with_itself_on_any_scale_and_with_noise_it_does_not(values, query):
    one = a_map(values, query)
    assert rank_agreement(one, a_map(7 * values, query)) == pytest.approx(1)
    assert rank_agreement(one, a_map(-values, query)) == pytest.approx(-1)
    other = np.random.default_rng(1).normal(size=(12, 1000))
    assert abs(rank_agreement(one, a_map(other, query))) < 0.1


def test_signs_count_only_where_both_maps_have_them(values, query):
    assert rank_agreement(a_map(values, query), a_map(np.abs(values), query, "gradient")) > 0.2
    assert rank_agreement(a_map(-values, query), a_map(np.abs(values), query, "gradient")) > 0.2


def test_only_what_both_tell_apart_is_compared(values, query):
    by_time = np.tile(np.abs(values).mean(axis=0), (12, 1))
    assert rank_agreement(a_map(np.abs(values), query, "gradient"), a_map(by_time, query, "grad_cam")) > 0.99
    by_lead = np.tile(values.mean(axis=1, keepdims=True), (1, 1000))
    assert rank_agreement(a_map(values, query), a_map(by_lead, query, "lead_ablation")) > 0.99


def test_maps_with_nothing_in_common_have_no_agreement(values, query):
    assert np.isnan(rank_agreement(a_map(values, query, "grad_cam"), a_map(values, query, "lead_ablation")))
    assert np.isnan(rank_agreement(a_map(np.zeros((12, 1000)), query), a_map(values, query)))
