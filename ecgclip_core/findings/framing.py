"""A question without the words that make it one: ``assets/questions/frames.toml`` says which they are."""

import re
import tomllib
from functools import cache, lru_cache

from ecgclip_core.bundled import ASSETS
from ecgclip_core.errors import CatalogueError
from ecgclip_core.findings.naming import named, speaks_of_findings

_EDGE_SIGNS = " \t\"'`´‘’“”„«»()[]{}<>.,;:?!¿¡…*_=~^|\\-–—/&"

_DENIAL = re.compile(
    r"\b(?:no|not|never|none|neither|nor|without|cannot|kein\w*|nicht|ohne|weder|nie)\b|n['’]t\b", re.IGNORECASE
)
_DENIED_AGAIN = re.compile(
    r"\b(and|or|und|oder) (?:not|nicht)(?= \w)(?! (?:only|nur|[a-zäöü]+(?:ed|en)\b|any|seen))", re.IGNORECASE
)
# "No, AF is not seen": the answer says nothing that the sentence does not.
_ANSWER_FIRST = re.compile(
    r"^(?:no|nope|nah|nein|nö)\b\s*[,.;:–-]+\s*(?=.*(?:\b(?:no|not|never|kein\w*|nicht)\b|n['’]?t\b))", re.IGNORECASE
)
# What is seen where, and beside what, is more than a time or a person.
_OF_THE_TRACING = re.compile(
    r"(?<!['’])\b(?:(?-i:[PQRSTUJ])|QRS|PR|PQ|QT|ST|a?V[1-9RLF]|I{1,3}|leads?|waves?|segments?|walls?|beats?|point|complex(?:es)?|rhythm|rate|"
    r"ableitung\w*|wand|zacken?|wellen?|strecken?|pacing|limit|normal)\b",
    re.IGNORECASE,
)
# Words of names of findings that are also said of persons and times.
_OF_PERSONS = re.compile(
    r"\b\d+[- ]years?[- ]old\b|\b(?:old|young)(?:er)?\b|\bhypertens\w+|\bstress (?:test|ecg)"
    r"|\b(?:two|three|ten|\d+) seconds?\b|['’]s\b|\b(?:this|one|what)\b",
    re.IGNORECASE,
)
_ENDS_IN_DENIAL = re.compile(
    r"(?:\b(?:no|not|never|none|without|cannot|kein\w*|nicht|ohne|nie|any|more|mehr|longer|been|be)|n['’]t)$",
    re.IGNORECASE,
)


@lru_cache(maxsize=4096)
def unframed(text: str) -> str:
    """Words without the question around them, perhaps none.

    A name that itself begins or ends like a question ("any sinus rhythm", "nothing wrong with this ECG") stays whole:
    the longest words that name a finding say which, the shortest that name the same are taken.
    """
    begins = _stripped("begin", text, loosely=True)
    ends = _stripped("end", text, loosely=True)
    lengths = [(len(text) - len(begin), len(end)) for begin in begins for end in ends]
    lengths = [(start, stop) for start, stop in lengths if start < stop]
    names, longest = [], None
    for start, stop in sorted(lengths, key=lambda span: span[0] - span[1]):
        words = trimmed(text[start:stop])
        longest = longest or named(words)
        if longest is not None and named(words) is longest:
            names.append(words)
    return names[-1] if names else trimmed(_stripped("end", _stripped("begin", text)[-1])[-1])


@lru_cache(maxsize=4096)
def unframed_whole(text: str) -> str:
    """As `unframed`, but what denies something keeps the words that it needs: "AF was not seen"."""
    if not _DENIAL.search(text):
        return unframed(text) or trimmed(text)
    left = _stripped("begin", text)[-1]
    for shorter in reversed(_stripped("end", left)):
        if not _ENDS_IN_DENIAL.search(trimmed(shorter)) and re.search(r"\w", shorter):
            return trimmed(shorter)
    return trimmed(left) or trimmed(text)


def denied_plainly(text: str) -> str:
    """A text whose denial in many words ("AF? No.", "it can't be AF", "he hasn't got AF") is one in one word."""
    text = _ANSWER_FIRST.sub("", _DENIED_AGAIN.sub(r"\1 no", text))
    for pattern in _denials("denials"):
        if (found := pattern.search(text)) and not _DENIAL.search(found["denied"]):
            return f"{text[: found.start()]}no {found['denied']}{text[found.end() :]}"
    return _name_denied_plainly(text)


def leads_in(text: str) -> bool:
    """Whether words before a denial say only who thinks so or when: "am I right that", "since the ablation"."""
    words = re.findall(r"\w+", text)
    when = _frame("end_circumstance").match(text)
    if not unframed(text) or (when and not _says_of_tracing(text.partition(" ")[2])):
        return True
    return bool(words) and all(re.fullmatch(_frames()["lead_in"], word, re.IGNORECASE) for word in words)


def _name_denied_plainly(text: str) -> str:
    """As `denied_plainly` for the ways that deny only what names a finding: "AF - nil" but not "T waves - negative"."""
    for pattern in _denials("denials_of_name"):
        found = pattern.search(text)
        if found is None or _DENIAL.search(found["denied"]) or named(unframed(found["denied"])) is None:
            continue
        if named(unframed(text)) is None and not _says_of_tracing(found.groupdict().get("rest") or ""):
            return f"{text[: found.start()]}no {found['denied']}{text[found.end() :]}"
    return text


def _says_of_tracing(text: str) -> bool:
    return bool(_OF_THE_TRACING.search(text)) or speaks_of_findings(_OF_PERSONS.sub(" ", text))


def _stripped(place: str, text: str, loosely: bool = False) -> list[str]:
    """A text, and what is left of it when one frame after the other is taken off, loosely also words of degree."""
    texts = [text]
    while len(texts) < 20:
        rest = texts[-1].lstrip(_EDGE_SIGNS) if place == "begin" else texts[-1].rstrip(_EDGE_SIGNS)
        without = _frame(place).sub("", rest, count=1)
        if loosely and without == rest:
            without = _frame(f"{place}_of_name").sub("", rest, count=1)
            if without == rest and place == "end" and (found := _frame("end_circumstance").search(rest)):
                without = rest if _says_of_tracing(found.group().partition(" ")[2]) else rest[: found.start()]
        if without == texts[-1]:
            break
        texts.append(without)
    return texts


def trimmed(text: str) -> str:
    """Words without signs at their edges, save a bracket that belongs to a name: "PRC(S)"."""
    words = text.strip(_EDGE_SIGNS)
    return words if named(words) is not None or named(text) is None else text.strip(" ?!.,;:")


@cache
def _frame(place: str) -> re.Pattern:
    alternatives = "|".join(f"(?:{frame})" for frame in _frames()[place])
    edges = r"^(?:{})(?![\w'-])" if place.startswith("begin") else r"(?<![\w'])(?:{})$"
    return re.compile(edges.format(alternatives), re.IGNORECASE)


@cache
def _denials(kind: str) -> tuple[re.Pattern, ...]:
    return tuple(re.compile(pattern, re.IGNORECASE) for pattern in _frames()[kind])


@cache
def _frames() -> dict[str, list[str]]:
    path = ASSETS / "questions" / "frames.toml"
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise CatalogueError(f"{path.name}: not readable as TOML ({fault}).") from fault
