"""Records of what operators did, in the audit bucket, under its lock (ROVN-DEP-8, ROVN-AUD-1)."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from runbook.operations.account import Account

SOURCE = "runbook"
PREFIX = "releases"
# Output of the stack that holds the bucket (stacks/audit_stack.py).
BUCKET_OUTPUT = "AuditRecordsBucket"
_NOT_IN_KEYS = re.compile(r"[^A-Za-z0-9.-]+")


class NoAuditBucketError(Exception):
    """Nobody can say where records go."""


@dataclass(frozen=True)
class Record:
    """One record; the same record has the same key and the same bytes, however often it is put."""

    time: datetime
    kind: str
    event_id: str
    environment: str
    actor: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    outcome: str
    detail: Mapping[str, Any]

    @property
    def key(self) -> str:
        """``releases/YYYY/MM/DD/<time>-<kind>-<event id>.json``, in UTC."""
        moment = self.time.astimezone(UTC)
        name = f"{moment:%Y%m%dT%H%M%SZ}-{self.kind}-{self.event_id}"
        return f"{PREFIX}/{moment:%Y/%m/%d}/{_NOT_IN_KEYS.sub('-', name)}.json"

    @property
    def body(self) -> bytes:
        """Write it as JSON."""
        content = {
            "schema": 1,
            "time": f"{self.time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "source": SOURCE,
            "kind": self.kind,
            "environment": self.environment,
            "actor": self.actor,
            "before": self.before,
            "after": self.after,
            "outcome": self.outcome,
            "detail": self.detail,
        }
        return json.dumps(content, sort_keys=True, separators=(",", ":"), default=str).encode()


class AuditLog:
    """The audit bucket, found by the output of its stack."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._bucket = ""

    def locate(self) -> str:
        """Find the bucket's name; raises ``NoAuditBucketError``, or botocore's errors."""
        if not self._bucket:
            stack = f"{self._account.environment.slug}-audit"
            client = self._account.client("cloudformation")
            (found,) = client.describe_stacks(StackName=stack)["Stacks"]
            outputs = {o["OutputKey"]: o["OutputValue"] for o in found.get("Outputs", [])}
            if BUCKET_OUTPUT not in outputs:
                raise NoAuditBucketError(f"stack {stack} has no output {BUCKET_OUTPUT}")
            self._bucket = outputs[BUCKET_OUTPUT]
        return self._bucket

    def put(self, record: Record) -> str:
        """Write it, and return where it stands; the bucket's lock keeps it.

        Putting the same record twice makes a second version of the same bytes, nothing else.
        """
        bucket = self.locate()
        self._account.client("s3").put_object(
            Bucket=bucket,
            Key=record.key,
            Body=record.body,
            ContentType="application/json",
            ChecksumAlgorithm="SHA256",
            ExpectedBucketOwner=self._account.environment.account,
        )
        return f"s3://{bucket}/{record.key}"
