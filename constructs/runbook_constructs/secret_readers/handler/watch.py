"""Entry: after each change of grants, and hourly, look who may read (ROVN-SEC-6)."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from .account import authorization_details, key, secret
from .identities import identities
from .judge import Finding, findings
from .lists import Lists, lists
from .page import shown, subject, text, unseen
from .statements import UnreadableError

Json = Any
NAMESPACE, METRIC = "Runbook/Secrets", "UnlistedReaders"


class UnseenError(Exception):
    """Nobody can say who may read the secrets; why was paged, if that was possible."""


def handler(event: Mapping[str, Json], context: object) -> dict[str, Json]:  # noqa: ARG001
    """Page everybody outside the lists, and count them; returns how many findings there are.

    Raises ``UnseenError`` when something could not be read: it pages that, and counts nothing, so
    that the alarm on the count rings, too. Raises what SNS or CloudWatch raise, after trying the
    other one; ``KeyError`` or ``ValueError`` when it is not told for whom it works.
    """
    told = lists(os.environ["ENVIRONMENT_NAME"], os.environ["AWS_REGION"], os.environ["LISTS"])
    topic = os.environ["SECURITY_TOPIC"]
    try:
        found = _look(told)
    except Exception as error:  # noqa: BLE001 - whatever it was, nobody has looked
        why = _why(error)
        _say(what="unseen", why=why)
        _publish(topic, f"{told.environment}: who reads secrets is not known", told, why, event)
        raise UnseenError(why) from None
    for one in found:
        _say(what="found", **asdict(one))
    try:
        _count(told, found)
    finally:
        if found:
            body = text(told.environment, found, event)
            title = subject(told.environment, found)
            _client("sns").publish(TopicArn=topic, Subject=title, Message=shown(title, body))
    _say(what="looked", secrets=len(told.readers), found=len(found))
    return {"found": len(found)}


def _look(told: Lists) -> list[Finding]:
    people = identities(authorization_details(_client))
    secrets = [secret(_client, told.environment, name) for name in told.readers]
    keys = [key(_client, arn) for arn in dict.fromkeys(one.key for one in secrets)]
    return findings(told, people, secrets, keys)


def _publish(topic: str, title: str, told: Lists, why: str, event: Mapping[str, Json]) -> None:
    body = unseen(told.environment, why, event)
    _client("sns").publish(TopicArn=topic, Subject=title[:100], Message=shown(title, body))


def _count(told: Lists, found: Sequence[Finding]) -> None:
    _client("cloudwatch").put_metric_data(
        Namespace=NAMESPACE,
        MetricData=[
            {
                "MetricName": METRIC,
                "Dimensions": [{"Name": "Environment", "Value": told.environment}],
                "Value": float(len(found)),
                "Unit": "Count",
            }
        ],
    )


def _why(error: Exception) -> str:
    """Name what went wrong; no answer of AWS is repeated."""
    if isinstance(error, ClientError):
        code = error.response.get("Error", {}).get("Code", "unknown")
        return f"{error.operation_name} answered {code}"
    return str(error) if isinstance(error, UnreadableError) else type(error).__name__


@cache
def _client(service: Any) -> Any:  # noqa: ANN401 - the runtime has boto3, not its types
    # IAM answers few calls a second for the whole account.
    retries: Any = {"mode": "adaptive", "max_attempts": 8}
    config = Config(retries=retries, connect_timeout=3, read_timeout=20)
    return boto3.client(service, config=config)


def _say(**fields: Json) -> None:
    sys.stdout.write(json.dumps(fields, sort_keys=True) + "\n")
