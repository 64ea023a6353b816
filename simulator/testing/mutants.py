"""Alarms with one thing changed: what a test file would have to notice.

Each mutant is an alarm that somebody could have written by mistake. One that no test tells from the
alarm itself is either a gap in the tests or the same alarm (tests: ``test_mutants.py``).
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace

from runbook.alarms.alarm import HOUR, LONGEST_WINDOW, LONGEST_WINDOW_OF_HOURS, Comparison, Missing
from simulator.cloudwatch.definitions import (
    CompositeAlarm,
    MathQuery,
    MetricAlarm,
    MetricQuery,
    Query,
)
from simulator.cloudwatch.expressions import parse, written
from simulator.cloudwatch.expressions.nodes import (
    Call,
    Listed,
    Name,
    Negative,
    Number,
    Operation,
    Part,
)
from simulator.cloudwatch.rules import Every, InState, Some, parse_rule
from simulator.cloudwatch.series import MINUTE

Mutant = tuple[str, MetricAlarm]
_STRICT = {
    Comparison.ABOVE: Comparison.AT_LEAST,
    Comparison.AT_LEAST: Comparison.ABOVE,
    Comparison.BELOW: Comparison.AT_MOST,
    Comparison.AT_MOST: Comparison.BELOW,
}
_REVERSED = {
    Comparison.ABOVE: Comparison.BELOW,
    Comparison.AT_LEAST: Comparison.AT_MOST,
    Comparison.BELOW: Comparison.ABOVE,
    Comparison.AT_MOST: Comparison.AT_LEAST,
}
_SIGNS = {
    "+": "-",
    "-": "+",
    "*": "/",
    "/": "*",
    ">": ">=",
    ">=": ">",
    "<": "<=",
    "<=": "<",
    "AND": "OR",
    "OR": "AND",
}
_EXTREMES = {"MAX": "MIN", "MIN": "MAX"}
# "A little" of a threshold; of 0, this much.
_LITTLE = 0.01


def mutants(alarm: MetricAlarm) -> Iterator[Mutant]:
    """Change one thing at a time of an alarm on metrics; with each, the words for the change.

    Only alarms that CloudWatch would take. The words are each once for an alarm, and stay the same
    while the alarm does.
    """
    yield from _thresholds(alarm)
    yield from _comparisons(alarm)
    yield from _windows(alarm)
    for missing in Missing:
        if missing is not alarm.missing:
            yield f"missing is {missing.value}", replace(alarm, missing=missing)
    for query in alarm.queries:
        if isinstance(query, MathQuery):
            for words, expression in _expressions(query.expression):
                yield f"{query.id}: {words}", _with(alarm, MathQuery(query.id, expression))
        else:
            yield from _metrics(alarm, query)


def rule_mutants(alarm: CompositeAlarm) -> Iterator[tuple[str, CompositeAlarm]]:
    """Change one thing at a time of a rule: AND for OR, a part dropped, a part denied.

    Raises ``ValueError`` for a rule of another shape than the catalogue's: states joined by one
    operator.
    """
    rule = parse_rule(alarm.rule, alarm.place)
    if not isinstance(rule, Every | Some) or not all(isinstance(e, InState) for e in rule.of):
        raise ValueError(f"{alarm.place}: not states joined by AND or by OR: {alarm.rule}")
    parts = [f'{each.state}("{each.name}")' for each in rule.of if isinstance(each, InState)]
    one, other = ("AND", "OR") if isinstance(rule, Every) else ("OR", "AND")
    yield f"rule: {other} for {one}", replace(alarm, rule=f" {other} ".join(parts))
    for number, part in enumerate(parts):
        before, after = parts[:number], parts[number + 1 :]
        without = f" {one} ".join([*before, *after])
        yield f"rule: without {part}", replace(alarm, rule=without)
        denied = f" {one} ".join([*before, f"NOT {part}", *after])
        yield f"rule: not {part}", replace(alarm, rule=denied)


def _thresholds(alarm: MetricAlarm) -> Iterator[Mutant]:
    little = abs(alarm.threshold) * _LITTLE or _LITTLE
    for words, by in (("+ 1 %", little), ("- 1 %", -little), ("+ 1", 1.0), ("- 1", -1.0)):
        yield f"threshold {words}", replace(alarm, threshold=alarm.threshold + by)


def _comparisons(alarm: MetricAlarm) -> Iterator[Mutant]:
    for changed in (_STRICT[alarm.comparison], _REVERSED[alarm.comparison]):
        yield f"comparison is {changed.sign}", replace(alarm, comparison=changed)


def _windows(alarm: MetricAlarm) -> Iterator[Mutant]:
    periods, breaching, period = alarm.periods, alarm.breaching, alarm.period
    for n, m in ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, -1)):
        changed = replace(alarm, periods=periods + n, breaching=breaching + m)
        if _possible(changed):
            yield f"{changed.breaching} of {changed.periods} datapoints", changed
    for other in (2 * period, period // 2 // MINUTE * MINUTE):
        queries = tuple(
            replace(query, period=other) if isinstance(query, MetricQuery) else query
            for query in alarm.queries
        )
        changed = replace(alarm, period=other, queries=queries)
        if _possible(changed):
            yield f"period is {other} s", changed


def _possible(alarm: MetricAlarm) -> bool:
    """Say whether CloudWatch would take it, with the periods that any metric has."""
    most = LONGEST_WINDOW_OF_HOURS if alarm.period >= HOUR else LONGEST_WINDOW
    return (
        1 <= alarm.breaching <= alarm.periods
        and alarm.period >= MINUTE
        and alarm.period % MINUTE == 0
        and alarm.period * alarm.periods <= most
    )


def _metrics(alarm: MetricAlarm, query: MetricQuery) -> Iterator[Mutant]:
    """Let a query read what is not there: another metric, and another statistic of its own."""
    other = replace(query.metric, name=f"{query.metric.name}Dropped")
    yield f"{query.id}: never there", _with(alarm, replace(query, metric=other))
    for stat in ("Average", "Maximum", "Minimum", "SampleCount", "Sum"):
        if stat != query.stat:
            yield f"{query.id}: stat is {stat}", _with(alarm, replace(query, stat=stat))


def _with(alarm: MetricAlarm, changed: Query) -> MetricAlarm:
    queries = tuple(changed if each.id == changed.id else each for each in alarm.queries)
    return replace(alarm, queries=queries)


def _expressions(text: str) -> Iterator[tuple[str, str]]:
    """Change one part of an expression at a time; the words tell which of equal ones it is."""
    seen: Counter[str] = Counter()
    root = parse(text).root
    texts = {written(root)}
    for words, changed in _parts(root):
        seen[words] += 1
        texts.add(written(changed))
        yield f"{words} (no. {seen[words]})", written(changed)
    if (unfilled := written(_unfilled(root))) not in texts:
        yield "no FILL at all", unfilled


def _unfilled(part: Part) -> Part:
    match part:
        case Call(function="FILL", arguments=(filled, _)):
            return _unfilled(filled)
        case Call(arguments=arguments):
            return replace(part, arguments=tuple(map(_unfilled, arguments)))
        case Listed(parts=parts):
            return replace(part, parts=tuple(map(_unfilled, parts)))
        case Operation(left=left, right=right):
            return replace(part, left=_unfilled(left), right=_unfilled(right))
        case Negative(part=inner):
            return replace(part, part=_unfilled(inner))
    return part


def _parts(part: Part) -> Iterator[tuple[str, Part]]:
    """Change ``part`` or one of those in it, and give the whole back."""
    yield from ((words, changed) for words, changed in _changed(part))
    match part:
        case Listed(parts=parts):
            yield from _each(parts, lambda some: replace(part, parts=some))
        case Call(function="FILL", arguments=(filled, filler)):
            for words, changed in _parts(filled):
                yield words, replace(part, arguments=(changed, filler))
        case Call(arguments=arguments):
            yield from _each(arguments, lambda some: replace(part, arguments=some))
        case Operation(left=left, right=right):
            yield from _each((left, right), lambda s: replace(part, left=s[0], right=s[1]))
        case Negative(part=inner):
            for words, changed in _parts(inner):
                yield words, replace(part, part=changed)


def _each(
    parts: tuple[Part, ...], whole: Callable[[tuple[Part, ...]], Part]
) -> Iterator[tuple[str, Part]]:
    for number, one in enumerate(parts):
        for words, changed in _parts(one):
            yield words, whole((*parts[:number], changed, *parts[number + 1 :]))


def _changed(part: Part) -> Iterator[tuple[str, Part]]:
    match part:
        case Number(value=value):
            for other in _numbers(value):
                yield f"{value:g} -> {other:g}", replace(part, value=other)
        case Call(function="FILL", arguments=(Name(id=name) as filled, Number(value=value) as by)):
            yield f"FILL({name}, {value:g}) -> {name}", filled
            more = replace(part, arguments=(filled, replace(by, value=value + 1)))
            yield f"FILL({name}, {value:g}) -> FILL({name}, {value + 1:g})", more
        case Call(function=function) if function in _EXTREMES:
            opposite = _EXTREMES[function]
            yield f"{function} -> {opposite}", replace(part, function=opposite)
        case Operation(sign=sign) if sign in _SIGNS:
            yield f"{sign} -> {_SIGNS[sign]}", replace(part, sign=_SIGNS[sign])


def _numbers(value: float) -> tuple[float, ...]:
    """One more and one less of what is counted; a little of what is not."""
    if value % 1:
        return (value * (1 + _LITTLE), value * (1 - _LITTLE))
    return (value + 1, value - 1) if value else (1.0,)
