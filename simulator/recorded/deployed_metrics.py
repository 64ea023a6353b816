"""What deployed alarms look at, and the queries that ask CloudWatch for it. Pure.

How long CloudWatch keeps datapoints of which period: API reference, GetMetricData.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import gcd
from typing import Any

from simulator.cloudwatch.definitions import MetricIdentity
from simulator.cloudwatch.judgement import EXTRA
from simulator.recorded.matching import SAMPLE_COUNT
from simulator.templates.metric_alarms import METRIC

Json = Any
MINUTE, HOUR, DAY = 60, 3_600, 86_400
# Periods from which on datapoints are kept for so many seconds.
KEPT = ((1, 3 * HOUR), (MINUTE, 15 * DAY), (5 * MINUTE, 63 * DAY), (HOUR, 455 * DAY))
# Those of long periods can be made from those of short ones; percentiles cannot.
_COMPOSED = frozenset({"Sum", "Average", "Minimum", "Maximum", SAMPLE_COUNT})


@dataclass(frozen=True, slots=True)
class Series:
    """One metric under one statistic in one region, as CloudWatch is asked; period in seconds."""

    region: str
    metric: MetricIdentity
    stat: str
    period: int

    def query(self, id_: str) -> dict[str, Json]:
        """Write it as GetMetricData takes it."""
        dimensions = [{"Name": name, "Value": value} for name, value in self.metric.dimensions]
        metric = {
            "Namespace": self.metric.namespace,
            "MetricName": self.metric.name,
            "Dimensions": dimensions,
        }
        return {
            "Id": id_,
            "MetricStat": {"Metric": metric, "Period": self.period, "Stat": self.stat},
            "ReturnData": True,
        }


@dataclass(frozen=True, slots=True)
class Looks:
    """What alarms look at: ``reads`` by region, alarm's name and query's id.

    ``left_out`` says of alarms what cannot be asked. ``back`` is for how many seconds the one does
    that looks back longest.
    """

    reads: Mapping[tuple[str, str, str], Series]
    left_out: tuple[str, ...]
    back: int

    @property
    def series(self) -> tuple[Series, ...]:
        """List each once; averages with the counts of samples that they are weighed by."""
        found = dict.fromkeys(self.reads.values())
        for each in self.reads.values():
            if each.stat == "Average":
                found.setdefault(Series(each.region, each.metric, SAMPLE_COUNT, each.period), None)
        return tuple(found)


def looks_of(alarms: Mapping[str, Sequence[Json]], period: int) -> Looks:
    """Read metric alarms as DescribeAlarms gives them, by region.

    What can be made from shorter periods is asked every ``period`` seconds, or as often as an alarm
    of a shorter one needs it; percentiles at the alarm's own period.
    """
    wanted: dict[tuple[str, str, str], Series] = {}
    left_out: list[str] = []
    back = 0
    for region, some in alarms.items():
        for alarm in some:
            stats = list(_stats(alarm))
            for id_, stat in stats:
                if reason := _impossible(stat):
                    left_out.append(f"{alarm['AlarmName']}: {reason}")
                else:
                    series = Series(region, _identity(stat), stat["Stat"], stat["Period"])
                    wanted[region, alarm["AlarmName"], id_] = series
                    whole = alarm["EvaluationPeriods"] + EXTRA + 1
                    back = max(back, series.period * whole)
    chosen = _periods(wanted.values(), period)
    reads = {
        query: Series(each.region, each.metric, each.stat, chosen[_what(each)])
        for query, each in wanted.items()
    }
    return Looks(reads, tuple(left_out), back)


def kept_for(period: int) -> int:
    """Say for how many seconds CloudWatch keeps datapoints of a period."""
    return max(seconds for shortest, seconds in KEPT if period >= shortest)


def _stats(alarm: Json) -> Iterator[tuple[str, Json]]:
    """List the metrics of an alarm, whichever form it has; expressions are none."""
    if not alarm.get("Metrics"):
        metric = {name: alarm.get(name) for name in ("Namespace", "MetricName", "Dimensions")}
        stat = alarm.get("Statistic") or alarm.get("ExtendedStatistic")
        yield (
            METRIC,
            {"Metric": metric, "Period": alarm.get("Period"), "Stat": stat}
            | ({"Unit": alarm["Unit"]} if alarm.get("Unit") else {}),
        )
        return
    for query in alarm["Metrics"]:
        if "MetricStat" in query:
            account = {"AccountId": query["AccountId"]} if query.get("AccountId") else {}
            yield query["Id"], query["MetricStat"] | account
        elif query.get("Expression", "").lstrip().upper().startswith("SELECT"):
            yield query["Id"], {"Query": query["Expression"]}


def _impossible(stat: Json) -> str:
    """Say why a metric cannot be asked as an alarm reads it; empty where it can."""
    if "Query" in stat:
        return "a query of Metrics Insights is no metric, and CloudWatch answers it for hours only"
    if stat.get("Unit"):
        return f"it reads datapoints of the unit {stat['Unit']} alone"
    return f"it reads a metric of the account {stat['AccountId']}" if "AccountId" in stat else ""


def _identity(stat: Json) -> MetricIdentity:
    metric = stat["Metric"]
    pairs = sorted((each["Name"], each["Value"]) for each in metric.get("Dimensions") or [])
    return MetricIdentity(metric["Namespace"], metric["MetricName"], tuple(pairs))


def _periods(series: Iterable[Series], period: int) -> dict[tuple[str, MetricIdentity, str], int]:
    """Choose one period for each metric and statistic that every alarm's can be made of."""
    chosen: dict[tuple[str, MetricIdentity, str], int] = {}
    for each in series:
        known = chosen.get(_what(each), 0)
        if each.stat in _COMPOSED:
            chosen[_what(each)] = gcd(known or period, each.period)
        else:
            chosen[_what(each)] = min(known or each.period, each.period)
    # Averages are weighed by counts of the same period, so an alarm on either settles both.
    for (region, metric, stat), found in list(chosen.items()):
        counts = region, metric, SAMPLE_COUNT
        if stat == "Average" and counts in chosen:
            chosen[counts] = chosen[region, metric, stat] = gcd(chosen[counts], found)
    return chosen


def _what(series: Series) -> tuple[str, MetricIdentity, str]:
    return series.region, series.metric, series.stat
