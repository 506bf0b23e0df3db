"""What a sentence about waves claims: which wave, which quality, how much, in which leads.

"ST elevation in II, III and aVF" is read as one claim, "tall R waves in V5 and V6 with deep S waves in V1" as two. The
words are in ``assets/features.toml``. A sentence is read whole or not at all: one word that nobody knows may change its
meaning.
"""

import re
import tomllib
from dataclasses import dataclass, replace
from functools import cache

from ecgclip_core.bundled import ASSETS
from ecgclip_core.ecg.leads import LEADS, LIMB_LEADS, PRECORDIAL_LEADS
from ecgclip_core.errors import CatalogueError
from ecgclip_core.findings.catalogue import Feature

LONGEST = 300  # characters
MOST_LEADS = 4
_REGIONS = {
    "high lateral": ("I", "aVL"),
    "left lateral": ("I", "aVL", "V5", "V6"),
    "inferolateral": ("II", "III", "aVF", "V5", "V6"),
    "anterolateral": ("I", "aVL", "V3", "V4", "V5", "V6"),
    "anteroseptal": ("V1", "V2", "V3", "V4"),
    "anterior": ("V1", "V2", "V3", "V4"),
    "septal": ("V1", "V2"),
    "lateral": ("I", "aVL", "V5", "V6"),
    "inferior": ("II", "III", "aVF"),
    "right (?:sided )?(?:chest|precordial)": ("V1", "V2", "V3"),
    "right": ("V1", "V2", "V3"),
    "mid(?:dle)?[- ]?(?:chest|precordial)": ("V3", "V4"),
    "left (?:sided )?(?:chest|precordial)": ("V4", "V5", "V6"),
    "chest|precordial": PRECORDIAL_LEADS,
    "limb": LIMB_LEADS,
}
# Normal aVR is upside down, and III and V1 often are.
_EVERYWHERE = tuple(lead for lead in LEADS if lead != "aVR")
_LEAD = r"(?:avr|avl|avf|v[1-6]|iii|ii|i)\b(?!')"
_BETWEEN = r"\s*(?:,\s*and\s|,\s*or\s|,|/|&|\+|-|–|\band\b|\bor\b|\bto\b|\bthrough\b|\s)\s*"
# Every recording has the others.
_MAY_BE_ABSENT = ("P", "Q", "R", "S", "T", "U")
_UNITS = {"ms": 1.0, "s": 1000.0, "mv": 1.0, "mm": 0.1, "": 1.0, "bpm": 1.0, "degrees": 1.0}
_UNIT_WORDS = {
    "ms": "ms|msec|milliseconds?",
    "s": "seconds?|sec|s",
    "mv": "mv|millivolts?",
    "mm": "mm|millimet(?:er|re)s?",
    "bpm": "bpm|/ ?min(?:ute)?|per minute|beats per minute|beats a minute|beats/min|a minute",
    "degrees": "degrees?|°",
}
_ABOVE = (
    "at least|no less than|not less than|from|>=|≥|more than|above|over|exceeding|greater than|beyond|>|"
    "(?:longer|broader|wider|taller|deeper|higher|larger|bigger|greater|faster) than"
)
_BELOW = (
    "at most|no more than|up to|<=|≤|less than|below|under|<|(?:shorter|narrower|lower|smaller|shallower|slower) than"
)
_COUNT = {"one": "1", "half a": "0.5", "two": "2", "three": "3"}


@dataclass(frozen=True)
class Claim:
    """One thing that a sentence says.

    Attributes
    ----------
    wave : str
        A key of ``[waves]`` in the list of words, or "" for a phrase.
    quality : str
        A key of ``[qualities]``, ``"present"``, ``"size"`` (a bare number), or a key of ``[phrases]``.
    leads : tuple of str
        Empty where the sentence names none.
    scope : str
        ``"all"`` of the leads, which were named one by one; ``"region"``: neighbours within them; ``"any"`` of them.
    low, high : float or None
        Bounds in ms, mV, beats per minute or degrees.
    denied : bool
        The sentence says that it is not so.
    """

    wave: str
    quality: str
    leads: tuple[str, ...] = ()
    scope: str = "region"
    low: float | None = None
    high: float | None = None
    denied: bool = False


