"""Public corpora from their makers' addresses into a folder, every file held against its published checksum."""

import json
import re
import shutil
import threading
import zipfile
import zlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from urllib.parse import quote

import pandas as pd
import requests
from tqdm import tqdm

from ecgclip_core.corpora.download import checksum_of, download
from ecgclip_core.corpora.layouts import LAYOUTS
from ecgclip_core.corpora.sources import Source
from ecgclip_core.ecg.names import shown
from ecgclip_core.errors import DownloadError

SUMS = "SHA256SUMS.txt"
# Connections at a time: corpora are tens of thousands of small files, and the servers are shared by all.
CONNECTIONS = 6
# Files given up before the rest is given up too.
MOST_FAILURES = 20
_BATCH = 600


@dataclass(frozen=True)
class Published:
    """A file of a corpus: its path in it, its address, its checksum and, where known, its size in bytes."""

    path: str
    address: str
    checksum: str
    size: int = 0


def sources() -> dict[str, Source]:
    """All corpora that can be fetched, by name."""
    return {source.name: source for layout in LAYOUTS for source in layout.SOURCES}


def fetch(source: Source, out: str | Path, limit: int | None = None) -> Path:
    """Download a corpus, or what is missing or damaged of it.

    Parameters
    ----------
    source : Source
    out : path
        The corpus's folder; `read_table` reads it afterwards.
    limit : int, optional
        The first so many recordings only, and the tables.

    Raises
    ------
    DownloadError
        Where the corpus cannot be reached or files could not be fetched; what was fetched stays.
    """
    out = Path(out)
    if limit is not None and limit < 1:
        raise DownloadError("--limit is the number of recordings to fetch, 1 or more.")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise DownloadError(f"The folder {out.name!r} cannot be made: {fault.strerror}.") from fault
    with requests.Session() as session:
        session.headers["User-Agent"] = "ecgclip-studio"
        adapter = requests.adapters.HTTPAdapter(pool_connections=CONNECTIONS, pool_maxsize=CONNECTIONS)
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        if source.kind == "zenodo":
            _fetch_parts(session, source, out, limit)
        else:
            listed = physionet_files(session, source, out)
            _fetch_all(session, listed if limit is None else first_recordings(listed, limit), out, source.title)
    return out


def physionet_files(session: requests.Session, source: Source, out: Path) -> list[Published]:
    """All files of a PhysioNet project, in the order of its list of checksums."""
    with tqdm(desc=f"{source.title}, list of files", unit="B", unit_scale=True) as bar:
        download(session, source.address + SUMS, out / SUMS, received=bar.update)
    listed = {}
    with (out / SUMS).open(encoding="utf-8", errors="replace") as opened:
        for line in opened:
            match = re.fullmatch(r"([0-9a-f]{64})\s+\*?(?:\./)?(\S.*?)\s*", line)
            if match and match[2] != SUMS:
                path = _inside(match[2])
                listed[path] = Published(path, source.address + quote(path), f"sha256:{match[1]}")
    if not listed:
        raise DownloadError(f"{source.title}: {SUMS} lists no file; it is not what its makers publish.")
    return list(listed.values())


def first_recordings(listed: list[Published], limit: int) -> list[Published]:
    """The files of the first recordings, and those that lie at the top: tables, licence, README."""
    headers = [file.path for file in listed if file.path.endswith(".hea")][:limit]
    chosen = {_recording(path) for path in headers}
    tables = [file for file in listed if "/" not in file.path and not file.path.endswith((".hea", ".dat", ".mat"))]
    return list(dict.fromkeys([*tables, *(file for file in listed if _recording(file.path) in chosen)]))


def _recording(path: str) -> tuple[str, str]:
    """What the files of one recording have in common: their folder and their name before the first dot."""
    folder, _, name = path.rpartition("/")
    return folder, name.split(".")[0]


def _inside(path: str) -> str:
    """A path from a list of a stranger, or a refusal where it leads out of the folder."""
    parts = PurePosixPath(path).parts
    if path.startswith("/") or ".." in parts or re.search(r"[\\:\0-\x1f]", path):
        raise DownloadError(
            f"The list of files names one outside of the folder ({shown(path, 40)}): nothing of it was fetched. "
            "Tell the makers of the corpus."
        )
    return path


