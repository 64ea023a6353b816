"""Metric alarms of templates, in both of their forms.

Properties and defaults: CloudFormation's reference of ``AWS::CloudWatch::Alarm`` and CloudWatch's
of ``PutMetricAlarm``. What changes states and is not modelled here is refused by its name.
"""

import re

from runbook.alarms.alarm import HOUR, LONGEST_WINDOW, LONGEST_WINDOW_OF_HOURS, Comparison, Missing
from simulator.cloudwatch.definitions import (
    Actions,
    MathQuery,
    MetricAlarm,
    MetricIdentity,
    MetricQuery,
    Query,
    State,
)
from simulator.templates.properties import Properties

ALARM = "AWS::CloudWatch::Alarm"
# The id of the only series, where an alarm names its metric without one.
METRIC = "metric"
STATISTICS = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")
SHORT_PERIODS = (10, 20, 30)
ACTIONS = {
    State.OK: "OKActions",
    State.ALARM: "AlarmActions",
    State.INSUFFICIENT: "InsufficientDataActions",
}
# What an alarm says of itself, and its tags.
FREE = ("AlarmName", "AlarmDescription", "Tags", "ActionConfiguration")
_SINGLE = ("MetricName", "Namespace", "Dimensions", "Period", "Statistic", "ExtendedStatistic")
_EVALUATION = (
    *("ActionsEnabled", "ComparisonOperator", "DatapointsToAlarm", "EvaluationPeriods"),
    *("EvaluateLowSampleCountPercentile", "EvaluationWindow", "Metrics", "Threshold"),
    "TreatMissingData",
)
_BAND = "anomaly detection learns from weeks of datapoints, which no test has"
_UNIT = (
    "it leaves out datapoints of any other unit, and the series of a test have none; without it "
    "CloudWatch takes every unit"
)
_NOT_MODELLED = {
    "ThresholdMetricId": _BAND,
    "EvaluationCriteria": "PromQL is not evaluated here",
    "EvaluationInterval": "it belongs to PromQL, which is not evaluated here",
    "WarmUpConfiguration": "the time in which a new alarm is not evaluated is not modelled",
    "Unit": _UNIT,
}
_BANDS = (
    "GreaterThanUpperThreshold",
    "LessThanLowerThreshold",
    "LessThanLowerOrGreaterThanUpperThreshold",
)
_ID = re.compile(r"[a-z][A-Za-z0-9_]{0,254}")
_INSIGHTS = re.compile(r"\s*SELECT\s", re.IGNORECASE)


def metric_alarm(
    found: Properties, *, name: str, keys: tuple[str, ...], region: str | None, account: str | None
) -> MetricAlarm:
    """Read an alarm; ``RefusedError`` names the property that cannot be modelled, and why."""
    found.only((*FREE, *_SINGLE, *ACTIONS.values(), *_EVALUATION), _NOT_MODELLED)
    _as_modelled(found)
    queries, returned, period = _queries(found, account) if "Metrics" in found else _single(found)
    periods = found.whole("EvaluationPeriods")
    breaching = found.whole("DatapointsToAlarm", periods)
    _possible(found, period, periods, breaching)
    return MetricAlarm(
        name=name,
        place=found.place,
        keys=keys,
        queries=queries,
        returned=returned,
        period=period,
        periods=periods,
        breaching=breaching,
        comparison=_comparison(found),
        threshold=found.number("Threshold"),
        missing=Missing(
            found.one_of("TreatMissingData", [each.value for each in Missing], Missing.UNKNOWN)
        ),
        actions=actions(found),
        region=region,
    )


def actions(found: Properties) -> Actions:
    """Read what an alarm tells whom; ``ActionConfiguration`` may only say which tags go along."""
    if "ActionConfiguration" in found:
        found.below("ActionConfiguration").only(("AlarmTagsPropagation",), {})
    told = {state: found.names(name) for state, name in ACTIONS.items()}
    return Actions(
        enabled=found.switch("ActionsEnabled", default=True),
        on={state: names for state, names in told.items() if names},
    )


def _as_modelled(found: Properties) -> None:
    if "EvaluateLowSampleCountPercentile" in found:
        said = found.text("EvaluateLowSampleCountPercentile")
        if said != "evaluate":
            reason = f"{said!r} keeps the state while samples are few, and that is not modelled"
            fix = "leave it out: no test can be made of this alarm"
            raise found.refused("EvaluateLowSampleCountPercentile", reason, fix)
    if "EvaluationWindow" in found:
        reason = "windows on the wall clock are not modelled: here they slide, the default"
        fix = "no test can be made of this alarm"
        found.below("EvaluationWindow").only(("SlidingWindow",), {"WallClockWindow": reason})
        if "SlidingWindow" not in found.below("EvaluationWindow"):
            raise found.refused("EvaluationWindow", "it names no window", fix)


def _comparison(found: Properties) -> Comparison:
    said = found.one_of("ComparisonOperator", [*(each.value for each in Comparison), *_BANDS])
    if said in _BANDS:
        raise found.refused("ComparisonOperator", _BAND, "no test can be made of this alarm")
    return Comparison(said)


