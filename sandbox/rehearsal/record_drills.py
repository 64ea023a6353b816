"""Drills of what watches over releases: the records, the detector, the janitor of snapshots."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from runbook.access.principals import Principals
from runbook.access.roles import SNAPSHOT_JANITOR
from sandbox.emulator.rehearsal.snapshots import AGE_TAG, TYPE_TAG
from sandbox.rehearsal.drill import drill
from sandbox.rehearsal.on_call import SESSION, as_role, pages_of
from sandbox.rehearsal.report import Checks
from sandbox.rehearsal.service import until
from sandbox.rehearsal.stage import Stage

# What an UpdateService that takes the hooks away is paged by.
PAGING = {"configuration", "ungated"}
PURPOSE = {"Key": "runbook:purpose", "Value": "pre-deploy"}
Members = dict[str, Any]


@drill("an event that is delivered twice", "ROVN-AUD-1")
def delivered_twice(stage: Stage, checks: Checks) -> None:
    """Let EventBridge deliver a release's events again, as it may: no record is written twice."""
    records, sqs = stage.records, stage.endpoint.client("sqs")
    stage.released(checks, stage.offered(checks))
    records.settled()
    before = len(records.new)
    for event in list(records.events.values()):
        sqs.send_message(QueueUrl=records.queue, MessageBody=json.dumps(event))
    records.settled()
    checks.that(before > 0, f"{before} records of the release")
    checks.same(len(records.new), before, "records after each event came again")


@drill("the gate touched by an operator", "ROVN-MIG-1", "ALL-3")
def touched(stage: Stage, checks: Checks) -> None:
    """Release by CloudFormation, which pages nobody; then take the hooks away, which pages."""
    service, role = stage.service, Principals(stage.environment).break_glass[0]
    with pages_of(stage) as pages:
        stage.released(checks, stage.offered(checks))
        stage.records.settled()
        checks.same(pages(), [], "pages after a release by CloudFormation")
        configuration = service.described()["deploymentConfiguration"]
        hooks = configuration["lifecycleHooks"]
        ecs = as_role(stage, role, "ecs")
        which = {"cluster": service.cluster, "service": service.name}
        try:
            ecs.update_service(
                **which, deploymentConfiguration={**configuration, "lifecycleHooks": []}
            )
            # Each rule pages by itself, one after the other.
            found = until(
                lambda: _rules(pages()) >= PAGING and pages(), f"pages of {sorted(PAGING)}"
            )
        finally:
            ecs.update_service(**which, deploymentConfiguration=configuration)
        words = (role.rpartition("/")[2], f":{SESSION})", "*What*: UpdateService")
        named = all(word in page for page in found for word in words)
        checks.that(named, f"each page names {SESSION} and the call")
        checks.same(_rules(found), PAGING, "the rules that paged")
        until(lambda: len(pages()) > len(found), "the page of the way back")
    back = service.described()["deploymentConfiguration"]["lifecycleHooks"]
    checks.that(back == hooks, "the hooks are back")
    stage.records.settled()
    recorded = [
        record["after"]["deploymentConfiguration"]["lifecycleHooks"]
        for record in stage.records.of("call-update-service")
        if record["actor"].get("role") == role
    ]
    checks.same(sorted(map(len, recorded)), [0, len(hooks)], "recorded: hooks that it set")


@drill("old snapshots go", "ROVN-MIG-2")
def old_snapshots(stage: Stage, checks: Checks) -> None:
    """Run the janitor as its schedule does, among old, young and foreign snapshots."""
    keep = stage.environment.database.pre_deploy_snapshot_days
    stands = {each["DBSnapshotIdentifier"] for each in stage.snapshots()}
    old = _snapshot(stage, "old", keep + 1)
    others = {
        _snapshot(stage, "young", keep - 1),
        _snapshot(stage, "untagged", keep + 1, purpose=None),
        _snapshot(stage, "other", keep + 1, purpose="before-a-holiday"),
        _snapshot(stage, "automated", keep + 1, kind="automated"),
        _snapshot(stage, "shared", keep + 1, shared_with="999999999999"),
        _snapshot(stage, "foreign", keep + 1, prefix="by-hand"),
    }
    try:
        told = _scheduled(stage)
        checks.same(told, {"deleted": [old], "stays": told["stays"]}, "what the janitor says")
        rds = stage.endpoint.client("rds")
        left = {s["DBSnapshotIdentifier"] for s in rds.describe_db_snapshots()["DBSnapshots"]}
        checks.same(sorted((stands | others) - left), [], "others that went, too")
        checks.same(sorted(left & {old}), [], "old ones of the gate's that stayed")
        stage.records.settled()
        [record] = stage.records.of("call-delete-db-snapshot")
        janitor = Principals(stage.environment).snapshot_janitor
        checks.same(record["actor"].get("role"), janitor, "recorded: who deleted it")
        checks.same(record["before"]["dBSnapshotIdentifier"], old, "recorded: what was deleted")
    finally:
        rds = stage.endpoint.client("rds")
        for name in others:
            rds.delete_db_snapshot(DBSnapshotIdentifier=name)


def _snapshot(
    stage: Stage,
    subject: str,
    age_days: int,
    *,
    purpose: str | None = PURPOSE["Value"],
    kind: str = "manual",
    prefix: str = "",
    shared_with: str = "",
) -> str:
    """Take a snapshot that is this old, named as the gate names its own; return its name."""
    rds = stage.endpoint.client("rds")
    then = datetime.now(UTC) - timedelta(days=age_days)
    name = f"{prefix or stage.service.name}-{subject}-{then:%Y%m%d%H%M%S}"
    tags = {AGE_TAG: str(age_days), TYPE_TAG: kind}
    tags |= {PURPOSE["Key"]: purpose} if purpose else {}
    rds.create_db_snapshot(
        DBSnapshotIdentifier=name,
        DBInstanceIdentifier=f"{stage.environment.slug}-postgres",
        Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
    )
    if shared_with:
        rds.modify_db_snapshot_attribute(
            DBSnapshotIdentifier=name, AttributeName="restore", ValuesToAdd=[shared_with]
        )
    return name


def _scheduled(stage: Stage) -> Members:
    """Invoke the function that the janitor's schedule names, with the schedule's event."""
    name = Principals(stage.environment).named(SNAPSHOT_JANITOR)
    events = stage.endpoint.client("events")
    rule = events.describe_rule(Name=name)
    [target] = events.list_targets_by_rule(Rule=name)["Targets"]
    event = {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": stage.endpoint.account,
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": stage.endpoint.region,
        "resources": [rule["Arn"]],
        "detail": {},
    }
    answer = stage.endpoint.client("lambda").invoke(
        FunctionName=target["Arn"], Payload=json.dumps(event).encode()
    )
    told: Members = json.loads(answer["Payload"].read())
    return told


def _rules(pages: list[str]) -> set[str]:
    """Name the rules by which somebody was paged."""
    return {page.partition("(")[2].partition(")")[0] for page in pages}
