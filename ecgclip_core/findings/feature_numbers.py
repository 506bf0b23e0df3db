"""Numbers in a sentence, with unit and bounds: "of 120 ms or more", "0.1 to 0.2 mV", "above 250 per minute"."""

import re
from functools import cache

_UNITS = {"ms": 1.0, "s": 1000.0, "mv": 1.0, "mm": 0.1, "": 1.0, "bpm": 1.0, "degrees": 1.0}
UNIT_WORDS = {
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


@cache
def number_pattern() -> re.Pattern:
    """A number with what bounds it and its unit."""
    units = "|".join(f"(?P<{name}>{words})" for name, words in UNIT_WORDS.items())
    number = r"-?\d+(?:[.]\d+)?"
    size = (
        rf"(?:of\s+|by\s+|=\s*|at\s+)?(?:(?P<above>{_ABOVE})|(?P<below>{_BELOW})|between)?\s*(?P<first>(?<![\w.]){number})"
        rf"(?:\s*(?:to|-|–|and)\s*(?P<second>{number}))?\s*(?:(?:{units})(?!\w))?"
        r"(?:\s*(?P<more>or more|or longer|or higher|or deeper|or taller|or above|and more|\+)"
        r"|\s*(?P<less>or less|or shorter|or lower|or below))?(?:\s+(?:deep|wide|long|tall|high|broad))?"
    )
    return re.compile(size)


def read_number(found: re.Match) -> tuple[float | None, float | None, str]:
    """Lower bound, upper bound and unit."""
    unit = next((name for name in UNIT_WORDS if found[name]), "")
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