def _possible(found: Properties, period: int, periods: int, breaching: int) -> None:
    """Refuse what CloudWatch refuses."""
    if breaching > periods:
        reason = f"{breaching} of {periods} datapoints never are"
        raise found.refused("DatapointsToAlarm", reason, f"write {periods} at most")
    most = LONGEST_WINDOW_OF_HOURS if period >= HOUR else LONGEST_WINDOW
    if period * periods > most:
        reason = f"{periods} times {period} seconds are more than the {most} that CloudWatch takes"
        raise found.refused("EvaluationPeriods", reason, "look less far back")


def _single(found: Properties) -> tuple[tuple[Query, ...], str, int]:
    """Read the form with one metric and no ``Metrics``."""
    if ("Statistic" in found) == ("ExtendedStatistic" in found):
        reason = "an alarm has either it or ExtendedStatistic"
        raise found.refused("Statistic", reason, "write one of them")
    if "Statistic" in found:
        stat = found.one_of("Statistic", STATISTICS)
    else:
        stat = found.text("ExtendedStatistic")
    period = _period(found)
    return (MetricQuery(METRIC, _identity(found), stat, period),), METRIC, period


def _queries(found: Properties, account: str | None) -> tuple[tuple[Query, ...], str, int]:
    """Read ``Metrics``: series of one period, and expressions over them; one is returned."""
    for name in _SINGLE:
        if name in found:
            raise found.refused(name, "an alarm has either it or Metrics", "leave one of them out")
    queries: dict[str, Query] = {}
    returned: list[str] = []
    periods: set[int] = set()
    for each in found.each("Metrics"):
        query = _query(each, account)
        if query.id in queries:
            raise each.refused("Id", f"two of its metrics are called {query.id!r}", "rename one")
        queries[query.id] = query
        periods |= _periods(each, query)
        if each.switch("ReturnData", default=True):
            returned.append(query.id)
    if not any(isinstance(query, MetricQuery) for query in queries.values()):
        raise found.refused("Metrics", "none of them is a metric", "no test can be made of it")
    if len(periods) > 1:
        several = " and ".join(map(str, sorted(periods)))
        reason = f"its metrics have periods of {several} seconds, and that is not modelled"
        raise found.refused("Metrics", reason, "use one period for all of them")
    if len(returned) != 1:
        reason = f"{len(returned)} of them return data, and CloudWatch looks at one"
        raise found.refused("Metrics", reason, "write ReturnData: false at all others")
    return tuple(queries.values()), returned[0], periods.pop()


def _periods(each: Properties, query: Query) -> set[int]:
    """Give the period of a series, and the one that an expression may have beside it."""
    if isinstance(query, MetricQuery):
        return {query.period}
    return {_period(each)} if "Period" in each else set()


def _query(each: Properties, account: str | None) -> Query:
    known = ("Id", "Label", "ReturnData", "Expression", "MetricStat", "Period", "AccountId")
    each.only(known, {})
    id_ = each.text("Id")
    if not _ID.fullmatch(id_):
        reason = f"{id_!r} is no id: a small letter, then letters, digits and underscores"
        raise each.refused("Id", reason, "rename it")
    if ("Expression" in each) == ("MetricStat" in each):
        reason = "each of its metrics has either it or MetricStat"
        raise each.refused("Expression", reason, "write one of them")
    if "AccountId" in each and (account is None or each.text("AccountId") != account):
        reason = "metrics of other accounts are not modelled: a series does not say whose it is"
        raise each.refused("AccountId", reason, "leave it out for the alarm's own account")
    if "Expression" in each:
        expression = each.text("Expression")
        if _INSIGHTS.match(expression):
            reason = "a query of Metrics Insights reads whichever metrics there are"
            raise each.refused("Expression", reason, "no test can be made of this alarm")
        return MathQuery(id_, expression)
    if "Period" in each:
        raise each.refused("Period", "a metric's period stands in its MetricStat", "leave it out")
    series = each.below("MetricStat")
    series.only(("Metric", "Period", "Stat"), {"Unit": _UNIT})
    metric = series.below("Metric")
    metric.only(("MetricName", "Namespace", "Dimensions"), {})
    return MetricQuery(id_, _identity(metric), series.text("Stat"), _period(series))


def _period(found: Properties) -> int:
    period = found.whole("Period")
    if period not in SHORT_PERIODS and period % 60:
        reason = f"{period} seconds are neither 10, 20, 30 nor whole minutes"
        raise found.refused("Period", reason, "write one that CloudWatch takes")
    return period


def _identity(found: Properties) -> MetricIdentity:
    dimensions: dict[str, str] = {}
    for each in found.each("Dimensions"):
        each.only(("Name", "Value"), {})
        name = each.text("Name")
        if name in dimensions:
            raise each.refused("Name", f"the dimension {name!r} stands twice", "leave one out")
        dimensions[name] = each.dimension("Value")
    return MetricIdentity(
        found.name("Namespace"), found.name("MetricName"), tuple(sorted(dimensions.items()))
    )
