"""Alarms of the catalogue as a replay takes them, without a synthesis."""

from runbook.alarms.alarm import RESULT, Metric, MetricAlarm
from simulator.cloudwatch import definitions
from simulator.cloudwatch.definitions import MathQuery, MetricIdentity, MetricQuery


def simulated(alarm: MetricAlarm) -> definitions.MetricAlarm:
    """Write an alarm as a template would have it, its placeholders as they are."""
    metrics = tuple(
        MetricQuery(each.id, identity(each), each.stat, alarm.period) for each in alarm.metrics
    )
    math_ = () if alarm.expression is None else (MathQuery(RESULT, alarm.expression),)
    return definitions.MetricAlarm(
        name=alarm.key,
        place="catalogue",
        keys=(alarm.key, alarm.id),
        queries=(*metrics, *math_),
        returned=RESULT if math_ else metrics[0].id,
        period=alarm.period,
        periods=alarm.periods,
        breaching=alarm.breaching,
        comparison=alarm.comparison,
        threshold=alarm.threshold,
        missing=alarm.missing,
    )


def identity(metric: Metric) -> MetricIdentity:
    """Name a metric with its dimensions."""
    return MetricIdentity(metric.namespace, metric.name, tuple(sorted(metric.dimensions.items())))
