"""The language of criteria: ``qrs >= 120 and any(notched(lead) for lead in LATERAL)``.

A small part of Python, read with `ast` and never executed: the names of ``docs/criteria.md``, comparisons, ``+ - * /``,
``abs``, ``and``, ``or``, ``not``, and ``any``, ``all``, ``count``, ``max``, ``min`` and ``contiguous`` over leads.

What cannot be measured is unknown, and an expression is unknown only where that decides (Kleene's three values): a
number is an interval that holds the true value, of no width where it was measured. What is absent, as PR in atrial
fibrillation, is neither more nor less than anything: every comparison with it is false.
"""

import ast
import difflib
import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from ecgclip_core.ecg.fact import Fact, Facts
from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.ecg.measure import ABSENT
from ecgclip_core.ecg.vocabulary import CONTIGUOUS, GROUPS, LEAD_FACTS, RECORDING_FACTS

TRUTH, NUMBER = "a truth", "a number"
LONGEST = 1000  # characters
QUANTIFIERS = ("any", "all", "count", "max", "min", "contiguous")
_OVER_TRUTHS = ("any", "all", "count", "contiguous")
_COMPARE = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)
_ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div)


class ExpressionError(ValueError):
    """An expression that is not of the language; the message says what and where."""


@dataclass(frozen=True)
class Interval:
    """A number that is known to lie between two; both the same where it was measured, both NaN where it is absent."""

    low: float
    high: float

    @property
    def absent(self) -> bool:
        """Whether there is no such thing in the recording."""
        return math.isnan(self.low)


@dataclass(frozen=True)
class Used:
    """One fact that an evaluation rested on."""

    name: str
    lead: str
    fact: Fact


@dataclass(frozen=True)
class Outcome:
    """What an expression comes to.

    Attributes
    ----------
    state : bool or None
        None where it cannot be told.
    used : tuple of Used
        The facts that decided, in the order of the expression.
    """

    state: bool | None
    used: tuple[Used, ...]


@cache
def parse(expression: str) -> ast.expr:
    """Read and check an expression.

    Raises
    ------
    ExpressionError
        Saying what is not of the language.
    """
    if not isinstance(expression, str) or not expression.strip():
        raise ExpressionError("an expression must be a text that is not empty")
    if len(expression) > LONGEST:
        raise ExpressionError(f"an expression has at most {LONGEST} characters")
    try:
        tree = ast.parse(expression.strip(), mode="eval").body
        kind = _kind(tree, ())
    except (SyntaxError, RecursionError, MemoryError, ValueError) as fault:
        if isinstance(fault, ExpressionError):
            raise
        raise ExpressionError(f"not readable: {fault.args[0] if fault.args else 'nested too deeply'}") from fault
    if kind is not TRUTH:
        raise ExpressionError("a criterion must come to true or false; this is a number")
    return tree


def evaluate(expression: str, facts: Facts) -> Outcome:
    """Whether an expression holds, and the facts that decided.

    Parameters
    ----------
    expression : str
    facts : Facts

    Returns
    -------
    Outcome

    Raises
    ------
    ExpressionError
        Where the expression is not of the language.
    """
    state, used = _truth(parse(expression), facts, {})
    return Outcome(state, tuple(dict.fromkeys(used)))


# What may be written -------------------------------------------------------------------------------------------------


def _kind(node: ast.expr, variables: tuple[str, ...]) -> str:
    """`TRUTH` or `NUMBER`; raises where the node is neither."""
    match node:
        case ast.BoolOp(values=parts):
            return _all_are(parts, TRUTH, variables, "and, or")
        case ast.UnaryOp(op=ast.Not(), operand=part):
            return _all_are([part], TRUTH, variables, "not")
        case ast.UnaryOp(op=ast.USub(), operand=part):
            return _all_are([part], NUMBER, variables, "the sign")
        case ast.Compare(left=left, ops=signs, comparators=others):
            if not all(isinstance(sign, _COMPARE) for sign in signs):
                raise ExpressionError("only <, <=, >, >=, == and != compare")
            _all_are([left, *others], NUMBER, variables, "a comparison")
            return TRUTH
        case ast.BinOp(left=left, op=sign, right=right) if isinstance(sign, _ARITHMETIC):
            return _all_are([left, right], NUMBER, variables, "arithmetic")
        case ast.Constant(value=value) if type(value) in (int, float) and math.isfinite(value):
            return NUMBER
        case ast.Name(id=name):
            return _kind_of_name(name)
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
            return _kind_of_call(name, arguments, variables)
    raise ExpressionError(f"{ast.unparse(node)!r} is not part of the language")


def _all_are(parts: list[ast.expr], kind: str, variables: tuple[str, ...], what: str) -> str:
    for part in parts:
        if _kind(part, variables) is not kind:
            raise ExpressionError(f"{what} needs {kind}, which {ast.unparse(part)!r} is not")
    return kind


