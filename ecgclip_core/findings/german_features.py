"""A German sentence about waves in English."""

import re
from functools import cache

from ecgclip_core.findings.translation import to_english

# What the glossary of reports leaves as it is: conjunctions and comparisons between the words it knows.
_GERMAN = {
    "und": "and",
    "oder": "or",
    "ohne": "without",
    "mit": "with",
    r"keine?[rnms]?": "no",
    r"fehlende?[rns]?": "absent",
    r"(?:ü|ue)ber": "above",
    r"(?:l(?:ä|ae)nger|gr(?:ö|oe)(?:ß|ss)er|breiter|h(?:ö|oe)her|mehr) als": "more than",
    r"unter": "below",
    r"(?:k(?:ü|ue)rzer|kleiner|schmaler|niedriger|weniger) als": "less than",
    r"mindestens": "at least",
    r"in ableitung(?:en)?": "in leads",
    r"p-?wellen?": "P waves",
    r"(?:pq|pr)-(?:zeit|intervall|dauer|strecke)": "PR interval",
    r"qrs-(?:dauer|breite|zeit)": "QRS duration",
    r"qrs-?komplexe?": "QRS complexes",
    r"st-?hebung(?:en)?": "ST elevation",
    r"st-?senkung(?:en)?": "ST depression",
    r"t-?negativierung(?:en)?|t-?inversion(?:en)?": "T inversion",
    r"t-?wellen?": "T waves",
    r"r-?zacken?": "R waves",
    r"s-?zacken?": "S waves",
    r"q-?zacken?": "Q waves",
    r"u-?wellen?": "U waves",
    r"flatterwellen": "flutter waves",
    r"flimmerwellen": "fibrillatory waves",
    r"delta-?wellen?": "delta wave",
    r"negative[rnms]?": "negative",
    r"positive[rnms]?": "positive",
    r"hohe[rnms]?": "tall",
    r"tiefe[rnms]?": "deep",
    r"breite[rnms]?": "broad",
    r"schmale[rnms]?": "narrow",
    r"flache[rnms]?": "flat",
    r"spitze[rnms]?": "peaked",
    r"verl(?:ä|ae)ngerte[rnms]?": "prolonged",
    r"verk(?:ü|ue)rzte[rnms]?": "short",
    r"gekerbte[rnms]?|aufgesplitterte[rnms]?": "notched",
    r"pathologische[rnms]?": "pathological",
    r"unregelm(?:ä|ae)(?:ß|ss)ige[rnms]?": "irregular",
    r"regelm(?:ä|ae)(?:ß|ss)ige[rnms]?": "regular",
    r"rr-(?:abst(?:ä|ae)nde|intervalle)": "RR intervals",
    r"herzfrequenz": "heart rate",
    r"(?:in )?den inferioren ableitungen": "in the inferior leads",
    r"(?:in )?den lateralen ableitungen": "in the lateral leads",
    r"(?:in )?den anterioren ableitungen": "in the anterior leads",
    r"(?:in )?den brustwandableitungen": "in the chest leads",
    r"(?:in )?den extremit(?:ä|ae)tenableitungen": "in the limb leads",
    r"bis": "to",
}


def english(sentence: str) -> str:
    """A German sentence about waves in English, as far as its words are known; English comes back as it is."""
    words = _german_words()
    plain = words.sub(lambda found: _GERMAN[_german_pattern(found)], sentence)
    return to_english(plain)


@cache
def _german_words() -> re.Pattern:
    longest_first = sorted(_GERMAN, key=len, reverse=True)
    return re.compile(r"(?<![\w-])(?:" + "|".join(f"({word})" for word in longest_first) + r")(?![\w-])", re.IGNORECASE)


def _german_pattern(found: re.Match) -> str:
    return sorted(_GERMAN, key=len, reverse=True)[found.lastindex - 1]
