"""Each check of live things: silent where all is well, and never silent where it cannot tell."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

from runbook.verification.check import CHECKS, Check, all_checks, checks_that
from runbook.verification.finding import Inspection, Kind
from tests.verification.aws import (
    BEFORE,
    DENIED,
    NOW,
    PAIRED,
    RUNNING,
    TOPIC,
    Aws,
    alarm,
    changed,
    copy,
    database,
    definition,
    deployment,
    good,
    key,
    live,
    snapshot,
    weights,
)

Json = Any
TRAIL = "cloudtrail:GetTrailStatus"
LATE = NOW - timedelta(hours=3)


def inspected(name: str, aws: Aws) -> Inspection:
    return all_checks()[name].inspect(live(aws))


@pytest.mark.parametrize("name", sorted(all_checks()))
def test_where_all_is_well_nothing_is_told_and_something_was_looked_at(name: str) -> None:
    aws = good()
    inspection = inspected(name, aws)
    assert inspection.findings == []
    assert inspection.looked > 0
    assert aws.calls


def inactive(*arns: str) -> Any:  # noqa: ANN401 - an answer
    return lambda asked: definition(
        asked, "INACTIVE" if asked["taskDefinition"] in arns else "ACTIVE"
    )


def no_paired(asked: Mapping[str, Json]) -> Json:
    gone = ("ClientException", "Unable to describe task definition.")
    return gone if asked["taskDefinition"] == PAIRED else definition(asked)


def service_without(name: str) -> Json:
    (service,) = good().answers["ecs:DescribeServices"]["services"]
    (balancer,) = service["loadBalancers"]
    kept = {key: value for key, value in balancer.items() if key != name}
    return {"services": [service | {"loadBalancers": [kept]}]}


def subscriptions(*arns: str) -> Json:
    return {"Subscriptions": [{"SubscriptionArn": arn, "Protocol": "https"} for arn in arns]}


def lock(mode: str = "COMPLIANCE", **kept: int) -> Json:
    rule = {"DefaultRetention": {"Mode": mode} | kept}
    return {"ObjectLockConfiguration": {"Rule": rule}}


def health(*states: str) -> Json:
    return {"TargetHealthDescriptions": [{"TargetHealth": {"State": state}} for state in states]}


SPOILED: list[Any] = [
    ("keys", "kms:DescribeKey", key("Disabled"), "the key is Disabled"),
    ("keys", "kms:DescribeKey", key("PendingDeletion", DeletionDate=NOW), "deleted on 2026-06-01"),
    ("trail", TRAIL, {"IsLogging": False, "LatestDeliveryTime": NOW}, "does not log"),
    ("trail", TRAIL, {"IsLogging": True, "LatestDeliveryTime": LATE}, "since 2026-06-01 09:00"),
    (
        "trail",
        TRAIL,
        {"IsLogging": True, "LatestDeliveryTime": NOW, "LatestDeliveryError": "AccessDenied"},
        "its last delivery failed: AccessDenied",
    ),
    (
        "trail",
        TRAIL,
        {"IsLogging": True, "LatestDeliveryTime": NOW, "LatestDigestDeliveryError": "NoSuchBucket"},
        "its last digest failed: NoSuchBucket",
    ),
    (
        "point-in-time recovery",
        "rds:DescribeDBInstances",
        database(LatestRestorableTime=LATE),
        "restored to 2026-06-01 09:00 UTC only, 180 minutes ago",
    ),
    (
        "backups elsewhere",
        "rds:DescribeDBInstanceAutomatedBackups",
        {"DBInstanceAutomatedBackups": []},
        "there is no copy of its automated backups",
    ),
    (
        "backups elsewhere",
        "rds:DescribeDBInstanceAutomatedBackups",
        copy(Status="retained"),
        "the copy is retained",
    ),
    (
        "backups elsewhere",
        "rds:DescribeDBInstanceAutomatedBackups",
        copy(RestoreWindow={"LatestTime": LATE}),
        "180 minutes ago",
    ),
    ("pre-deploy snapshots", "rds:DescribeDBSnapshots", {"DBSnapshots": []}, "it is gone"),
    ("pre-deploy snapshots", "rds:DescribeDBSnapshots", snapshot(TagList=[]), "it is gone"),
    ("pre-deploy snapshots", "rds:DescribeDBSnapshots", snapshot(Status="failed"), "it is failed"),
    (
        "pre-deploy snapshots",
        "rds:DescribeDBSnapshots",
        snapshot(Encrypted=False),
        "it is not encrypted",
    ),
    (
        "pre-deploy snapshots",
        "rds:DescribeDBSnapshots",
        snapshot(SnapshotCreateTime=NOW - timedelta(days=100)),
        "older than 90 days",
    ),
    (
        "task definitions",
        "ecs:DescribeTaskDefinition",
        inactive(RUNNING),
        "it runs, and is INACTIVE: no task of it can be started",
    ),
    (
        "task definitions",
        "ecs:DescribeTaskDefinition",
        inactive(BEFORE),
        "it served before, and is INACTIVE",
    ),
    (
        "task definitions",
        "ecs:DescribeTaskDefinition",
        inactive(PAIRED),
        "migrations:7 migrates for rovn-passport-api:7, and is INACTIVE",
    ),
    (
        "task definitions",
        "ecs:DescribeTaskDefinition",
        no_paired,
        "migrations:7 migrates for rovn-passport-api:7, and is not there",
    ),
    ("task definitions", "ecs:DescribeServices", {"services": []}, "no such service"),
    (
        "images",
        "ecr:DescribeRepositories",
        {"repositories": [{"imageTagMutability": "MUTABLE"}]},
        "tags are MUTABLE",
    ),
    ("images", "ecr:DescribeImages", ("ImageNotFoundException", "no"), "ECR does not have it"),
    ("images", "ecr:DescribeImages", {"imageDetails": []}, "ECR does not have it"),
    (
        "listener weights",
        "elbv2:DescribeRules",
        weights(blue=50, green=50),
        "2 of its groups have traffic (blue 50, green 50)",
    ),
    (
        "listener weights",
        "elbv2:DescribeRules",
        weights(blue=0, green=0),
        "0 of its groups have traffic",
    ),
    (
        "listener weights",
        "elbv2:DescribeRules",
        weights(blue=100, other=1),
        "production traffic goes to other, none of its groups",
    ),
    (
        "listener weights",
        "elbv2:DescribeTargetHealth",
        health("unhealthy", "draining"),
        "blue has all the traffic and no healthy task (draining, unhealthy)",
    ),
    (
        "listener weights",
        "elbv2:DescribeTargetHealth",
        health(),
        "it has no targets",
    ),
    (
        "listener weights",
        "ecs:DescribeServices",
        service_without("advancedConfiguration"),
        "it cannot shift traffic",
    ),
    (
        "alarm delivery",
        "cloudwatch:DescribeAlarms",
        alarm(ActionsEnabled=False),
        "its actions are off",
    ),
    ("alarm delivery", "cloudwatch:DescribeAlarms", alarm(AlarmActions=[]), "it has no action"),
    (
        "alarm delivery",
        "sns:GetTopicAttributes",
        ("NotFound", "Topic does not exist"),
        "there is no such topic",
    ),
    ("alarm delivery", "sns:ListSubscriptionsByTopic", subscriptions(), "nobody is subscribed"),
    (
        "alarm delivery",
        "sns:ListSubscriptionsByTopic",
        subscriptions(f"{TOPIC}:1", "PendingConfirmation"),
        "a subscription by https is PendingConfirmation",
    ),
    ("alarm delivery", "kms:DescribeKey", key("Disabled"), "its key is Disabled"),
    ("locks", "s3:GetObjectLockConfiguration", lock("GOVERNANCE", Years=7), "is GOVERNANCE"),
    ("locks", "s3:GetObjectLockConfiguration", {"ObjectLockConfiguration": {}}, "lock is none"),
    ("locks", "s3:GetObjectLockConfiguration", lock(Days=30), "locked for 30 days, not 2555"),
    (
        "locks",
        "s3:GetObjectRetention",
        ("NoSuchObjectLockConfiguration", "none"),
        "its lock is none",
    ),
    (
        "locks",
        "s3:GetObjectRetention",
        {"Retention": {"Mode": "GOVERNANCE", "RetainUntilDate": NOW}},
        "its lock is GOVERNANCE",
    ),
    (
        "locks",
        "s3:GetObjectRetention",
        {"Retention": {"Mode": "COMPLIANCE", "RetainUntilDate": NOW + timedelta(days=60)}},
        "locked until 2026-07-31 only",
    ),
]


@pytest.mark.clause("ALL-9")
@pytest.mark.parametrize(("name", "call", "answer", "told"), SPOILED)
def test_what_is_not_as_it_should_be_is_told(name: str, call: str, answer: Json, told: str) -> None:
    findings = inspected(name, changed(call, answer)).findings
    breaches = [finding for finding in findings if finding.kind is Kind.BREACH]
    assert any(told in finding.what for finding in breaches), findings
    for finding in breaches:
        assert finding.fix
        assert finding.clauses == all_checks()[name].clauses


UNSURE: list[Any] = [
    ("trail", TRAIL, {"IsLogging": True}, "no delivery yet"),
    (
        "point-in-time recovery",
        "rds:DescribeDBInstances",
        database(DBInstanceStatus="stopped"),
        "it is stopped",
    ),
    (
        "point-in-time recovery",
        "rds:DescribeDBInstances",
        {
            "DBInstances": [
                {"DBInstanceStatus": "available", "BackupRetentionPeriod": 30},
            ]
        },
        "does not tell",
    ),
    (
        "listener weights",
        "ecs:DescribeServiceDeployments",
        {"serviceDeployments": [deployment(7, "IN_PROGRESS")]},
        "a service deployment is IN_PROGRESS",
    ),
]


@pytest.mark.parametrize(("name", "call", "answer", "told"), UNSURE)
def test_what_nobody_can_tell_is_not_taken_for_good(
    name: str, call: str, answer: Json, told: str
) -> None:
    findings = inspected(name, changed(call, answer)).findings
    assert [finding.kind for finding in findings] == [Kind.UNVERIFIED]
    assert told in findings[0].what


def calls_of(name: str) -> list[str]:
    aws = good()
    inspected(name, aws)
    return list(dict.fromkeys(aws.calls))


FAULTS: dict[str, Json] = {
    "denied": DENIED,
    "gone": ("ResourceNotFoundException", "it is not there"),
    "expired": ("ExpiredToken", "sign in again"),
    "lost": ReadTimeoutError(endpoint_url="https://aws"),
    "no network": EndpointConnectionError(endpoint_url="https://aws"),
    "odd": {},
}
# An empty answer says something where it lists: there are none.
EMPTY_IS_AN_ANSWER = {
    ("alarm delivery", "cloudwatch:DescribeAlarms"),
    ("listener weights", "ecs:ListServiceDeployments"),
    ("locks", "s3:ListObjectsV2"),
    ("pre-deploy snapshots", "ecs:ListServiceDeployments"),
    ("pre-deploy snapshots", "ecs:DescribeServiceDeployments"),
    ("pre-deploy snapshots", "ecs:DescribeServiceRevisions"),
    ("listener weights", "ecs:DescribeServiceDeployments"),
    ("task definitions", "ecs:ListServiceDeployments"),
    ("task definitions", "ecs:DescribeServiceDeployments"),
    ("task definitions", "ecs:DescribeServiceRevisions"),
}


@pytest.mark.clause("ALL-9")
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(
    ("name", "call"), [(name, call) for name in sorted(all_checks()) for call in calls_of(name)]
)
def test_no_call_that_fails_leaves_a_check_silent(name: str, call: str, fault: str) -> None:
    if fault == "odd" and (name, call) in EMPTY_IS_AN_ANSWER:
        assert not any(
            f.kind is Kind.UNVERIFIED for f in inspected(name, changed(call, {})).findings
        )
        return
    findings = inspected(name, changed(call, FAULTS[fault])).findings
    assert findings
    assert {finding.kind for finding in findings} <= {Kind.BREACH, Kind.UNVERIFIED}


def test_a_check_that_fails_itself_is_told() -> None:
    def fails(_: object, __: object) -> None:
        raise KeyError("Status")

    (finding,) = Check("broken", (), fails).inspect(live(good())).findings
    assert finding.kind is Kind.UNVERIFIED
    assert "KeyError('Status')" in finding.what


def test_two_checks_of_one_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CHECKS, "twice", Check("twice", (), lambda *_: None))
    with pytest.raises(ValueError, match="two checks 'twice'"):
        checks_that("twice")(lambda *_: None)
