"""A question taken apart before a model sees it: what is asked for, of which findings, and whether it is denied."""

import re
import tomllib
from dataclasses import dataclass, replace
from functools import cache, lru_cache

from ecgclip_core.bundled import ASSETS
from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.errors import CatalogueError
from ecgclip_core.findings.abbreviations import WrittenOut, write_out
from ecgclip_core.findings.catalogue import Finding, find
from ecgclip_core.findings.naming import corrected, named, speaks_of_findings, stated
from ecgclip_core.findings.polarity import read_polarities
from ecgclip_core.findings.translation import to_english

# A text this long, or with so many parts, is no question; it goes to the model as it is.
LONGEST_QUESTION = 1000
MOST_PARTS = 24
LONGEST_RUN = 5

_EDGE_SIGNS = " \t\"'`´‘’“”„«»()[]{}<>.,;:?!¿¡…*_=~^|\\-–—/&"


# "or not" asks and denies nothing.
_TAG = re.compile(r"[,\s]+(?:or not|yes or no|y/n|oder nicht|ja oder nein|ja/nein)\W*$", re.IGNORECASE)


@dataclass(frozen=True)
class Part:
    """One of the things a question asks for.

    Attributes
    ----------
    text : str
        What the reader wrote of it.
    english : str
        A plain statement of it: without the words of a question, with abbreviations written out, in English as far
        as the glossary goes, and without a negation.
    finding : str or None
        Identifier of the catalogue entry that it names.
    negated : bool
        Whether it is asked to be absent.
    joined : str
        How it goes with the part before: ``"and"``, ``"or"``, ``"with"``, and ``""`` for the first. What "neither A
        nor B" denies is joined by ``"and"``: both are to be absent.
    """

    text: str
    english: str
    finding: str | None
    negated: bool
    joined: str


def read_question(text: str) -> tuple[Part, ...]:
    """Take a question in free words apart.

    Parameters
    ----------
    text : str
        English or German, with any abbreviations: ``"AF with RVR, but no LBBB?"``. "Rule out" and "exclude" ask for
        a finding; "ruled out" denies it.

    Returns
    -------
    tuple of Part
        In the order of the text; empty only for a text of nothing but space. Words that name no catalogue entry
        are never taken for one that is merely near: their part has no finding.
    """
    source = " ".join(text.split())
    if not source:
        return ()
    whole = (Part(source, source, None, False, ""),)
    if len(source) > LONGEST_QUESTION or not re.search(r"\w", source):
        return whole
    alone = find(source)
    if alone is not None and not re.search(r"\s", source):
        # As the whole question even "as" is an abbreviation.
        return (Part(source, to_english(write_out(_trimmed(source)).text), alone.id, False, ""),)
    written = write_out(source)
    parts: list[Part] = []
    for sentence in _sentences(_TAG.sub("?", written.text)):
        for part in _parts_of_sentence(sentence, joined="and" if parts else ""):
            said = any(part.finding == earlier.finding and part.negated == earlier.negated for earlier in parts)
            if part.finding is None or not said:
                parts.append(part)
    if not parts or len(parts) > MOST_PARTS:
        return whole
    if not any(part.finding or speaks_of_findings(part.english) for part in parts):
        return (replace(whole[0], english=to_english(_trimmed(written.text) or source)),)
    if len(parts) == 1:
        return (replace(parts[0], text=source),)
    return tuple(_in_own_words(parts, written))


def _in_own_words(parts: list[Part], written: WrittenOut) -> list[Part]:
    """With the words of the question in place of those that abbreviations were written out to."""
    searched, placed = 0, []
    for part in parts:
        start = written.text.find(part.text, searched)
        start = written.text.find(part.text) if start < 0 else start
        if start >= 0:
            searched = start + len(part.text)
            part = replace(part, text=written.original(start, searched))
        placed.append(part)
    return placed


def _sentences(text: str) -> list[str]:
    """Cut after question marks, exclamation marks, semicolons and the full stops of whole words."""
    cuts = re.split(r"(?<=[?!;])\s+|(?<=[^\W\d_]{3}[.])\s+(?=[A-ZÄÖÜ])", text)
    return [cut for cut in cuts if re.search(r"\w", cut)]


