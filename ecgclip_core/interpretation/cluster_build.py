"""From training recordings to a checkpoint's cluster dictionary and its description, in one call."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from ecgclip_core.findings.catalogue import ancestors
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

DESCRIBED = 780  # simulated recordings: twenty of each condition
# Training keeps its seeds below 1,000,000; tests and benchmarks begin there, cohorts at 2,000,000.
FIRST_SEED = 3_000_000


def build_clusters(
    model: ECGCLIP, windows: Sequence[np.ndarray], folder: str | Path, seed: int = 0, described: int = DESCRIBED
) -> tuple[ClusterDictionary, ClusterDescription]:
    """Fit the dictionary of a checkpoint, describe it by simulated recordings, and write both, with progress bars.

    Parameters
    ----------
    model : ECGCLIP
    windows : array or sequence, shape (n, 12, length)
        Prepared recordings that the model was trained on. Only the fitted mixture of them is kept.
    folder : path
        Of the checkpoint.
    seed : int
    described : int
        Number of simulated recordings for the description.

    Returns
    -------
    ClusterDictionary, ClusterDescription
    """
    with tqdm(total=100, desc="Fitting clusters", unit="%") as bar:

        def report(share: float, step: str) -> None:
            bar.set_postfix_str(step)
            bar.update(round(100 * share) - bar.n)

        dictionary = fit_clusters(model, windows, seed=seed, progress=report)
    save_clusters(dictionary, folder)
    recordings = tqdm(simulated_recordings(described), total=described, desc="Describing clusters", unit="recording")
    description = describe_clusters(model, dictionary, recordings)
    save_description(description, folder)
    return dictionary, description


def simulated_recordings(number: int, first_seed: int = FIRST_SEED) -> Iterator[Described]:
    """Simulated recordings with their true waves and findings, the conditions in turn."""
    conditions = list(CONDITIONS)
    for row in range(number):
        finding, seed = conditions[row % len(conditions)], first_seed + row
        ecg = simulate(finding, seed)
        above = (entry.id for held in ecg.truth.findings for entry in ancestors(held))
        findings = tuple(dict.fromkeys((*ecg.truth.findings, *above)))
        yield Described(f"{finding}/{seed}", ecg, ecg.truth.waves, findings, {"finding": finding, "seed": seed})