def _kind_of_name(name: str) -> str:
    if name in RECORDING_FACTS:
        return TRUTH if RECORDING_FACTS[name].is_truth else NUMBER
    if name in LEAD_FACTS:
        raise ExpressionError(f'{name} needs a lead, as in {name}("V1")')
    near = difflib.get_close_matches(name, [*RECORDING_FACTS, *LEAD_FACTS], 1)
    raise ExpressionError(f"there is no name {name!r}" + (f"; {near[0]!r} is one" if near else ""))


def _kind_of_call(name: str, arguments: list[ast.expr], variables: tuple[str, ...]) -> str:
    if name in RECORDING_FACTS and not arguments:
        return _kind_of_name(name)
    if name in LEAD_FACTS:
        if len(arguments) != 1:
            raise ExpressionError(f'{name} needs one lead, as in {name}("V1")')
        _check_lead(arguments[0], variables)
        return TRUTH if LEAD_FACTS[name].is_truth else NUMBER
    if name == "abs" and len(arguments) == 1:
        return _all_are(arguments, NUMBER, variables, "abs")
    if name in ("max", "min") and len(arguments) > 1:
        return _all_are(arguments, NUMBER, variables, name)
    if name in QUANTIFIERS and len(arguments) == 1 and isinstance(arguments[0], ast.GeneratorExp):
        variable, _ = _leads_of(arguments[0], variables)
        wanted = TRUTH if name in _OVER_TRUTHS else NUMBER
        _all_are([arguments[0].elt], wanted, (*variables, variable), name)
        return NUMBER if name in ("count", "max", "min") else TRUTH
    if name in QUANTIFIERS:
        raise ExpressionError(f"{name} goes over leads, as in {name}(... for lead in LATERAL)")
    if name in RECORDING_FACTS:
        raise ExpressionError(f"{name} is of the whole recording and takes no lead")
    _kind_of_name(name)
    raise ExpressionError(f"{name!r} cannot be called")


def _check_lead(node: ast.expr, variables: tuple[str, ...]) -> None:
    match node:
        case ast.Constant(value=lead) if lead in LEADS:
            return
        case ast.Name(id=name) if name in variables:
            return
    raise ExpressionError(f"{ast.unparse(node)} is not a lead; the leads are {', '.join(LEADS)}")


