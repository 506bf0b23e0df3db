"""Leads as a sentence names them: "in II, III and aVF", "V1 to V4", "the inferior leads", "in most leads"."""

import re
from functools import cache

from ecgclip_core.ecg.leads import LEADS, LIMB_LEADS, PRECORDIAL_LEADS

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
_LEAD = r"(?:avr|avl|avf|v[1-6]|iii|ii|i)\b(?!')"
_BETWEEN = r"\s*(?:,\s*and\s|,\s*or\s|,|/|&|\+|-|–|\band\b|\bor\b|\bto\b|\bthrough\b|\s)\s*"


@cache
def lead_pattern() -> re.Pattern:
    """What names leads, with the word before it."""
    regions = "|".join(_REGIONS)
    # "in leads with QS complexes" narrows a sentence down in a way that is not read.
    nearby = r"(?:two\s+)?(?:neighbou?ring|contiguous|adjacent)"
    whole = rf"(?:(?:all|most|several|many|the other)\s+(?:{nearby}\s+)?|{nearby}\s+)leads(?!\s+(?:with|that|where|of))"
    area = rf"(?:(?:all|most)\s+)?(?:the\s+)?(?:{regions})(?:(?:\s*(?:,|/|\band\b|\bor\b)\s*)(?:{regions}))*\s+leads?"
    adverb = "inferiorly|laterally|anteriorly|precordially"
    one = rf"(?:(?:lead|leads)\s+)?{_LEAD}(?:{_BETWEEN}(?:(?:lead|leads)\s+)?{_LEAD})*"
    lead_in = r"(?:\b(?:in|over|of|across|at|throughout)\s+(?:the\s+)?)?"
    return re.compile(rf"{lead_in}(?:(?P<list>{one})|(?P<area>{area})|(?P<adverb>{adverb})|(?P<whole>{whole}))(?!\w)")


def read_leads(found: re.Match) -> list[tuple[tuple[str, ...], str]] | None:
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
