"""Whether a text states a finding, denies it or doubts it: English, German and Swedish, statements and questions."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache

from ecgclip_core.bundled import ASSETS
from ecgclip_core.errors import CatalogueError

_SPELLINGS = {"ä": "(?:ä|ae)", "ö": "(?:ö|oe)", "ü": "(?:ü|ue)", "ß": "(?:ß|ss)", " ": r"\s+"}
# A dash between spaces separates; one within a word does not.
_SEPARATOR = re.compile(r"(?<!\d)[.](?=\s|$)|[;!\n]|\?(?=\s|$)|,(?!\d)|:(?!\d)|\s[-–—]\s|[()](?<!\(\?\))")
_LEAD = r"(?:I{1,3}|a[Vv][RLFrlf]|[Vv][1-9][Rr]?)"
_ALTERNATIVE = re.compile(r"(?:^|\s)(?:or|nor|oder|eller|bzw\.?)\s", re.IGNORECASE)
# What is normal is not part of a list of things not seen.
_NORMAL = re.compile(r"\b(?:normal|sinus|regular|regelm|unremarkable)", re.IGNORECASE)
# Alone, these carry nothing that could hold.
_EMPTY = re.compile(
    r"(?:an?|the|this|that|it|there|and|or|with|of|for|in|is|are|was|were|be|been|any|also|show|shows|has|have|ecg|ekg|"
    r"und|oder|mit|es|das|ein|eine|eines|einer|ist|sind|im|liegt|liegen|vor|och|eller|med|det|finns|är|to|on|at|as|can|due|"
    r"gibt|man|had|finns|tracing|trace|recording|patient|patientin|got|do|does|we|you|signs?|evidence|kann|sein|either|really|actually|wirklich|"
    r"(?:it|that|there|this)['’]s)",
    re.IGNORECASE,
)
_LEADING = re.compile(
    r"^(?:(?:and|or|nor|und|oder|noch|och|eller|with|mit|med|of|for|any|an|a)\s+)+|^[\s,.;:()–—-]+",
    re.IGNORECASE,
)
_TRAILING = re.compile(
    r"(?:[\s,.;:()–—?!-]+|\sat all"
    r"|\s(?:and|or|und|oder|och|eller|with|mit|med|is|are|was|were|be|been|has|have|ist|sind|är))+$",
    re.IGNORECASE,
)
# A place or time after a cue carries nothing of its own: "LBBB absent in V1".
_PLACE = re.compile(
    r"\s*(?:in|on|at|over|during|since|now|today|here|this|from|with|by|however|as|an|auf|über|im|bei|mit|heute|jetzt|hier|vid|på)"
    r"(?!\w)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Polarity:
    """A text and whether it holds.

    Attributes
    ----------
    text : str
        Without the words that deny or doubt it.
    holds : str
        ``"present"``, ``"absent"`` or ``"uncertain"``.
    """

    text: str
    holds: str


@dataclass(frozen=True)
class _Cue:
    start: int
    end: int
    holds: str  # "absent", "uncertain", "neither" or "ends"
    reach: str  # "before", "around" or "either"


@dataclass
class _Stretch:
    """A part of a text over which one polarity reaches."""

    start: int
    end: int
    cues: list[_Cue]
    listed: bool = False  # began after a comma


def read_polarity(text: str) -> Polarity:
    """What a text says of its first finding: that it is there, that it is not, or that it may be.

    Parameters
    ----------
    text : str
        A statement or a question in English, German or Swedish. The lack of a normal part of the tracing
        ("absent P waves") is a finding that is present; a doubtful age ("probably old") is no doubt of the finding.

    Returns
    -------
    Polarity
        Of ``read_polarities(text)`` the first: in "sinus rhythm without ischaemia" the rhythm.
    """
    return read_polarities(text)[0]


def read_polarities(text: str) -> tuple[Polarity, ...]:
    """A text cut where its polarity changes, each part with its own.

    Parameters
    ----------
    text : str
        As for `read_polarity`.

    Returns
    -------
    tuple of Polarity
        In order, at least one. "no ST elevation or Q waves, possible hypertrophy" gives two.
    """
    text = _without_tags(" ".join(text.split()))
    cues = _cues(text)
    if all(cue.holds == "neither" for cue in cues):
        return (Polarity(_tidied(text), "present"),)
    parts = [_judged(text, stretch) for stretch in _stretches(text, cues)]
    parts = [part for part in parts if part.text or part.holds != "present"]
    return _merged(parts) or (Polarity(_tidied(text), "present"),)


def _stretches(text: str, cues: list[_Cue]) -> list[_Stretch]:
    """Cut at punctuation, at words such as "but", and before cues that reach only forward."""
    stretches = []
    for start, end, listed in _pieces(text, cues):
        inside = [cue for cue in cues if cue.holds in ("absent", "uncertain") and start <= cue.start < end]
        for cue in inside:
            if text[start : cue.start].strip() and _reaches_forward(text, cue, end, inside):
                stretches.append(
                    _Stretch(start, cue.start, [c for c in inside if start <= c.start < cue.start], listed)
                )
                start, listed = cue.start, False
        stretches.append(_Stretch(start, end, [c for c in inside if start <= c.start < end], listed))
    return _lists_joined(text, _lone_cues_joined(text, stretches))


def _pieces(text: str, cues: list[_Cue]) -> list[tuple[int, int, bool]]:
    """(start, end, whether a comma stands before) of what stands between separators and words such as "but"."""
    cuts = [(cue.start, cue.end, False) for cue in cues if cue.holds == "ends"]
    taken = [(cue.start, cue.end) for cue in cues]
    for mark in _SEPARATOR.finditer(text):
        within_cue = any(start <= mark.start() < end for start, end in taken)
        if not within_cue and not _between_leads(text, mark):
            cuts.append((mark.start(), mark.end(), mark.group() == ","))
    pieces, start, listed = [], 0, False
    for cut_start, cut_end, comma in sorted(cuts):
        pieces.append((start, cut_start, listed))
        start, listed = cut_end, comma
    return [*pieces, (start, len(text), listed)]


def _between_leads(text: str, mark: re.Match) -> bool:
    """Whether a comma stands in a list of leads: "in I, V5 and V6"."""
    return bool(
        mark.group() == ","
        and re.search(rf"\b{_LEAD}\s*$", text[: mark.start()])
        and re.match(rf"\s*(?:and\s|or\s|und\s|och\s)?\s*{_LEAD}\b", text[mark.end() :])
    )


def _reaches_forward(text: str, cue: _Cue, end: int, inside: list[_Cue]) -> bool:
    if cue.reach != "either":
        return cue.reach == "before"
    after = text[cue.end : end]
    return _carries(_without(after, cue.end, inside)) and not _PLACE.match(after)


def _lone_cues_joined(text: str, stretches: list[_Stretch]) -> list[_Stretch]:
    """A cue alone between commas or brackets speaks of what stands before it, else after: "infarction (possible)"."""
    joined: list[_Stretch] = []
    waiting: list[_Cue] = []
    for stretch in stretches:
        if _carries(_without(text[stretch.start : stretch.end], stretch.start, stretch.cues)):
            joined.append(_Stretch(stretch.start, stretch.end, [*waiting, *stretch.cues], stretch.listed))
            waiting = []
        elif stretch.cues and joined:
            last = joined[-1]
            joined[-1] = _Stretch(last.start, last.end, [*last.cues, *stretch.cues], last.listed)
        else:
            waiting += stretch.cues
    return joined or [_Stretch(0, len(text), waiting)]


def _lists_joined(text: str, stretches: list[_Stretch]) -> list[_Stretch]:
    """A denial reaches over a list that ends in "or": "no A, B or C", "A, B or C not seen"."""
    for number, stretch in enumerate(stretches):
        if stretch.cues:
            for other in _rest_of_list(text, stretches, number):
                other.cues = list(stretch.cues)
    for number in range(len(stretches) - 1, 0, -1):
        stretch, before = stretches[number], stretches[number - 1]
        ends_list = _continued(stretches, number) or _ALTERNATIVE.search(text[stretch.start : stretch.end])
        backward = stretch.listed and any(cue.reach != "before" for cue in stretch.cues)
        if ends_list and backward and not before.cues and not _NORMAL.search(text[before.start : before.end]):
            before.cues = list(stretch.cues)
    return stretches


def _rest_of_list(text: str, stretches: list[_Stretch], number: int) -> list[_Stretch]:
    """The stretches after one, up to the last that holds an "or", as long as commas part them and no cue comes."""
    last = closing = number
    while last + 1 < len(stretches) and stretches[last + 1].listed and not stretches[last + 1].cues:
        last += 1
        if _ALTERNATIVE.search(text[stretches[last].start : stretches[last].end]):
            closing = last
    return stretches[number + 1 : closing + 1]


def _continued(stretches: list[_Stretch], number: int) -> bool:
    """Whether a stretch took its cues from the next one of the same list."""
    return number + 1 < len(stretches) and stretches[number + 1].cues == stretches[number].cues


def _judged(text: str, stretch: _Stretch) -> Polarity:
    absent = sum(cue.holds == "absent" for cue in stretch.cues)
    uncertain = any(cue.holds == "uncertain" for cue in stretch.cues)
    holds = "absent" if absent % 2 else "uncertain" if uncertain else "present"
    own = [cue for cue in stretch.cues if stretch.start <= cue.start < stretch.end]
    words = _tidied(_without(text[stretch.start : stretch.end], stretch.start, own))
    return Polarity(_bare(words) if holds != "present" else words, holds)


def _merged(parts: list[Polarity]) -> tuple[Polarity, ...]:
    """Neighbours of one polarity as one."""
    merged: list[Polarity] = []
    for part in parts:
        if merged and merged[-1].holds == part.holds:
            merged[-1] = Polarity(", ".join(filter(None, (merged[-1].text, part.text))), part.holds)
        else:
            merged.append(part)
    return tuple(merged)


def _without(piece: str, offset: int, cues: list[_Cue]) -> str:
    for cue in sorted(cues, key=lambda cue: -cue.start):
        start, end = cue.start - offset, cue.end - offset
        if 0 <= start < len(piece):
            piece = f"{piece[:start]} {piece[end:]}"
    return piece


def _carries(piece: str) -> bool:
    """Whether any word of a piece could be a finding."""
    return any(not _EMPTY.fullmatch(word) for word in re.findall(r"\w+", piece))


def _bare(text: str) -> str:
    """Without the frame of a sentence about it: "there is", "the ECG has", "liegt ... vor"."""
    words = text.split()
    while words and _EMPTY.fullmatch(words[0]):
        words.pop(0)
    while words and _EMPTY.fullmatch(words[-1]) and words[-1].casefold() not in ("ecg", "ekg"):
        words.pop()
    return " ".join(words)


def _tidied(text: str) -> str:
    return _TRAILING.sub("", _LEADING.sub("", " ".join(text.split()).strip(" ,.;:?!"))).strip(" ,.;:?!")


def _without_tags(text: str) -> str:
    """Without a question's tag or expectation, and without the answer before a statement ("No, this is ...")."""
    text = re.sub(r"^(?:no|nein|nej|yes|ja),\s+(?=(?:it|this|there|that|es|das|det)\b)", "", text, flags=re.IGNORECASE)
    if text.endswith("?"):
        opening, closing = _tags()
        text = opening.sub("", closing.sub("?", text)).strip()
    return text


