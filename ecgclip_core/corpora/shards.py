"""Prepared signals in files that are mapped into memory, so that a corpus larger than memory can be streamed."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np


class Shards:
    """Rows of several ``.npy`` files as one array that is read where it is indexed.

    Parameters
    ----------
    files : sequence of Path
        Each of shape (k, ...), all of one type and one shape of row.
    sizes : sequence of int
        Rows of each file.

    Attributes
    ----------
    shape : tuple of int
    dtype : numpy dtype
    """

    def __init__(self, files: Sequence[Path], sizes: Sequence[int]):
        self._files = tuple(files)
        self._ends = np.cumsum(sizes, dtype=np.int64)
        self._rows = np.arange(int(sum(sizes)))
        # By the place of the file; the system gives the pages of a map back when memory is short.
        self._maps: dict[int, np.ndarray] = {}
        self.dtype = self._map(0).dtype

    @property
    def shape(self) -> tuple[int, ...]:
        return len(self._rows), *self._map(0).shape[1:]

    def __len__(self) -> int:
        return len(self._rows)

    def __repr__(self) -> str:
        return f"Shards({self.shape}, {self.dtype}, {len(self._files)} files)"

    def view(self, rows: slice | Sequence[int] | np.ndarray) -> "Shards":
        """Some of the rows, in the order given, without reading any of them."""
        part = object.__new__(Shards)
        part.__dict__ |= self.__dict__ | {"_rows": self._rows[rows]}
        return part

    def __getitem__(self, rows: int | slice | Sequence[int] | np.ndarray) -> np.ndarray:
        """The rows themselves, as an array of their own; only they are read."""
        wanted = self._rows[rows]
        if np.ndim(wanted) == 0:
            return self[[rows]][0]
        found = np.empty((len(wanted), *self.shape[1:]), dtype=self.dtype)
        homes = np.searchsorted(self._ends, wanted, side="right")
        for home in np.unique(homes):
            here = np.flatnonzero(homes == home)
            # In the order of the file, which a disk reads faster than that of a shuffled batch.
            here = here[np.argsort(wanted[here], kind="stable")]
            found[here] = self._read(int(home), wanted[here] - (self._ends[home - 1] if home else 0))
        return found

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        found = self[:]
        return found if dtype is None else found.astype(dtype)

    def _read(self, home: int, rows: np.ndarray) -> np.ndarray:
        return self._map(home)[rows]

    def _map(self, home: int) -> np.ndarray:
        if home not in self._maps:
            self._maps[home] = np.load(self._files[home], mmap_mode="r", allow_pickle=False)
        return self._maps[home]


def write_shard(file: Path, rows: np.ndarray, **facts: np.ndarray) -> None:
    """Write one file of `Shards` and what else is known of its rows, whole or not at all.

    Parameters
    ----------
    file : Path
        Ends in ``.npy``; the facts go into the ``.npz`` beside it, which is written last and so marks it as done.
    rows : ndarray
    **facts : ndarray
        Read again by `facts_of`.
    """
    _write(file, lambda opened: np.save(opened, rows))
    _write(file.with_suffix(".npz"), lambda opened: np.savez(opened, **facts))


def is_written(file: Path) -> bool:
    """Whether a shard is there, whole and with its facts."""
    return file.is_file() and file.with_suffix(".npz").is_file()


def facts_of(file: Path) -> dict[str, np.ndarray]:
    """What else is known of the rows of a shard, as `write_shard` was told."""
    with np.load(file.with_suffix(".npz"), allow_pickle=False) as opened:
        return dict(opened)


def _write(file: Path, save: Callable[[BinaryIO], None]) -> None:
    # Several processes may prepare the same corpus: each writes under a name of its own.
    partial = file.with_name(f"{file.name}.{os.getpid()}.part")
    with partial.open("wb") as opened:
        save(opened)
    partial.replace(file)
