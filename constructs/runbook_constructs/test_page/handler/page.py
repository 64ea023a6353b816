"""Entry of the function: ring the pager once a month, and count the days since (ALL-7).

To ring, it gives the alarm ``test-page`` its datapoint, so that the page goes the way that every
other one goes. It counts what SNS delivered; who stops counting rings another alarm.
"""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

from .evidence import delivered, published, rang, whole_days

Json = Any
# How long CloudWatch keeps an alarm's history, and takes datapoints of the past.
HISTORY, OLDEST_DATAPOINT = timedelta(days=30), timedelta(days=13)
# Datapoints of an hour: 1,440 at most in one answer, and kept for longer than that.
LOOK_BACK, HOUR = timedelta(days=59), 3600
# Datapoints of a day, for fifteen months.
OLDEST_COUNT, DAY = timedelta(days=400), 86_400
# EventBridge tries for a day: a page that comes late would come at night.
LATEST = timedelta(minutes=10)
# SNS tries an endpoint again for a while, and tells in steps of five minutes.
SETTLES, STEP = timedelta(minutes=30), 300
DELIVERED = "TestPageDelivered"


@dataclass(frozen=True)
class Settings:
    """For whom it works: names of the environment, of the alarm and of the metrics.

    ``channels`` is to how many subscribers SNS hands each message of ``topic``.
    """

    environment: str
    alarm: str
    topic: str
    namespace: str
    page: str
    days: str
    channels: int

    @classmethod
    def read(cls) -> "Settings":
        """Read them; ``KeyError`` for one that is not there, ``ValueError`` for no channel."""
        names = ("ENVIRONMENT_NAME", "ALARM", "TOPIC", "NAMESPACE", "PAGE_METRIC", "DAYS_METRIC")
        if (channels := int(os.environ["CHANNELS"])) < 1:
            raise ValueError("CHANNELS is less than one: every page would count as delivered")
        environment, alarm, topic, namespace, page, days = (os.environ[name] for name in names)
        return cls(environment, alarm, topic, namespace, page, days, channels)


def handler(event: Mapping[str, Json], context: object) -> dict[str, Json]:  # noqa: ARG001
    """Do the task that the schedule names, ``ring`` or ``count``, for its ``time``.

    Raises ``ClientError`` when it cannot look or write, ``KeyError`` or ``ValueError`` for an event
    that is not the schedules'. What failed counts as not done.
    """
    settings, scheduled = Settings.read(), datetime.fromisoformat(event["time"])
    if scheduled.utcoffset() is None:
        raise ValueError("the schedule's time does not say its zone")
    if event["task"] == "ring":
        done = _ring(settings, scheduled)
    elif event["task"] == "count":
        done = _count(settings, scheduled)
    else:
        raise ValueError(f"there is no task {event['task']!r}")
    _say(task=event["task"], **done)
    return done


def _ring(settings: Settings, scheduled: datetime) -> dict[str, Json]:
    """Ring, unless a page of this month was delivered: on one business day after the other.

    However often it runs, it is one datapoint of the schedule's own minute.
    """
    now = _now()
    if now - scheduled > LATEST:
        return {"rung": False, "why": "too late: the next business day rings"}
    month = scheduled.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    if rang(_history(settings, now - SETTLES)):
        return {"rung": False, "why": "rang a moment ago: the next business day judges it"}
    last = _delivered_before(settings, now)
    if last and last >= month:
        return {"rung": False, "why": f"delivered this month: {last.isoformat()}"}
    _put(settings, settings.page, 1, scheduled.replace(second=0, microsecond=0))
    return {"rung": True}


def _count(settings: Settings, scheduled: datetime) -> dict[str, Json]:
    """Find the last page that SNS delivered, keep it as a metric, and count the days since.

    Where none was ever delivered, the days since its own first count; a new environment has none.
    """
    now = min(_now(), scheduled)
    last = _delivered_before(settings, now)
    since = last or _first_count(settings, now) or now
    days = whole_days(since, now)
    _put(settings, settings.days, days, scheduled)
    return {"days": days, "last": last.isoformat() if last else None}


def _delivered_before(settings: Settings, now: datetime) -> datetime | None:
    known = _datapoints(settings.namespace, DELIVERED, _own(settings), now - LOOK_BACK, now)
    found = [at for at, value in known if value > 0]
    history = list(_history(settings, now - HISTORY))
    for page in published(history, settings.topic):
        if page + SETTLES <= now and _was_delivered(settings, page):
            found.append(page)
            if page > now - OLDEST_DATAPOINT:
                _put(settings, DELIVERED, 1, page)
    return max(found, default=None)


def _was_delivered(settings: Settings, page: datetime) -> bool:
    start = page.replace(minute=page.minute // 5 * 5, second=0, microsecond=0)
    topic = [{"Name": "TopicName", "Value": settings.topic.rpartition(":")[2]}]
    taken, handed_over = (
        [value for _, value in _datapoints("AWS/SNS", name, topic, start, start + SETTLES, STEP)]
        for name in ("NumberOfMessagesPublished", "NumberOfNotificationsDelivered")
    )
    return delivered(taken, handed_over, settings.channels)


def _first_count(settings: Settings, now: datetime) -> datetime | None:
    start, own = now - OLDEST_COUNT, _own(settings)
    counts = _datapoints(settings.namespace, settings.days, own, start, now, DAY)
    return min((at for at, _ in counts), default=None)


def _history(settings: Settings, since: datetime) -> Iterator[Mapping[str, Json]]:
    pages = _cloudwatch().get_paginator("describe_alarm_history")
    for page in pages.paginate(
        AlarmName=settings.alarm,
        AlarmTypes=["MetricAlarm"],
        StartDate=since,
        EndDate=_now(),
        ScanBy="TimestampAscending",
    ):
        yield from page["AlarmHistoryItems"]


def _datapoints(
    namespace: str,
    metric: str,
    dimensions: list[dict[str, str]],
    start: datetime,
    end: datetime,
    period: int = HOUR,
) -> list[tuple[datetime, float]]:
    """List the sums of each period, with its start."""
    answer = _cloudwatch().get_metric_statistics(
        Namespace=namespace,
        MetricName=metric,
        Dimensions=dimensions,
        StartTime=start,
        EndTime=end,
        Period=period,
        Statistics=["Sum"],
    )
    return [(point["Timestamp"], point["Sum"]) for point in answer["Datapoints"]]


def _put(settings: Settings, metric: str, value: float, at: datetime) -> None:
    datum = {"MetricName": metric, "Value": value, "Timestamp": at, "Dimensions": _own(settings)}
    _cloudwatch().put_metric_data(Namespace=settings.namespace, MetricData=[datum])


def _own(settings: Settings) -> list[dict[str, str]]:
    return [{"Name": "Environment", "Value": settings.environment}]


def _now() -> datetime:
    return datetime.now(UTC)


@cache
def _cloudwatch() -> Any:  # noqa: ANN401 - the runtime has boto3, not its types
    retries: Any = {"mode": "standard", "max_attempts": 5}
    config = Config(retries=retries, connect_timeout=3, read_timeout=10)
    return boto3.client("cloudwatch", config=config)


def _say(**fields: Json) -> None:
    sys.stdout.write(json.dumps(fields, sort_keys=True) + "\n")