def _parts_of_sentence(sentence: str, joined: str) -> list[Part]:
    plain = _unframed(sentence) or _trimmed(sentence)
    finding, english = _meaning(plain)
    if finding is not None:
        return [Part(plain, english, finding.id, False, joined)]
    groups = [(_split(_unframed(polarity.text)), polarity.holds == "absent") for polarity in _polarities(sentence)]
    groups = [(pieces, negated) for pieces, negated in groups if pieces]
    if not groups:
        return [Part(plain, english, None, False, joined)]
    as_prompt = stated(_trimmed(sentence)) or stated(plain) or stated(english)
    if as_prompt is not None and not all(piece.finding for pieces, _ in groups for piece in pieces):
        return [Part(plain, english, as_prompt.id, False, joined)]
    parts: list[Part] = []
    for pieces, negated in groups:
        for piece in pieces:
            # Neither one nor the other: one is absent and so is the other.
            link = "and" if negated and piece.joined == "or" else piece.joined
            parts.append(replace(piece, negated=piece.negated != negated, joined=link or ("and" if parts else joined)))
    return parts


def _polarities(sentence: str):
    return [polarity for polarity in read_polarities(sentence) if re.search(r"\w", polarity.text)]


@lru_cache(maxsize=4096)
def _meaning(plain: str) -> tuple[Finding | None, str]:
    """The catalogue entry that words name, if any, and the words in English."""
    english = to_english(plain)
    finding = named(plain) or named(_unframed(english))
    if finding is None and (spelt := corrected(plain)) != plain:
        english = to_english(spelt)
        finding = named(_unframed(spelt)) or named(_unframed(english))
    return finding, english


@lru_cache(maxsize=4096)
def _unframed(text: str) -> str:
    """Words without the question around them, perhaps none.

    A name that itself begins or ends like a question ("any sinus rhythm", "nothing wrong with this ECG") stays whole:
    the longest words that name a finding are taken.
    """
    begins = _stripped("begin", text, loosely=True)
    ends = _stripped("end", text, loosely=True)
    lengths = [(len(text) - len(begin), len(end)) for begin in begins for end in ends]
    lengths = [(start, stop) for start, stop in lengths if start < stop]
    for start, stop in sorted(lengths, key=lambda span: span[0] - span[1]):
        words = _trimmed(text[start:stop])
        if named(words) is not None:
            return words
    return _trimmed(_stripped("end", _stripped("begin", text)[-1])[-1])


def _stripped(place: str, text: str, loosely: bool = False) -> list[str]:
    """A text, and what is left of it when one frame after the other is taken off, loosely also words of degree."""
    texts = [text]
    while len(texts) < 20:
        rest = texts[-1].lstrip(_EDGE_SIGNS) if place == "begin" else texts[-1].rstrip(_EDGE_SIGNS)
        without = _frame(place).sub("", rest, count=1)
        if loosely and without == rest:
            without = _frame(f"{place}_of_name").sub("", rest, count=1)
        if without == texts[-1]:
            break
        texts.append(without)
    return texts


def _trimmed(text: str) -> str:
    trimmed = text.strip(_EDGE_SIGNS)
    # A bracket may belong to the name: "PRC(S)".
    return trimmed if named(trimmed) is not None or named(text) is None else text.strip(" ?!.,;:")


@cache
def _frame(place: str) -> re.Pattern:
    path = ASSETS / "questions" / "frames.toml"
    try:
        frames = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise CatalogueError(f"{path.name}: not readable as TOML ({fault}).") from fault
    alternatives = "|".join(f"(?:{frame})" for frame in frames[place])
    edges = r"^(?:{})(?![\w'-])" if place.startswith("begin") else r"(?<![\w'])(?:{})$"
    return re.compile(edges.format(alternatives), re.IGNORECASE)


# --- several findings in one question -------------------------------------------------------------------------------