@dataclass(frozen=True)
class Reading:
    """Claims of a sentence: it says that one of each group holds, for every group."""

    groups: tuple[tuple[Claim, ...], ...]


def feature_sentence(feature: Feature) -> str:
    """The feature's text with its leads, where it names none itself and they are few: one sentence, one meaning.

    A longer list says where to look, not that all of them show it.
    """
    if len(feature.leads) > MOST_LEADS or _names_leads(feature.text):
        return feature.text
    return f"{feature.text} in {_listed(feature.leads)}"


@cache
def read_feature(text: str) -> Reading | None:
    """Read an English sentence about waves.

    Parameters
    ----------
    text : str
        Of at most `LONGEST` characters.

    Returns
    -------
    Reading or None
        None where a word of it is unknown or its grammar is.
    """
    if len(text) > LONGEST:
        return None
    tokens = _tokens(_plain(text))
    if tokens is None:
        return None
    claims = _Claims()
    for place, (kind, value) in enumerate(tokens):
        if not claims.take(kind, value, tokens[place + 1 :]):
            return None
    return claims.reading()


def unknown_leads(text: str) -> tuple[str, ...]:
    """Leads that a sentence names and a 12-lead ECG does not have, such as V9."""
    return tuple(re.findall(r"\b(?:v(?:[07-9]|\d{2,}|[1-9]r)|v\d+r)\b", text, re.IGNORECASE))


def _plain(text: str) -> str:
    plain = " ".join(text.casefold().replace("’", "'").replace("−", "-").replace("´", "'").split()).strip(" .")
    plain = re.sub(r"[()\[\]:]", " ", plain)
    plain = re.sub(r"(?<=\d),(?=\d)", ".", plain)
    for word, digit in _COUNT.items():
        plain = re.sub(
            rf"\b{word} (?=(?:{_UNIT_WORDS['s']}|{_UNIT_WORDS['mv']}|{_UNIT_WORDS['mm']})\b)", f"{digit} ", plain
        )
    return plain


def _listed(leads: tuple[str, ...]) -> str:
    return leads[0] if len(leads) == 1 else f"{', '.join(leads[:-1])} and {leads[-1]}"


def _names_leads(text: str) -> bool:
    plain = _plain(text)
    return bool(_patterns()["leads"].search(plain))


# --- words ---


@cache
def _words() -> dict[str, dict[str, list[str]]]:
    path = ASSETS / "features.toml"
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as fault:
        raise CatalogueError(f"{path.name}: not readable as TOML ({fault}).") from fault


