"""Questions to a cohort: who is near, where a new recording lies, who answers a question, who is inside a lasso."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import torch

from ecgclip_core.cohort.sources import SIMULATED
from ecgclip_core.cohort.store import Cohort
from ecgclip_core.corpora.tables import read_record
from ecgclip_core.ecg.recording import ECG
from ecgclip_core.errors import RecordingError
from ecgclip_core.model.ecgclip import ECGCLIP
from ecgclip_core.model.query import Query, ask
from ecgclip_core.model.zero_shot import evidence
from ecgclip_core.simulation.simulate import simulate


@dataclass(frozen=True)
class Placement:
    """Where a recording lies on the map of a cohort.

    Attributes
    ----------
    x, y : float
        Map units.
    spread : float
        Map units: root mean square distance of its neighbours from (x, y), weighted as they are. Large where they lie
        on several islands; the point between them is then nowhere.
    neighbours : DataFrame
        As of `neighbours`.
    """

    x: float
    y: float
    spread: float
    neighbours: pd.DataFrame = field(repr=False)


def neighbours(cohort: Cohort, embedding: np.ndarray, k: int = 10) -> pd.DataFrame:
    """The recordings of a cohort whose vectors are nearest, searched exactly.

    Parameters
    ----------
    cohort : Cohort
    embedding : ndarray, shape (d,)
        Of length 1, of the cohort's checkpoint.
    k : int

    Returns
    -------
    DataFrame, at most k rows, nearest first
        ``row`` (in the cohort), ``similarity`` (cosine), and the columns of the cohort's table.
    """
    similarity = cohort.vectors @ np.asarray(embedding, dtype=np.float32).ravel()
    rows = np.argsort(-similarity, kind="stable")[:k]
    found = cohort.table.iloc[rows].reset_index(drop=True)
    found.insert(0, "row", rows)
    found.insert(1, "similarity", similarity[rows])
    return found


def place(cohort: Cohort, embedding: np.ndarray, k: int = 15) -> Placement:
    """Put a recording on the map by the coordinates of its neighbours.

    The map itself is never fitted again, and UMAP's own transform is not used: it moves a point by what else is
    transformed with it. A neighbour weighs exp(-d / mean d), where d is its cosine distance.

    Parameters
    ----------
    cohort : Cohort
    embedding : ndarray, shape (d,)
    k : int

    Returns
    -------
    Placement
    """
    near = neighbours(cohort, embedding, k)
    distance = np.clip(1 - near["similarity"].to_numpy(float), 0, None)
    weights = np.exp(-distance / max(distance.mean(), 1e-9))
    weights /= weights.sum()
    points = cohort.coordinates[near["row"]].astype(float)
    centre = weights @ points
    spread = np.sqrt(weights @ ((points - centre) ** 2).sum(axis=1))
    return Placement(float(centre[0]), float(centre[1]), float(spread), near)


def score_question(model: ECGCLIP, cohort: Cohort, query: str | Query) -> np.ndarray:
    """How likely a question holds for every recording of a cohort, from the stored vectors.

    Returns
    -------
    ndarray of float32, shape (n,)
        Logits before calibration.

    Raises
    ------
    CheckpointError
        Where the cohort is of another checkpoint.
    QuestionError
        Where the question is empty or too long.
    """
    cohort.check_made_by(model)
    query = query if isinstance(query, Query) else ask(model, query)
    with torch.no_grad():
        return evidence(model, torch.from_numpy(cohort.vectors.copy()), query).numpy()


def inside_polygon(coordinates: np.ndarray, polygon: np.ndarray) -> np.ndarray:
    """Which points lie inside a polygon (even-odd rule).

    Parameters
    ----------
    coordinates : ndarray, shape (n, 2)
    polygon : ndarray, shape (m, 2)
        Corners; the last is joined to the first.

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    x, y = np.asarray(coordinates, dtype=float).T
    corners = np.asarray(polygon, dtype=float)
    inside = np.zeros(len(x), dtype=bool)
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if y0 != y1:
            crossed = (y0 > y) != (y1 > y)
            inside ^= crossed & (x < (x1 - x0) * (y - y0) / (y1 - y0) + x0)
    return inside


def recording_of(cohort: Cohort, row: int) -> ECG:
    """The recording behind a row: simulated again, or read from the cohort's folder of recordings.

    Raises
    ------
    RecordingError
        Where the file is no longer there.
    """
    found = cohort.table.iloc[row]
    if cohort.meta["source"] == SIMULATED:
        return simulate(found["finding"], int(found["seed"]))
    if cohort.folder is None:
        raise RecordingError("The cohort was not read from a folder, so its recordings cannot be found.")
    return read_record(cohort.folder / cohort.meta["source"], found["record"])
