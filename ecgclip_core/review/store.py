"""The file that keeps readers' notes and decisions: SQLite, only ever added to, written through at once.

Every entry is a row of its own and no row is changed or removed (triggers refuse it), so that the file is its own
history. Write-ahead logging lets several pages read while one writes (https://www.sqlite.org/wal.html); with
``synchronous = FULL`` an entry is on the disk before `keep` returns.
"""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import astuple, fields
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from ecgclip_core.errors import ReviewError
from ecgclip_core.review.entry import DECISIONS, LONGEST_NAME, LONGEST_NOTE, WITHDRAWN, Entry
from ecgclip_core.review.home import home

FILE = "reviews.sqlite3"
VERSION = 1
PATIENCE_S = 10.0
COLUMNS = ("id", "at", *(field.name for field in fields(Entry)))

_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_SCHEMA = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS entries (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL,
    recording TEXT NOT NULL, reviewer TEXT NOT NULL, finding TEXT NOT NULL, decision TEXT NOT NULL, note TEXT NOT NULL,
    checkpoint TEXT NOT NULL, checkpoint_hash TEXT NOT NULL, score REAL, low REAL, high REAL, simulated INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS of_recording ON entries (recording);
CREATE TRIGGER IF NOT EXISTS no_change BEFORE UPDATE ON entries
    BEGIN SELECT RAISE(ABORT, 'entries are kept as they are'); END;
CREATE TRIGGER IF NOT EXISTS no_removal BEFORE DELETE ON entries
    BEGIN SELECT RAISE(ABORT, 'entries are kept as they are'); END;
PRAGMA user_version = {VERSION};
COMMIT;
"""


def keep(entry: Entry, folder: Path | None = None) -> str:
    """Add an entry; it is on the disk when this returns.

    Parameters
    ----------
    entry : Entry
    folder : Path, optional
        `home()` where left out; created where missing.

    Returns
    -------
    str
        Empty; a sentence where a damaged file had to be set aside and the entry begins a new one.

    Raises
    ------
    ReviewError
        Where the entry is no entry, or the folder cannot be written to.
    """
    _check(entry)
    folder = folder or home()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise ReviewError(
            f"Notes cannot be kept: the folder {folder.name!r} cannot be made. Set ECGCLIP_HOME to one that can."
        ) from fault
    return _through(folder, lambda connection: _add(connection, entry))[1]


def entries(recording: str | None = None, folder: Path | None = None) -> pd.DataFrame:
    """Everything that was kept, oldest first, what was later changed or withdrawn included.

    Parameters
    ----------
    recording : str, optional
        As of `recording_key`; all recordings where left out.
    folder : Path, optional
        `home()` where left out. Where there is no file, none is made.

    Returns
    -------
    DataFrame
        Columns `COLUMNS`; ``at`` is UTC as of ISO 8601.

    Raises
    ------
    ReviewError
        Where the file cannot be read. A damaged one was then set aside: the next call finds none.
    """
    folder = folder or home()
    if not (folder / FILE).is_file():
        return pd.DataFrame(columns=COLUMNS)
    frame, said = _through(folder, lambda connection: _all(connection, recording))
    if said:
        raise ReviewError(said)
    return frame


def latest(frame: pd.DataFrame) -> pd.DataFrame:
    """What holds of `entries`: the last note and the last decision a finding of each reviewer on each recording."""
    kept = frame.drop_duplicates(["recording", "reviewer", "finding"], keep="last")
    return kept[(kept["decision"] != WITHDRAWN) & ((kept["decision"] != "") | (kept["note"] != ""))]


def as_csv(frame: pd.DataFrame) -> bytes:
    """`entries` as a table in UTF-8, the mark at its beginning for spreadsheets."""
    return frame.to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig")


def damaged_files(folder: Path | None = None) -> list[str]:
    """Names of the files that were set aside."""
    return sorted(file.name for file in (folder or home()).glob("reviews.damaged-*.sqlite3"))


def _check(entry: Entry) -> None:
    if not entry.reviewer.strip():
        raise ReviewError("Say who you are first: a note or a decision needs a reader.")
    if len(entry.reviewer) > LONGEST_NAME or len(entry.note) > LONGEST_NOTE:
        raise ReviewError(f"A note has at most {LONGEST_NOTE:,} characters and a reader's name {LONGEST_NAME}.")
    if bool(entry.finding) != (entry.decision in (*DECISIONS, WITHDRAWN)) or (entry.finding and entry.note):
        raise ReviewError("An entry is either a note or a decision on one finding.")


def _through(folder: Path, work: Callable[[sqlite3.Connection], pd.DataFrame]) -> tuple[pd.DataFrame, str]:
    """What `work` gives on the open file; on a new one, with a sentence, where that was damaged."""
    file, said = folder / FILE, ""
    for _ in range(2):
        seen = _identity(file)
        try:
            with closing(_opened(file)) as connection:
                return work(connection), said
        except sqlite3.DatabaseError as fault:
            if getattr(fault, "sqlite_errorcode", 0) & 0xFF not in _DAMAGED:
                raise ReviewError(f"{FILE} cannot be used: {fault}. Try again, or set ECGCLIP_HOME.") from fault
            said = _set_aside(file, seen)
    raise ReviewError(f"{FILE} is damaged and could not be set aside; move it away and try again.")


def _opened(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file, timeout=PATIENCE_S, isolation_level=None)
    try:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > VERSION:
            raise ReviewError(f"{FILE} was written by a later version of this program; update it to read the file.")
        connection.execute("PRAGMA synchronous = FULL")
        if version < VERSION:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(_SCHEMA)
    except BaseException:
        connection.close()
        raise
    return connection


def _add(connection: sqlite3.Connection, entry: Entry) -> pd.DataFrame:
    if connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
        fault = sqlite3.DatabaseError("the file is malformed")
        fault.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise fault
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    places = ", ".join("?" * (len(COLUMNS) - 1))
    # Without a transaction of its own a statement is committed as soon as it is done.
    connection.execute(f"INSERT INTO entries ({', '.join(COLUMNS[1:])}) VALUES ({places})", (at, *astuple(entry)))
    return pd.DataFrame(columns=COLUMNS)


def _all(connection: sqlite3.Connection, recording: str | None) -> pd.DataFrame:
    only, values = ("", ()) if recording is None else (" WHERE recording = ?", (recording,))
    rows = connection.execute(f"SELECT {', '.join(COLUMNS)} FROM entries{only} ORDER BY id", values).fetchall()
    frame = pd.DataFrame(rows, columns=COLUMNS)
    return frame.astype({"score": float, "low": float, "high": float, "simulated": bool})


def _identity(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _set_aside(file: Path, seen: tuple[int, int] | None) -> str:
    """Rename the damaged file and what belongs to it; leave alone one that another page has begun meanwhile."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    aside = file.with_name(f"reviews.damaged-{stamp}.sqlite3")
    if _identity(file) == seen and seen is not None:
        try:
            file.rename(aside)
            for ending in ("-wal", "-shm"):
                beside = file.with_name(file.name + ending)
                if beside.exists():
                    beside.rename(aside.with_name(aside.name + ending))
        except OSError as fault:
            raise ReviewError(f"{FILE} is damaged and could not be set aside; move it away and try again.") from fault
    return (
        f"The file of notes and decisions was damaged. It was set aside as {aside.name}, unchanged, in the folder "
        "where it lay; a new one is begun. What SQLite can still read of it comes out with its “.recover” command."
    )
