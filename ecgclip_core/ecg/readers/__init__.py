"""One file a format. `READERS` lists them; a new format is one new file and one line here.

A reader is a module with

``FORMAT``
    what people call the format,
``EXTENSIONS``
    the endings of the file that opens a recording, in lower case,
``KINDS``
    what `kind_of` calls such a file where its content shows what it is; empty where only the ending tells,
``TRIED_ON_REAL``
    whether it has read a file that a real device or its software wrote, and not only files of its own tests,
``companions(name, content) -> tuple of str``
    base names of the other files that belong to it, from that file's content,
``read(name, files) -> Channels``
    the recording, from ``files``: base name -> bytes, with at least ``name`` and its companions.

The last two raise `RecordingError` for everything that can be wrong with a file. A module whose name begins with that
of a reader serves only that reader.
"""

from dataclasses import dataclass
from types import ModuleType

from ecgclip_core.ecg.names import listed
from ecgclip_core.ecg.readers import aecg, csv, dicom, edf, muse, philips, scp, wfdb
from ecgclip_core.ecg.recognise import kind_of

READERS: tuple[ModuleType, ...] = (wfdb, csv, edf, dicom, aecg, scp, muse, philips)


# What `kind_of` says of files that may yet be of the format their ending promises.
_SHOWS_NOTHING = ("data", "text", "an empty file", "an XML file")


@dataclass(frozen=True)
class Format:
    """A format that is read.

    Attributes
    ----------
    name : str
    extensions : tuple of str
        Endings of the file that opens a recording, in lower case, with the dot.
    tried_on_real : bool
        False where its reader has never met a file of a real device.
    """

    name: str
    extensions: tuple[str, ...]
    tried_on_real: bool


FORMATS = tuple(Format(reader.FORMAT, reader.EXTENSIONS, reader.TRIED_ON_REAL) for reader in READERS)


def formats_in_words() -> str:
    """The formats and their endings for a page, and which of them have never met a real file."""
    named = [f"{one.name} ({', '.join(one.extensions)})" for one in FORMATS]
    untried = [one.name for one in FORMATS if not one.tried_on_real]
    never = f" Never tried on a real file: {listed(untried)}." if untried else ""
    return f"{listed(named, longest=80)}.{never}"


def reader_for(name: str, content: bytes | None = None) -> ModuleType | None:
    """The reader of a file: by its content where that shows a format, else by the ending of its name; or None."""
    ending = "." + name.rsplit(".", 1)[-1].lower()
    named = next((reader for reader in READERS if ending in reader.EXTENSIONS), None)
    if content is None:
        return named
    kind = kind_of(content)
    shown = next((reader for reader in READERS if kind in reader.KINDS), None)
    if shown is None and named is not None and named.KINDS and kind not in _SHOWS_NOTHING:
        return None  # a Holter file may end as SCP-ECG does
    return shown or named
