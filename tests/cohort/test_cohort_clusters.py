"""The clusters of a cohort, kept beside it."""

from dataclasses import replace

import numpy as np
import pytest

from ecgclip_core.cohort.build import build_simulated_cohort
from ecgclip_core.cohort.clusters import cohort_clusters, work_out_clusters
from ecgclip_core.interpretation.cluster_fit import fit_clusters
from ecgclip_core.interpretation.clusters import segment
from ecgclip_core.simulation.simulate import simulate


@pytest.fixture(scope="module")
def cohort(tiny_model, tmp_path_factory):
    return build_simulated_cohort(tiny_model, tmp_path_factory.mktemp("cohort"), number=5, quiet=True)


@pytest.fixture(scope="module")
def dictionary(tiny_model, make_ecg):
    windows = np.concatenate([tiny_model.preprocessing.windows(make_ecg(seed=seed))[0] for seed in range(20)])
    return fit_clusters(tiny_model, windows, k=4)


def test_clusters_are_worked_out_once_and_kept(tiny_model, cohort, dictionary):
    assert cohort_clusters(cohort, dictionary) is None
    done = []
    found = work_out_clusters(tiny_model, cohort, dictionary, done.append)
    kept = cohort_clusters(cohort, dictionary)
    row = cohort.table.iloc[3]
    one = segment(tiny_model, simulate(row["finding"], int(row["seed"])), dictionary)
    assert done[-1] == 5
    assert np.allclose(kept.proportions[3], one.proportions, atol=1e-4)
    assert np.array_equal(kept.proportions, found.proportions)


def test_clusters_of_another_dictionary_are_not_taken(tiny_model, cohort, dictionary):
    work_out_clusters(tiny_model, cohort, dictionary)
    assert cohort_clusters(cohort, replace(dictionary, means=dictionary.means + 1)) is None
    (cohort.folder / "clusters.safetensors").write_bytes(b"damaged")
    assert cohort_clusters(cohort, dictionary) is None


def test_a_recording_that_is_gone_is_left_open(tiny_model, cohort, dictionary, monkeypatch):
    from ecgclip_core.cohort import clusters
    from ecgclip_core.errors import RecordingError

    def gone(_, row):
        if row == 2:
            raise RecordingError("gone")
        return simulate(cohort.table["finding"].iloc[row], int(cohort.table["seed"].iloc[row]))

    monkeypatch.setattr(clusters, "recording_of", gone)
    found = work_out_clusters(tiny_model, cohort, dictionary)
    assert np.isnan(found.entropy).tolist() == [False, False, True, False, False]
