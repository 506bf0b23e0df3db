"""The clusters of a cohort's recordings, worked out once and kept beside it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from ecgclip_core.cohort.neighbours import recording_of
from ecgclip_core.cohort.store import Cohort
from ecgclip_core.errors import RecordingError
from ecgclip_core.interpretation.activations import BATCH
from ecgclip_core.interpretation.cluster_proportions import Proportions, cluster_proportions, joined
from ecgclip_core.interpretation.clusters import ClusterDictionary
from ecgclip_core.model.ecgclip import ECGCLIP


def cohort_clusters(cohort: Cohort, dictionary: ClusterDictionary) -> Proportions | None:
    """What was kept, row by row of the cohort's table; None where it is not there, or of other clusters or recordings.

    Rows of recordings that could not be read again are NaN.
    """
    file = _file(cohort)
    if file is None or not file.is_file():
        return None
    try:
        arrays = load_file(file)
        proportions, entropy = arrays["proportions"], arrays["entropy"]
        same = np.array_equal(arrays["means"], _mark(dictionary))
    except (OSError, KeyError, SafetensorError):
        return None
    if not same or len(proportions) != len(cohort):
        return None
    return Proportions(proportions, entropy, cohort.vectors)


def work_out_clusters(
    model: ECGCLIP,
    cohort: Cohort,
    dictionary: ClusterDictionary,
    progress: Callable[[int], None] | None = None,
) -> Proportions:
    """Read every recording of a cohort again and keep its clusters, beside the cohort where that can be written to.

    Parameters
    ----------
    model : ECGCLIP
    cohort : Cohort
        Of this checkpoint.
    dictionary : ClusterDictionary
    progress : callable, optional
        Given the number of recordings that are done.

    Returns
    -------
    Proportions
    """
    cohort.check_made_by(model)
    parts = []
    for start in range(0, len(cohort), BATCH):
        rows = range(start, min(start + BATCH, len(cohort)))
        parts.append(_part(model, cohort, dictionary, rows))
        if progress:
            progress(rows.stop)
    found = joined(parts)
    _keep(cohort, dictionary, found)
    return found


def _part(model: ECGCLIP, cohort: Cohort, dictionary: ClusterDictionary, rows: range) -> Proportions:
    windows, readable = [], []
    for row in rows:
        try:
            windows.append(model.preprocessing.windows(recording_of(cohort, row))[0][0])
        except RecordingError:
            continue
        readable.append(row - rows.start)
    proportions = np.full((len(rows), dictionary.k), np.nan, dtype=np.float32)
    entropy = np.full(len(rows), np.nan, dtype=np.float32)
    if windows:
        found = cluster_proportions(model, dictionary, np.stack(windows))
        proportions[readable], entropy[readable] = found.proportions, found.entropy
    return Proportions(proportions, entropy, cohort.vectors[rows.start : rows.stop])


def _keep(cohort: Cohort, dictionary: ClusterDictionary, found: Proportions) -> None:
    file = _file(cohort)
    if file is None:
        return
    arrays = {"proportions": found.proportions, "entropy": found.entropy, "means": _mark(dictionary)}
    try:
        save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, file)
    except (OSError, SafetensorError):
        return  # A cohort on a disk that cannot be written to is worked out again each time the app starts.


def _file(cohort: Cohort) -> Path | None:
    return None if cohort.folder is None else Path(cohort.folder) / "clusters.safetensors"


def _mark(dictionary: ClusterDictionary) -> np.ndarray:
    """Tells one dictionary from another: the first coordinates of its clusters."""
    return np.ascontiguousarray(dictionary.means[:, :2], dtype=np.float32)
