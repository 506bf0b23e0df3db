"""One file a format. `READERS` lists them; a new format is one new file and one line here.

A reader is a module with

``FORMAT``
    what people call the format,
``EXTENSIONS``
    the endings of the file that opens a recording, in lower case,
``companions(name, content) -> tuple of str``
    base names of the other files that belong to it, from that file's content,
``read(name, files) -> Channels``
    the recording, from ``files``: base name -> bytes, with at least ``name`` and its companions.

The last two raise `RecordingError` for everything that can be wrong with a file.
"""

from types import ModuleType

from ecgclip_core.ecg.readers import csv, wfdb

READERS: tuple[ModuleType, ...] = (wfdb, csv)


def reader_for(name: str) -> ModuleType | None:
    """The reader whose recordings are opened by a file of this name, or None."""
    ending = "." + name.rsplit(".", 1)[-1].lower()
    return next((reader for reader in READERS if ending in reader.EXTENSIONS), None)
