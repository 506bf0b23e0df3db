"""German and Swedish report language: where a statement begins, and how it reads in English."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache

from ecgclip_core.bundled import ASSETS
from ecgclip_core.errors import CatalogueError

# A letter that old recorders could not print, and what they printed instead.
_SPELLINGS = {"ä": "(?:ä|ae|#)", "ö": "(?:ö|oe|#)", "ü": "(?:ü|ue|#)", "ß": "(?:ß|ss)", " ": r"\s+"}
_ENDING = {"de": "(?:e[rnms]?)?", "sv": "(?:t|a)?"}
# No letter may precede or follow, so that "akut" is not found in "akute", nor "flache T" in "flache T-Wellen".
_EDGES = r"(?<!\w){}(?!-?\w)"

_LEADING_UP = re.compile(
    r"(?:\b(?:verdacht auf|v\.\s?a\.|keine?n?|ohne|oder|und|mit|bei|für|wie|eller|och|med|utan|ingen|vid|"
    r"(?:alt|frisch|möglich|moeglich|fraglich|beginnend|ausgeprägt|leicht|gering|deutlich|diskret|inkomplett|komplett)"
    r"e[rsn]?|chron\.?|fragl\.?|inkompl\.?|kompl\.?)|[,(/&+-])\s*$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class _Phrase:
    pattern: str
    english: str
    begins_statement: bool


def split_at_statements(text: str) -> list[str]:
    """Cut a text without punctuation before each phrase of the glossary that begins a statement.

    Parameters
    ----------
    text : str
        One line of a report; English text comes back whole.

    Returns
    -------
    list of str
        Parts of the text in its own words, stripped.
    """
    begins = [
        found.start()
        for found in _pattern().finditer(text)
        if _phrases()[int(found.lastgroup[1:])].begins_statement and not _is_joined(text[: found.start()])
    ]
    cuts = sorted({0, *begins, len(text)})
    parts = [text[start:end].strip() for start, end in zip(cuts, cuts[1:], strict=False)]
    return [part for part in parts if part]


def to_english(statement: str) -> str:
    """A German or Swedish statement with every phrase that the glossary knows in English.

    Parameters
    ----------
    statement : str
        As `statements` returns it. Words that the glossary does not know, and English text, stay as they are.
    """
    english = _pattern().sub(lambda found: _translated(found), statement)
    # "weder ... noch"; alone, "noch" is "still".
    english = re.sub(r"\b(neither\b.*?)\bnoch\b", r"\1nor", english, flags=re.IGNORECASE)
    return " ".join(re.sub(r"\bnoch\b", "still", english, flags=re.IGNORECASE).split())


def _translated(found: re.Match) -> str:
    phrase = _phrases()[int(found.lastgroup[1:])]
    if "{region}" not in phrase.english:
        return phrase.english
    for stem, english in _regions():
        if re.search(_EDGES.format(stem), found.group(), re.IGNORECASE):
            return phrase.english.replace("{region}", english)
    return found.group()


def _is_joined(before: str) -> bool:
    """Whether the words before a phrase lead up to it ("suspected", "no", "and"), so that it begins nothing new."""
    return bool(_LEADING_UP.search(before))


@cache
def _glossary() -> dict:
    path = ASSETS / "reports" / "glossary.toml"
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as fault:
        raise CatalogueError(f"{path.name}: not readable as TOML ({fault}).") from fault


@cache
def _phrases() -> tuple[_Phrase, ...]:
    """Longest first, so that "incomplete ... block" is found before "... block"."""
    phrases = []
    for language, sections in _glossary().items():
        regions = "|".join(_spelt(stem) for stem in sorted(sections["regions"], key=len, reverse=True))
        region = f"(?:{regions}){_ENDING[language]}"
        for section in ("statements", "words"):
            for phrase, english in sections[section].items():
                pattern = region.join(_spelt(part) for part in phrase.split("{region}"))
                phrases.append((len(phrase), _Phrase(pattern, english, section == "statements")))
    return tuple(phrase for _, phrase in sorted(phrases, key=lambda pair: -pair[0]))


@cache
def _regions() -> list[tuple[str, str]]:
    return sorted(
        (
            (_spelt(stem) + _ENDING[language], english)
            for language, sections in _glossary().items()
            for stem, english in sections["regions"].items()
        ),
        key=lambda pair: -len(pair[0]),
    )


@cache
def _pattern() -> re.Pattern:
    groups = "|".join(f"(?P<p{number}>{phrase.pattern})" for number, phrase in enumerate(_phrases()))
    return re.compile(_EDGES.format(f"(?:{groups})"), re.IGNORECASE)


def _spelt(phrase: str) -> str:
    return "".join(_SPELLINGS.get(letter, re.escape(letter)) for letter in phrase)
