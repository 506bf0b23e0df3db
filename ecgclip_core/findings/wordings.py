"""How readers put a finding in words, for the text encoder to learn from: ``assets/wordings/*.toml``.

A file holds one table a finding: ``holds``, texts that state it or ask for it, and ``absent``, texts that exclude it.
The catalogue's own names, prompts and contrasts come on top.
"""

import tomllib
from functools import cache

from ecgclip_core.bundled import ASSETS
from ecgclip_core.errors import CatalogueError
from ecgclip_core.findings.catalogue import catalogue, normalised

_FIELDS = ("holds", "absent")


def wordings(finding: str) -> tuple[list[str], list[str]]:
    """Sentences that state a finding, and sentences that state its opposite.

    Parameters
    ----------
    finding : str
        Id of a catalogue entry.

    Returns
    -------
    holds, absent : lists of str
        From the catalogue first, then from the wordings.
    """
    entry, more = catalogue()[finding], _more().get(finding, {})
    names = [entry.name, *entry.synonyms]
    holds = [*entry.prompts, *names, *more.get("holds", ())]
    absent = [*entry.contrast, *(f"no {name}" for name in names), *more.get("absent", ())]
    # "No NSTEMI" and "non-STEMI" read alike when spelling is set aside: what states the finding stays.
    stated = {normalised(text) for text in holds}
    return list(dict.fromkeys(holds)), [text for text in dict.fromkeys(absent) if normalised(text) not in stated]


@cache
def _more() -> dict[str, dict[str, list[str]]]:
    tables: dict[str, dict[str, list[str]]] = {}
    for path in sorted((ASSETS / "wordings").glob("*.toml")):
        try:
            read = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
            raise CatalogueError(f"{path.name}: not readable as TOML ({fault}).") from fault
        for finding, table in read.items():
            _check(path.name, finding, table, known=tables)
        tables |= read
    return tables


def _check(file: str, finding: str, table: object, known: dict) -> None:
    if finding not in catalogue():
        raise CatalogueError(f"{file}, entry {finding}: the catalogue has no such finding.")
    if finding in known:
        raise CatalogueError(f"{file}, entry {finding}: it is in another file too.")
    if not isinstance(table, dict) or set(table) - set(_FIELDS):
        raise CatalogueError(f"{file}, entry {finding}: must be a table of {' and '.join(_FIELDS)}.")
    for name, texts in table.items():
        if not isinstance(texts, list) or not all(isinstance(text, str) and text.strip() for text in texts):
            raise CatalogueError(f"{file}, entry {finding}, field {name}: must be a list of texts that are not empty.")
