"""What a sentence about waves claims: which wave, which quality, how much, in which leads.

"ST elevation in II, III and aVF" is read as one claim, "tall R waves in V5 and V6 with deep S waves in V1" as two. A
sentence is read whole or not at all: one word that nobody knows may change its meaning.
"""

import re
from functools import cache

from ecgclip_core.findings.catalogue import Feature
from ecgclip_core.findings.claims import Reading
from ecgclip_core.findings.feature_grammar import read_tokens
from ecgclip_core.findings.feature_words import names_leads, plain_words, tokens_of

LONGEST = 300  # characters
MOST_LEADS = 4


def feature_sentence(feature: Feature) -> str:
    """The feature's text with its leads, where it names none itself and they are few: one sentence, one meaning.

    A longer list says where to look, not that all of them show it.
    """
    if len(feature.leads) > MOST_LEADS or names_leads(feature.text):
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
    tokens = tokens_of(plain_words(text))
    return None if tokens is None else read_tokens(tokens)


def unknown_leads(text: str) -> tuple[str, ...]:
    """Leads that a sentence names and a 12-lead ECG does not have, such as V9."""
    return tuple(re.findall(r"\b(?:v(?:[07-9]|\d{2,}|[1-9]r)|v\d+r)\b", text, re.IGNORECASE))


def _listed(leads: tuple[str, ...]) -> str:
    return leads[0] if len(leads) == 1 else f"{', '.join(leads[:-1])} and {leads[-1]}"
