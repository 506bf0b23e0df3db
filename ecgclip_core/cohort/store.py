"""A cohort on disk: `cohort.safetensors` (vectors, coordinates), `cohort.parquet` (its table), `cohort.json`."""

import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from ecgclip_core.bundled import ASSETS
from ecgclip_core.errors import CheckpointError
from ecgclip_core.model.ecgclip import ECGCLIP

BUNDLED = ASSETS / "cohort"


@dataclass(frozen=True, eq=False)
class Cohort:
    """Recordings as vectors of one checkpoint, and as points of a map.

    Attributes
    ----------
    embeddings : ndarray of float16, shape (n, d)
        Rows of length 1 before rounding.
    coordinates : ndarray of float32, shape (n, 2)
        On the map. Near means alike; distances between islands and their sizes mean nothing.
    table : DataFrame, n rows
        ``record``, ``name``, ``finding`` (the one it is known for), ``findings`` (all, separated by semicolons),
        ``seed`` (of a simulated recording, else -1), ``duration`` (s), ``calibrated``, and measurements (NaN where
        absent or not measurable).
    meta : dict
        ``checkpoint`` (hash), ``checkpoint_name``, ``source`` (``"simulated"``, or the folder of the recordings,
        relative to the cohort's), ``map`` (method, parameters, trustworthiness, neighbour overlap), ``versions``,
        ``recordings``, ``skipped``.
    folder : Path or None
        Where it lies.
    """

    embeddings: np.ndarray = field(repr=False)
    coordinates: np.ndarray = field(repr=False)
    table: pd.DataFrame = field(repr=False)
    meta: dict
    folder: Path | None = None

    def __len__(self) -> int:
        return len(self.embeddings)

    @cached_property
    def vectors(self) -> np.ndarray:
        """The embeddings in float32, rows of length 1."""
        vectors = self.embeddings.astype(np.float32)
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)

    def check_made_by(self, model: ECGCLIP) -> None:
        """Refuse vectors of another checkpoint.

        Raises
        ------
        CheckpointError
        """
        if self.meta["checkpoint"] != model.hash:
            raise CheckpointError(
                f"The cohort holds vectors of the checkpoint {self.meta['checkpoint_name']} "
                f"({self.meta['checkpoint']}); {model.name} ({model.hash}) cannot be compared with them. "
                "Build the cohort again with this checkpoint."
            )


def save_cohort(cohort: Cohort, folder: str | Path) -> None:
    """Write a cohort into a folder, which is made where it does not exist."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {"embeddings": cohort.embeddings, "coordinates": cohort.coordinates}
    save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, folder / "cohort.safetensors")
    cohort.table.to_parquet(folder / "cohort.parquet", index=False, compression="zstd")
    (folder / "cohort.json").write_text(json.dumps(cohort.meta, indent=1) + "\n", encoding="utf-8")


def load_cohort(folder: str | Path | None = None, model: ECGCLIP | None = None) -> Cohort:
    """Read a cohort.

    Parameters
    ----------
    folder : path, optional
        The bundled cohort where left out.
    model : ECGCLIP, optional
        The checkpoint that it must be of.

    Returns
    -------
    Cohort
        Its arrays cannot be written to: one copy serves all readers.

    Raises
    ------
    CheckpointError
        Where it is missing, damaged, or of another checkpoint.
    """
    folder = BUNDLED if folder is None else Path(folder)
    if not (folder / "cohort.json").is_file():
        raise CheckpointError(
            f"There is no cohort in {folder.name!r}. Build one: ecgclip cohort build FOLDER --out OUT"
        )
    try:
        meta = json.loads((folder / "cohort.json").read_text(encoding="utf-8"))
        arrays = load_file(folder / "cohort.safetensors")
        table = pd.read_parquet(folder / "cohort.parquet")
        cohort = Cohort(arrays["embeddings"], arrays["coordinates"], table, meta, folder)
        if not len(cohort.embeddings) == len(cohort.coordinates) == len(table) == meta["recordings"]:
            raise ValueError("parts of different length")
    except (OSError, KeyError, TypeError, ValueError, SafetensorError) as error:
        raise CheckpointError(
            f"The cohort in {folder.name!r} cannot be read ({type(error).__name__}). Build it again."
        ) from error
    for array in (cohort.embeddings, cohort.coordinates, cohort.vectors):
        array.setflags(write=False)
    if model is not None:
        cohort.check_made_by(model)
    return cohort