def _cues(text: str) -> list[_Cue]:
    """The cues of a text in order; where two overlap, the longer."""
    kinds = [kind for kind in _kinds() if kind.any.search(text)]
    if all(kind.holds == "ends" for kind in kinds):
        return []
    found = [
        _Cue(match.start(), match.end(), kind.holds, kind.reach)
        for kind in kinds
        for pattern in kind.each
        for match in pattern.finditer(text)
    ]
    chosen: list[_Cue] = []
    for cue in sorted(found, key=lambda cue: cue.start - cue.end):
        if all(cue.end <= other.start or other.end <= cue.start for other in chosen):
            chosen.append(cue)
    chosen.sort(key=lambda cue: cue.start)
    partners = _words()["pairs"]
    return [cue for cue in chosen if _partner_stands_before(text, cue, partners)]


def _partner_stands_before(text: str, cue: _Cue, partners: dict[str, str]) -> bool:
    partner = partners.get(text[cue.start : cue.end].casefold())
    return partner is None or partner in text[: cue.start].casefold()


@dataclass(frozen=True)
class _Kind:
    """Cues of one meaning: as one pattern to see whether there are any, and one by one to choose the longest."""

    holds: str
    reach: str
    any: re.Pattern
    each: tuple[re.Pattern, ...]


