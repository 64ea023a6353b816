"""What a record says, and what it never says."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from runbook_constructs.release_records.handler.records import record_of
from tests.constructs.events_read import NAMES, NOTHING, event

RECEIVED = datetime(2026, 11, 21, 15, tzinfo=UTC)
FIELDS = {"schema", "time", "source", "kind", "environment", "actor", "before", "after"}
FIELDS |= {"outcome", "detail"}
CANARY = "Canary-4f9a Jane Doe 123-45-6789"
ECS = "arn:aws:ecs:us-east-2:111122223333"
DEPLOYER = "arn:aws:sts::111122223333:assumed-role/claude-deploy/release"


def recorded(found: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON is any value
    body: dict[str, Any] = json.loads(
        record_of(json.dumps(found), "rovn/production", RECEIVED).body
    )
    return body


def test_a_record_has_all_its_fields_and_a_key_that_tells_when_and_what() -> None:
    record = record_of(json.dumps(event("update-service")), "rovn/production", RECEIVED)
    assert record.key == (
        "releases/2026/11/21/20261121T140259Z-call-update-service-"
        "e0e0e0e0-0000-4000-8000-000000000021.json"
    )
    assert record.body.endswith(b"}\n")
    body = json.loads(record.body)
    assert set(body) == FIELDS
    assert (body["schema"], body["environment"]) == (1, "rovn/production")
    assert body["time"] == "2026-11-21T14:02:59Z"


# Each event of the folder: kind, outcome.
OUTCOMES = {
    "add-user-to-group": ("call-add-user-to-group", "succeeded"),
    "attach-role-policy": ("call-attach-role-policy", "succeeded"),
    "create-db-snapshot": ("call-create-db-snapshot", "succeeded"),
    "create-grant": ("call-create-grant", "succeeded"),
    "create-policy-version": ("call-create-policy-version", "succeeded"),
    "delete-db-snapshot": ("call-delete-db-snapshot", "succeeded"),
    "delete-resource-policy": ("call-delete-resource-policy", "succeeded"),
    "delete-role-permissions-boundary": ("call-delete-role-permissions-boundary", "succeeded"),
    "delete-service": ("call-delete-service", "succeeded"),
    "disable-rule": ("call-disable-rule", "succeeded"),
    "ecs-deployment": ("ecs-deployment", "started"),
    "ecs-service-action": ("ecs-service-action", "noted"),
    "ecs-task": ("ecs-task", "succeeded"),
    "execute-change-set": ("call-execute-change-set", "succeeded"),
    "migration": ("migration", "succeeded"),
    "modify-rule": ("call-modify-rule", "succeeded"),
    "pipeline": ("pipeline", "started"),
    "pipeline-action": ("pipeline-action", "succeeded"),
    "pipeline-stage": ("pipeline-stage", "failed"),
    "put-key-policy": ("call-put-key-policy", "succeeded"),
    "put-parameter": ("call-put-parameter", "succeeded"),
    "put-resource-policy": ("call-put-resource-policy", "succeeded"),
    "put-role-policy": ("call-put-role-policy", "succeeded"),
    "put-secret-value": ("call-put-secret-value", "succeeded"),
    "put-user-policy": ("call-put-user-policy", "succeeded"),
    "restart": ("restart", "failed"),
    "rotation-failed": ("rotation", "failed"),
    "rotation-succeeded": ("rotation", "succeeded"),
    "run-task": ("call-run-task", "succeeded"),
    "stack": ("stack", "failed"),
    "stop-service-deployment": ("call-stop-service-deployment", "succeeded"),
    "update-assume-role-policy": ("call-update-assume-role-policy", "succeeded"),
    "update-function-code": ("call-update-function-code20150331v2", "succeeded"),
    "update-secret-version-stage": ("call-update-secret-version-stage", "succeeded"),
    "update-service": ("call-update-service", "succeeded"),
    "update-service-by-cloudformation": ("call-update-service", "succeeded"),
    "update-service-configuration": ("call-update-service", "succeeded"),
    "update-service-denied": ("call-update-service", "denied"),
    "update-service-no-hooks": ("call-update-service", "succeeded"),
    "update-state-machine": ("call-update-state-machine", "succeeded"),
}


@pytest.mark.clause("ROVN-AUD-1")
@pytest.mark.parametrize("name", NAMES)
def test_each_event_is_understood(name: str) -> None:
    body = recorded(event(name))
    assert (body["kind"], body["outcome"]) == OUTCOMES[name]
    assert body["actor"]["id"]


@pytest.mark.parametrize(
    ("name", "changes", "outcome"),
    [
        ("ecs-deployment", {"detail__eventName": "SERVICE_DEPLOYMENT_COMPLETED"}, "succeeded"),
        ("ecs-deployment", {"detail__eventName": "SERVICE_DEPLOYMENT_FAILED"}, "failed"),
        ("ecs-deployment", {"detail__eventName": "SOMETHING_NEW"}, "unknown"),
        ("ecs-service-action", {"detail__eventType": "ERROR"}, "failed"),
        ("ecs-service-action", {"detail__eventType": "WARN"}, "failed"),
        ("ecs-task", {"detail__lastStatus": "RUNNING"}, "started"),
        ("ecs-task", {"detail__containers": []}, "failed"),
        ("ecs-task", {"detail__containers": [{"name": "migrations"}]}, "failed"),
        ("ecs-task", {"detail__containers": [{"name": "migrations", "exitCode": 4}]}, "failed"),
        ("pipeline", {"detail__state": "SUPERSEDED"}, "stopped"),
        ("pipeline", {"detail__state": "NEW"}, "unknown"),
        ("stack", {"detail__status___details": {"status": "UPDATE_COMPLETE"}}, "succeeded"),
        ("stack", {"detail__status___details": {"status": "UPDATE_IN_PROGRESS"}}, "started"),
        ("stack", {"detail__status___details": {"status": "UPDATE_ROLLBACK_COMPLETE"}}, "failed"),
        ("stack", {"detail__status___details": {"status": "DELETE_FAILED"}}, "failed"),
        ("stack", {"detail__status___details": {"status": "NEW"}}, "unknown"),
        ("migration", {"detail__status": "RUNNING"}, "started"),
        ("migration", {"detail__status": "TIMED_OUT"}, "failed"),
        ("migration", {"detail__status": "ABORTED"}, "stopped"),
        ("restart", {"detail__status": "RUNNING"}, "started"),
        ("restart", {"detail__status": "TIMED_OUT"}, "failed"),
        ("restart", {"detail__status": "ABORTED"}, "stopped"),
        ("rotation-failed", {"detail__eventName": "RotationStarted"}, "started"),
        ("rotation-failed", {"detail__eventName": "RotationAbandoned"}, "stopped"),
        ("rotation-failed", {"detail__eventName": "EndSecretVersionDelete"}, "noted"),
        ("update-service", {"detail__errorCode": "ServiceNotFoundException"}, "failed"),
        ("update-service", {"detail__errorCode": "AccessDeniedException"}, "denied"),
    ],
)
def test_outcomes(name: str, changes: dict[str, Any], outcome: str) -> None:
    assert recorded(event(name, **changes))["outcome"] == outcome


@pytest.mark.clause("ROVN-AUD-1")
def test_a_rollback_begins_as_a_deployment_does_and_is_recorded_as_the_failure_it_is() -> None:
    """ECS tells a failure only of services with a circuit breaker, which blue/green ones lack."""
    reason = "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/42."
    back = recorded(event("ecs-deployment", detail__reason=reason))
    assert (back["outcome"], back["after"]["rolling_back_to"]) == ("failed", "ecs-svc/42")
    assert reason not in json.dumps(back)
    assert "rolling_back_to" not in recorded(event("ecs-deployment"))["after"]
    odd = recorded(event("ecs-deployment", detail__reason=f"{reason} {CANARY}"))
    assert (odd["outcome"], "rolling_back_to" in odd["after"]) == ("started", False)


def test_a_registration_tells_the_images_and_nothing_else_of_the_containers() -> None:
    container = {
        "name": "app",
        "image": "111122223333.dkr.ecr.us-east-2.amazonaws.com/app:prod-20261121135500",
        "environment": [{"name": "TOKEN", "value": CANARY}],
        "command": [CANARY],
    }
    found = recorded(
        event(
            "update-service",
            detail__eventName="RegisterTaskDefinition",
            detail__requestParameters={"family": "app", "containerDefinitions": [container]},
            detail__responseElements={"taskDefinition": {"taskDefinitionArn": f"{ECS}:x/app:1"}},
        )
    )
    kept = {"name": container["name"], "image": container["image"]}
    assert found["after"] == {"family": "app", "containerDefinitions": [kept]}
    assert CANARY not in json.dumps(found)


OF_STRIPE = (
    "arn:aws:secretsmanager:us-east-2:111122223333:secret:rovn/production/stripe-api-key-AbCdEf"
)


@pytest.mark.clause("ROVN-SEC-5")
def test_a_change_of_a_secret_tells_which_version_and_never_a_value() -> None:
    put = recorded(
        event(
            "put-secret-value",
            detail__requestParameters__secretString=CANARY,
            detail__requestParameters__secretBinary={"hb": [CANARY]},
            detail__responseElements__secretString=CANARY,
        )
    )
    assert put["after"] == {
        "secretId": OF_STRIPE,
        "clientRequestToken": "0e0e0e0e-0000-4000-8000-000000000002",
        "versionStages": ["AWSPENDING"],
    }
    assert put["detail"]["response"]["arn"] == OF_STRIPE
    assert put["detail"]["left_out"] == ["secretBinary", "secretString"]
    assert CANARY not in json.dumps(put)
    promoted = recorded(event("update-secret-version-stage"))
    assert promoted["after"]["versionStage"] == "AWSCURRENT"
    assert promoted["after"]["moveToVersionId"].endswith("2")
    assert promoted["detail"]["response"]["aRN"] == OF_STRIPE


@pytest.mark.clause("ROVN-SEC-5")
def test_a_rotation_tells_which_secret_and_how_it_ended() -> None:
    told = {"SecretId": OF_STRIPE, "VersionId": "v", "value": CANARY, "why": {"x": CANARY}}
    body = recorded(event("rotation-failed", detail__additionalEventData=told))
    assert body["after"] == {"secret": OF_STRIPE, "state": "RotationFailed", "VersionId": "v"}
    assert (body["actor"]["id"], body["outcome"]) == ("secretsmanager.amazonaws.com", "failed")
    assert body["time"] == "2026-11-22T14:02:59Z"
    assert CANARY not in json.dumps(body)
    odd = recorded(event("rotation-failed", detail__additionalEventData=None))
    assert (odd["kind"], odd["outcome"]) == ("unknown", "unknown")


@pytest.mark.clause("ROVN-SEC-5")
def test_a_restart_tells_service_and_secret_and_no_other_input() -> None:
    given = {"secret": "stripe-api-key", "service": "a b", "rotated": "2026-11-22T14:03:08Z"}
    given |= {"note": CANARY}
    body = recorded(event("restart", detail__input=json.dumps(given), detail__cause=CANARY))
    assert body["after"]["secret"] == "stripe-api-key"  # noqa: S105 - a name
    assert not {"service", "note"} & set(body["after"])
    assert body["detail"]["error"] == "NeverRestarted"
    assert CANARY not in json.dumps(body)
    for odd in ("no json", None, 3):
        body = recorded(event("restart", detail__input=odd))
        assert (body["kind"], body["outcome"]) == ("unknown", "unknown")


def test_a_call_tells_who_and_what_was_before() -> None:
    body = recorded(event("update-service"))
    assert body["actor"] == {
        "type": "AssumedRole",
        "id": DEPLOYER,
        "role": "arn:aws:iam::111122223333:role/claude-deploy",
        "sourceIPAddress": "203.0.113.7",
    }
    assert body["before"] == {"taskDefinitions": [f"{ECS}:task-definition/rovn-passport-api:41"]}
    assert body["after"]["taskDefinition"] == "rovn-passport-api:40"


def test_a_call_by_cloudformation_says_so() -> None:
    actor = recorded(event("update-service-by-cloudformation"))["actor"]
    assert actor["invokedBy"] == actor["sourceIPAddress"] == "cloudformation.amazonaws.com"


def test_a_refused_call_changed_nothing_and_names_what_was_tried() -> None:
    body = recorded(event("update-service-denied"))
    assert body["before"] is body["after"] is None
    assert body["detail"]["request"]["deploymentConfiguration"] == {"strategy": "ROLLING"}
    assert body["detail"]["left_out"] == ["forceNewDeployment"]
    assert body["detail"]["errorCode"] == "AccessDenied"


def test_the_freeze_tells_its_version_and_never_its_value() -> None:
    body = recorded(event("put-parameter"))
    assert (body["before"], body["after"]["version"]) == ({"version": 6}, 7)
    assert body["detail"]["left_out"] == ["value"]


@pytest.mark.clause("ROVN-MIG-2")
def test_a_deleted_snapshot_tells_what_it_was_and_who_deleted_it() -> None:
    body = recorded(event("delete-db-snapshot"))
    assert body["actor"]["id"].startswith(
        "arn:aws:sts::111122223333:assumed-role/rovn-production-snapshot-janitor/"
    )
    assert body["after"] is None
    assert body["before"] == {
        "dBInstanceIdentifier": "rovn-production-postgres",
        "dBSnapshotIdentifier": "rovn-passport-api-0001-start-20260801120000",
        "snapshotCreateTime": "Aug 1, 2026 12:00:00 PM",
        "snapshotType": "manual",
        "status": "deleted",
    }


@pytest.mark.clause("ROVN-AUD-1")
def test_a_migration_tells_its_files_and_its_snapshot() -> None:
    body = recorded(event("migration"))
    assert body["before"] == {"state": "RUNNING"}
    assert body["after"]["migrations"] == ["0002_add_source.sql"]
    assert body["after"]["snapshot"] == "rovn-passport-api-0002-add-source-20261121140000"
    assert body["after"]["deployment"] == "sd7x2kQpL0"
    for output in (None, "no JSON", '"text"', "[]"):
        body = recorded(event("migration", detail__output=output))
        assert (body["after"]["migrations"], body["after"]["snapshot"]) == ([], None)


def test_a_migration_that_the_gate_refused_says_so_and_one_that_broke_failed() -> None:
    ended = {"detail__status": "FAILED", "detail__output": None}
    for error, outcome in (("Refused", "refused"), ("Failed", "failed"), (None, "failed")):
        found = recorded(event("migration", **ended, detail__error=error))
        assert (found["outcome"], found["detail"].get("error")) == (outcome, error)


def test_an_approval_is_recorded_without_its_words() -> None:
    body = recorded(event("pipeline-action"))
    assert body["after"]["stage"] == "Approve"
    assert "ada" not in json.dumps(body)


def test_a_task_names_variables_and_the_runners_own_words_alone() -> None:
    (override,) = recorded(event("ecs-task"))["detail"]["overrides"]
    assert override == {
        "name": "migrations",
        "command": ["python", "-m", "migrations", "--pending"],
        "environment": ["PREVIOUS_IMAGE"],
    }


CANARIES: list[tuple[str, dict[str, Any]]] = [
    (
        "ecs-task",
        {
            "detail__overrides": {
                "containerOverrides": [
                    {
                        "name": "migrations",
                        "command": ["psql", CANARY],
                        "environment": [{"name": "PASSWORD", "value": CANARY}],
                    }
                ]
            },
            "detail__stoppedReason": CANARY,
        },
    ),
    ("migration", {"detail__input": CANARY, "detail__cause": CANARY}),
    ("migration", {"detail__output": json.dumps({"snapshot": CANARY, "x": [CANARY]})}),
    ("pipeline-action", {"detail__execution___result": {"external-execution-summary": CANARY}}),
    ("stack", {"detail__status___details": {"status": "X", "status-reason": CANARY}}),
    ("ecs-deployment", {"detail__reason": CANARY}),
    ("run-task", {"detail__requestParameters__overrides": {"x": CANARY}}),
    ("put-parameter", {"detail__requestParameters__value": CANARY}),
    ("update-service", {"detail__requestParameters__cluster": {"a": CANARY}}),
    ("update-service", {"detail__requestParameters__deploymentConfiguration": CANARY}),
    ("update-service", {"detail__requestParameters__taskDefinition": [[CANARY], {"a": CANARY}]}),
    ("update-service", {"detail__responseElements__service__events": [{"message": CANARY}]}),
    ("update-service", {"detail__userAgent": CANARY, "detail__errorMessage": CANARY}),
    ("update-service", {"detail__userIdentity__accessKeyId": CANARY}),
    # Of a shape that nobody knows: no reader, or one that finds less than it wants.
    ("run-task", {"detail__eventName": NOTHING, "detail__requestParameters__x": CANARY}),
    ("run-task", {"detail__userIdentity": NOTHING, "detail__responseElements": [CANARY]}),
    ("migration", {"detail__name": NOTHING, "detail__output": CANARY, "detail__input": CANARY}),
    ("stack", {"detail__status___details__status": NOTHING, "detail__token": CANARY}),
    (
        "ecs-task",
        {
            "detail__taskArn": NOTHING,
            "detail__overrides": {
                "containerOverrides": [{"environment": [{"name": "A", "value": CANARY}]}]
            },
        },
    ),
    ("ecs-task", {"detail___type": "ECS New Thing", "detail": {"environment": {"A": CANARY}}}),
]


@pytest.mark.clause("ROVN-AUD-1")
@pytest.mark.parametrize(("name", "changes"), CANARIES)
def test_no_secret_and_no_patient_gets_into_a_record(name: str, changes: dict[str, Any]) -> None:
    found = event(name, **changes)
    assert CANARY in json.dumps(found)
    record = record_of(json.dumps(found), "rovn/production", RECEIVED)
    for part in ("Canary", "Jane", "123-45"):
        assert part not in record.body.decode() + record.key


@pytest.mark.clause("ROVN-AUD-1")
@pytest.mark.parametrize(
    ("name", "changes", "why"),
    [
        ("ecs-deployment", {"resources": []}, "UnknownShapeError"),
        ("ecs-deployment", {"detail": "text"}, "UnknownShapeError"),
        ("ecs-deployment", {"detail": NOTHING}, "KeyError"),
        ("update-service", {"detail": [1]}, "UnknownShapeError"),
        ("ecs-deployment", {"source": "aws.new"}, "no reader"),
        ("ecs-task", {"detail__containers": 7}, "TypeError"),
        ("migration", {"detail__status": 7}, "UnknownShapeError"),
        ("update-service", {"detail__eventID": NOTHING}, "UnknownShapeError"),
        ("update-service", {"detail__userIdentity": "me"}, "UnknownShapeError"),
    ],
)
def test_an_unknown_shape_is_kept_as_it_is(name: str, changes: dict[str, Any], why: str) -> None:
    found = event(name, **changes)
    body = recorded(found)
    assert (body["kind"], body["outcome"]) == ("unknown", "unknown")
    assert body["detail"]["why"] == why
    kept = body["detail"]["event"]
    assert (kept["id"], kept["detail-type"]) == (found["id"], found["detail-type"])


@pytest.mark.parametrize("text", ["", "no JSON", "[1]", "null", '"x"'])
def test_what_is_no_event_at_all_is_recorded_by_its_digest(text: str) -> None:
    record = record_of(text, "rovn/production", RECEIVED)
    body = json.loads(record.body)
    assert (body["kind"], body["outcome"], body["source"]) == ("unknown", "unknown", "unknown")
    assert body["detail"]["bytes"] == len(text)
    assert body["detail"]["sha256"] in record.key
    assert record.key.startswith("releases/2026/11/21/20261121T150000Z-unknown-")


@pytest.mark.parametrize("time", ["yesterday", "2026-13-45T99:99:99Z", 7, None])
def test_an_event_without_a_time_is_dated_by_its_arrival(time: object) -> None:
    record = record_of(json.dumps(event("stack", time=time)), "rovn/production", RECEIVED)
    assert record.key.startswith("releases/2026/11/21/20261121T150000Z-stack-")


@pytest.mark.parametrize("name", NAMES)
def test_the_same_event_gives_the_same_key_and_the_same_bytes(name: str) -> None:
    found = event(name)
    backwards = dict(reversed(found.items()))
    later = datetime(2027, 1, 1, tzinfo=UTC)
    first = record_of(json.dumps(found), "rovn/production", RECEIVED)
    assert record_of(json.dumps(backwards, indent=1), "rovn/production", later) == first


def test_a_call_that_eventbridge_delivers_under_another_id_is_the_same_record() -> None:
    first = record_of(json.dumps(event("update-service")), "rovn/production", RECEIVED)
    again = event("update-service", id="another", time="2026-11-21T14:09:00Z")
    assert record_of(json.dumps(again), "rovn/production", RECEIVED) == first


def test_a_state_of_a_task_that_ecs_tells_of_twice_is_the_same_record() -> None:
    """The guide: the version tells such events apart from those of another state."""
    told = {"detail__version": 4, "detail__updatedAt": "2026-11-21T14:03:05.123Z"}
    first = event("ecs-task", **told)
    again = event("ecs-task", id="another", time="2026-11-21T14:03:59Z", **told)
    other = event("ecs-task", **{**told, "detail__version": 5})
    one, same, two = (
        record_of(json.dumps(found), "rovn/production", RECEIVED) for found in (first, again, other)
    )
    assert one == same
    assert one.key != two.key
    assert one.key.startswith("releases/2026/11/21/20261121T140305Z-ecs-task-")
    unversioned = event("ecs-task", detail__version=NOTHING)
    record = record_of(json.dumps(unversioned), "rovn/production", RECEIVED)
    assert record.key.endswith(f"-{unversioned['id']}.json")


def test_an_id_cannot_leave_its_folder() -> None:
    record = record_of(json.dumps(event("stack", id="../../x/é y")), "rovn/production", RECEIVED)
    assert record.key == "releases/2026/11/21/20261121T140307Z-stack-..-..-x---y.json"
