"""The function in front of S3: what it writes once, what it gives back to the queue."""

import json
from collections.abc import Iterator
from typing import Any, TypeAlias

import boto3
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from moto import mock_aws

from runbook_constructs.release_records.handler import recorder
from tests.constructs.events_read import event

BUCKET = "audit-records"
# What boto3 makes has types for a checker only where they are installed.
S3Client: TypeAlias = Any


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Client]:
    """Make a versioned bucket under lock, as the audit stack does."""
    monkeypatch.setenv("AUDIT_BUCKET", BUCKET)
    monkeypatch.setenv("ENVIRONMENT_NAME", "rovn/production")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    cached = recorder._s3
    cached.cache_clear()
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket=BUCKET, ObjectLockEnabledForBucket=True)
        yield client
    cached.cache_clear()


def message(body: str, id_: str = "m1") -> dict[str, Any]:
    return {"messageId": id_, "body": body, "attributes": {"SentTimestamp": "1795269780847"}}


def handle(*messages: dict[str, Any]) -> dict[str, Any]:
    return recorder.handler({"Records": list(messages)}, None)


def versions(s3: S3Client) -> list[str]:
    found = s3.list_object_versions(Bucket=BUCKET).get("Versions", [])
    return [version["Key"] for version in found]


@pytest.mark.clause("ROVN-AUD-1")
def test_each_message_becomes_a_locked_object(s3: S3Client) -> None:
    names = ("update-service", "migration", "stack")
    messages = [message(json.dumps(event(name)), name) for name in names]
    assert handle(*messages) == {"batchItemFailures": []}
    assert len(versions(s3)) == 3
    found = s3.get_object(Bucket=BUCKET, Key=versions(s3)[0])
    assert found["ContentType"] == "application/json"
    assert json.loads(found["Body"].read())["schema"] == 1


def test_the_same_event_twice_is_one_version(s3: S3Client) -> None:
    """A second version would be locked, too, and look like a second write."""
    body = json.dumps(event("update-service"))
    assert handle(message(body, "m1"), message(body, "m2")) == {"batchItemFailures": []}
    assert handle(message(body, "m3")) == {"batchItemFailures": []}
    assert len(versions(s3)) == 1


def test_what_is_no_event_is_recorded_all_the_same(s3: S3Client) -> None:
    assert handle(message("no JSON")) == {"batchItemFailures": []}
    (key,) = versions(s3)
    assert "-unknown-" in key


class Failing:
    """An S3 that fails for one event, with this error."""

    def __init__(self, real: S3Client, error: Exception) -> None:
        self.real, self.error = real, error

    def put_object(self, **arguments: str) -> object:
        if "-stack-" in arguments["Key"]:
            raise self.error
        return self.real.put_object(**arguments)


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "PutObject")


@pytest.mark.clause("ROVN-AUD-1")
@pytest.mark.parametrize(
    "error",
    [
        refused("AccessDenied"),
        refused("SlowDown"),
        refused("InternalError"),
        refused("KMS.DisabledException"),
        refused("ConditionalRequestConflict"),
        ReadTimeoutError(endpoint_url="https://s3"),
    ],
    ids=lambda error: str(error)[:40],
)
def test_what_could_not_be_written_goes_back_to_the_queue_alone(
    s3: S3Client,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(recorder, "_s3", lambda: Failing(s3, error))
    messages = [message(json.dumps(event(n)), n) for n in ("pipeline", "stack", "migration")]
    assert handle(*messages) == {"batchItemFailures": [{"itemIdentifier": "stack"}]}
    assert len(versions(s3)) == 2
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    said = {line["message_id"]: line["what"] for line in lines}
    assert said["stack"].startswith("not recorded, will be tried again: ")
    assert said["pipeline"] == "recorded"


def test_the_next_delivery_records_it(s3: S3Client) -> None:
    """Lost response: the object is there, the message comes again, nothing is written twice."""
    body = json.dumps(event("stack"))
    handle(message(body))
    assert handle(message(body)) == {"batchItemFailures": []}
    assert len(versions(s3)) == 1


def test_without_a_bucket_the_whole_batch_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AUDIT_BUCKET", raising=False)
    with pytest.raises(KeyError, match="AUDIT_BUCKET"):
        handle(message("{}"))


def test_it_says_what_it_did_and_nothing_of_the_event(
    s3: S3Client, capsys: pytest.CaptureFixture[str]
) -> None:
    handle(message(json.dumps(event("put-parameter"))))
    (line,) = capsys.readouterr().out.splitlines()
    assert set(json.loads(line)) == {"key", "message_id", "what"}