@cache
def _kinds() -> tuple[_Kind, ...]:
    words = _words()
    lists = [(holds, reach, words[holds][reach]) for holds in ("absent", "uncertain") for reach in words[holds]]
    lists.append(("neither", "", words["neither"]["phrases"] + _lacking(words["neither"]["parts"])))
    lists.append(("ends", "", words["ends"]["words"]))
    return tuple(
        _Kind(holds, reach, _compiled("|".join(phrases)), tuple(map(_compiled, phrases)))
        for holds, reach, phrases in lists
    )


def _lacking(parts: str) -> list[str]:
    """Phrases for the lack of a normal part of the tracing."""
    lack = r"(?:absent|missing|absence of|lack of|loss of|fehlende[nrms]?|fehlen der|verlust der|avsaknad av)"
    return [
        rf"{lack} (?:the )?(?:{parts})(?:,? (?:and|or|und|oder) (?:{parts}))*",
        rf"(?:{parts}) (?:(?:is|are|ist|sind|not) )?(?:absent|missing|fehlt|fehlen|fehlend|saknas)",
    ]


@cache
def _tags() -> tuple[re.Pattern, re.Pattern]:
    tags = _words()["tags"]
    opening, closing = ("|".join(map(_spelt, tags[place])) for place in ("opening", "closing"))
    return re.compile(rf"^(?:{opening})\s+", re.I), re.compile(rf"(?:{closing})\s*\?$", re.I)


@cache
def _words() -> dict:
    path = ASSETS / "reports" / "polarity.toml"
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as fault:
        raise CatalogueError(f"{path.name}: not readable as TOML ({fault}).") from fault


def _compiled(phrase: str) -> re.Pattern:
    # "no-reflow" holds no "no".
    return re.compile(rf"(?<![\w-])(?:{_spelt(phrase)})(?![\w-])", re.IGNORECASE)


def _spelt(phrase: str) -> str:
    return "".join(_SPELLINGS.get(letter, letter) for letter in phrase.replace(" ?", r"\s*"))
