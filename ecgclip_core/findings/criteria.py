"""Whether a recording meets the criteria of a finding, with the numbers."""

import difflib
import math
from itertools import groupby

import pandas as pd

from ecgclip_core.ecg.fact import Fact
from ecgclip_core.ecg.facts import facts
from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.ecg.measure import ABSENT
from ecgclip_core.ecg.recording import ECG
from ecgclip_core.ecg.vocabulary import LEAD_FACTS, RECORDING_FACTS, Name
from ecgclip_core.errors import CatalogueError
from ecgclip_core.findings.catalogue import Finding, catalogue, find
from ecgclip_core.findings.expressions import Used, evaluate

MET, NOT_MET, NOT_MEASURABLE = "met", "not met", "not measurable"
COLUMNS = ("criterion", "state", "values", "source")


def check_criteria(ecg: ECG, finding: str) -> pd.DataFrame:
    """Hold a recording against every criterion that the catalogue has for a finding.

    Parameters
    ----------
    ecg : ECG
    finding : str
        Id, name, synonym, code or prompt of the catalogue.

    Returns
    -------
    DataFrame
        One row a criterion: `criterion` (a sentence), `state` ("met", "not met" or "not measurable"), `values` (the
        numbers that decided, or why there are none) and `source`. Without rows where no criterion can be stated, as
        for findings that an ECG shows only statistically.

    Raises
    ------
    CatalogueError
        Where the catalogue has no such finding.
    """
    measured = facts(ecg)
    rows = []
    for criterion in named(finding).criteria:
        outcome = evaluate(criterion.expression, measured)
        rows.append((criterion.text, state(outcome.state), values(outcome.used), criterion.source))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def named(text: str) -> Finding:
    """The finding that a text names.

    Raises
    ------
    CatalogueError
        Saying which names are near, where there is none.
    """
    finding = find(text) if isinstance(text, str) else None
    if finding is not None:
        return finding
    names = {name.casefold(): entry.name for entry in catalogue().values() for name in (entry.name, *entry.synonyms)}
    near = difflib.get_close_matches(str(text).casefold(), names, 3, 0.7)
    known = list(dict.fromkeys(names[name] for name in near))
    hint = f"Did you mean {' or '.join(known)}?" if known else "Name it by its id, name, code or a usual abbreviation."
    raise CatalogueError(f"There is no finding {str(text)[:80]!r} in the catalogue. {hint}")


def state(holds: bool | None) -> str:
    """``"met"``, ``"not met"`` or ``"not measurable"``."""
    return NOT_MEASURABLE if holds is None else MET if holds else NOT_MET


def values(used: tuple[Used, ...]) -> str:
    """Facts as a reader says them: ``"QRS 148 ms; R in V5 2.10 mV, V6 1.80 mV"``."""
    parts = []
    by_name = sorted(used, key=lambda one: [other.name for other in used].index(one.name))
    for name, group in groupby(by_name, key=lambda one: one.name):
        several = list(group)
        there = [one for one in several if one.fact.value is not None]
        if there:
            parts.append(_there(RECORDING_FACTS.get(name) or LEAD_FACTS[name], there))
        for reason, same in groupby((one for one in several if one.fact.value is None), key=_reason):
            parts.append(_not_there(RECORDING_FACTS.get(name) or LEAD_FACTS[name], list(same), reason))
    return "; ".join(parts)


def _there(name: Name, used: list[Used]) -> str:
    if not used[0].lead:
        return f"{name.label}{': ' if name.is_truth else ' '}{_said(name, used[0].fact)}"
    if not name.is_truth:
        used = sorted(used, key=lambda one: LEADS.index(one.lead))
        listed = ", ".join(f"{one.lead} {_number(name, one.fact.value)}" for one in used)
        return f"{name.label} in {listed}{_unit(name)}"
    sides = [(word, [one.lead for one in used if bool(one.fact.value) is (word == "yes")]) for word in ("yes", "no")]
    return "; ".join(f"{name.label} in {', '.join(leads)}: {word}" for word, leads in sides if leads)


def _not_there(name: Name, used: list[Used], reason: str) -> str:
    where = f" in {', '.join(one.lead for one in used)}" if used[0].lead else ""
    bounds = used[0].fact.bounds
    between = f" between {bounds[0]:g} and {bounds[1]:g} {name.unit}" if bounds else ""
    return f"{name.label}{where} {used[0].fact.status}{between} ({reason.rstrip('.')})"


def _reason(used: Used) -> str:
    return used.fact.reason or (ABSENT if used.fact.status == ABSENT else NOT_MEASURABLE)


def _said(name: Name, fact: Fact) -> str:
    if name.is_truth:
        return "yes" if fact.value else "no"
    return _number(name, fact.value) + _unit(name)


def _number(name: Name, value: float) -> str:
    return "∞" if math.isinf(value) else f"{round(value, name.decimals) + 0.0:.{name.decimals}f}"


def _unit(name: Name) -> str:
    return name.unit if name.unit in ("", "°", "%") else f" {name.unit}"
