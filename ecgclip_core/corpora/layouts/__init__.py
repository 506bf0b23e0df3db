"""One file a corpus. `LAYOUTS` lists them; a new corpus is one new file and one line here.

A layout is a module with

``NAME``
    what people call the corpus,
``SIGN``
    by which files it is recognised, in words,
``recognises(folder) -> bool``
    whether a folder is this corpus, or a part of it, as its makers publish it,
``table(folder) -> DataFrame``
    one row a recording that is there, with the columns of `corpora.tables`,
``SOURCES``
    where it can be downloaded from: `corpora.sources.Source` entries, none where it cannot.

Recordings are files that `read_ecg` reads. Where they lie in no files of their own, the layout also has
``holds(record) -> bool`` and ``read(folder, record) -> ECG``.
"""

from pathlib import Path
from types import ModuleType

from ecgclip_core.corpora.layouts import (
    challenge,
    code_15,
    ludb,
    mimic_iv_ecg,
    own,
    own_by_another_name,
    ptb_xl,
)

# The first that recognises a folder reads it: a person's own table decides before all else, one of any name last.
LAYOUTS: tuple[ModuleType, ...] = (own, ptb_xl, mimic_iv_ecg, code_15, ludb, challenge, own_by_another_name)


def layout_of(folder: Path) -> ModuleType | None:
    """The layout of a folder, or None."""
    return next((layout for layout in LAYOUTS if layout.recognises(folder)), None)
