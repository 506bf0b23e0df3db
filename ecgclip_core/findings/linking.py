"""Which findings of the catalogue a statement speaks of, and whether it states, denies or doubts them."""

import re
import tomllib
from functools import cache

from ecgclip_core.bundled import ASSETS
from ecgclip_core.errors import CatalogueError
from ecgclip_core.findings.catalogue import ancestors, catalogue, find, normalised
from ecgclip_core.findings.polarity import read_polarities

# Letters up to which a name is an abbreviation, which counts only in capitals: "as" is no aortic stenosis.
_ABBREVIATION = 4
_INFARCTION = re.compile(r"\b(?:myocardial infarct(?:ion)?s?|myocardial infarctions|infarcts?|infarctions|mi)\b")


def link(statement: str) -> tuple[tuple[str, str], ...]:
    """The findings that a statement speaks of.

    Parameters
    ----------
    statement : str
        In English; German and Swedish names that are in the catalogue are known too.

    Returns
    -------
    tuple of (str, str)
        Finding id and ``"present"``, ``"absent"`` or ``"uncertain"``, in the order of the text. Of a finding and one
        of its parents, stated together, only the finding is named.
    """
    links: dict[str, str] = {}
    rest = []
    for clause in re.split(r"[,;]\s+|\s+but\s+(?:with\s+)?", statement):
        whole = _of_clause(clause)
        if whole:
            links.setdefault(whole, "present")
        else:
            rest.append(clause)
    # Where no clause was taken out the text stays as it is: denials reach over commas.
    for part in read_polarities(statement if not links else ", ".join(rest)):
        for finding in _named(part.text):
            links.setdefault(finding, part.holds)
    return tuple((finding, holds) for finding, holds in links.items() if not _is_implied(finding, holds, links))


def _of_clause(clause: str) -> str | None:
    """The finding that a clause means as a whole, its denials included: "no definite pathology" is a normal ECG."""
    for pattern, finding in _clauses():
        if pattern.fullmatch(clause.strip().casefold()):
            return finding
    entry = find(clause)
    denies = entry is not None and any(part.holds != "present" for part in read_polarities(clause))
    return entry.id if denies else None


def _named(text: str) -> list[str]:
    """The findings that a text names, in order; where two names overlap, the longer one's."""
    plain = _INFARCTION.sub("infarction", text.casefold())
    found = [
        (match.start(), match.end(), finding) for pattern, finding in _words() for match in pattern.finditer(plain)
    ]
    # Both in one scale of places: the spans of phrases are looked up again in the plain text.
    for phrase, finding in _phrases_in(text):
        start = plain.find(_INFARCTION.sub("infarction", phrase.casefold()))
        if start >= 0:
            found.append((start, start + len(phrase), finding))
    chosen: list[tuple[int, int, str]] = []
    for start, end, finding in sorted(found, key=lambda item: item[0] - item[1]):
        if all(end <= other[0] or other[1] <= start for other in chosen):
            chosen.append((start, end, finding))
    return list(dict.fromkeys(finding for _, _, finding in sorted(chosen)))


def _phrases_in(text: str) -> list[tuple[str, str]]:
    """Names, synonyms and prompts of the catalogue that stand in a text."""
    words = [(word.start(), word.end(), normalised(word.group())) for word in re.finditer(r"[^\s,;()]+", text)]
    index, beginnings = _index()
    found = []
    for first, (start, _, _) in enumerate(words):
        key, longest = "", None
        for _, end, word in words[first:]:
            key += word
            if key not in beginnings:
                break
            phrase = text[start:end]
            if key in index and (len(phrase) > _ABBREVIATION or sum(letter.isupper() for letter in phrase) > 1):
                longest = (phrase, index[key])
        if longest:
            found.append(longest)
    return found


@cache
def _index() -> tuple[dict[str, str], frozenset[str]]:
    """Finding id by phrase, and everything that a phrase begins with."""
    index = {
        normalised(phrase): entry.id
        for entry in catalogue().values()
        for phrase in (entry.name, *entry.synonyms, *entry.prompts)
    }
    return index, frozenset(key[:length] for key in index for length in range(len(key) + 1))


def _is_implied(finding: str, holds: str, links: dict[str, str]) -> bool:
    return holds != "absent" and any(
        finding in {entry.id for entry in ancestors(other)}
        for other, other_holds in links.items()
        if other != finding and other_holds == holds
    )


@cache
def _clauses() -> tuple[tuple[re.Pattern, str], ...]:
    return tuple(
        (re.compile(phrase), finding) for finding, phrases in _links()["clauses"].items() for phrase in phrases
    )


@cache
def _words() -> tuple[tuple[re.Pattern, str], ...]:
    patterns = []
    for finding, phrases in _links()["words"].items():
        regions = _links()["regions"].items() if "{region}" in finding else [("", "")]
        for words, region in regions:
            key = finding.replace("{region}", region)
            if key in catalogue():
                for phrase in phrases:
                    spelt = phrase.replace("{region}", f"(?:{words})")
                    patterns.append((re.compile(rf"(?<![\w-])(?:{spelt})(?![\w-])"), key))
    return tuple(patterns)


@cache
def _links() -> dict:
    path = ASSETS / "reports" / "links.toml"
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise CatalogueError(f"{path.name}: not readable as TOML ({fault}).") from fault