def _fetch_all(session: requests.Session, files: list[Published], out: Path, title: str) -> None:
    """Several files at a time; what fails is said at the end, unless very much fails."""
    sized = all(file.size for file in files)
    total = sum(file.size for file in files) if sized else len(files)
    failed: list[str] = []
    came: dict[str, int] = {}
    megabytes, stopped = [0.0], threading.Event()
    with (
        tqdm(total=total, desc=title, unit="B" if sized else "file", unit_scale=sized) as bar,
        ThreadPoolExecutor(CONNECTIONS) as pool,
    ):

        def count(file: Published, number: int) -> None:
            if stopped.is_set():
                raise DownloadError("stopped")
            came[file.path] = came.get(file.path, 0) + number
            megabytes[0] += number / 1e6
            if sized:
                bar.update(number)
            else:
                bar.set_postfix_str(f"{megabytes[0]:.1f} MB", refresh=False)

        def one(file: Published) -> str:
            part = out / f"{file.path}.part"
            try:
                if sized and part.is_file():
                    count(file, part.stat().st_size)
                download(session, file.address, out / file.path, file.checksum, partial(count, file))
            except DownloadError as error:
                return str(error)
            already = file.size - came.pop(file.path, 0)
            bar.update(already if sized else 1)
            return ""

        try:
            for start in range(0, len(files), _BATCH):
                failed += filter(None, pool.map(one, files[start : start + _BATCH]))
                if len(failed) > MOST_FAILURES:
                    break
        except KeyboardInterrupt:
            stopped.set()
            pool.shutdown(cancel_futures=True)
            raise
    if failed:
        raise DownloadError(
            f"{len(failed)} of {len(files)} files of {title} could not be fetched. The first: {failed[0]}"
        )


def _fetch_parts(session: requests.Session, source: Source, out: Path, limit: int | None) -> None:
    """A corpus of a table and large parts, packed one by one: each is unpacked and its archive given up."""
    listed = zenodo_files(session, source, out)
    tables = [file for file in listed if not file.path.endswith((".zip", ".hdf5"))]
    _fetch_all(session, tables, out, f"{source.title}, tables")
    parts = sorted((file for file in listed if file not in tables), key=_number)
    ledger = out / "fetched.json"
    unpacked = json.loads(ledger.read_text(encoding="utf-8")) if ledger.is_file() else {}
    for part in parts if limit is None else _parts_with(parts, out, limit):
        target = out / f"{Path(part.path).stem}.hdf5"
        if target.is_file() and unpacked.get(part.checksum) == checksum_of(target, "sha256:"):
            continue
        _fetch_all(session, [part], out, part.path)
        if part.path.endswith(".zip"):
            _unpack(out / part.path, target)
            unpacked[part.checksum] = checksum_of(target, "sha256:")
            ledger.write_text(json.dumps(unpacked, indent=1), encoding="utf-8")
            (out / part.path).unlink()


def zenodo_files(session: requests.Session, source: Source, out: Path) -> list[Published]:
    """All files of a Zenodo record, with their sizes."""
    download(session, source.address, out / "record.json")
    try:
        record = json.loads((out / "record.json").read_text(encoding="utf-8"))
        return [
            Published(_inside(file["key"]), file["links"]["self"], file["checksum"], int(file["size"]))
            for file in record["files"]
        ]
    except (ValueError, KeyError, TypeError) as fault:
        raise DownloadError(f"{source.title}: what Zenodo answers does not describe a record.") from fault


def _number(file: Published) -> int:
    return int((re.findall(r"\d+", file.path) or ["0"])[-1])


def _parts_with(parts: list[Published], out: Path, limit: int) -> Iterable[Published]:
    """As many parts as hold the first recordings, by the table of exams."""
    held = pd.read_csv(out / "exams.csv", usecols=["trace_file"])["trace_file"].value_counts()
    for part in parts:
        if limit <= 0:
            return
        yield part
        limit -= int(held.get(f"{Path(part.path).stem}.hdf5", 0))


def _unpack(archive: Path, target: Path) -> None:
    """The one file that an archive of a part holds, whole or not at all; a name in it decides nothing."""
    partial = target.with_name(target.name + ".part")
    try:
        with zipfile.ZipFile(archive) as opened:
            member = next((name for name in opened.namelist() if name.endswith(target.name)), None)
            if member is None:
                raise DownloadError(f"{archive.name} does not hold {target.name}.")
            with opened.open(member) as packed, partial.open("wb") as unpacked:
                shutil.copyfileobj(packed, unpacked, 1 << 20)
    except (zipfile.BadZipFile, zlib.error, EOFError) as fault:
        raise DownloadError(f"{archive.name} cannot be unpacked; delete it and call the same command again.") from fault
    except OSError as fault:
        raise DownloadError(f"{target.name} cannot be written: {fault.strerror or 'disk error'}.") from fault
    partial.replace(target)
