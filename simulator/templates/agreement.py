"""Whether alarms that were read are the catalogue's, to the word, and mute rules, too."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from runbook.alarms import alarm as catalogue
from runbook.alarms.delivery import topic_arn
from runbook.alarms.finding import every_alarm, region
from runbook.alarms.mute_rules import mute_rules
from runbook.alarms.placeholders import HEALTH_CHECK, is_placeholder
from runbook.alarms.severities import level
from runbook.model.environment import IDENTITY_REGION, Environment
from simulator.cloudwatch.definitions import (
    Actions,
    Alarm,
    CompositeAlarm,
    Definitions,
    MathQuery,
    MetricAlarm,
    MetricIdentity,
    MetricQuery,
    MuteRule,
    Query,
    State,
)

Wanted = catalogue.MetricAlarm | catalogue.CompositeAlarm


def differences(environment: Environment, found: Definitions) -> Iterator[str]:
    """Tell each difference between what was read and the catalogue of the environment."""
    wanted = {
        alarm.name(environment.slug): alarm
        for alarm in every_alarm(environment)
        if not isinstance(alarm, catalogue.BudgetAlarm)
    }
    for alarm in found.unreadable:
        refusal = alarm.refusals[0]
        yield f"{alarm.name} cannot be read: {refusal.key}: {refusal.reason}"
    unreadable = {alarm.name for alarm in found.unreadable}
    stand_ins = _StandIns()
    for name in dict.fromkeys((*wanted, *found.alarms)):
        if name in unreadable:
            continue
        if name not in found.alarms:
            yield f"{name} is not in it"
        elif name not in wanted:
            yield f"{name} is of no catalogue"
        else:
            yield from _of_alarm(environment, wanted[name], found.alarms[name], stand_ins)
    yield from _of_mute_rules(environment, found)


class _StandIns:
    """What placeholders of the catalogue turned out to be: one value each, and not another's."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}
        self._meant: dict[str, str] = {}

    def agree(self, placeholder: str, value: str) -> bool:
        """Say whether a value may be what the placeholder is everywhere else."""
        same = self._values.setdefault(placeholder, value) == value
        return same and self._meant.setdefault(value, placeholder) == placeholder


def _of_alarm(
    environment: Environment, wanted: Wanted, found: Alarm, stand_ins: _StandIns
) -> Iterator[str]:
    is_, should = _said(found), _should(environment, wanted)
    for what in dict.fromkeys((*should, *is_)):
        if is_.get(what) != should.get(what):
            wants = should.get(what)
            yield f"{found.name}: {what} is {is_.get(what)}, and {wants} in the catalogue"
    if isinstance(wanted, catalogue.MetricAlarm) and isinstance(found, MetricAlarm):
        yield from _of_queries(wanted, found, stand_ins)


def _said(found: Alarm) -> dict[str, Any]:
    """Lay out all that an alarm hangs on, but its series."""
    both = {"region": found.region, "actions": _told(found.actions), "kind": type(found).__name__}
    match found:
        case MetricAlarm():
            return both | {
                "the returned query": found.returned,
                "the period": found.period,
                "the window": (found.breaching, found.periods),
                "the comparison": found.comparison,
                "the threshold": found.threshold,
                "missing data": found.missing,
            }
        case CompositeAlarm():
            return both | {"the rule": found.rule, "the suppressor": found.suppressor}


def _should(environment: Environment, wanted: Wanted) -> dict[str, Any]:
    where = region(environment, wanted)
    topic = topic_arn(environment, where, level(environment.organisation, wanted.severity).id)
    part = isinstance(wanted, catalogue.MetricAlarm) and wanted.part
    actions = Actions(on={} if part else {State.OK: (topic,), State.ALARM: (topic,)})
    both = {"region": where, "actions": _told(actions)}
    if isinstance(wanted, catalogue.CompositeAlarm):
        rule = wanted.rule(environment.slug)
        return both | {
            "kind": CompositeAlarm.__name__,
            "the rule": rule,
            "the suppressor": None,
        }
    return both | {
        "kind": MetricAlarm.__name__,
        "the returned query": catalogue.RESULT if wanted.expression else wanted.metrics[0].id,
        "the period": wanted.period,
        "the window": (wanted.breaching, wanted.periods),
        "the comparison": wanted.comparison,
        "the threshold": wanted.threshold,
        "missing data": wanted.missing,
    }


