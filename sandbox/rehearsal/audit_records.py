"""What the audit bucket says of a rehearsal, held against what went over the bus.

A queue of the rehearsal's own stands behind rules with the very patterns of the deployed ones, so
each drill knows which events there were. Each must have one record, each record an event.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from runbook.access.principals import Principals
from runbook.access.roles import RELEASE_RECORDS
from runbook.model.environment import Environment
from runbook.operations.records import SOURCE as COMMAND
from sandbox.endpoint import Endpoint
from sandbox.rehearsal.report import Checks
from sandbox.rehearsal.service import until

PREFIX = "releases/"
WITNESS = "rehearsal-witness"
APART_SECONDS = 0.5
CALL, TASK = "AWS API Call via CloudTrail", "ECS Task State Change"
BY_TRAIL = (CALL, "AWS Service Event via CloudTrail")
Members = dict[str, Any]


@dataclass
class AuditRecords:
    """The records of one environment, and a witness of what they are to tell."""

    environment: Environment
    endpoint: Endpoint
    events: dict[str, Members] = field(default_factory=dict)
    known: dict[str, Members] = field(default_factory=dict)
    since: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Stand beside the deployed rules; what they sent before now is not held against them."""
        self._name = Principals(self.environment).named(RELEASE_RECORDS)
        sqs, events = self.endpoint.client("sqs"), self.endpoint.client("events")
        self.queue = sqs.get_queue_url(QueueName=self._name)["QueueUrl"]
        self.dead_letters = sqs.get_queue_url(QueueName=f"{self._name}-dead-letters")["QueueUrl"]
        self._witness = sqs.create_queue(QueueName=WITNESS)["QueueUrl"]
        place = f"{self.endpoint.region}:{self.endpoint.account}"
        for rule in events.list_rules(NamePrefix=self._name)["Rules"]:
            name = f"rehearsal-{rule['Name'].removeprefix(self._name)}"
            events.put_rule(Name=name, EventPattern=rule["EventPattern"])
            target = {"Id": WITNESS, "Arn": f"arn:aws:sqs:{place}:{WITNESS}"}
            events.put_targets(Rule=name, Targets=[target])
        self.begin()

    @property
    def bucket(self) -> str:
        """The bucket that the deployed function writes to."""
        function = self.endpoint.client("lambda").get_function_configuration(
            FunctionName=self._name
        )
        return str(function["Environment"]["Variables"]["AUDIT_BUCKET"])

    # --- What there is ---

    def begin(self) -> None:
        """Let `new` mean what comes from now on."""
        self.settled()
        self.since = set(self.known)
        self.events.clear()

    @property
    def new(self) -> list[Members]:
        """The records since `begin`, in the order of their keys: by time, then kind."""
        return [record for key, record in sorted(self.known.items()) if key not in self.since]

    def of(self, kind: str, **after: object) -> list[Members]:
        """Return the new records of a kind, of those that say so under `after`."""
        return [
            record
            for record in self.new
            if record["kind"] == kind and after.items() <= (record["after"] or {}).items()
        ]

    def settled(self) -> None:
        """Wait until each event on the bus is recorded, or lies among the dead letters.

        Whatever is done is announced before it shows, but what is done meanwhile comes after:
        settled is what stays so from one look to the next.
        """
        until(self._has_settled, "the end of the events")

    def write(self, path: Path) -> None:
        """Write every record that was read, one a line, in the order of their keys."""
        lines = [json.dumps(record) + "\n" for _, record in sorted(self.known.items())]
        path.write_text("".join(lines), "utf-8")

    # --- What must hold, whatever was drilled ---

    def check(self, checks: Checks) -> None:
        """Check that every event since `begin` has one record, under the lock, and no more."""
        self.settled()
        # What a command writes by itself tells of no event.
        new = {
            key
            for key, record in self.known.items()
            if key not in self.since and record["source"] != COMMAND
        }
        told = {
            key: id_
            for id_ in map(_id, self.events.values())
            for key in new
            if key.endswith(f"-{id_}.json")
        }
        unrecorded = [
            f"{event['detail-type']} {event['detail'].get('eventName', '')}".strip()
            for event in self.events.values()
            if _id(event) not in told.values()
        ]
        checks.same(unrecorded, [], f"of {len(self.events)} events on the bus, without a record")
        checks.same(sorted(new - told.keys()), [], "records of no event")
        checks.same(len(new), len(self.events), "records")
        unknown = sorted({r["kind"] for r in self.new if "unknown" in (r["kind"], r["outcome"])})
        checks.same(unknown, [], "records of a shape that nobody reads")
        checks.same(self._versions_but_one(new), [], "records with another version")
        checks.same(self._unlocked(new), [], "records that the lock does not hold long enough")
        checks.same(self._count(self.dead_letters), 0, "dead letters")

    def _versions_but_one(self, keys: set[str]) -> list[str]:
        found = [each["Key"] for each in self._listed() if each["Key"] in keys]
        return sorted(key for key in keys if found.count(key) != 1)

    def _unlocked(self, keys: set[str]) -> list[str]:
        s3, bucket = self.endpoint.client("s3"), self.bucket
        audit = self.environment.buckets.audit
        days = audit.retention_days or 365 * int(audit.retention_years or 0)
        # A record may be as old as the rehearsal, which takes no day.
        least = datetime.now(UTC) + timedelta(days=days - 1)
        found = []
        for key in sorted(keys):
            head = s3.head_object(Bucket=bucket, Key=key)
            until_ = head.get("ObjectLockRetainUntilDate")
            if head.get("ObjectLockMode") != "COMPLIANCE" or not until_ or until_ < least:
                found.append(key)
        return found

    # --- Reading ---

    def _has_settled(self) -> bool:
        """Whether nothing came on while the records were read, which would be one too many."""
        if not self._stays():
            return False
        self._read()
        seen = len(self.events)
        self._witnessed()
        return len(self.events) == seen

    def _stays(self) -> bool:
        """Whether nothing is queued, and no event comes while one looks."""
        self._witnessed()
        seen = len(self.events)
        if self._waiting():
            return False
        time.sleep(APART_SECONDS)
        self._witnessed()
        return not self._waiting() and len(self.events) == seen

    def _waiting(self) -> int:
        """Count what is queued for the function, and what it has in hand."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        asked = self.endpoint.client("sqs").get_queue_attributes(
            QueueUrl=self.queue, AttributeNames=names
        )
        return sum(int(asked["Attributes"][name]) for name in names)

    def _witnessed(self) -> None:
        sqs = self.endpoint.client("sqs")
        while messages := sqs.receive_message(QueueUrl=self._witness, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for message in messages:
                event = json.loads(message["Body"])
                self.events[_id(event)] = event
                sqs.delete_message(QueueUrl=self._witness, ReceiptHandle=message["ReceiptHandle"])

    def _listed(self) -> list[Members]:
        pages = self.endpoint.client("s3").get_paginator("list_object_versions")
        found = pages.paginate(Bucket=self.bucket, Prefix=PREFIX)
        return [each for page in found for each in page.get("Versions", [])]

    def _read(self) -> None:
        s3, bucket = self.endpoint.client("s3"), self.bucket
        for each in self._listed():
            if each["Key"] not in self.known:
                body = s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read()
                self.known[each["Key"]] = json.loads(body)

    def _count(self, queue: str) -> int:
        names = ["ApproximateNumberOfMessages"]
        asked = self.endpoint.client("sqs").get_queue_attributes(
            QueueUrl=queue, AttributeNames=names
        )
        return int(asked["Attributes"][names[0]])


def _id(event: Members) -> str:
    """Return by what a record's key knows its event.

    What CloudTrail tells by its own id; a state of a task by its version.
    """
    detail, id_ = event["detail"], event["id"]
    if event["detail-type"] in BY_TRAIL:
        id_ = detail["eventID"]
    elif event["detail-type"] == TASK:
        id_ = f"{detail['taskArn'].rpartition('/')[2]}-{detail['version']}"
    return re.sub(r"[^A-Za-z0-9.-]", "-", str(id_))