_JOINTS = re.compile(
    r"\s*(?:[,;]|:(?!\d))\s*(?P<listed>(?:and|or|und|oder|but|aber|nor|noch|as well as|sowie)\s+)?"
    r"|\s+and/or\s+|\s+und/oder\s+"
    r"|\s+(?P<and>and also|and|as well as|along with|together with|in addition to|plus|&|\+|und|sowie|but|aber|yet|nor|"
    r"noch)\s+"
    r"|\s+(?P<or>or|oder|bzw\.?|vs\.?|versus|respectively)\s+"
    r"|\s+(?P<with>with|mit|bei)\s+"
    r"|(?<=\w)(?P<slash>\s*/\s*)(?=\w)",
    re.IGNORECASE,
)
_LEAD = rf"(?:leads?\s+)?(?:{'|'.join(sorted(LEADS, key=len, reverse=True))}|[1-6])"
_REGION = (
    r"(?:high lateral|antero(?:septal|lateral)|infero(?:lateral|posterior)|anterior|inferior|lateral|septal|posterior|"
    r"apical|limb|chest|precordial|right|left)"
)
_AND = r"\s*(?:,\s*(?:and|or|und|oder)?|and|or|und|oder|&|/|-|–|to|bis|through)\s*"
# "II, III and aVF"; "the inferior and lateral leads"; "P and T waves": one place or subject, however many words.
_TOGETHER = re.compile(
    rf"\b{_LEAD}(?:{_AND}{_LEAD})+\b"
    rf"|\b{_REGION}(?:{_AND}(?:the\s+)?{_REGION})+\s+(?:leads?|walls?)\b"
    r"|\b(?:P|Q|R|S|ST|T|U|QRS|PR|QT)(?:[- ](?:waves?|segments?|complex(?:es)?|intervals?))?"
    r"\s*(?:and|or|und|oder|&|/)\s*(?:P|Q|R|S|ST|T|U|QRS|PR|QT)\b(?=\s+(?:waves?|segments?|complex(?:es)?|are|is|intervals?))",
    re.IGNORECASE,
)
# Words that do not stand alone: "inferior and lateral ST elevation", "right or left bundle branch block".
_MODIFIER = re.compile(
    r"left|right|anterior|posterior|inferior|lateral|septal|antero(?:septal|lateral)|infero(?:lateral|posterior)|high|apical|"
    r"atrial|ventricular|supraventricular|junctional|sinus|first|second|third|1st|2nd|3rd|acute|old|recent|chronic|"
    r"complete|incomplete|the",
    re.IGNORECASE,
)
_STRUCTURE = re.compile(
    r"\b(?:[PQRSTUJ]|QRS|QTc?|PR|PQ|ST|waves?|segments?|axis|voltages?|amplitudes?|complex(?:es)?|intervals?|rate|rhythm|response|"
    r"progression|transition|beats?|conduction|point|repolari[sz]ation)\b",
    re.IGNORECASE,
)
_DESCRIBED = re.compile(
    r"\b(?:elevat|depress|inver|tall|flat|deep|broad|wide|notch|peak|prolong|short|long|small|large|high|low|absent|missing|"
    r"biphasic|upright|negative|positive|slur|fragment|abnormal|normal|rapid|slow|fast|poor|raised|coved|concave|convex|"
    r"scoop|downslop|upslop|horizontal|sagging|patholog|delayed|early|late|dominant|narrow|irregular|regular|bizarre|loss|"
    r"lost|premature|chang|deviat|giant|retrograde|dissociat|blocked|dropped|non-conducted|variable|prominent)",
    re.IGNORECASE,
)
_LACKING = re.compile(
    r"(?:absent|missing|no) (?P<after>.+)|(?P<before>.+?)(?: (?:is|are))? (?:absent|missing|lacking|gone)",
    re.IGNORECASE,
)
_DEPENDENT = re.compile(
    r"(?:in|of|to|from|by|at|on|that|which|who|whose|then|than|as|its|their|for|are|is|im|am|beyond|up)\b", re.I
)


def _split(text: str) -> list[Part]:
    """Parts of words without a negation, the longest names first."""
    if not text:
        return []
    spans, links = _atoms(text)
    if len(spans) > MOST_PARTS:
        return [_part(text, "")]
    pieces, number = [], 0
    while number < len(spans):
        last = _end_of_name(text, spans, links, number)
        run = text[spans[number][0] : spans[last][1]]
        pieces.append(_part(run, _spoken_link(links, number - 1) if number else ""))
        number = last + 1
    return _rejoined(text, _beginnings_shared(_heads_shared(pieces)))


def _atoms(text: str) -> tuple[list[tuple[int, int]], list[str]]:
    """Where the pieces between words such as "and" stand, and how each is linked to the one before."""
    together = [found.span() for found in _TOGETHER.finditer(text)]
    spans, links, start = [], [], 0
    for joint in _JOINTS.finditer(text):
        if any(begin < joint.end() and joint.start() < end for begin, end in together):
            continue
        if not re.search(r"\w", text[start : joint.start()]) or not re.search(r"\w", text[joint.end() :]):
            continue
        if joint["slash"] and not (_names_one(text[: joint.start()]) and _names_one(text[joint.end() :])):
            continue
        spans.append((start, joint.start()))
        links.append(_link(joint))
        start = joint.end()
    return [*spans, (start, len(text))], links


def _names_one(text: str) -> bool:
    """Whether the words nearest to a slash name a finding."""
    return _meaning(_unframed(text))[0] is not None


def _link(joint: re.Match) -> str:
    if joint["with"]:
        return "with"
    said = joint.group().casefold()
    if joint["slash"] or re.search(r"\b(?:or|oder|bzw|vs|versus)\b", said):
        return "or"
    return "," if said.strip() in (",", ";", ":") else "and"


