"""The one way from a file to an `ECG`."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ecgclip_core.ecg.assemble import assemble
from ecgclip_core.ecg.limits import check_size
from ecgclip_core.ecg.names import base_name, label_of, listed, shown_file
from ecgclip_core.ecg.readers import READERS, reader_for
from ecgclip_core.ecg.recognise import kind_of
from ecgclip_core.ecg.recording import ECG
from ecgclip_core.ecg.xml_tree import unknown_dialect
from ecgclip_core.errors import RecordingError

_RECORDINGS_NOT_READ = (
    "an ISHNE Holter file",
    "a GDF file",
    "an MFER file",
    "an HDF5 file",
    "a PDF",
    "a PNG image",
    "a JPEG image",
)


def read_ecg(
    source: str | os.PathLike | bytes | dict[str, bytes],
    sampling_rate: float | None = None,
    units: str | None = None,
    *,
    name: str | None = None,
) -> ECG:
    """Read one recording of any supported format.

    Parameters
    ----------
    source : path, bytes or dict of str to bytes
        A path, with or without its ending; the bytes of a one-file format, with `name` as file name; or the files that
        belong together, by name.
    sampling_rate : float, optional
        Hz. Needed where the file does not say; where it says something else, this holds, with a note.
    units : str, optional
        Of all amplitudes: ``"mV"``, ``"uV"``, ``"V"``, ``"nV"`` or ``"unscaled"``. Needed where the file does not say.
    name : str, optional
        What to call the recording; the file's own base name otherwise.

    Returns
    -------
    ECG
        In millivolts, or ``"unscaled"``; its notes say what was repaired or assumed.

    Raises
    ------
    MissingInformationError
        Where the file lacks something that these arguments could supply.
    RecordingError
        Where there is no readable 12-lead recording.
    """
    if isinstance(source, bytes | bytearray | memoryview):
        if not name:
            raise RecordingError("Bytes need a file name that tells their format: read_ecg(content, name='a.csv').")
        files = {base_name(name): bytes(source)}
    elif isinstance(source, dict):
        files = {base_name(key): bytes(content) for key, content in source.items()}
    else:
        files = _from_disk(Path(source))
    main = opening_file(files, name)
    return read_files(main, files, sampling_rate, units, label_of(name or main))


def read_files(
    main: str,
    files: dict[str, bytes],
    sampling_rate: float | None = None,
    units: str | None = None,
    label: str | None = None,
) -> ECG:
    """Read the recording that the file `main` opens, with its companions from `files` (base name -> bytes)."""
    reader = reader_for(main, files[main])
    title = shown_file(main)
    held = companions_of(main, files)
    members = {**{wanted: files[name] for wanted, name in held.items()}, title: files[main]}
    check_size(title, sum(len(content) for content in members.values()))
    try:
        channels = reader.read(title, members)
        if not reader.TRIED_ON_REAL:
            doubt = f"The reader of {reader.FORMAT} was never tried on a real file: compare the tracing with a print."
            channels = replace(channels, notes=(doubt, *channels.notes))
        return assemble(channels, title, label or label_of(main), sampling_rate, units)
    except MemoryError as fault:
        raise RecordingError(f"{title} needs more memory than there is.") from fault


def opening_file(files: dict[str, bytes], name: str | None = None) -> str:
    """Which of the files opens the recording, or a `RecordingError` that says what was found instead."""
    openers = [file for file in files if reader_for(file, files[file])]
    if len(openers) > 1 and name in openers:
        return name
    if len(openers) > 1:
        # A signal file may happen to look like another format, and a recording in segments has a header for each.
        parts = {part for opener in openers for part in _parts_of(opener, files)}
        openers = [opener for opener in openers if opener not in parts] or openers
    if len(openers) > 1:
        raise RecordingError(f"There are {len(openers)} recordings here, not one: {listed(openers)}.")
    if openers:
        return openers[0]
    if not files:
        raise RecordingError("There is no file to read.")
    file = next(iter(files))
    raise RecordingError(why_not_read(file, files[file]))


def why_not_read(file: str, content: bytes) -> str:
    """A sentence on a file that no reader opens."""
    kind = kind_of(content)
    title = shown_file(file)
    known = listed(reader.FORMAT for reader in READERS)
    if file.lower().endswith((".dat", ".mat")) and kind in ("data", "a MATLAB file", "text"):
        header = shown_file(file.rsplit(".", 1)[0] + ".hea")
        return f"{title} is a signal file without its header. Add the header, which is probably called {header}."
    if kind in ("data", "text"):
        kind = "a text file" if kind == "text" else "a file"
        return f"{title} is {kind} of an unknown format. This version reads {known}."
    if kind == "an XML file":
        return unknown_dialect(title, content)
    advice = " Unpack it first." if kind.endswith("archive") else ""
    if kind in _RECORDINGS_NOT_READ:
        advice = " Export the recording in one of these."
    return f"{title} looks like {kind}. This version reads {known}.{advice}"


def companions_of(main: str, files: Mapping[str, bytes]) -> dict[str, str]:
    """Which of the `files` belong to `main`, by what it calls them, found whatever the case of their letters."""
    by_lower = {name.lower(): name for name in sorted(files)}
    reader = reader_for(main, files[main])
    found: dict[str, str] = {}
    openers = [main]
    while openers:
        opener = openers.pop()
        for wanted in reader.companions(shown_file(opener), files[opener]):
            held = wanted if wanted in files else by_lower.get(wanted.lower())
            if held is None or wanted in found or held == main:
                continue
            found[wanted] = held
            if reader_for(held) is reader:
                openers.append(held)
    return found


def _parts_of(opener: str, files: Mapping[str, bytes]) -> set[str]:
    try:
        return set(companions_of(opener, files).values())
    except RecordingError:
        return set()


def _from_disk(path: Path) -> dict[str, bytes]:
    """The files of a recording that lies on disk, each looked at for its size before it is read."""
    main = _opening_path(path)
    title = shown_file(main.name)
    total = 0
    files: dict[str, bytes] = {}
    wanted = [main.name]
    try:
        by_lower = None
        while wanted:
            name = wanted.pop(0)
            file = main.parent / name
            if not file.is_file():
                by_lower = by_lower or {entry.name.lower(): entry for entry in main.parent.iterdir()}
                file = by_lower.get(name.lower(), file)
            if name in files or not file.is_file():
                continue
            total += file.stat().st_size
            check_size(title, total)
            files[name] = file.read_bytes()
            reader = reader_for(name, files[name]) if name == main.name else reader_for(name)
            wanted += reader.companions(shown_file(name), files[name]) if reader else ()
    except OSError as fault:
        raise RecordingError(f"{title} cannot be read from disk: {fault.strerror or 'unknown reason'}.") from fault
    return files


def _opening_path(path: Path) -> Path:
    if not path.name:
        raise RecordingError("That is a folder, not a recording; open one recording in it.")
    endings = [ending for reader in READERS for ending in reader.EXTENSIONS]
    candidates = [path] if reader_for(path.name) else []
    candidates += [path.with_name(path.name + ending) for ending in endings]
    candidates += [path.with_suffix(ending) for ending in endings if path.suffix.lower() in (".dat", ".mat")]
    try:
        for candidate in [*candidates, path]:
            if candidate.is_file():
                return candidate
        is_folder = path.is_dir()
    except (OSError, ValueError) as fault:
        raise RecordingError(f"{shown_file(path.name)} is not a usable file name.") from fault
    if is_folder:
        raise RecordingError(f"{shown_file(path.name)} is a folder; open one recording in it.")
    raise RecordingError(f"There is no recording called {shown_file(path.name)} at that place.")
