"""What a criterion compares with what: each fact that it names, its limit, and where a reader would look for it."""

import ast
import operator
from collections.abc import Iterator
from dataclasses import dataclass

from ecgclip_core.ecg.fact import Fact, Facts
from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.ecg.measure import ABSENT
from ecgclip_core.ecg.vocabulary import GROUPS, LEAD_FACTS, RECORDING_FACTS
from ecgclip_core.findings.expressions import QUANTIFIERS, evaluate, parse

# A part of many criteria that only shuts out conduction defects; it does not say where to look.
GUARD = "qrs < 120"
SIGNS = {
    ast.Lt: ("<", operator.lt),
    ast.LtE: ("≤", operator.le),
    ast.Gt: (">", operator.gt),
    ast.GtE: ("≥", operator.ge),
    ast.Eq: ("=", operator.eq),
    ast.NotEq: ("≠", operator.ne),
}
_FLIPPED = {"<": ">", "≤": "≥", ">": "<", "≥": "≤", "=": "=", "≠": "≠"}
_DENIED = {"<": "≥", "≤": ">", ">": "≤", "≥": "<", "=": "≠", "≠": "="}


@dataclass(frozen=True)
class Limit:
    """One fact in a criterion.

    Attributes
    ----------
    name, lead : str
        Of `vocabulary`; no lead for a fact of the whole recording. A ratio of R to S stands as R, with its limit in mV.
    fact : Fact
        What this recording measures.
    sign : str
        "<", "≤", ">", "≥", "=" or "≠": how the fact must stand to the limit; "" without a limit.
    limit : float or None
        In the unit of the fact; None where the fact is a truth or only part of a sum.
    holds : bool or None
        Whether this comparison by itself is as the criterion wants it; None where it cannot be told.
    absolute : bool
        Whether the limit holds on both sides of zero.
    """

    name: str
    lead: str
    fact: Fact
    sign: str
    limit: float | None
    holds: bool | None
    absolute: bool = False


def limits(expression: str, facts: Facts) -> tuple[Limit, ...]:
    """Every comparison of a criterion, lead by lead.

    Parameters
    ----------
    expression : str
        Of the language of criteria.
    facts : Facts
        Of the recording.

    Returns
    -------
    tuple of Limit
        In the order of the expression, each once.

    Raises
    ------
    ExpressionError
        Where the expression is not of the language.
    """
    return tuple(dict.fromkeys(_limits(parse(expression), facts, {}, True)))


def named_facts(expression: str) -> tuple[tuple[str, str], ...]:
    """Names of the facts, each with its lead ("" for the whole recording), that say where a criterion looks.

    A QRS below 120 ms beside other conditions, and a denial of several things at once, only shut out what looks alike.
    """
    return tuple(dict.fromkeys(_named(parse(expression), {}, whole=True)))


def _limits(node: ast.expr, facts: Facts, leads: dict[str, str], wanted: bool) -> Iterator[Limit]:
    match node:
        case ast.BoolOp(values=parts):
            for part in parts:
                yield from _limits(part, facts, leads, wanted)
        case ast.UnaryOp(op=ast.Not(), operand=part):
            yield from _limits(part, facts, leads, not wanted)
        case ast.Compare(left=left, ops=signs, comparators=others):
            sides = [left, *others]
            for a, sign, b in zip(sides[:-1], signs, sides[1:], strict=True):
                yield from _compared(a, sign, b, facts, leads, wanted)
        case ast.Call(func=ast.Name(id=name), args=[ast.GeneratorExp() as generator]) if name in QUANTIFIERS:
            for inside in _each(generator, leads):
                yield from _limits(generator.elt, facts, inside, wanted)
        case _:
            name, lead = _fact(node, leads)
            fact = _value(name, lead, facts)
            holds = None if fact.value is None else bool(fact.value) is wanted
            yield Limit(name, lead, fact, "", None, holds)


def _compared(a, sign, b, facts: Facts, leads: dict[str, str], wanted: bool) -> Iterator[Limit]:
    for side in (a, b):
        counted = _generator(side, "count")
        if counted is not None:
            for inside in _each(counted, leads):
                yield from _limits(counted.elt, facts, inside, wanted)
            return
    word = SIGNS[type(sign)][0]
    for one, other, said in ((a, b, word), (b, a, _FLIPPED[word])):
        alone, number = _alone(one, leads), _number(other, facts, leads)
        if alone is not None and number is not None:
            for name, lead, absolute in alone:
                yield _limit(name, lead, absolute, said if wanted else _DENIED[said], number, facts)
            return
    comparison = _with_leads(ast.Compare(left=a, ops=[sign], comparators=[b]), leads)
    state = evaluate(ast.unparse(comparison), facts).state
    holds = state if state is None else state is wanted
    for name, lead in dict.fromkeys((*_named(a, leads), *_named(b, leads))):
        yield Limit(name, lead, _value(name, lead, facts), "", None, holds)