def _spoken_link(links: list[str], number: int) -> str:
    """In a list, a comma stands for the word before the last item: "AF, flutter or SVT"."""
    return (
        next((link for link in links[number:] if link in ("and", "or")), "and")
        if links[number] == ","
        else links[number]
    )


def _end_of_name(text: str, spans: list[tuple[int, int]], links: list[str], first: int) -> int:
    """The last piece of the longest run from ``first`` on that has a name of its own ("LVH with strain")."""
    for last in range(min(first + LONGEST_RUN, len(spans)) - 1, first, -1):
        if "," not in links[first:last] and _meaning(_unframed(text[spans[first][0] : spans[last][1]]))[0] is not None:
            return last
    return first


def _part(run: str, joined: str) -> Part:
    plain = _unframed(run) or _trimmed(run)
    finding, english = _meaning(plain)
    if finding is None:
        finding = stated(plain) or stated(english)
    if finding is None and (lacking := _LACKING.fullmatch(english)):
        # "absent P waves" can be seen, but where the catalogue has a name for what is absent, that is denied.
        thing = _trimmed(lacking["after"] or lacking["before"])
        if named(thing) is not None:
            return Part(plain, thing, named(thing).id, True, joined)
    return Part(plain, english, finding and finding.id, False, joined)


def _heads_shared(pieces: list[Part]) -> list[Part]:
    """Give modifiers that stand alone the head of the piece that follows: "inferior and lateral ST elevation"."""
    shared = list(pieces)
    for number in range(len(shared) - 2, -1, -1):
        piece, following = shared[number], shared[number + 1]
        words = piece.english.replace("-", " ").split()
        after = following.english.replace("-", " ").split()
        leading = next((k for k, word in enumerate(after) if not _MODIFIER.fullmatch(word)), len(after))
        alone = all(map(_MODIFIER.fullmatch, words))
        if piece.finding or not alone or following.joined == "with" or not 0 < leading < len(after):
            continue
        heads = [after[place:] for place in range(1, leading + 1)]
        heads.sort(key=lambda head: named(" ".join([*words, *head])) is None)
        full = _part(" ".join([*words, *heads[0]]), piece.joined)
        # "left anterior and posterior fascicular block": what stands first may belong to both.
        both = _part(" ".join([*words[:-1], *after]), following.joined)
        if len(words) > 1 and full.finding and both.finding:
            shared[number + 1] = both
        shared[number] = full
    return shared


def _beginnings_shared(pieces: list[Part]) -> list[Part]:
    """Give a piece that says nothing alone the beginning of the one before: "ST elevation or depression"."""
    shared = pieces[:1]
    for piece in pieces[1:]:
        words, before = piece.english.split(), shared[-1].english.split()
        if piece.finding is None and piece.joined != "with" and shared[-1].finding and len(words) < len(before):
            swapped = [*words, *before[len(words) :]] if all(map(_MODIFIER.fullmatch, words)) else []
            for full in (" ".join([*before[: -len(words)], *words]), " ".join(swapped)):
                if full and named(full) is not None:
                    piece = _part(full, piece.joined)
                    break
        shared.append(piece)
    return shared


def _rejoined(text: str, pieces: list[Part]) -> list[Part]:
    """Undo cuts between pieces one of which says nothing alone: "P waves and QRS complexes are independent"."""
    joined: list[Part] = []
    for piece in pieces:
        if joined and not _may_part(joined[-1], piece):
            last = joined.pop()
            start = text.find(last.text)
            end = text.rfind(piece.text) + len(piece.text)
            whole = text[start:end] if 0 <= start < end else f"{last.text} {piece.joined} {piece.text}"
            joined.append(_part(whole, last.joined))
        else:
            joined.append(piece)
    return joined


def _may_part(one: Part, other: Part) -> bool:
    if one.finding and other.finding:
        return True
    if other.joined == "with":
        return one.finding is not None and _complete(other)
    if one.finding or other.finding:
        open_end = other if one.finding else one
        return _complete(open_end) or not (
            _DEPENDENT.match(open_end.english)
            or re.fullmatch(_TOGETHER, open_end.english)
            or _only_structure(open_end.english)
        )
    return _complete(one) and _complete(other)


def _complete(part: Part) -> bool:
    return bool(_STRUCTURE.search(part.english) and _DESCRIBED.search(part.english)) and not _DEPENDENT.match(
        part.english
    )


def _only_structure(text: str) -> bool:
    words = re.findall(r"\w+", text)
    return all(_STRUCTURE.fullmatch(word) or word in LEADS for word in words) or all(map(_MODIFIER.fullmatch, words))
