"""One of the things that a question asks for, from its words."""

import re
from dataclasses import dataclass
from functools import lru_cache

from ecgclip_core.findings.catalogue import Finding
from ecgclip_core.findings.framing import trimmed, unframed
from ecgclip_core.findings.naming import corrected, named, speaks_of_ecg, stated
from ecgclip_core.findings.translation import to_english

_LACKING = re.compile(
    r"(?:absent|missing|no) (?P<after>.+)|(?P<before>.+?)(?: (?:is|are))? (?:absent|missing|lacking|gone)",
    re.IGNORECASE,
)


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


def part_of(run: str, joined: str) -> Part:
    """The part that words with perhaps a question around them, but no negation, ask for."""
    plain = unframed(run) or trimmed(run)
    finding, english = meaning(plain)
    if finding is None:
        finding = stated(plain) or stated(english)
    if finding is None and (lacking := _LACKING.fullmatch(english)):
        # "absent P waves" can be seen, but where the catalogue has a name for what is absent, that is denied.
        thing = trimmed(lacking["after"] or lacking["before"])
        if named(thing) is not None:
            return Part(plain, thing, named(thing).id, True, joined)
    return Part(plain, english, finding and finding.id, False, joined)


def _speaks_without(text: str, spelt: str) -> bool:
    """Whether a word of a text that was spelt rightly is about an ECG."""
    kept = [word for word, other in zip(text.split(), spelt.split(), strict=True) if word == other]
    return speaks_of_ecg(" ".join(kept))


@lru_cache(maxsize=4096)
def meaning(plain: str) -> tuple[Finding | None, str]:
    """The catalogue entry that words name, if any, and the words in English."""
    english = to_english(plain)
    finding = named(plain) or named(unframed(english))
    if finding is None and (spelt := corrected(plain)) != plain:
        corrected_english = to_english(spelt)
        finding = named(unframed(spelt)) or named(unframed(corrected_english))
        if finding is not None or _speaks_without(plain, spelt):
            english = corrected_english
    return finding, english
