"""The one way from a file to an `ECG`."""

import os
import re
from pathlib import Path, PurePosixPath

from ecgclip_core.ecg.assemble import assemble
from ecgclip_core.ecg.limits import check_size
from ecgclip_core.ecg.readers import READERS, reader_for
from ecgclip_core.ecg.recognise import kind_of
from ecgclip_core.ecg.recording import ECG
from ecgclip_core.errors import EcgclipError, RecordingError

_LONGEST_NAME = 80


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
    label = base_name(name) if name else main
    label = clean_label(label.rsplit(".", 1)[0] if reader_for(label) else label)
    return read_files(main, files, sampling_rate, units, label)


def read_files(
    main: str,
    files: dict[str, bytes],
    sampling_rate: float | None = None,
    units: str | None = None,
    label: str | None = None,
) -> ECG:
    """Read the recording that the file `main` opens, with its companions from `files` (base name -> bytes)."""
    reader = reader_for(main)
    try:
        members = {main: files[main], **_companions(reader, main, files)}
        check_size(main, sum(len(content) for content in members.values()))
        return assemble(reader.read(main, members), label or clean_label(main), sampling_rate, units)
    except EcgclipError:
        raise
    except MemoryError as fault:
        raise RecordingError(f"{main} needs more memory than there is.") from fault


def opening_file(files: dict[str, bytes], name: str | None = None) -> str:
    """Which of the files opens the recording, or a `RecordingError` that says what was found instead."""
    openers = [file for file in files if reader_for(file)]
    if len(openers) > 1 and name in openers:
        return name
    if len(openers) > 1:
        raise RecordingError(f"There are {len(openers)} recordings here, not one: {', '.join(sorted(openers)[:5])}.")
    if openers:
        return openers[0]
    if not files:
        raise RecordingError("There is no file to read.")
    file = next(iter(files))
    raise RecordingError(why_not_read(file, files[file]))


def why_not_read(file: str, content: bytes) -> str:
    """A sentence on a file that no reader opens."""
    kind = kind_of(content)
    known = " and ".join(reader.FORMAT for reader in READERS)
    if file.lower().endswith((".dat", ".mat")) and kind in ("data", "a MATLAB file", "text"):
        return f"{file} is a signal file without its header: add {file.rsplit('.', 1)[0]}.hea, which lies beside it."
    if kind == "data":
        return f"{file} is of an unknown format. This version reads {known}."
    if kind == "text":
        return f"{file} is a text file of an unknown kind. This version reads {known}."
    return f"{file} looks like {kind}. This version reads {known}."


def base_name(name: str) -> str:
    """The last part of a name that may hold folders of any system."""
    return PurePosixPath(name.replace("\\", "/").replace("\0", "")).name or "file"


def clean_label(text: str) -> str:
    """A name that is safe and short enough for a page."""
    text = re.sub(r"\s+", " ", "".join(letter if letter.isprintable() else " " for letter in text)).strip()
    return (text if len(text) <= _LONGEST_NAME else text[: _LONGEST_NAME - 1] + "…") or "recording"


def _companions(reader, main: str, files: dict[str, bytes]) -> dict[str, bytes]:
    """The files that belong to `main`, found whatever the case of their letters."""
    by_lower = {file.lower(): file for file in files}
    found = {}
    for wanted in reader.companions(main, files[main]):
        held = wanted if wanted in files else by_lower.get(wanted.lower())
        if held is not None:
            found[wanted] = files[held]
    return found


def _from_disk(path: Path) -> dict[str, bytes]:
    """The files of a recording that lies on disk, each looked at for its size before it is read."""
    main = _opening_path(path)
    total = main.stat().st_size
    check_size(main.name, total)
    files = {main.name: main.read_bytes()}
    reader = reader_for(main.name)
    if reader is None:
        return files
    for wanted in reader.companions(main.name, files[main.name]):
        companion = main.parent / wanted
        if not companion.is_file():
            lower = {file.name.lower(): file for file in main.parent.iterdir()}
            companion = lower.get(wanted.lower(), companion)
        if companion.is_file():
            total += companion.stat().st_size
            check_size(main.name, total)
            files[wanted] = companion.read_bytes()
    return files


def _opening_path(path: Path) -> Path:
    endings = [ending for reader in READERS for ending in reader.EXTENSIONS]
    candidates = [path] if reader_for(path.name) else []
    candidates += [path.with_name(path.name + ending) for ending in endings]
    candidates += [path.with_suffix(ending) for ending in endings if path.suffix.lower() in (".dat", ".mat")]
    try:
        for candidate in [*candidates, path]:
            if candidate.is_file():
                return candidate
    except (OSError, ValueError) as fault:
        raise RecordingError("That is not a usable file name.") from fault
    if path.is_dir():
        raise RecordingError(f"{clean_label(path.name)} is a folder; open one recording in it.")
    raise RecordingError(f"There is no recording called {clean_label(path.name)} at that place.")
