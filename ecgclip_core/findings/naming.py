"""The finding that words name, in whatever order, number or spelling they are written."""

import re
from collections.abc import Iterable
from functools import cache, lru_cache

from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.findings.abbreviations import needs_capitals, write_out
from ecgclip_core.findings.catalogue import Finding, catalogue, normalised
from ecgclip_core.findings.questions import example_questions

_ARTICLE = re.compile(r"an?|the|is|are|was|were|ist|sind|war|ein(?:e[nmrs]?)?|der|die|das|den|dem|des", re.IGNORECASE)
# In names, these carry the order of words only: "elevation of the ST segment in the inferior leads".
_LOOSE = re.compile(
    r"of|in|on|at|to|von|im|bei|leads?|ableitung|segment|strecke|wave|welle?|interval|complex|wall|myocardial|cardiac|muscle"
)
# Nouns and adjectives by which the same thing is said: "inversion of the T wave", "the T wave is inverted".
_SAME = {
    "atria": "atrial",
    "atrium": "atrial",
    "ventricl": "ventricular",
    "septum": "septal",
    "infarction": "infarct",
    "inverted": "inversion",
    "elevated": "elevation",
    "raised": "elevation",
    "depressed": "depression",
    "prolonged": "prolongation",
    "enlarged": "enlargement",
    "deviated": "deviation",
    "flattened": "flattening",
    "widened": "broad",
    "wide": "broad",
}
# Who moves the words of a text with one of these about changes what it says.
_FIXED = re.compile(
    r"no|not|nor|neither|without|with|and|or|but|than|before|after|from|over|under|above|below|between|beyond|into|"
    r"kein|ohne|nicht|mit|und|oder|aber|nach|vor|zwischen|per"
)
_OPPOSITES = (("left", "right"), ("anterior", "posterior"), ("long", "short"), ("high", "low"), ("broad", "narrow"))
# One letter away from a word of the catalogue, and words of their own.
_EVERYDAY = frozenset(
    "literal interior exterior chance chances charge charges brunch bungle bungled paring placing racing "
    "facing packing peeked packed leaked patter patten resent legion invested inverter invented inserted "
    "invention mistral raided "
    "flatter flattered flatters fluttered clutter cluster infection injection ejection invasion sediment "
    "estate strainer trained stained notation station curation relayed delated compete competed completed complexes "
    "depressing depressive elevator elevate elevates aptitude dental casual causal coroner cardinal axial parade "
    "narrowed border boarder broader wider shortly longer lower higher slower faster sewer severs fever "
    "regulate regulation singe single tension torsion version conversion diversion reversion reversal reserve "
    "stadium medium atrium digital capital hospital rectal mental general rapids waved waving wavering "
    "vordere hintere obere untere Ableitung Leitung Verbreitung Vorbereitung Erhebung Hebungen Senkungen Sendung "
    "Belüftung Belastung Entlastung Verlängerung Verengung Bewegung Lagerung Achseln Wellen Wecken Zacken Zecken "
    "Block Blick Blicke Herzen Kerzen Schmerz Scherze Spannung Pannung Normale Formale".lower().split()
)
_LONG_WORD = re.compile(r"[^\W\d_]{6,}")


@lru_cache(maxsize=16384)
def named(text: str) -> Finding | None:
    """The finding whose id, name, synonym or code a text is.

    Parameters
    ----------
    text : str
        Without a question around it. Articles, number, German endings, hyphens, British or American spelling do not
        matter, nor, without a word such as "without", the order: "block, left bundle branch".

    Returns
    -------
    Finding or None
        None also where two findings would answer.
    """
    words = _words(text)
    if len(words) == 1 and any(map(needs_capitals, text.split())):
        return None
    return _exact_names().get(normalised(text)) or _names().get("".join(words)) or _loose_names().get(_loose(words))


def stated(text: str) -> Finding | None:
    """The finding one of whose prompts a text is, under the same freedoms but for the order of words."""
    return _prompts().get("".join(_words(text)))


def corrected(text: str) -> str:
    """A text whose long words are spelt as the catalogue spells them, where one letter is wrong and one word fits.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
        Words that the catalogue or everyday sentences hold stay as they are, as does a word of less than six letters
        and one whose first letter would change ("atypical" is not "typical").
    """
    return _LONG_WORD.sub(lambda found: _corrected_word(found.group()), text)


def speaks_of_findings(text: str) -> bool:
    """Whether any word of a text is one that the catalogue's names and sentences use for what an ECG shows."""
    return any(word in _stems_of_findings() for word in _words(text) if not _LOOSE.fullmatch(word))


def speaks_of_ecg(text: str) -> bool:
    """Whether any word of a text is one of the catalogue's or of ECG reports that everyday sentences do not have."""
    return any(word in _stems_of_ecg() for word in _words(text))


def _corrected_word(word: str) -> str:
    plain = normalised(word)
    if _stem(plain) in _known_stems():
        return word
    near = {other for trace in _traces(plain) for other in _spellings().get(trace, ()) if _may_be(plain, other)}
    meant = {_stem(other) for other in near}
    return _as_written()[min(near)] if len(meant) == 1 else word


def _may_be(word: str, other: str) -> bool:
    """Neither another beginning nor another ending is a slip: "atypical" and "typical", "collapsed" and "collapses"."""
    inflected = other[:-1] in (word, word[:-1]) or word[:-1] == other
    return word[0] == other[0] and not inflected and _one_off(word, other)


