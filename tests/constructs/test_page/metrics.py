"""CloudWatch for the test page: metrics are moto's, which keeps no history of alarms."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.validate import validate_parameters

Json = dict[str, Any]
PLACE = "us-east-2:111122223333"
ENVIRONMENT, ALARM = "rovn/production", "rovn-production-test-page"
TOPIC_NAME = "rovn-production-sev-1"
TOPIC = f"arn:aws:sns:{PLACE}:{TOPIC_NAME}"
NAMESPACE, PAGES, DAYS = "Runbook/Paging", "TestPage", "DaysSinceTestPage"
SETTINGS = {
    "ENVIRONMENT_NAME": ENVIRONMENT,
    "ALARM": ALARM,
    "TOPIC": TOPIC,
    "NAMESPACE": NAMESPACE,
    "PAGE_METRIC": PAGES,
    "DAYS_METRIC": DAYS,
    "CHANNELS": "2",
    "AWS_DEFAULT_REGION": "us-east-2",
}
# A business day, the first of its month.
NOON = datetime(2026, 12, 1, 15, 15, tzinfo=UTC)
# Items of one answer, so that a few make several pages.
OF_ONE_PAGE = 2


def change(at: datetime, state: str) -> Json:
    """Write that an alarm came into a state, as CloudWatch does."""
    data = {"version": "1.0", "oldState": {}, "newState": {"stateValue": state}}
    return {
        "Timestamp": at,
        "HistoryItemType": "StateUpdate",
        "HistorySummary": f"Alarm updated to {state}",
        "HistoryData": json.dumps(data),
    }


def action(at: datetime, topic: str = TOPIC, *, done: bool = True) -> Json:
    """Write that an alarm told a topic, or could not."""
    said = f"Successfully executed action {topic}" if done else f"Failed to execute action {topic}"
    return {
        "Timestamp": at,
        "HistoryItemType": "Action",
        "HistorySummary": said if done else f"{said}. Received error: AuthorizationError",
        "HistoryData": json.dumps({"notificationResource": topic}),
    }


def page(at: datetime) -> list[Json]:
    """Write a whole test page: it rings, tells, ends a minute later, and tells that."""
    end = at + timedelta(minutes=1)
    return [change(at, "ALARM"), action(at), change(end, "OK"), action(end)]


class CloudWatch:
    """The client: moto's, and ``history`` beside it."""

    def __init__(self, real: Any) -> None:  # noqa: ANN401 - boto3
        self._real = real
        self.exceptions = real.exceptions
        self.history: list[Json] = []

    def __getattr__(self, operation: str) -> Any:  # noqa: ANN401 - boto3
        return getattr(self._real, operation)

    def describe_alarm_history(self, **asked: Any) -> Json:  # noqa: ANN401 - JSON
        """Answer page by page; what botocore would refuse is refused."""
        shape = self._real.meta.service_model.operation_model("DescribeAlarmHistory").input_shape
        validate_parameters(asked, shape)
        assert asked["AlarmName"] == ALARM
        kept = [i for i in self.history if asked["StartDate"] <= i["Timestamp"] < asked["EndDate"]]
        kept.sort(key=lambda item: item["Timestamp"])
        start = int(asked.get("NextToken", 0))
        end = start + OF_ONE_PAGE
        more = {"NextToken": str(end)} if end < len(kept) else {}
        return {"AlarmHistoryItems": kept[start:end], **more}

    def get_paginator(self, operation: str) -> Any:  # noqa: ANN401 - botocore's
        """Page through what is answered here."""
        paginator = self._real.get_paginator(operation)
        paginator._method = getattr(self, operation)
        return paginator

    def told(
        self, at: datetime, *, taken: float = 2, handed_over: float = 4, failed: float = 0
    ) -> None:
        """Let SNS say what became of its messages: by default of two, to both channels."""
        of_topic = [{"Name": "TopicName", "Value": TOPIC_NAME}]
        for name, value in (
            ("MessagesPublished", taken),
            ("NotificationsDelivered", handed_over),
            ("NotificationsFailed", failed),
        ):
            if value:
                self.put(f"NumberOf{name}", value, at, of_topic, "AWS/SNS")

    def put(
        self,
        metric: str,
        value: float,
        at: datetime,
        dimensions: Iterable[Json] = ({"Name": "Environment", "Value": ENVIRONMENT},),
        namespace: str = NAMESPACE,
    ) -> None:
        """Put a datapoint, as somebody else."""
        datum = {"MetricName": metric, "Value": value, "Timestamp": at}
        self._real.put_metric_data(
            Namespace=namespace, MetricData=[{**datum, "Dimensions": list(dimensions)}]
        )

    def seen(self, metric: str, period: int = 60) -> list[tuple[datetime, float]]:
        """List every datapoint of the environment's own metric."""
        answer = self._real.get_metric_statistics(
            Namespace=NAMESPACE,
            MetricName=metric,
            Dimensions=[{"Name": "Environment", "Value": ENVIRONMENT}],
            StartTime=NOON - timedelta(days=500),
            EndTime=NOON + timedelta(days=100),
            Period=period,
            Statistics=["Maximum"],
        )
        return sorted((point["Timestamp"], point["Maximum"]) for point in answer["Datapoints"])