@cache
def _patterns() -> dict[str, re.Pattern]:
    regions = "|".join(_REGIONS)
    # "in leads with QS complexes" narrows a sentence down in a way that is not read.
    nearby = r"(?:two\s+)?(?:neighbou?ring|contiguous|adjacent)"
    whole = rf"(?:(?:all|most|several|many|the other)\s+(?:{nearby}\s+)?|{nearby}\s+)leads(?!\s+(?:with|that|where|of))"
    area = rf"(?:(?:all|most)\s+)?(?:the\s+)?(?:{regions})(?:(?:\s*(?:,|/|\band\b|\bor\b)\s*)(?:{regions}))*\s+leads?"
    adverb = "inferiorly|laterally|anteriorly|precordially"
    one = rf"(?:(?:lead|leads)\s+)?{_LEAD}(?:{_BETWEEN}(?:(?:lead|leads)\s+)?{_LEAD})*"
    lead_in = r"(?:\b(?:in|over|of|across|at|throughout)\s+(?:the\s+)?)?"
    units = "|".join(f"(?P<{name}>{words})" for name, words in _UNIT_WORDS.items())
    number = r"-?\d+(?:[.]\d+)?"
    size = (
        rf"(?:of\s+|by\s+|=\s*|at\s+)?(?:(?P<above>{_ABOVE})|(?P<below>{_BELOW})|between)?\s*(?P<first>(?<![\w.]){number})"
        rf"(?:\s*(?:to|-|–|and)\s*(?P<second>{number}))?\s*(?:(?:{units})(?!\w))?"
        r"(?:\s*(?P<more>or more|or longer|or higher|or deeper|or taller|or above|and more|\+)"
        r"|\s*(?P<less>or less|or shorter|or lower|or below))?(?:\s+(?:deep|wide|long|tall|high|broad))?"
    )
    return {
        "leads": re.compile(
            rf"{lead_in}(?:(?P<list>{one})|(?P<area>{area})|(?P<adverb>{adverb})|(?P<whole>{whole}))(?!\w)"
        ),
        "number": re.compile(size),
    }


@cache
def _vocabulary() -> tuple[tuple[str, str, re.Pattern], ...]:
    edges = r"(?:{})(?![\w']|-?\w)"
    listed = [("phrase", "phrases"), ("wave", "waves"), ("quality", "qualities"), ("word", "words")]
    return tuple(
        (kind, name, re.compile(edges.format("|".join(sorted(words, key=len, reverse=True)))))
        for kind, section in listed
        for name, words in _words()[section].items()
    )


def _tokens(text: str) -> list[tuple[str, object]] | None:
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
    for kind, reader in (("leads", _leads), ("number", _number)):
        found = _patterns()[kind].match(text, at)
        if found and found.end() > (best[0] if best else at):
            value = reader(found)
            if value is None:
                return None
            best = (found.end(), kind, value)
    return best


def _leads(found: re.Match) -> list[tuple[tuple[str, ...], str]] | None:
    """Groups of leads with their scope; several groups are joined by "and"."""
    if found["whole"]:
        return [((), "neighbours" if re.search("neighb|contig|adjac", found["whole"]) else "region")]
    if found["adverb"]:
        return [
            (
                _REGIONS[
                    {"i": "inferior", "l": "lateral", "a": "anterior", "p": "chest|precordial"}[found["adverb"][0]]
                ],
                "region",
            )
        ]
    if found["area"]:
        return _areas(found["area"])
    named = _lead_list(found["list"])
    return [(named, "any" if re.search(r"\bor\b", found["list"]) else "all")]


def _areas(text: str) -> list[tuple[tuple[str, ...], str]]:
    groups, at = [], 0
    pattern = re.compile("|".join(f"(?:{name})" for name in _REGIONS))
    every = "all" if text.startswith("all") else "region"
    while found := pattern.search(text, at):
        leads = next(leads for name, leads in _REGIONS.items() if re.fullmatch(name, found.group()))
        groups.append((leads, every))
        at = found.end()
    if re.search(r"\bor\b", text):
        return [(tuple(dict.fromkeys(lead for leads, _ in groups for lead in leads)), "region")]
    return groups


def _lead_list(text: str) -> tuple[str, ...]:
    names = {lead.casefold(): lead for lead in LEADS}
    found = [(match.group(), match.end()) for match in re.finditer(_LEAD, text)]
    leads: list[str] = []
    for number, (name, _) in enumerate(found):
        lead = names[name]
        if number:
            gap = text[found[number - 1][1] : found[number][1] - len(name)]
            if re.fullmatch(r"\s*(?:-|–|to|through)\s*", gap):
                first, last = LEADS.index(leads[-1]), LEADS.index(lead)
                leads += LEADS[first + 1 : last]
        leads.append(lead)
    return tuple(dict.fromkeys(leads))


