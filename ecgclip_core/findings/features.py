"""What of the measured ECG decides a sentence about waves: an expression in the language of ``docs/criteria.md``.

A feature of the catalogue brings its own expression. Any other sentence is read word by word (`feature_language`), and
each claim of it becomes an expression (`claim_expressions`).
"""

from dataclasses import dataclass
from functools import cache, lru_cache

from ecgclip_core.findings.catalogue import catalogue, normalised
from ecgclip_core.findings.claim_expressions import claim_expression
from ecgclip_core.findings.claims import Reading
from ecgclip_core.findings.feature_language import feature_sentence, read_feature
from ecgclip_core.findings.german_features import english
from ecgclip_core.findings.polarity import read_polarity


@dataclass(frozen=True)
class Check:
    """How a sentence is held against the measured ECG.

    Attributes
    ----------
    expression : str
        In the language of ``docs/criteria.md``.
    complete : bool
        Whether it says all that the sentence says. Where it does not, it may contradict the sentence, not confirm it.
    source : str
        ``"catalogue"`` or ``"grammar"``.
    """

    expression: str
    complete: bool
    source: str


@lru_cache(maxsize=8192)
def measurable(sentence: str, finding: str | None = None) -> Check | None:
    """What of the measured ECG decides a sentence about waves.

    Parameters
    ----------
    sentence : str
        English or German, e.g. ``"ST elevation in II, III and aVF"`` or ``"keine P-Wellen"``.
    finding : str, optional
        Id of the finding whose feature it is, where features of several findings have the same words.

    Returns
    -------
    Check or None
        None where only the model can tell.
    """
    for text in dict.fromkeys((sentence, english(sentence))):
        check = _of_catalogue(text, finding) or _denied(text, finding) or _of_grammar(text)
        if check is not None:
            return check
    return None


# --- the catalogue's own ---


@cache
def _known() -> dict[str, list[tuple[str, str]]]:
    """Finding and expression by sentence."""
    known: dict[str, list[tuple[str, str]]] = {}
    for entry in catalogue().values():
        for feature in entry.features:
            if feature.measured:
                for text in dict.fromkeys((feature.text, feature_sentence(feature))):
                    known.setdefault(normalised(text), []).append((entry.id, feature.measured))
    return known


def _of_catalogue(sentence: str, finding: str | None) -> Check | None:
    found = _known().get(normalised(sentence), [])
    own = [expression for entry, expression in found if entry == finding]
    expressions = list(dict.fromkeys(own or [expression for _, expression in found]))
    # Words that mean different things under different findings are left to the grammar.
    return Check(expressions[0], True, "catalogue") if len(expressions) == 1 else None


def _denied(sentence: str, finding: str | None) -> Check | None:
    polarity = read_polarity(sentence)
    if polarity.holds != "absent":
        return None
    check = _of_catalogue(polarity.text, finding)
    return None if check is None else Check(f"not ({check.expression})", True, "catalogue")


# --- grammar ---


def _of_grammar(sentence: str) -> Check | None:
    reading = read_feature(sentence)
    return None if reading is None else _of_reading(reading)


def _of_reading(reading: Reading) -> Check | None:
    parts, complete = [], True
    for group in reading.groups:
        checks = [claim_expression(claim) for claim in group]
        if any(check is None for check in checks):
            complete = False
            continue
        complete = complete and all(whole for _, whole in checks)
        if len(checks) > 1 and not all(whole for _, whole in checks):
            # "A or B": what only hints at A cannot contradict both.
            continue
        parts.append(_joined("or", [expression for expression, _ in checks]))
    return Check(_joined("and", parts), complete, "grammar") if parts else None


def _joined(word: str, parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f" {word} ".join(f"({part})" for part in parts)
