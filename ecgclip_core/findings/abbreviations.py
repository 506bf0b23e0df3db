"""Abbreviations written out: ``assets/questions/abbreviations.toml`` says which and when."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache

from ecgclip_core.bundled import ASSETS
from ecgclip_core.errors import CatalogueError


@dataclass(frozen=True)
class WrittenOut:
    """A text without its abbreviations, which still knows the words it came from.

    Attributes
    ----------
    text : str
        With every abbreviation written out in English.
    source : str
        As it was.
    spans : tuple of (int, int)
        For each letter of `text` where in `source` the word that it came from begins and ends.
    """

    text: str
    source: str
    spans: tuple[tuple[int, int], ...]

    def original(self, start: int, end: int) -> str:
        """What stood in the source for ``text[start:end]``."""
        return self.source[self.spans[start][0] : self.spans[end - 1][1]] if start < end else ""


def write_out(text: str, ambiguous: bool = True) -> WrittenOut:
    """Write out the abbreviations of a text.

    Parameters
    ----------
    text : str
        Any words with single spaces between them; what is no abbreviation stays as it is.
    ambiguous : bool
        Whether also those that mean something else in everyday sentences ("PE teacher").

    Returns
    -------
    WrittenOut
    """
    pieces, spans, last = [], [], 0
    arteries = re.search(_tables()["among_arteries"]["about"], text, re.IGNORECASE) is not None
    for found in _pattern(text.isupper(), arteries).finditer(text):
        if not ambiguous and _ambiguous().fullmatch(found.group()):
            continue
        written = _meaning(found, arteries)
        pieces += [text[last : found.start()], written]
        spans += [(place, place + 1) for place in range(last, found.start())]
        spans += [found.span()] * len(written)
        last = found.end()
    pieces.append(text[last:])
    spans += [(place, place + 1) for place in range(last, len(text))]
    return WrittenOut("".join(pieces), text, tuple(spans))


def without_ambiguous(text: str) -> str:
    """A text without the abbreviations that mean something else in everyday sentences."""
    arteries = re.search(_tables()["among_arteries"]["about"], text, re.IGNORECASE) is not None
    found = _pattern(text.isupper(), arteries).sub(
        lambda found: " " if _ambiguous().fullmatch(found.group()) else found.group(), text
    )
    return " ".join(found.split()) if found != text else text


@cache
def _ambiguous() -> re.Pattern:
    return re.compile(_tables()["ambiguous"]["words"], re.IGNORECASE)


def needs_capitals(word: str) -> bool:
    """Whether a word in small letters would be an abbreviation in capitals only, as "as" and "mr" are."""
    tables = _tables()
    return word.islower() and (word.upper() in tables["as_written"] or word.upper() in tables["among_small_letters"])


def _meaning(found: re.Match, arteries: bool) -> str:
    tables = _tables()
    kind, number = found.lastgroup[0], found.lastgroup[1:]
    if kind == "p":
        return list(tables["patterns"].values())[int(number)]
    word = found.group()
    exact = {**tables["as_written"], **tables["among_small_letters"], **(tables["among_arteries"] if arteries else {})}
    return exact.get(word) or tables["any_case"][word.casefold()]


@cache
def _pattern(all_capitals: bool, arteries: bool) -> re.Pattern:
    """All keys in one expression; those of words that capitals make ambiguous only where not all is in capitals."""
    tables = _tables()
    groups = [f"(?P<p{number}>{pattern})" for number, pattern in enumerate(tables["patterns"])]
    exact = [*tables["as_written"], *([] if all_capitals else tables["among_small_letters"])]
    exact += [word for word in tables["among_arteries"] if arteries and word != "about"]
    groups.append(rf"(?P<w>(?-i:{_any_of(exact)})|{_any_of(tables['any_case'])})")
    return re.compile("|".join(groups), re.IGNORECASE)


def _any_of(words) -> str:
    longest_first = sorted(words, key=len, reverse=True)
    alternatives = "|".join(re.escape(word) for word in longest_first)
    # "af" is neither in "after" nor in "AF-like", but "LBBB" is in "LBBB-Muster"; "w/" is complete without an edge.
    return rf"(?<![\w°])(?:{alternatives})(?:(?<=[/.])|(?![\w°+]))"


@cache
def _tables() -> dict[str, dict[str, str]]:
    path = ASSETS / "questions" / "abbreviations.toml"
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise CatalogueError(f"{path.name}: not readable as TOML ({fault}).") from fault
    for section in ("any_case", "as_written", "among_small_letters", "among_arteries", "ambiguous", "patterns"):
        for word, written in tables.setdefault(section, {}).items():
            if not isinstance(written, str) or not written.strip():
                raise CatalogueError(f"{path.name}, table {section}, entry {word}: must be a text that is not empty.")
    return tables
