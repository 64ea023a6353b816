"""Entry of the function: how old each secret is, as a metric, and who is asked for what."""

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from .asking import Plan, Run, State, asks, percent

Json = Any
# What Amazon Q Developer in chat applications takes for a description.
_LONGEST = 8000
_CURRENT, _PREVIOUS = "AWSCURRENT", "AWSPREVIOUS"


class UnmeasuredError(Exception):
    """Some secrets were not measured, or somebody was not asked."""


class _GoneError(Exception):
    """The secret is to be deleted: it has no age that anybody could bring down."""


def handler(event: Mapping[str, Json], context: object) -> dict[str, Json]:  # noqa: ARG001
    """Put the age of each secret, then ask for what is due (ROVN-SEC-3).

    Goes on after a failure, and raises ``UnmeasuredError`` at the end: the run comes again, and
    an age that is missing alarms by itself. Raises ``KeyError`` or ``ValueError`` when it is not
    told for what it works. No value is ever read: its role may not.
    """
    environment, topic = os.environ["ENVIRONMENT_NAME"], os.environ["TOPIC"]
    plans = [Plan(name=name, **said) for name, said in json.loads(os.environ["PLANS"]).items()]
    if not plans:
        raise ValueError("PLANS names no secret")
    now = datetime.now(UTC)
    run = Run(
        environment,
        due=_due(event, now),
        every=timedelta(hours=int(os.environ["EVERY_HOURS"])),
        due_soon=int(os.environ["DUE_SOON"]),
    )
    states, failed = _read(plans, environment)
    measured = [plan for plan in plans if plan.name in states]
    ages = {plan.name: percent(plan, states[plan.name], now) for plan in measured}
    said = [ask for plan in measured for ask in asks(plan, states[plan.name], run)]
    if ages:
        failed |= _tried("metrics", _put, environment, ages, now)
    for subject, text in said:
        failed |= _tried(subject, _publish, topic, subject, text)
    asked = [subject for subject, _ in said if subject not in failed]
    _say(what="measured", ages=ages, asked=asked, failed=failed)
    if failed:
        told = ", ".join(f"{what} ({why})" for what, why in failed.items())
        raise UnmeasuredError(f"{len(failed)} of them failed: {told}")
    return {"ages": ages, "asked": asked}


def _due(event: Mapping[str, Json], now: datetime) -> datetime:
    """Read for when the schedule meant this run: the same at each delivery of it."""
    if "time" not in event:
        return now
    due = datetime.fromisoformat(event["time"])
    if due.utcoffset() is None:
        raise ValueError("the schedule's time does not say its zone")
    return due


def _read(plans: list[Plan], environment: str) -> tuple[dict[str, State], dict[str, str]]:
    states, failed = {}, {}
    for plan in plans:
        try:
            states[plan.name] = _state(f"{environment}/{plan.name}")
        except (BotoCoreError, ClientError, KeyError, _GoneError) as error:
            failed[plan.name] = _code(error)
    return states, failed


def _state(secret: str) -> State:
    described = _client("secretsmanager").describe_secret(SecretId=secret)
    if "DeletedDate" in described:
        raise _GoneError
    stages = {
        stage: version["CreatedDate"]
        for version in _versions(secret)
        for stage in version.get("VersionStages", [])
    }
    return State(
        made=described["CreatedDate"],
        current=stages.get(_CURRENT),
        has_previous=_PREVIOUS in stages,
    )


def _versions(secret: str) -> Iterator[Mapping[str, Json]]:
    """List the versions that have a stage, page by page."""
    more: dict[str, str] = {}
    while True:
        page = _client("secretsmanager").list_secret_version_ids(SecretId=secret, **more)
        yield from page["Versions"]
        if not page.get("NextToken"):
            return
        more = {"NextToken": page["NextToken"]}


def _put(environment: str, ages: Mapping[str, float], now: datetime) -> None:
    _client("cloudwatch").put_metric_data(
        Namespace=os.environ["NAMESPACE"],
        MetricData=[
            {
                "MetricName": os.environ["METRIC"],
                "Dimensions": [
                    {"Name": "Environment", "Value": environment},
                    {"Name": "Secret", "Value": name},
                ],
                "Timestamp": now,
                "Value": age,
                "Unit": "Percent",
            }
            for name, age in ages.items()
        ],
    )


def _publish(topic: str, subject: str, text: str) -> None:
    # SNS takes 100 characters there.
    _client("sns").publish(TopicArn=topic, Subject=subject[:100], Message=_shown(subject, text))


def _shown(title: str, text: str) -> str:
    """Write a message in the one form of our own that Slack shows: it drops any other."""
    content = {"textType": "client-markdown", "title": title, "description": text[:_LONGEST]}
    return json.dumps({"version": "1.0", "source": "custom", "content": content})


def _tried(what: str, call: Callable[..., None], *given: Json) -> dict[str, str]:
    """Make a call; give the reason when it failed, by what it was for."""
    try:
        call(*given)
    except (BotoCoreError, ClientError) as error:
        return {what: _code(error)}
    return {}


def _code(error: Exception) -> str:
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", "unknown"))
    return "to be deleted" if isinstance(error, _GoneError) else type(error).__name__


@cache
def _client(service: str) -> Any:  # noqa: ANN401 - the runtime has boto3, not its types
    retries: Any = {"mode": "standard", "max_attempts": 5}
    config = Config(retries=retries, connect_timeout=3, read_timeout=10)
    return boto3.client(service, config=config)  # type: ignore[call-overload]


def _say(**fields: Json) -> None:
    sys.stdout.write(json.dumps(fields, sort_keys=True) + "\n")
