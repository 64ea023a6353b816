"""An alarm of the catalogue as a graph: what it looks at, and the line at which it rings."""

import re
from collections.abc import Collection, Sequence

from runbook.alarms.alarm import (
    HOUR,
    MINUTE,
    Alarm,
    BudgetAlarm,
    CompositeAlarm,
    Metric,
    MetricAlarm,
    Stands,
)
from runbook.alarms.placeholders import CERTIFICATE, HEALTH_CHECK
from runbook.alarms.widgets import AlarmGraph, Formula, Graph, Line, Series
from runbook.model.environment import Environment

# Route 53 reports here alone, and an alarm reads its own region.
PROBE_REGION = "us-east-1"
RESULT = "result"
# What another region knows, or what no other stack may import, so that it can be replaced.
_OF_ITS_ALARM = {CERTIFICATE, HEALTH_CHECK}


def home(environment: Environment, alarm: Alarm) -> str:
    """Name the region that an alarm stands in."""
    return PROBE_REGION if alarm.stands is Stands.PROBE else environment.region


def arn(environment: Environment, alarm: Alarm) -> str:
    """Write an alarm's ARN, which follows from its name."""
    place = f"{home(environment, alarm)}:{environment.account}"
    return f"arn:aws:cloudwatch:{place}:alarm:{alarm.name(environment.slug)}"


def line(alarm: MetricAlarm) -> Line:
    """Draw the value at which an alarm rings."""
    label = f"{alarm.severity} {alarm.id} {alarm.comparison.sign} {alarm.threshold:g}"
    return Line(label=label, value=alarm.threshold)


def title(environment: Environment, alarm: Alarm, unit: str) -> str:
    """Call a graph what the alarm is called, so that a page leads to it."""
    away = home(environment, alarm) != environment.region
    return f"{alarm.id} ({unit.strip('()')})" + f", {home(environment, alarm)}" * away


def is_own(alarm: MetricAlarm) -> bool:
    """Say whether CloudWatch has to draw an alarm by its ARN: its dimensions are not known here."""
    return any(_OF_ITS_ALARM & {*metric.dimensions.values()} for metric in alarm.metrics)


def own_graph(environment: Environment, alarm: MetricAlarm) -> AlarmGraph:
    """Let CloudWatch draw an alarm, its line included."""
    return AlarmGraph(
        title=title(environment, alarm, alarm.unit),
        region=home(environment, alarm),
        alarm=arn(environment, alarm),
    )


def graph(
    alarms: Sequence[MetricAlarm],
    *,
    title: str,
    region: str,
    shown: Collection[str] = (),
    beside: Sequence[Series | Formula] = (),
) -> Graph:
    """Draw alarms of one unit together, each with its line.

    ``shown`` are ids of metrics that are drawn beside the expression over them; ``beside`` is drawn
    and rings nothing.
    """
    drawn: list[Series | Formula] = []
    for number, alarm in enumerate(alarms):
        drawn += _drawn(alarm, f"a{number}_" if len(alarms) > 1 else "", shown)
    lines = {each.label: each for each in map(line, alarms)}
    return Graph(
        title=title,
        region=region,
        drawn=(*drawn, *beside),
        lines=tuple(lines.values()),
        start=far_back(max(alarm.period for alarm in alarms)),
    )


def words(id_: str) -> str:
    """Label a series by its id."""
    return id_.replace("_", " ")


def far_back(period: int) -> str | None:
    """Say how long a graph has to be to show something, None where the dashboard's range does."""
    if period > 6 * HOUR:
        return "-P30D"
    return "-P7D" if period > 15 * MINUTE else None


def drawable(alarm: MetricAlarm | CompositeAlarm) -> tuple[MetricAlarm, ...]:
    """Take what of an alarm is drawn: of a composite its first part, and those of the same unit.

    Another unit only arms it, and says that anything is measured at all.
    """
    if isinstance(alarm, MetricAlarm):
        return (alarm,)
    return tuple(part for part in alarm.every if part.unit == alarm.every[0].unit)


def grouped(
    environment: Environment, alarms: Sequence[Alarm]
) -> list[tuple[Alarm, list[MetricAlarm]]]:
    """Gather what differs by its subject alone in one region: the first alarm, and what is drawn.

    Alarms keep their order.
    """
    found: dict[tuple[str, str], tuple[Alarm, list[MetricAlarm]]] = {}
    for alarm in alarms:
        if not isinstance(alarm, BudgetAlarm):
            _, drawn = found.setdefault((alarm.id, home(environment, alarm)), (alarm, []))
            drawn.extend(drawable(alarm))
    return list(found.values())


def _drawn(alarm: MetricAlarm, prefix: str, shown: Collection[str]) -> list[Series | Formula]:
    named = alarm.subject if prefix and alarm.expression is None else None
    series: list[Series | Formula] = [
        Series(
            metric=_called(metric, prefix + metric.id),
            period=alarm.period,
            label=named or words(metric.id),
            hidden=alarm.expression is not None and metric.id not in shown,
        )
        for metric in alarm.metrics
    ]
    if alarm.expression is not None:
        series.append(
            Formula(
                id=prefix + RESULT,
                expression=_prefixed(alarm.expression, alarm.metrics, prefix),
                period=alarm.period,
                label=alarm.id if alarm.part else alarm.unit,
            )
        )
    return series


def _called(metric: Metric, id_: str) -> Metric:
    return metric.model_copy(update={"id": id_})


def _prefixed(expression: str, metrics: Sequence[Metric], prefix: str) -> str:
    """Call the metrics of an expression what they are called in the graph."""
    names = "|".join(re.escape(metric.id) for metric in metrics)
    return re.sub(rf"\b({names})\b", rf"{prefix}\1", expression)