def _number(found: re.Match) -> tuple[float | None, float | None, str] | None:
    """Lower bound, upper bound and unit."""
    unit = next((name for name in _UNIT_WORDS if found[name]), "")
    first = float(found["first"]) * _UNITS[unit]
    unit = {"s": "ms", "mm": "mv"}.get(unit, unit)
    if found["second"] is not None:
        second = float(found["second"]) * _UNITS[unit if unit != "mv" or not found["mm"] else "mm"]
        return (min(first, second), max(first, second), unit)
    if found["below"] or found["less"] or (first < 0 and found["more"] == "or deeper"):
        return (None, first, unit)
    if found["above"] or found["more"]:
        return (first, None, unit)
    return (first, first, unit)


# --- grammar ---


class _Claims:
    """Claims as they come, word by word: adjectives wait for their wave, claims for their leads."""

    def __init__(self) -> None:
        self.claims: list[Claim] = []
        self.joined: list[str] = []  # before each claim
        self.without_leads = 0  # from which claim on no leads were named
        self.wave = ""
        self.bare = False  # the wave was named and nothing said of it
        self.waiting: list[tuple[str, str]] = []  # adjectives before their wave, with what joined them
        self.before = ""  # what joins the next claim to the last
        self.denied = False
        self.spread: list[str] = []  # adjectives that the waves after the next "and" share
        self.leads_first: list | None = None
        self.last = ""

    def take(self, kind: str, value, following: list[tuple[str, object]]) -> bool:
        """Read one more word; False where the grammar ends."""
        done = getattr(self, f"_{kind}")(value, following)
        self.last = kind if kind != "word" else str(value)
        return done

    def reading(self) -> Reading | None:
        self._close_wave()
        if self.waiting or not self.claims or self.denied or any(_says_nothing(claim) for claim in self.claims):
            return None
        # "no ST elevation in V1 to V4": in none of them.
        claims = [
            replace(claim, scope="any") if claim.denied and claim.scope == "all" else claim for claim in self.claims
        ]
        return _grouped(claims, self.joined)

    def _add(self, claim: Claim) -> None:
        self.claims.append(replace(claim, denied=self.denied))
        self.joined.append(self.before if len(self.claims) > 1 else "")
        self.before = ""

    def _close_wave(self) -> None:
        if self.bare:
            self.bare = False
            for quality in self.spread or ["present"]:
                self._add(Claim(self.wave, quality))
            self.denied = False

    def _phrase(self, name: str, following: list) -> bool:
        self._close_wave()
        if self.waiting or self.last == "phrase":
            return False
        self.spread = []
        self._add(Claim("", name))
        self.denied, self.wave = False, ""
        return True

    def _wave(self, name: str, following: list) -> bool:
        self._close_wave()
        if not self.waiting:
            if self.last not in ("and", "or", "comma"):
                self.spread = []
            self.wave, self.bare = name, True
            return True
        self.wave, self.spread = name, [quality for quality, _ in self.waiting]
        before = self.before
        for place, (quality, joined) in enumerate(self.waiting):
            self.before = before if place == 0 else joined
            self._add(Claim(name, quality))
        self.waiting, self.denied = [], False
        return True

    def _quality(self, name: str, following: list) -> bool:
        direct = self.wave and self.last in ("wave", "absent") or (self.wave and self.bare and self.last != "leads")
        if not direct and _wave_follows(following):
            self._close_wave()
            joined = self.last if self.waiting and self.last in ("or", "comma") else "and"
            self.waiting.append((name, joined))
            return True
        if not self.wave:
            return False
        self.bare, self.spread = False, []
        self._add(Claim(self.wave, name))
        self.denied = False
        return True

    def _number(self, value: tuple, following: list) -> bool:
        low, high, unit = value
        if unit == "bpm" and self.wave not in ("RATE", "ATRIAL_RATE"):
            self._close_wave()
            self._add(Claim("RATE", "size", low=low, high=high))
            return True
        if self.waiting and _wave_follows(following):
            return False
        if self.bare or not self.claims:
            if not self.wave:
                return False
            self.bare = False
            self._add(Claim(self.wave, "size" if unit != "ms" else "duration", low=low, high=high))
            self.denied = False
            return True
        last = self.claims[-1]
        if last.quality.startswith("axis_"):
            self._add(Claim("AXIS", "size", low=low, high=high))
            return True
        if last.low is not None or last.high is not None:
            self._add(Claim(last.wave, "size" if unit != "ms" else "duration", low=low, high=high))
            return True
        quality = "duration" if unit == "ms" and last.wave in ("P", "Q", "R", "S", "QRS") else last.quality
        if quality == "duration":
            self._add(Claim(last.wave, "duration", low=low, high=high, denied=last.denied))
            return True
        quality = "size" if last.quality == "present" else last.quality
        self.claims[-1] = replace(last, quality=quality, low=low, high=high)
        return True

    def _leads(self, groups: list, following: list) -> bool:
        self._close_wave()
        if self.last == "and" and self.without_leads == len(self.claims) and self.claims and not self.waiting:
            # "in I, aVL and the inferior leads": the same claims in further leads.
            return self._same_in(groups)
        if self.without_leads == len(self.claims):
            if self.claims or self.leads_first:
                return False
            self.leads_first = groups
            return True
        self._place(groups)
        return True

    def _same_in(self, groups: list) -> bool:
        if len(self.claims) != 1:
            return False
        for leads, scope in groups:
            self.claims.append(replace(self.claims[0], leads=leads, scope=scope))
            self.joined.append("and")
        self.without_leads, self.before = len(self.claims), ""
        return True

    def _place(self, groups: list) -> None:
        placed, joined = self.claims[: self.without_leads], self.joined[: self.without_leads]
        for claim, joiner in zip(self.claims[self.without_leads :], self.joined[self.without_leads :], strict=True):
            for number, (leads, scope) in enumerate(groups):
                placed.append(replace(claim, leads=leads, scope=scope))
                joined.append("and" if number else joiner)
        self.claims, self.joined, self.without_leads = placed, joined, len(placed)

    def _word(self, name: str, following: list) -> bool:
        if name == "absent":
            if self.bare and not (following and following[0][0] in ("wave", "quality", "phrase")):
                self.bare = False
                self.denied = True
                self._add(Claim(self.wave, "present"))
                self.denied = False
                return True
            self._close_wave()
            self.denied = True
            return True
        if self.denied and name == "or":
            return False
        self._close_wave()
        if self.waiting:
            return True
        if name != "comma" or not self.before:
            self.before = name
        return True


def _says_nothing(claim: Claim) -> bool:
    return claim.quality == "present" and claim.wave not in _MAY_BE_ABSENT


def _wave_follows(following: list[tuple[str, object]]) -> bool:
    """Whether adjectives run on until a wave, so that they belong to it."""
    before = "quality"
    for kind, value in following:
        if kind == "wave":
            return before == "quality"
        if kind not in ("quality", "word") or value == "absent":
            return False
        before = kind
    return False


def _grouped(claims: list[Claim], joined: list[str]) -> Reading | None:
    """ "A, B or C" is one group, "A and B" two; both in one sentence only where "or" joins qualities of one wave."""
    joined = joined[1:]
    for place in reversed(range(len(joined))):
        if joined[place] == "comma":
            joined[place] = joined[place + 1] if place + 1 < len(joined) else "and"
    if joined and set(joined) == {"or"}:
        return Reading((tuple(claims),))
    groups: list[list[Claim]] = [[claims[0]]]
    for claim, joiner in zip(claims[1:], joined, strict=True):
        if joiner == "or":
            if claim.wave != groups[-1][-1].wave:
                return None
            groups[-1].append(claim)
        else:
            groups.append([claim])
    return Reading(tuple(tuple(group) for group in groups))
