"""The cluster dictionary of a checkpoint from beginning to end: fitted on recordings, described on simulated ones."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from tqdm import tqdm

from ecgclip_core.interpretation.cluster_description import (
    ClusterDescription,
    Described,
    describe_clusters,
    save_description,
)
from ecgclip_core.interpretation.cluster_fit import fit_clusters
from ecgclip_core.interpretation.clusters import ClusterDictionary, save_clusters
from ecgclip_core.model.ecgclip import ECGCLIP
from ecgclip_core.simulation.conditions import CONDITIONS
from ecgclip_core.simulation.simulate import simulate

# Training keeps below 1,000,000; tests and benchmarks begin there, cohorts at 2,000,000.
DESCRIBED_FIRST_SEED = 3_000_000


def fit_and_describe(
    model: ECGCLIP, windows: np.ndarray, described: int, folder: str | Path
) -> tuple[ClusterDictionary, ClusterDescription]:
    """Fit clusters, describe them, and store both beside the checkpoint.

    Parameters
    ----------
    model : ECGCLIP
    windows : ndarray, shape (n, 12, length)
        Prepared recordings that the model was trained on.
    described : int
        Simulated recordings for the description. Mean waveforms and examples come from these alone, so that no person's
        recording is stored.
    folder : path
        Of the checkpoint.
    """
    with tqdm(total=100, desc="Fitting clusters", unit="%") as bar:

        def show(share: float, step: str) -> None:
            bar.set_postfix_str(step)
            bar.update(round(100 * share) - bar.n)

        dictionary = fit_clusters(model, windows, progress=show)
        bar.update(100 - bar.n)
    save_clusters(dictionary, folder)
    with tqdm(total=described, desc="Describing clusters", unit="recording") as bar:
        description = describe_clusters(
            model, dictionary, simulated_recordings(described), progress=lambda done: bar.update(done - bar.n)
        )
    save_description(description, folder)
    return dictionary, description


def simulated_recordings(number: int, first_seed: int = DESCRIBED_FIRST_SEED) -> Iterator[Described]:
    """Simulated recordings with their true waves and all findings that hold, the conditions in turn."""
    conditions = list(CONDITIONS)
    for row in range(number):
        finding, seed = conditions[row % len(conditions)], first_seed + row
        ecg = simulate(finding, seed)
        found_again = {"finding": finding, "seed": seed}
        yield Described(f"{finding}/{seed}", ecg, ecg.truth.waves, ecg.truth.findings, found_again)
