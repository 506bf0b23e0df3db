"""Several findings in one phrase: where "and", "or", "with" and commas join two, and where they belong to one."""

import re
from dataclasses import replace

from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.findings.framing import unframed
from ecgclip_core.findings.naming import named
from ecgclip_core.findings.parts import Part, meaning, part_of

# Who asks for more at once asks for nothing in particular.
MOST_PARTS = 24
# Pieces that one name may have: "right, left and biventricular ..." has three.
LONGEST_RUN = 5

_JOINTS = re.compile(
    r"\s*(?:[,;]|:(?!\d))\s*(?:(?:and|or|und|oder|but|aber|nor|noch|as well as|sowie)\s+)?"
    r"|\s+and/or\s+|\s+und/oder\s+"
    r"|(?:,|\s)\s*(?:in combination with|combined with|accompanied by|associated with|alongside|on top of|"
    r"in addition(?: to)?|als auch|zusammen mit|in kombination mit|neben)\s+"
    r"|\s+(?:and also|but also|sondern auch|and|as well as|along with|together with|plus|&|\+|und|sowie|but|aber|"
    r"yet|nor|noch)\s+"
    r"|\s+(?:or|oder|bzw\.?|vs\.?|versus|respectively)\s+"
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
_PLACE = re.compile(
    rf"\s(?:in|over|across)\s(?:.*\b(?:leads?|walls?)|(?:the\s)?{_LEAD}(?:{_AND}{_LEAD})*)$", re.IGNORECASE
)
# What each lead shows for itself.
_WAVE = re.compile(r"\b(?:[QRSTUJ]|ST)\b")
_DEPENDENT = re.compile(
    r"(?:in|of|to|from|by|at|on|that|which|who|whose|then|than|as|its|their|for|are|is|im|am|beyond|up)\b", re.I
)


def split(text: str) -> list[Part]:
    """Parts of words without a negation, the longest names first."""
    if not text:
        return []
    spans, links = _atoms(text)
    if len(spans) > MOST_PARTS:
        return [part_of(text, "")]
    pieces, number = [], 0
    while number < len(spans):
        last = _end_of_name(text, spans, links, number)
        run = text[spans[number][0] : spans[last][1]]
        pieces.append(part_of(run, _spoken_link(links, number - 1) if number else ""))
        number = last + 1
    return _rejoined(text, _places_shared(_beginnings_shared(_heads_shared(pieces))))


def _atoms(text: str) -> tuple[list[tuple[int, int]], list[str]]:
    """Where the pieces between words such as "and" stand, and how each is linked to the one before."""
    together = [found.span() for found in _TOGETHER.finditer(text)]
    joints = [
        joint
        for joint in _JOINTS.finditer(text)
        if not any(begin < joint.end() and joint.start() < end for begin, end in together)
    ]
    if len(joints) > 2 * MOST_PARTS:
        return [(0, len(text))], []
    spans, links, start = [], [], 0
    ends = [joint.start() for joint in joints[1:]] + [len(text)]
    for joint, end in zip(joints, ends, strict=False):
        before, after = text[start : joint.start()], text[joint.end() : end]
        if not re.search(r"\w", before) or not re.search(r"\w", text[joint.end() :]):
            continue
        # "ST/T" and "V1/V2" are no alternatives.
        if joint["slash"] and not (meaning(unframed(before))[0] and meaning(unframed(after))[0]):
            continue
        spans.append((start, joint.start()))
        links.append(_link(joint))
        start = joint.end()
    return [*spans, (start, len(text))], links


def _link(joint: re.Match) -> str:
    if joint["with"]:
        return "with"
    said = joint.group().casefold()
    if joint["slash"] or re.search(r"\b(?:or|oder|bzw|vs|versus)\b", said):
        return "or"
    return "," if said.strip() in (",", ";", ":") else "and"


def _spoken_link(links: list[str], number: int) -> str:
    """In a list, a comma stands for the word before the last item: "AF, flutter or SVT"."""
    if links[number] != ",":
        return links[number]
    return next((link for link in links[number:] if link in ("and", "or")), "and")


def _end_of_name(text: str, spans: list[tuple[int, int]], links: list[str], first: int) -> int:
    """The last piece of the longest run from ``first`` on that has a name of its own ("LVH with strain")."""
    for last in range(min(first + LONGEST_RUN, len(spans)) - 1, first, -1):
        if "," not in links[first:last] and meaning(unframed(text[spans[first][0] : spans[last][1]]))[0] is not None:
            return last
    return first


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
        full = part_of(" ".join([*words, *heads[0]]), piece.joined)
        # "left anterior and posterior fascicular block": what stands first may belong to both.
        both = part_of(" ".join([*words[:-1], *after]), following.joined)
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
                    piece = part_of(full, piece.joined)
                    break
        shared.append(piece)
    return shared


def _places_shared(pieces: list[Part]) -> list[Part]:
    """Give waves listed before a place that place: "T inversion and ST depression in V4-V6"."""
    place = _PLACE.search(pieces[-1].english)
    if not place or not all(_WAVE.search(piece.english) for piece in pieces):
        return pieces
    shared = []
    for number, piece in enumerate(pieces):
        following = "with" if number + 1 == len(pieces) else pieces[number + 1].joined
        if (
            following != "with"
            and (piece.finding or _complete(piece.english))
            and not re.search(r"\b(?:in|over)\b", piece.english)
        ):
            placed = part_of(f"{piece.english}{place.group()}", piece.joined)
            piece = replace(placed, text=piece.text)
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
            joined.append(part_of(whole, last.joined))
        else:
            joined.append(piece)
    return joined


def _may_part(one: Part, other: Part) -> bool:
    """Whether two pieces each say something of their own."""
    if one.finding and other.finding:
        return True
    if other.joined == "with":
        return one.finding is not None and _complete(other.english)
    if one.finding or other.finding:
        unnamed = other.english if one.finding else one.english
        return _complete(unnamed) or not (
            _DEPENDENT.match(unnamed) or _TOGETHER.fullmatch(unnamed) or _only_structure(unnamed)
        )
    return _complete(one.english) and _complete(other.english)


def _complete(text: str) -> bool:
    """Whether words say what is how: "ST depression", "small R waves in V1"."""
    return bool(_STRUCTURE.search(text) and _DESCRIBED.search(text)) and not _DEPENDENT.match(text)


def _only_structure(text: str) -> bool:
    words = re.findall(r"\w+", text)
    return all(_STRUCTURE.fullmatch(word) or word in LEADS for word in words) or all(map(_MODIFIER.fullmatch, words))