def _told(actions: Actions) -> tuple[bool, Mapping[State, tuple[str, ...]]]:
    return actions.enabled, dict(actions.on)


def _of_queries(
    wanted: catalogue.MetricAlarm, found: MetricAlarm, stand_ins: _StandIns
) -> Iterator[str]:
    """Compare series by series, and the expression over them."""
    read = {query.id: query for query in found.queries}
    should = {query.id: query for query in _queries(wanted)}
    for id_ in dict.fromkeys((*should, *read)):
        is_, query = read.get(id_), should.get(id_)
        if isinstance(is_, MetricQuery) and isinstance(query, MetricQuery):
            is_ = _placed(is_, query, wanted, stand_ins)
        if is_ != query:
            yield f"{found.name}: {id_} is {_written(is_)}, and {_written(query)} in the catalogue"


def _queries(wanted: catalogue.MetricAlarm) -> Iterator[Query]:
    for metric in wanted.metrics:
        dimensions = tuple(sorted(metric.dimensions.items()))
        identity = MetricIdentity(metric.namespace, metric.name, dimensions)
        yield MetricQuery(metric.id, identity, metric.stat, wanted.period)
    if wanted.expression is not None:
        yield MathQuery(catalogue.RESULT, wanted.expression)


def _placed(
    read: MetricQuery, should: MetricQuery, alarm: catalogue.MetricAlarm, stand_ins: _StandIns
) -> MetricQuery:
    """Write placeholders where values stand that they may stand for."""
    wanted = dict(should.metric.dimensions)
    dimensions = []
    for name, value in read.metric.dimensions:
        placeholder = wanted.get(name, "")
        # Each service has a check of its own, and the alarm alone tells which.
        whose = f"{placeholder} {alarm.subject}" if placeholder == HEALTH_CHECK else placeholder
        open_ = value.startswith("<") or value.endswith("/*")
        fits = is_placeholder(placeholder) and open_ and stand_ins.agree(whose, value)
        dimensions.append((name, placeholder if fits else value))
    identity = MetricIdentity(read.metric.namespace, read.metric.name, tuple(dimensions))
    return MetricQuery(read.id, identity, read.stat, read.period)


def _written(query: Query | None) -> str:
    match query:
        case None:
            return "not there"
        case MathQuery():
            return query.expression
    metric = query.metric
    named = ", ".join(f"{name} {value}" for name, value in metric.dimensions)
    return f"{query.stat} of {metric.namespace} {metric.name} ({named}) in {query.period} s"


def _of_mute_rules(environment: Environment, found: Definitions) -> Iterator[str]:
    """Compare all of each rule but the place in its template."""
    zone = environment.alerting.time_zone
    read = {replace(rule, place="", alarms=tuple(sorted(rule.alarms))) for rule in found.mute_rules}
    should = {
        MuteRule(
            name=rule.name,
            place="",
            expression=rule.window.expression,
            duration=rule.window.duration,
            timezone=zone,
            alarms=tuple(sorted(rule.alarms)),
            region=where,
        )
        for where in dict.fromkeys((environment.region, IDENTITY_REGION))
        for rule in mute_rules(environment, where)
    }
    for rule in sorted(read - should, key=str):
        yield f"the mute rule {rule.name} in {rule.region} is not that of the catalogue"
    for rule in sorted(should - read, key=str):
        yield f"the mute rule {rule.name} in {rule.region} is not in it as the catalogue has it"