def _one_off(word: str, other: str) -> bool:
    """Whether one letter left out, put in, replaced or swapped with the next makes one word of the other."""
    if word == other:
        return False
    start = next((k for k, (a, b) in enumerate(zip(word, other, strict=False)) if a != b), min(len(word), len(other)))
    rest, other_rest = word[start:], other[start:]
    return (
        rest[1:] == other_rest[1:]
        or rest[1:] == other_rest
        or rest == other_rest[1:]
        or (rest[:2] == other_rest[1::-1] and rest[2:] == other_rest[2:])
    )


def _traces(word: str) -> set[str]:
    """A word and all it becomes with one letter left out: two words one letter apart share one of these."""
    return {word, *(word[:place] + word[place + 1 :] for place in range(len(word)))}


def _words(text: str) -> list[str]:
    """Stems of the words, without articles."""
    text = re.sub(r"\s[&+]\s", " and ", text)
    rough = [word for word in re.split(r"[\s,;:()]+", text) if word == "A" or not _ARTICLE.fullmatch(word)]
    parts = (part for word in rough for part in re.split(r"[-/‐-―]", word))
    return [stem for stem in map(_plain_stem, parts) if stem]


@lru_cache(maxsize=16384)
def _plain_stem(word: str) -> str:
    return _stem(normalised(word))


def _stem(word: str) -> str:
    """One form for singular and plural, and for the cases of a German adjective."""
    if word == "wellens":
        # Neither "well" nor "Wellen".
        return word
    if len(word) >= 4 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    if len(word) >= 5 and word.endswith("y"):
        word = word[:-1] + "i"
    return re.sub(r"(?<=\w{4})e[nrms]?$", "", word)


def _loose(words: list[str]) -> tuple[str, ...] | None:
    """The words that matter in a fixed order, or None where their own order matters."""
    if not 2 <= len(words) <= 9 or any(map(_FIXED.fullmatch, words)):
        return None
    if any(one in words and other in words for one, other in _OPPOSITES):
        return None
    key = sorted(_SAME.get(word, word) for word in words if not _LOOSE.fullmatch(word))
    return tuple(key) if len(key) > 1 else None


def _index(texts: Iterable[tuple[str, Finding]], key) -> dict:
    """By key, without the keys that two findings share."""
    index: dict = {}
    for text, finding in texts:
        words = key(text)
        if words:
            index[words] = finding if index.get(words, finding) is finding else None
    return {words: finding for words, finding in index.items() if finding is not None}


def _names_as_written() -> list[tuple[str, Finding]]:
    return [
        (text, finding)
        for finding in catalogue().values()
        for text in (
            finding.id.replace("_", " "),
            finding.name,
            *finding.synonyms,
            *(code for system, codes in finding.codes.items() if system != "scp_subclass" for code in codes),
        )
    ]


def _also_written_out(texts: list[tuple[str, Finding]]) -> list[tuple[str, Finding]]:
    return [(written, finding) for text, finding in texts for written in (text, write_out(text).text)]


def _in_order(text: str) -> str:
    return "".join(_words(text))


@cache
def _exact_names() -> dict[str, Finding]:
    return _index(_names_as_written(), normalised)


@cache
def _names() -> dict[str, Finding]:
    # What is there as written decides; what abbreviations and stems make of others comes second.
    exact = _index(_names_as_written(), _in_order)
    return _index(_also_written_out(_names_as_written()), _in_order) | exact


@cache
def _loose_names() -> dict[tuple[str, ...], Finding]:
    return _index(_also_written_out(_names_as_written()), lambda text: _loose(_words(text)))


@cache
def _prompts() -> dict[str, Finding]:
    prompts = [(text, finding) for finding in catalogue().values() for text in finding.prompts]
    return _index(_also_written_out(prompts), _in_order)


@cache
def _as_written() -> dict[str, str]:
    """Every long word of the catalogue by its plain spelling."""
    texts = [text for text, _ in _also_written_out(_names_as_written())]
    texts += [text for finding in catalogue().values() for text in (*finding.prompts, *finding.contrast)]
    words = {word for text in texts for word in re.findall(r"[^\W\d_]{5,}", text)}
    return {normalised(word): word if word.isupper() else word.lower() for word in sorted(words)}


@cache
def _stems_of_findings() -> frozenset[str]:
    texts = [text for text, _ in _also_written_out(_names_as_written())]
    return frozenset(word for text in texts for word in _words(text))


@cache
def _stems_of_ecg() -> frozenset[str]:
    everyday = {word for scope in ("beyond", "none") for text in example_questions(scope) for word in _words(text)}
    report = "ecg ekg electrocardiogram elektrokardiogramm tracing qrs qt st av heart patient coronary artery culprit"
    leads = (lead for lead in LEADS if len(lead) > 1 and not lead.startswith("I"))
    named = {word for word in _stems_of_findings() if len(word) > 2 and not _LOOSE.fullmatch(word)}
    return frozenset((named - everyday) | {_plain_stem(word) for word in (*report.split(), *leads)})


@cache
def _known_stems() -> frozenset[str]:
    everyday = {
        word for scope in ("beyond", "none") for text in example_questions(scope) for word in re.findall(r"\w+", text)
    }
    return frozenset(_stem(normalised(word)) for word in {*everyday, *_EVERYDAY, *_as_written()})


@cache
def _spellings() -> dict[str, list[str]]:
    spellings: dict[str, list[str]] = {}
    for word in _as_written():
        for trace in _traces(word):
            spellings.setdefault(trace, []).append(word)
    return spellings
