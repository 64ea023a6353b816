"""Which events ring an alarm and what those who are told read, by the synthesized rules."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from policies.lookups.event_patterns import matches
from runbook.chat_messages import PLAIN_FIELDS, notification, template
from runbook_constructs.event_watch.patterns import Kept, Watched, patterns
from tests.assembly import Assembly, plain
from tests.constructs.event_watch.filling import filled
from tests.constructs.events_read import event as read_event

Json = Any
STACK, SLUG = "rovn-production-event-watch", "rovn-production"
OURS, ELSEWHERE = "111122223333", "999988887777"
PLACE = f"us-east-2:{OURS}"
AUDIT, TRAIL = "the-audit-bucket", "the-trail-bucket"
KEY, TRAIL_KEY = (f"arn:aws:kms:{PLACE}:key/{name}" for name in ("0a1b2c3d", "4e5f6a7b"))
WATCHED = Watched(
    slug=SLUG,
    region="us-east-2",
    account=OURS,
    kept=Kept(buckets=[AUDIT, TRAIL], keys=[KEY, TRAIL_KEY], trail=f"{SLUG}-audit"),
    database=f"{SLUG}-postgres",
    secrets=f"arn:aws:secretsmanager:{PLACE}:secret:rovn/production/",
    restart=f"arn:aws:states:{PLACE}:stateMachine:{SLUG}-secret-restart",
)
INSIDE, OUTSIDE = {"audit-tamper-inside"}, {"audit-tamper"}
DELETE: Json = json.loads(Path(__file__).with_name("delete-object.json").read_text("utf-8"))
ROOT = {"type": "Root", "principalId": OURS, "arn": f"arn:aws:iam::{OURS}:root", "accountId": OURS}
USER = {
    "type": "IAMUser",
    "principalId": "AIDAEXAMPLE",
    "arn": f'arn:aws:iam::{OURS}:user/a"path/jo',
    "accountId": OURS,
    "userName": "jo",
}
STRANGER = {"type": "AWSAccount", "principalId": "AIDAEXAMPLE", "accountId": ELSEWHERE}
ANONYMOUS = {"type": "AWSAccount", "principalId": "", "accountId": "ANONYMOUS_PRINCIPAL"}
SERVICE = {"type": "AWSService", "invokedBy": "config.amazonaws.com"}
CLOUDFORMATION = {
    "sourceIPAddress": "cloudformation.amazonaws.com",
    "userAgent": "cloudformation.amazonaws.com",
}
BACKUP: Json = {
    "version": "0",
    "id": "844e2571-85d4-695f-b930-0153b71dcb42",
    "detail-type": "RDS DB Instance Event",
    "source": "aws.rds",
    "account": OURS,
    "time": "2026-11-22T05:12:24Z",
    "region": "us-east-2",
    "resources": [f"arn:aws:rds:{PLACE}:db:{SLUG}-postgres"],
    "detail": {
        "EventCategories": ["backup"],
        "SourceType": "DB_INSTANCE",
        "SourceArn": f"arn:aws:rds:{PLACE}:db:{SLUG}-postgres",
        "Date": "2026-11-22T05:12:24.000Z",
        "Message": "Finished DB instance backup",
        "SourceIdentifier": f"{SLUG}-postgres",
        "EventID": "RDS-EVENT-0002",
    },
}


def touched(**changes: Json) -> Json:
    """Write a call on the audit bucket; ``changes`` are of its detail, None takes one away."""
    found = copy.deepcopy(DELETE)
    for name, value in changes.items():
        if value is None:
            del found["detail"][name]
        else:
            found["detail"][name] = value
    found["source"] = f"aws.{found['detail']['eventSource'].partition('.')[0]}"
    return found


def of_bucket(name: str, bucket: str = AUDIT, **changes: Json) -> Json:
    return touched(eventName=name, requestParameters={"bucketName": bucket}, **changes)


def of_trail(name: str, field: str = "name", **changes: Json) -> Json:
    asked = {field: f"{SLUG}-audit"}
    changes = {"eventSource": "cloudtrail.amazonaws.com", "requestParameters": asked, **changes}
    return touched(eventName=name, **changes)


def of_key(name: str, key: str = KEY, **changes: Json) -> Json:
    changes = {"eventSource": "kms.amazonaws.com", "resources": [{"ARN": key}], **changes}
    return touched(eventName=name, **changes)


EVENTS: dict[str, tuple[Json, set[str]]] = {
    "a role deletes, refused": (touched(), INSIDE),
    "a role deletes, let through": (touched(errorCode=None, errorMessage=None), INSIDE),
    "root deletes": (touched(userIdentity=ROOT), INSIDE),
    "a user deletes": (touched(userIdentity=USER), INSIDE),
    "another account deletes": (touched(userIdentity=STRANGER), OUTSIDE),
    "nobody known deletes": (touched(userIdentity=ANONYMOUS), OUTSIDE),
    "a service deletes": (touched(userIdentity=SERVICE), OUTSIDE),
    "an object of the trail": (of_bucket("DeleteObject", TRAIL), INSIDE),
    "many at once": (of_bucket("DeleteObjects"), INSIDE),
    "a shorter lock": (of_bucket("PutObjectRetention"), INSIDE),
    "a legal hold": (of_bucket("PutObjectLegalHold"), INSIDE),
    "the lock's configuration": (of_bucket("PutBucketObjectLockConfiguration"), INSIDE),
    "the lock's configuration, by its other name": (
        of_bucket("PutObjectLockConfiguration"),
        INSIDE,
    ),
    "versioning": (of_bucket("PutBucketVersioning"), INSIDE),
    "lifecycle": (of_bucket("PutBucketLifecycle"), INSIDE),
    "a policy by hand": (of_bucket("PutBucketPolicy"), INSIDE),
    "a policy by another account": (
        of_bucket("PutBucketPolicy", userIdentity=STRANGER),
        OUTSIDE,
    ),
    "a policy by a deploy": (of_bucket("PutBucketPolicy", **CLOUDFORMATION), set()),
    "the bucket itself, by a deploy": (of_bucket("DeleteBucket", **CLOUDFORMATION), INSIDE),
    "the bucket itself": (of_bucket("DeleteBucket"), INSIDE),
    "the trail is stopped": (of_trail("StopLogging"), INSIDE),
    "the trail is deleted": (of_trail("DeleteTrail"), INSIDE),
    "the trail is changed": (of_trail("UpdateTrail"), INSIDE),
    "the trail is changed by a deploy": (of_trail("UpdateTrail", **CLOUDFORMATION), set()),
    "what the trail selects": (of_trail("PutEventSelectors", "trailName"), INSIDE),
    "another trail": (
        of_trail("StopLogging", requestParameters={"name": "another"}),
        set(),
    ),
    "the key goes": (of_key("ScheduleKeyDeletion"), INSIDE),
    "the key is shut off": (of_key("DisableKey"), INSIDE),
    "the key's policy": (of_key("PutKeyPolicy"), INSIDE),
    "the key's policy by a deploy": (of_key("PutKeyPolicy", **CLOUDFORMATION), set()),
    "another key": (of_key("ScheduleKeyDeletion", f"{KEY}-x"), set()),
    "a record is written": (of_bucket("PutObject"), set()),
    "a record is read": (of_bucket("GetObject"), set()),
    "another bucket": (of_bucket("DeleteObject", "another"), set()),
    "a deployment that failed": (
        read_event(
            "ecs-deployment",
            detail__eventType="ERROR",
            detail__eventName="SERVICE_DEPLOYMENT_FAILED",
        ),
        {"deploy-failed-ecs"},
    ),
    "a deployment that goes on": (read_event("ecs-deployment"), set()),
    "a deployment of another cluster": (
        read_event(
            "ecs-deployment",
            detail__eventType="ERROR",
            resources=[f"arn:aws:ecs:{PLACE}:service/another/rovn-passport-api"],
        ),
        set(),
    ),
    "a pipeline that failed": (
        read_event("pipeline", detail__state="FAILED"),
        {"deploy-failed-pipeline"},
    ),
    "a pipeline that began": (read_event("pipeline"), set()),
    "another pipeline": (
        read_event("pipeline", detail__state="FAILED", detail__pipeline="another"),
        set(),
    ),
    "a stack that is rolled back": (
        read_event("stack", detail__status___details__status="UPDATE_ROLLBACK_COMPLETE"),
        {"deploy-failed-stack"},
    ),
    "a stack that is about to be": (read_event("stack"), set()),
    "a rotation that failed": (read_event("rotation-failed"), {"rotation-failed"}),
    "a rotation that succeeded": (read_event("rotation-succeeded"), set()),
    "a restart that failed": (read_event("restart"), {"rotation-failed"}),
    "a restart that succeeded": (read_event("restart", detail__status="SUCCEEDED"), set()),
    "a backup": (BACKUP, {"backup-finished"}),
    "a snapshot by hand": (
        BACKUP | {"detail": BACKUP["detail"] | {"EventID": "RDS-EVENT-0042"}},
        set(),
    ),
}


@pytest.fixture(scope="module")
def rules(assembly: Assembly) -> dict[str, Json]:
    """Give the synthesized rules by their names without the slug."""
    found = assembly.of_type(STACK, "AWS::Events::Rule").values()
    return {
        plain(rule["Properties"])["Name"].removeprefix(f"{SLUG}-"): plain(rule["Properties"])
        for rule in found
    }


@pytest.mark.clause("ROVN-ALM-6")
@pytest.mark.clause("ROVN-DEP-4")
@pytest.mark.parametrize("name", EVENTS)
def test_each_event_is_counted_by_whom_it_concerns(name: str) -> None:
    event, wanted = EVENTS[name]
    assert {what for what, one in patterns(WATCHED).items() if matches(one, event)} == wanted


def test_the_rules_are_those_patterns(rules: dict[str, Json]) -> None:
    assert set(rules) == set(patterns(WATCHED))
    for name, pattern in patterns(WATCHED).items():
        assert _shape(rules[name]["EventPattern"]) == _shape(pattern), name


def _shape(pattern: Json) -> Json:
    """Keep the keys of a pattern, and its values where they are no names of this environment."""
    if isinstance(pattern, dict):
        return {name: _shape(value) for name, value in pattern.items()}
    if isinstance(pattern, list | tuple):
        return [_shape(value) for value in pattern]
    return "" if isinstance(pattern, str) else pattern


TOLD = {
    "a role deletes, refused": (
        "rovn/production: a principal of our own account called DeleteObject, "
        "on locked records, a key or the trail",
        "*Who*: AssumedRole operations (AROAEXAMPLEID:night-shift) of account 111122223333\n"
        "*What*: DeleteObject\n*From*: 203.0.113.7, in us-east-2\n"
        "*When*: 2026-11-22T14:02:59Z\n"
        "*Refused with* (nothing here: it was let through): AccessDenied\n"
        "*Event*: e0e0e0e0-0000-4000-8000-000000000080\n"
        "*Bucket*, where it is about one: the-audit-bucket",
    ),
    "a user deletes": (
        "rovn/production: a principal of our own account called DeleteObject, "
        "on locked records, a key or the trail",
        "*Who*: IAMUser jo (AIDAEXAMPLE) of account 111122223333\n",
    ),
    "nobody known deletes": (
        "rovn/production: somebody outside our account called DeleteObject, "
        "on locked records, a key or the trail",
        "*Who*: AWSAccount  () of account ANONYMOUS_PRINCIPAL\n",
    ),
    "the trail is stopped": (
        "rovn/production: a principal of our own account called StopLogging, "
        "on locked records, a key or the trail",
        "*What*: StopLogging\n",
    ),
    "a deployment that failed": (
        "rovn/production: a deployment failed",
        f"*What*: SERVICE_DEPLOYMENT_FAILED of arn:aws:ecs:{PLACE}:service/{SLUG}/"
        "rovn-passport-api\n*Deployment*: ecs-svc/1234567890123456789\n",
    ),
    "a pipeline that failed": (
        "rovn/production: a pipeline failed",
        "*What*: rovn-production-pipeline is FAILED\n"
        "*Execution*: 12345678-1234-5678-abcd-12345678abcd\n",
    ),
    "a stack that is rolled back": (
        "rovn/production: a stack failed or was rolled back",
        "*What*: UPDATE_ROLLBACK_COMPLETE of arn:aws:cloudformation:",
    ),
}


@pytest.mark.clause("ROVN-ALM-6")
@pytest.mark.parametrize("name", TOLD)
def test_who_is_told_reads_who_what_and_from_where(rules: dict[str, Json], name: str) -> None:
    event, (rule,) = EVENTS[name]
    (target,) = rules[rule]["Targets"]

    message = filled(target["InputTransformer"], event)

    title, said = TOLD[name]
    assert (message["version"], message["source"]) == ("1.0", "custom")
    content = message["content"]
    assert (content["textType"], content["title"]) == ("client-markdown", title)
    assert said in content["description"]
    assert content["nextSteps"]


@pytest.mark.clause("ROVN-ALM-6")
def test_severity_decides_who_is_told(rules: dict[str, Json]) -> None:
    sent = {
        name: rule["Targets"][0]["Arn"].rpartition(":")[2]
        for name, rule in rules.items()
        if "InputTransformer" in rule["Targets"][0]
    }
    assert sent == {
        "audit-tamper": f"{SLUG}-sev-2",
        "audit-tamper-inside": f"{SLUG}-sev-1",
        "deploy-failed-ecs": f"{SLUG}-sev-2",
        "deploy-failed-pipeline": f"{SLUG}-sev-2",
        "deploy-failed-stack": f"{SLUG}-sev-2",
    }
    only_counted = {name for name in rules if name not in sent}
    assert only_counted == {"backup-finished", "rotation-failed"}
    assert {rules[name]["Targets"][0]["Arn"] for name in only_counted} == {"<Counted.Arn>"}
    assert {rule["Targets"][0]["DeadLetterConfig"]["Arn"] for rule in rules.values()} == {
        "<DeadLetters.Arn>"
    }


def test_queues_take_from_these_rules_alone(assembly: Assembly, rules: dict[str, Json]) -> None:
    for queue, let_in in (
        ("DeadLetters", set(rules)),
        ("Counted", {"backup-finished", "rotation-failed"}),
    ):
        policy = assembly.named(STACK, "AWS::SQS::QueuePolicy", f"{queue}Policy")["Properties"]
        (allow,) = [
            one for one in plain(policy["PolicyDocument"])["Statement"] if one["Effect"] == "Allow"
        ]
        assert set(allow["Condition"]["ArnEquals"]["aws:SourceArn"]) == {
            f"arn:aws:events:{PLACE}:rule/{SLUG}-{name}" for name in let_in
        }


@pytest.mark.parametrize(
    "rough", ["$.detail.userAgent", "$.detail.errorMessage", "$.detail.requestParameters.key"]
)
def test_what_somebody_chose_breaks_a_message_and_is_refused(rough: str) -> None:
    """The proof that a value is not escaped, and that none of these gets in."""
    message = notification("x", "<word>", [], about="test")
    transformer = {"InputTemplate": json.dumps(message), "InputPathsMap": {"word": rough}}
    with pytest.raises(ValueError, match=r"delimiter|escape|control"):
        filled(transformer, DELETE)
    assert rough not in PLAIN_FIELDS
    with pytest.raises(ValueError, match="could break the message"):
        template(message, {"word": rough})


def test_a_field_without_a_place_and_a_place_without_a_field_are_refused() -> None:
    message = notification("x", "<when>", [], about="test")
    for fields in ({}, {"when": "$.time", "who": "$.account"}):
        with pytest.raises(ValueError, match="differ"):
            template(message, fields)


@pytest.mark.parametrize(
    ("title", "description", "steps"),
    [
        ("x" * 251, "x", []),
        ("x", "x" * 8001, []),
        ("x", "x", ["x"] * 11),
        ("x", "x", ["x" * 351]),
    ],
)
def test_what_slack_would_cut_is_refused(title: str, description: str, steps: list[str]) -> None:
    with pytest.raises(ValueError, match="longer than Slack is shown"):
        notification(title, description, steps, about="test")
