"""A sentence about waves cut into words with their kind: waves, qualities, phrases, leads and numbers.

The words are in ``assets/features.toml``; leads and numbers are read by `feature_leads` and `feature_numbers`.
"""

import re
import tomllib
from functools import cache

from ecgclip_core.bundled import ASSETS
from ecgclip_core.errors import CatalogueError
from ecgclip_core.findings.feature_leads import lead_pattern, read_leads
from ecgclip_core.findings.feature_numbers import UNIT_WORDS, number_pattern, read_number

_COUNT = {"one": "1", "half a": "0.5", "two": "2", "three": "3"}


def plain_words(text: str) -> str:
    """The sentence in small letters, with plain signs, digits for counts and no brackets."""
    plain = " ".join(text.casefold().replace("’", "'").replace("−", "-").replace("´", "'").split()).strip(" .")
    plain = re.sub(r"[()\[\]:]", " ", plain)
    plain = re.sub(r"(?<=\d),(?=\d)", ".", plain)
    for word, digit in _COUNT.items():
        plain = re.sub(
            rf"\b{word} (?=(?:{UNIT_WORDS['s']}|{UNIT_WORDS['mv']}|{UNIT_WORDS['mm']})\b)", f"{digit} ", plain
        )
    return plain


def names_leads(text: str) -> bool:
    """Whether a sentence names leads."""
    return bool(lead_pattern().search(plain_words(text)))


def tokens_of(text: str) -> list[tuple[str, object]] | None:
    """Words with their kind, the longest match first; None where one is unknown."""
    tokens: list[tuple[str, object]] = []
    at = 0
    while at < len(text):
        if text[at] == " ":
            at += 1
            continue
        found = _longest(text, at)
        if found is None:
            return None
        end, kind, value = found
        if not (kind == "word" and value == "filler"):
            tokens.append((kind, value))
        at = end
    return tokens


def _longest(text: str, at: int) -> tuple[int, str, object] | None:
    best: tuple[int, str, object] | None = None
    for kind, name, pattern in _vocabulary():
        for found in [pattern.match(text, at)]:
            if found and found.end() > (best[0] if best else at):
                best = (found.end(), kind, name)
    for kind, pattern, reader in (
        ("leads", lead_pattern(), read_leads),
        ("number", number_pattern(), read_number),
    ):
        found = pattern.match(text, at)
        if found and found.end() > (best[0] if best else at):
            value = reader(found)
            if value is None:
                return None
            best = (found.end(), kind, value)
    return best


@cache
def _vocabulary() -> tuple[tuple[str, str, re.Pattern], ...]:
    edges = r"(?:{})(?![\w']|-?\w)"
    listed = [("phrase", "phrases"), ("wave", "waves"), ("quality", "qualities"), ("word", "words")]
    return tuple(
        (kind, name, re.compile(edges.format("|".join(sorted(words, key=len, reverse=True)))))
        for kind, section in listed
        for name, words in _words()[section].items()
    )


@cache
def _words() -> dict[str, dict[str, list[str]]]:
    path = ASSETS / "features.toml"
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as fault:
        raise CatalogueError(f"{path.name}: not readable as TOML ({fault}).") from fault
