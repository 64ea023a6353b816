"""Recordings as `runbook alarms record` writes them, of values that a test chooses."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from simulator.cloudwatch.definitions import Definitions, MetricAlarm, MetricIdentity, MetricQuery
from simulator.cloudwatch.series import Values
from simulator.recorded.instants import shown

Json = Any
# By metric and statistic: one value a period from the start on, NaN where there is none.
Chosen = Callable[[MetricIdentity, str, int, int], Values | None]


def deployed(metric: MetricIdentity) -> MetricIdentity:
    """Give marks the values that a deploy would."""
    dimensions = tuple((name, value.strip("<>")) for name, value in metric.dimensions)
    return MetricIdentity(metric.namespace, metric.name, dimensions)


def queried(id_: str, metric: MetricIdentity, stat: str, period: int) -> Json:
    """Write a query as GetMetricData takes it."""
    dimensions = [{"Name": name, "Value": value} for name, value in metric.dimensions]
    named = {
        "Namespace": metric.namespace,
        "MetricName": metric.name,
        "Dimensions": dimensions,
    }
    return {"Id": id_, "MetricStat": {"Metric": named, "Period": period, "Stat": stat}}


def answered(id_: str, start: int, period: int, values: Values) -> Json:
    """Write an answer as the AWS CLI prints it."""
    there = np.flatnonzero(~np.isnan(values))
    return {
        "Id": id_,
        "Label": id_,
        "StatusCode": "Complete",
        "Timestamps": [shown(start + int(n) * period) for n in there],
        "Values": [float(values[n]) for n in there],
    }


def record(
    path: Path,
    definitions: Definitions,
    over: tuple[int, int],
    chosen: Chosen,
    environment: str | None = None,
) -> Path:
    """Write a recording of all metrics that alarms read; percentiles at the alarm's own period."""
    start, end = over
    ids: dict[tuple[str, MetricIdentity, str], str] = {}
    content: Mapping[str, Json] = {
        "StartTime": shown(start),
        "EndTime": shown(end),
        "Alarms": {},
        "Regions": {},
        "MetricDataQueries": [],
        "MetricDataResults": [],
        "Messages": [],
    } | ({"Environment": environment} if environment else {})
    for alarm in definitions.alarms.values():
        for query in alarm.queries if isinstance(alarm, MetricAlarm) else ():
            if not isinstance(query, MetricQuery):
                continue
            key = alarm.region or "", query.metric, query.stat
            if key not in ids:
                period = query.period if query.stat.startswith("p") else min(query.period, 60)
                values = chosen(query.metric, query.stat, period, (end - start) // period)
                if values is None:
                    continue
                ids[key] = f"m{len(ids)}"
                metric = deployed(query.metric)
                content["MetricDataQueries"].append(queried(ids[key], metric, query.stat, period))
                content["MetricDataResults"].append(answered(ids[key], start, period, values))
                if alarm.region:
                    content["Regions"][ids[key]] = alarm.region
            of = content["Alarms"].setdefault(alarm.region or "", {})
            of.setdefault(alarm.name, {})[query.id] = ids[key]
    path.write_text(json.dumps(content), "utf-8")
    return path
