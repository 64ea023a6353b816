"""An account of moto's with an audit bucket, and a command that publishes into it."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import boto3
import typer
from botocore.awsrequest import AWSResponse
from moto.s3.models import s3_backends
from typer.testing import CliRunner, Result

from evidence.bundle_commands import add_to
from evidence.bundle_files import FORMATS
from evidence.manifest import MANIFEST
from evidence.verification import verify
from runbook.model.loader import load_environment
from tests.evidence.samples import evidence
from tests.operations.aws import MODELS

Session = boto3.Session
NAME = "rovn/production"
ENVIRONMENT = load_environment(NAME)
OURS = ENVIRONMENT.account
BUCKET = "rovn-production-audit-auditrecords-0"
# In moto a year is 365 days, which is less than a calendar year may have.
DAYS = ENVIRONMENT.buckets.audit.longest_days
FILES = [*sorted(FORMATS), MANIFEST]


def our_evidence(**changes: object) -> Any:  # noqa: ANN401 - the sample's
    of_ours = {"organisation": "rovn", "account": OURS, "region": "us-east-2"}
    return evidence(**{**of_ours, **changes})


class Body:
    """What came back over the wire."""

    def __init__(self, text: str) -> None:
        self.text = text

    def stream(self, *_: object, **__: object) -> Iterator[bytes]:
        """Give it as botocore reads it."""
        yield self.text.encode()


def answer(status: int, text: str) -> AWSResponse:
    return AWSResponse("https://aws", status, {}, Body(text))  # type: ignore[arg-type]


def error(status: int, code: str) -> AWSResponse:
    """Answer as S3 does, and as STS does, where the error is in an answer of its own."""
    said = f"<Code>{code}</Code><Message>no</Message>"
    return answer(status, f"<Error>{said}<Error>{said}</Error></Error>")


STRUCK = [
    ("sts", "GetCallerIdentity"),
    *(("s3", name) for name in ("GetObject", "GetObjectLockConfiguration", "ListObjectsV2")),
    ("s3", "PutObject"),
]


@dataclass
class Aws:
    """An account of moto's; ``before`` is called before each object of a bundle is put."""

    session: boto3.Session
    output: str = "AuditRecordsBucket"
    before: Callable[[int], AWSResponse | None] = lambda _: None
    strike: Callable[[str], AWSResponse | None] = lambda _: None
    puts: int = 0
    asked: list[dict[str, Any]] = field(default_factory=list)
    called: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    @cached_property
    def s3(self) -> Any:  # noqa: ANN401 - boto3
        return self.session.client("s3", region_name="us-east-2")

    def watch(self) -> None:
        """Hear of every PutObject, as it is asked for and as it is sent."""
        events = self.session.events
        events.register("provide-client-params.s3.*", self._called)
        events.register("provide-client-params.s3.PutObject", self._asked)
        events.register_first("before-send.s3.PutObject", self._sent)  # type: ignore[arg-type]
        events.register_first("before-send.s3.GetObjectRetention", self._retention)  # type: ignore[arg-type]
        for service, operation in STRUCK:
            struck = partial(self._struck, operation)
            events.register_first(f"before-send.{service}.{operation}", struck)  # type: ignore[arg-type]
        events.register("before-call.cloudformation.DescribeStacks", self._described)  # type: ignore[arg-type]

    def _called(self, params: dict[str, Any], model: Any, **_: object) -> None:  # noqa: ANN401
        self.called.append((model.name, dict(params)))

    def _asked(self, params: dict[str, Any], **_: object) -> None:
        if params["Key"].startswith("evidence/"):
            self.asked.append(dict(params))

    def _sent(self, request: Any, **_: object) -> AWSResponse | None:  # noqa: ANN401 - botocore's
        if "/evidence/" not in request.url:
            return None
        self.puts += 1
        return self.before(self.puts)

    def _struck(self, operation: str, **_: object) -> AWSResponse | None:
        return self.strike(operation)

    def _retention(self, request: Any, **_: object) -> AWSResponse:  # noqa: ANN401 - as above
        """Answer what moto keeps and does not tell: GetObjectRetention is not in it."""
        if struck := self.strike("GetObjectRetention"):
            return struck
        key = unquote(urlsplit(request.url).path).lstrip("/").removeprefix(f"{BUCKET}/")
        found = self.s3.head_object(Bucket=BUCKET, Key=key)
        if "ObjectLockMode" not in found:
            return error(404, "NoSuchObjectLockConfiguration")
        mode, until = found["ObjectLockMode"], f"{found['ObjectLockRetainUntilDate']:%Y-%m-%dT%XZ}"
        lock = f"<Mode>{mode}</Mode><RetainUntilDate>{until}</RetainUntilDate>"
        return answer(200, f"<Retention>{lock}</Retention>")

    def unlock(self) -> None:
        """Take the default away, which S3 lets nobody do who may not."""
        s3_backends[OURS]["aws"].get_bucket(BUCKET).default_lock_mode = ""

    def bucket(self, **lock: object) -> None:
        """Make the bucket, with or without a lock."""
        self.s3.create_bucket(
            Bucket=BUCKET,
            ObjectLockEnabledForBucket=bool(lock),
            CreateBucketConfiguration={"LocationConstraint": "us-east-2"},
        )
        if lock and "nothing" not in lock:
            rule = {"Mode": "COMPLIANCE", "Days": DAYS, **lock}
            self.s3.put_object_lock_configuration(
                Bucket=BUCKET,
                ObjectLockConfiguration={
                    "ObjectLockEnabled": "Enabled",
                    "Rule": {"DefaultRetention": rule},
                },
            )

    def _described(self, **_: object) -> tuple[AWSResponse, dict[str, Any]]:
        """Answer for CloudFormation, which moto would need more packages for."""
        output = {"OutputKey": self.output, "OutputValue": BUCKET}
        stack = {"StackName": "rovn-production-audit", "Outputs": [output]}
        return AWSResponse("https://aws", 200, {}, None), {"Stacks": [stack]}  # type: ignore[arg-type]

    @property
    def objects(self) -> dict[str, bytes]:
        """Everything below evidence/, by key."""
        found = self.s3.list_objects_v2(Bucket=BUCKET, Prefix="evidence/").get("Contents", [])
        return {
            entry["Key"]: self.s3.get_object(Bucket=BUCKET, Key=entry["Key"])["Body"].read()
            for entry in found
        }

    @property
    def records(self) -> list[dict[str, Any]]:
        """What was recorded, in the order in which it was."""
        found = self.s3.list_objects_v2(Bucket=BUCKET, Prefix="releases/").get("Contents", [])
        bodies = [self.s3.get_object(Bucket=BUCKET, Key=e["Key"])["Body"].read() for e in found]
        return sorted(map(json.loads, bodies), key=lambda record: record["outcome"] != "started")


def signed_in(**keys: str) -> boto3.Session:
    """Make a session that reads the SDK's models once for all tests."""
    session = Session(region_name="us-east-2", **keys)  # type: ignore[arg-type]
    session._session.register_component("data_loader", MODELS)
    return session


def app() -> typer.Typer:
    made = typer.Typer(pretty_exceptions_enable=False)
    add_to(made)
    return made


def publish(folder: Path, *more: str) -> Result:
    return CliRunner().invoke(app(), ["publish", str(folder), *more])


def prefix(folder: Path) -> str:
    return f"evidence/production/2026-05-04-0123456-{verify(folder).manifest_sha256[:12]}/"


def put_first(aws: Aws, bundle: Path, name: str, data: bytes) -> None:
    aws.s3.put_object(
        Bucket=BUCKET, Key=prefix(bundle) + name, Body=data, ChecksumAlgorithm="SHA256"
    )
