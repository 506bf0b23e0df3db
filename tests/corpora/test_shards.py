import numpy as np
import pytest

from ecgclip_core.corpora.corpus import Corpus
from ecgclip_core.corpora.shards import Shards, facts_of, is_written, write_shard


@pytest.fixture
def whole():
    return np.arange(10 * 2 * 3, dtype=np.float16).reshape(10, 2, 3)


@pytest.fixture
def shards(whole, tmp_path):
    files = [tmp_path / f"{start}.npy" for start in (0, 4, 8)]
    for file, start in zip(files, (0, 4, 8), strict=True):
        write_shard(file, whole[start : start + 4], start=np.array([start]))
    return Shards(files, [4, 4, 2])


@pytest.fixture
def rows_read(monkeypatch):
    """How many rows were read from disk since the beginning of the test."""
    read = []
    original = Shards._read
    monkeypatch.setattr(Shards, "_read", lambda self, home, rows: read.extend(rows) or original(self, home, rows))
    return read


def _corpus(signals) -> Corpus:
    n = len(signals)
    return Corpus(
        tuple(map(str, range(n))),
        signals,
        np.ones(n, dtype=bool),
        (),
        np.zeros((n, 0), dtype=np.int8),
        ((),) * n,
        np.arange(n).astype(str),
        np.zeros(n, dtype=int),
        np.zeros(n),
    )


@pytest.mark.parametrize(
    "rows",
    [
        3,
        -1,
        slice(2, 9, 3),
        slice(None),
        [7, 0, 7, 4],
        np.array([9, 1]),
        np.arange(10) % 2 == 0,
        np.array([], dtype=int),
    ],
)
def test_shards_are_indexed_as_one_array_is(shards, whole, rows):
    assert np.array_equal(shards[rows], whole[rows])
    assert shards[rows].dtype == np.float16


def test_a_view_of_a_view_has_the_rows_of_both(shards, whole):
    view = shards.view(np.array([8, 1, 5, 2])).view(slice(1, 3))
    assert view.shape == (2, 2, 3)
    assert np.array_equal(view[:], whole[[1, 5]])
    assert np.array_equal(np.asarray(view), whole[[1, 5]])


def test_what_is_read_may_be_changed_without_changing_the_file(shards, whole):
    shards[[0]][:] = -1
    assert np.array_equal(shards[0], whole[0])


def test_picking_recordings_of_a_corpus_reads_none_and_a_batch_reads_only_itself(shards, whole, rows_read):
    picked = _corpus(shards).where(np.arange(10) % 3 == 0).with_findings(("sinus_rhythm",))
    assert not rows_read
    assert np.array_equal(picked.signals[[3, 1]], whole[[9, 3]])
    assert len(rows_read) == 2


def test_a_shard_counts_as_written_only_with_its_facts(tmp_path, whole):
    file = tmp_path / "a.npy"
    assert not is_written(file)
    np.save(file, whole)
    assert not is_written(file)
    write_shard(file, whole, ages=np.array([1.5]))
    assert is_written(file)
    assert facts_of(file)["ages"].tolist() == [1.5]
    assert not list(tmp_path.glob("*.part"))
