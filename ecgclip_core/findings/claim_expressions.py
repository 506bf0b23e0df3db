"""The expression, in the language of ``docs/criteria.md``, that decides one claim about waves."""

import math
from dataclasses import replace

from ecgclip_core.findings.claim_templates import BY_LEAD, QUANTITIES, SIZES, WHOLE
from ecgclip_core.findings.claims import Claim
from ecgclip_core.findings.usual_leads import IN_EVERY_LEAD, usual_leads


def claim_expression(claim: Claim) -> tuple[str, bool] | None:
    """The expression of one claim, and whether it says all of it."""
    key = (claim.wave, claim.quality)
    if key == ("", "p_before_qrs") and claim.leads:
        upright = " and ".join(f'p_mv("{lead}") > 0' for lead in claim.leads)
        expression, complete = f"p_waves and {upright}", True
    elif key in WHOLE:
        template, complete = WHOLE[key], True
        if isinstance(template, tuple):
            template, complete = template
        expression = _with_bounds(template, claim)
    elif key in BY_LEAD:
        expression, complete = _over_leads(claim), True
    else:
        return None
    if expression is None:
        return None
    if claim.denied:
        return (f"not ({expression})", True) if complete else None
    return expression, complete


def _with_bounds(template: str, claim: Claim) -> str | None:
    """``{}`` stands for a quantity that the claim's bounds compare; other templates stand alone."""
    if "{}" not in template:
        if claim.low is None and claim.high is None:
            return template
        # "constant PR interval longer than 200 ms": both.
        quantity = QUANTITIES.get(claim.wave)
        return None if quantity is None else f"({template}) and ({_compared(quantity, claim)})"
    if claim.low is None and claim.high is None:
        return None
    return _compared(template.replace("{}", "").strip(), claim)


def _compared(quantity: str, claim: Claim) -> str:
    low, high = claim.low, claim.high
    if low is not None and low == high:
        # "a QRS of 140 ms": about so much.
        low, high = sorted((low - 0.1 * abs(low), high + 0.1 * abs(high)))
    if low is None:
        return f"{quantity} <= {high:g}"
    if high is None:
        return f"{quantity} >= {low:g}"
    return f"{low:g} <= {quantity} <= {high:g}"


def _over_leads(claim: Claim) -> str | None:
    leads, scope = claim.leads, claim.scope
    if not leads:
        leads = usual_leads(claim)
    each = {lead: _in_lead(claim, lead) for lead in leads}
    if None in each.values():
        return None
    single = {lead: expression for lead, expression in each.items() if expression is not None}
    if (claim.wave, claim.quality) in IN_EVERY_LEAD and claim.low is None:
        return " and ".join(f"({expression})" for expression in single.values())
    if len(single) == 1:
        return next(iter(single.values()))
    limits = BY_LEAD[claim.wave, claim.quality]
    if isinstance(limits, dict) and 0 < len(set(leads) & set(limits["leads"])) < len(leads):
        # Limits differ between these leads: either part of them may show it.
        parts = [tuple(lead for lead in leads if (lead in limits["leads"]) is inside) for inside in (True, False)]
        found = [_over_leads(replace(claim, leads=part)) for part in parts]
        return None if None in found else " or ".join(f"({part})" for part in found)
    template = _in_lead(claim, leads[0]).replace(f'"{leads[0]}"', "lead")
    listed = "(" + ", ".join(f'"{lead}"' for lead in leads) + ")"
    if scope == "any":
        return f"any({template} for lead in {listed})"
    if scope == "all":
        least = math.ceil(2 * len(leads) / 3)
        return (
            f"count({template} for lead in {listed}) >= {least}"
            if len(leads) > 2
            else f"all({template} for lead in {listed})"
        )
    if len(leads) == 2:
        return f"all({template} for lead in {listed})"
    return f"contiguous({template} for lead in {listed})"


def _in_lead(claim: Claim, lead: str) -> str | None:
    template = BY_LEAD[claim.wave, claim.quality]
    if isinstance(template, dict):
        template = template["chest"] if lead in template["leads"] else template["other"]
    low, high = claim.low, claim.high
    template = template.replace("(l)", f'("{lead}")')
    if low is None and high is None:
        return None if template.endswith("{}") else template.split(" | ")[0]
    if template.endswith("{}"):
        return _compared(template.removesuffix("{}").strip(), claim)
    quantity = SIZES.get((claim.wave, claim.quality))
    if quantity is None:
        return None
    return _compared(quantity.replace("(l)", f'("{lead}")'), Claim("", "", low=low if low is not None else high))