def _limit(name: str, lead: str, absolute: bool, sign: str, number: float, facts: Facts) -> Limit:
    fact = _value(name, lead, facts)
    compare = next(function for word, function in SIGNS.values() if word == sign)
    value = fact.value
    if value is None:
        holds = False if fact.status == ABSENT else None
    else:
        holds = bool(compare(abs(value) if absolute else value, number))
    if name == "r_s_ratio" and facts.leads["s_mv"][lead].value is not None:
        number, name = number * facts.leads["s_mv"][lead].value, "r_mv"
        fact = facts.leads["r_mv"][lead]
    return Limit(name, lead, fact, sign, float(number), holds, absolute)


def _alone(node: ast.expr, leads: dict[str, str]) -> list[tuple[str, str, bool]] | None:
    """The facts of a side that each stand against the other side by themselves; None where they are added up."""
    match node:
        case ast.Call(func=ast.Name(id="abs"), args=[part]):
            inner = _alone(part, leads)
            return inner and [(name, lead, True) for name, lead, _ in inner]
        case ast.Call(func=ast.Name(id="max" | "min"), args=[ast.GeneratorExp() as generator]):
            parts = [_alone(generator.elt, inside) for inside in _each(generator, leads)]
        case ast.Call(func=ast.Name(id="max" | "min"), args=arguments):
            parts = [_alone(part, leads) for part in arguments]
        case ast.Call(func=ast.Name(id=name)) | ast.Name(id=name) if name in LEAD_FACTS or name in RECORDING_FACTS:
            return [(*_fact(node, leads), False)]
        case _:
            return None
    return None if any(part is None for part in parts) else [one for part in parts for one in part]


def _number(node: ast.expr, facts: Facts, leads: dict[str, str]) -> float | None:
    """What a side without a generator comes to; None where something in it was not measured."""
    match node:
        case ast.Constant(value=value):
            return float(value)
        case ast.UnaryOp(op=ast.USub(), operand=part):
            inner = _number(part, facts, leads)
            return None if inner is None else -inner
        case ast.BinOp(left=left, op=sign, right=right):
            a, b = (_number(part, facts, leads) for part in (left, right))
            return None if a is None or b is None else _calculated(a, sign, b)
        case ast.Call(func=ast.Name(id="max" | "min" as name), args=arguments) if not _generator(node, name):
            parts = [_number(part, facts, leads) for part in arguments]
            return None if None in parts else (max if name == "max" else min)(parts)
        case ast.Call(func=ast.Name(id=name)) | ast.Name(id=name) if name in LEAD_FACTS or name in RECORDING_FACTS:
            value = _value(*_fact(node, leads), facts).value
            return None if value is None else float(value)
    return None


def _calculated(a: float, sign: ast.operator, b: float) -> float | None:
    match sign:
        case ast.Add():
            return a + b
        case ast.Sub():
            return a - b
        case ast.Mult():
            return a * b
    return a / b if b else None


def _named(node: ast.AST, leads: dict[str, str], whole: bool = False) -> Iterator[tuple[str, str]]:
    match node:
        case ast.UnaryOp(op=ast.Not(), operand=ast.BoolOp()):
            return
        case ast.Compare() if not whole and ast.unparse(node) == GUARD:
            return
        case ast.Call(func=ast.Name(id=name), args=[ast.GeneratorExp() as generator]) if name in QUANTIFIERS:
            for inside in _each(generator, leads):
                yield from _named(generator.elt, inside)
        case ast.Call(func=ast.Name(id=name)) | ast.Name(id=name) if name in LEAD_FACTS or name in RECORDING_FACTS:
            yield _fact(node, leads)
        case _:
            for part in ast.iter_child_nodes(node):
                yield from _named(part, leads)


def _generator(node: ast.expr, name: str) -> ast.GeneratorExp | None:
    match node:
        case ast.Call(func=ast.Name(id=called), args=[ast.GeneratorExp() as generator]) if called == name:
            return generator
    return None


def _each(generator: ast.GeneratorExp, leads: dict[str, str]) -> Iterator[dict[str, str]]:
    part = generator.generators[0]
    group = GROUPS[part.iter.id] if isinstance(part.iter, ast.Name) else [lead.value for lead in part.iter.elts]
    for lead in group:
        yield leads | {part.target.id: lead}


def _fact(node: ast.expr, leads: dict[str, str]) -> tuple[str, str]:
    name = node.id if isinstance(node, ast.Name) else node.func.id
    if name in RECORDING_FACTS:
        return name, ""
    argument = node.args[0]
    return name, leads[argument.id] if isinstance(argument, ast.Name) else argument.value


def _value(name: str, lead: str, facts: Facts) -> Fact:
    return facts.leads[name][lead] if lead else facts.recording[name]


def _with_leads(node: ast.expr, leads: dict[str, str]) -> ast.expr:
    """A copy in which the variables are the leads that they stand for."""

    class Named(ast.NodeTransformer):
        def visit_Name(self, name: ast.Name) -> ast.expr:
            return ast.Constant(leads[name.id]) if name.id in leads else name

    return Named().visit(ast.parse(ast.unparse(node), mode="eval").body)


def in_lead_order(names: set[str]) -> tuple[str, ...]:
    """Leads in the order in which they are drawn."""
    return tuple(lead for lead in LEADS if lead in names)
