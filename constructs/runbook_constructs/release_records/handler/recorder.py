"""Entry of the function: messages of the queue in, records into the audit bucket (ROVN-AUD-1)."""

import json
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from .records import Record, record_of

Json = Any
_THERE_ALREADY = ("PreconditionFailed", "412")


def handler(event: Mapping[str, Json], context: object) -> dict[str, list[dict[str, str]]]:  # noqa: ARG001
    """Put a record for each message, and name those that failed: SQS delivers them again.

    After the last try the message waits in the dead-letter queue. Raises ``KeyError`` when it is
    not told its bucket and environment, which fails the whole batch.
    """
    bucket, environment = os.environ["AUDIT_BUCKET"], os.environ["ENVIRONMENT_NAME"]
    failed = []
    for message in event["Records"]:
        record = record_of(message["body"], environment, _sent(message))
        try:
            said = _put(bucket, record)
        except (BotoCoreError, ClientError) as error:
            failed.append({"itemIdentifier": message["messageId"]})
            said = f"not recorded, will be tried again: {_code(error)}"
        _say(key=record.key, message_id=message["messageId"], what=said)
    return {"batchItemFailures": failed}


def _put(bucket: str, record: Record) -> str:
    """Write once: a second version of the same record would be locked for as long as the first."""
    try:
        _s3().put_object(
            Bucket=bucket,
            Key=record.key,
            Body=record.body,
            ContentType="application/json",
            ChecksumAlgorithm="SHA256",
            IfNoneMatch="*",
        )
    except ClientError as error:
        if _code(error) in _THERE_ALREADY:
            return "recorded before"
        raise
    return "recorded"


def _sent(message: Mapping[str, Json]) -> datetime:
    """Read when the message came into the queue: the same for each delivery of it."""
    milliseconds = int(message["attributes"]["SentTimestamp"])
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _code(error: Exception) -> str:
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", "unknown"))
    return type(error).__name__


@cache
def _s3() -> Any:  # noqa: ANN401 - the runtime has boto3, not its types
    retries: Any = {"mode": "standard", "max_attempts": 5}
    return boto3.client("s3", config=Config(retries=retries, connect_timeout=3, read_timeout=10))


def _say(**fields: str) -> None:
    sys.stdout.write(json.dumps(fields, sort_keys=True) + "\n")
