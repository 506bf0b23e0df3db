"""A checkpoint's clusters in one call."""

import numpy as np

from ecgclip_core.interpretation import cluster_fit
from ecgclip_core.interpretation.cluster_command import fit_and_describe, simulated_recordings
from ecgclip_core.interpretation.cluster_description import load_description
from ecgclip_core.interpretation.clusters import load_clusters


def test_fitting_writes_a_dictionary_and_its_description_beside_the_checkpoint(
    tiny_model, make_ecg, tmp_path, monkeypatch
):
    monkeypatch.setattr(cluster_fit, "MOST_CLUSTERS", 4)
    windows = np.concatenate([tiny_model.preprocessing.windows(make_ecg(seed=seed))[0] for seed in range(20)])
    dictionary, description = fit_and_describe(tiny_model, windows, 39, tmp_path)
    assert load_clusters(tmp_path).k == dictionary.k <= 4
    again = load_description(tmp_path)
    assert again.recordings == 39
    assert again.checkpoint == tiny_model.hash
    assert np.array_equal(again.waveforms, description.waveforms, equal_nan=True)
    assert {"finding", "seed"} <= set(again.examples[0].columns)
    assert len(set(again.names)) == dictionary.k
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) < 1_000_000


def test_simulated_recordings_carry_what_holds_and_what_follows_from_it():
    one = list(simulated_recordings(16))[15]
    assert one.record.startswith("left_bundle_branch_block/")
    assert one.findings[0] == one.example["finding"]
    assert set(one.ecg.truth.findings) <= set(one.findings)
    assert "bundle_branch_block" in one.findings
    assert {"P", "QRS", "T"} <= set(one.delineation["wave"])