def _leads_of(generator: ast.GeneratorExp, variables: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """The variable of a generator and the leads that it goes through."""
    if len(generator.generators) != 1:
        raise ExpressionError("one 'for' at a time")
    part = generator.generators[0]
    if part.ifs or part.is_async or not isinstance(part.target, ast.Name):
        raise ExpressionError("a generator has the form '... for lead in GROUP', without 'if'")
    name = part.target.id
    if name in variables or name in RECORDING_FACTS or name in LEAD_FACTS or name in GROUPS:
        raise ExpressionError(f"{name!r} means something else already; call the variable 'lead'")
    match part.iter:
        case ast.Name(id=group) if group in GROUPS:
            return name, GROUPS[group]
        case ast.Tuple(elts=parts) if parts:
            for lead in parts:
                _check_lead(lead, ())
            return name, tuple(lead.value for lead in parts)
    raise ExpressionError(f"{ast.unparse(part.iter)} is no group; the groups are {', '.join(GROUPS)}, or leads in ()")


# What it comes to ----------------------------------------------------------------------------------------------------

Trace = list[Used]
_NONE, _ANY = Interval(math.nan, math.nan), Interval(-math.inf, math.inf)


def _truth(node: ast.expr, facts: Facts, leads: dict[str, str]) -> tuple[bool | None, Trace]:
    match node:
        case ast.BoolOp(op=sign, values=parts):
            return _joined([_truth(part, facts, leads) for part in parts], isinstance(sign, ast.Or))
        case ast.UnaryOp(operand=part):
            state, used = _truth(part, facts, leads)
            return (None if state is None else not state), used
        case ast.Compare(left=left, ops=signs, comparators=others):
            sides = [_number(part, facts, leads) for part in (left, *others)]
            used = [one for _, trace in sides for one in trace]
            pairs = zip(sides[:-1], signs, sides[1:], strict=True)
            return _joined([(_compared(a[0], sign, b[0]), used) for a, sign, b in pairs], False)
        case ast.Call(func=ast.Name(id="any" | "all" as name), args=[generator]):
            return _joined([result for _, result in _each(generator, _truth, facts, leads)], name == "any")
        case ast.Call(func=ast.Name(id="contiguous"), args=[generator]):
            by_lead = dict(_each(generator, _truth, facts, leads))
            pairs = [[by_lead[a], by_lead[b]] for a, b in CONTIGUOUS if a in by_lead and b in by_lead]
            return _joined([_joined(pair, False) for pair in pairs], True)
    fact, used = _fact(node, facts, leads)
    return (None if fact.value is None else bool(fact.value)), used


def _joined(parts: list[tuple[bool | None, Trace]], by_or: bool) -> tuple[bool | None, Trace]:
    """Kleene's ``or`` and ``and``; where one part decides, only what decides is kept of the trace."""
    deciding = [trace for state, trace in parts if state is by_or]
    if deciding:
        return by_or, [one for trace in deciding for one in trace]
    used = [one for _, trace in parts for one in trace]
    return (None if any(state is None for state, _ in parts) else not by_or), used


def _number(node: ast.expr, facts: Facts, leads: dict[str, str]) -> tuple[Interval, Trace]:
    match node:
        case ast.Constant(value=value):
            return Interval(value, value), []
        case ast.UnaryOp(operand=part):
            inner, used = _number(part, facts, leads)
            return Interval(-inner.high, -inner.low), used
        case ast.BinOp(left=left, op=sign, right=right):
            (a, used_a), (b, used_b) = (_number(part, facts, leads) for part in (left, right))
            return _calculated(a, sign, b), used_a + used_b
        case ast.Call(func=ast.Name(id="abs"), args=[part]):
            inner, used = _number(part, facts, leads)
            ends = sorted((abs(inner.low), abs(inner.high)))
            return Interval(0.0 if inner.low < 0 < inner.high else ends[0], ends[1]), used
        case ast.Call(func=ast.Name(id="count"), args=[generator]):
            parts = [result for _, result in _each(generator, _truth, facts, leads)]
            states = [state for state, _ in parts]
            surely = states.count(True)
            return Interval(surely, surely + states.count(None)), [one for _, trace in parts for one in trace]
        case ast.Call(func=ast.Name(id="max" | "min" as name), args=arguments):
            if isinstance(arguments[0], ast.GeneratorExp):
                parts = [result for _, result in _each(arguments[0], _number, facts, leads)]
            else:
                parts = [_number(part, facts, leads) for part in arguments]
            spans = [part for part, _ in parts if not part.absent] or [_NONE]
            choose = max if name == "max" else min
            span = Interval(choose(part.low for part in spans), choose(part.high for part in spans))
            return span, [one for _, trace in parts for one in trace]
    fact, used = _fact(node, facts, leads)
    return _interval(fact, _name_of(node)), used


def _each(generator: ast.GeneratorExp, evaluate_one: Callable, facts: Facts, leads: dict[str, str]) -> list[tuple]:
    variable, group = _leads_of(generator, tuple(leads))
    return [(lead, evaluate_one(generator.elt, facts, leads | {variable: lead})) for lead in group]


def _name_of(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.func.id


def _fact(node: ast.expr, facts: Facts, leads: dict[str, str]) -> tuple[Fact, Trace]:
    name = _name_of(node)
    if name in RECORDING_FACTS:
        lead, fact = "", facts.recording[name]
    else:
        argument = node.args[0]
        lead = leads[argument.id] if isinstance(argument, ast.Name) else argument.value
        fact = facts.leads[name][lead]
    return fact, [Used(name, lead, fact)]


def _interval(fact: Fact, name: str) -> Interval:
    if fact.value is not None:
        return Interval(float(fact.value), float(fact.value))
    if fact.status == ABSENT:
        return _NONE
    lowest = (RECORDING_FACTS.get(name) or LEAD_FACTS[name]).lowest
    return Interval(*fact.bounds) if fact.bounds is not None else Interval(lowest, math.inf)


def _calculated(a: Interval, sign: ast.operator, b: Interval) -> Interval:
    if a.absent or b.absent:
        return _NONE
    if isinstance(sign, ast.Add):
        ends = [a.low + b.low, a.high + b.high]
    elif isinstance(sign, ast.Sub):
        ends = [a.low - b.high, a.high - b.low]
    elif isinstance(sign, ast.Div) and b.low <= 0 <= b.high:
        # Nothing below the line: a ratio beyond all bounds, as of R to an S wave that is not there.
        ends = [math.inf] if b.low == b.high and a.low > 0 else [math.nan]
    else:
        if isinstance(sign, ast.Div):
            b = Interval(*sorted((1 / b.low, 1 / b.high)))
        ends = [x * y if x and y else 0.0 for x in (a.low, a.high) for y in (b.low, b.high)]
    return _ANY if any(map(math.isnan, ends)) else Interval(min(ends), max(ends))


_SIGNS = {ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge}


def _compared(a: Interval, sign: ast.cmpop, b: Interval) -> bool | None:
    if a.absent or b.absent:
        return False
    if isinstance(sign, ast.Eq | ast.NotEq):
        if a.high < b.low or b.high < a.low:
            return isinstance(sign, ast.NotEq)
        return isinstance(sign, ast.Eq) if a.low == a.high == b.low == b.high else None
    compare = _SIGNS[type(sign)]
    always = compare(a.high, b.low) if isinstance(sign, ast.Lt | ast.LtE) else compare(a.low, b.high)
    ever = compare(a.low, b.high) if isinstance(sign, ast.Lt | ast.LtE) else compare(a.high, b.low)
    return True if always else None if ever else False
