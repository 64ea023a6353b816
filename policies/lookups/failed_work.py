"""Releases, rotations and backups, as AWS tells EventBridge how they ended."""

from collections.abc import Mapping
from typing import Any

from policies.lookups.secret_events import restart, rotation
from policies.templates.scope import Scope
from runbook.alarms import event_rules

Json = Any
Event = Mapping[str, Json]
_ECS, _PIPELINE, _STACK = event_rules.DEPLOYS
_STACKS_FAILED = (
    *("CREATE_FAILED", "DELETE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED"),
    *("UPDATE_FAILED", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED"),
)


def counted_events(scope: Scope) -> dict[str, dict[str, Event]]:
    """Map each rule to the events that it has to count, by what they are."""
    service = next(iter(scope.environment.services), "none")
    secret = _secret(scope)
    return {
        _ECS: {
            "a deployment that failed": _deployment(scope, "ERROR", "SERVICE_DEPLOYMENT_FAILED")
        },
        _PIPELINE: {"a pipeline that failed": _pipeline(scope, "FAILED")},
        _STACK: {
            f"a stack that is {status}": _stack(scope, service, status) for status in _STACKS_FAILED
        },
        event_rules.BACKUP_DONE: {"a backup that was finished": _backup(scope, "RDS-EVENT-0002")},
        event_rules.ROTATION_FAILED: {
            **{
                f"{name} of a secret": rotation(name, secret)
                for name in ("RotationAbandoned", "RotationFailed")
            },
            **{
                f"a restart that is {status}": restart(status, scope)
                for status in ("ABORTED", "FAILED", "TIMED_OUT")
            },
        },
    }


def ordinary_events(scope: Scope) -> dict[str, dict[str, Event]]:
    """Map each rule to what it must not count: a count of these says nothing."""
    service = next(iter(scope.environment.services), "none")
    return {
        _ECS: {
            "a deployment that began": _deployment(scope, "INFO", "SERVICE_DEPLOYMENT_IN_PROGRESS"),
            "a deployment that ended well": _deployment(
                scope, "INFO", "SERVICE_DEPLOYMENT_COMPLETED"
            ),
        },
        _PIPELINE: {
            "a pipeline that began": _pipeline(scope, "STARTED"),
            "a pipeline that ended well": _pipeline(scope, "SUCCEEDED"),
        },
        _STACK: {
            "a stack that was updated": _stack(scope, service, "UPDATE_COMPLETE"),
            "a stack that is being updated": _stack(scope, service, "UPDATE_IN_PROGRESS"),
        },
        event_rules.BACKUP_DONE: {
            "a backup that began": _backup(scope, "RDS-EVENT-0001"),
            "a snapshot by hand": _backup(scope, "RDS-EVENT-0042"),
            "a backup of another database": _backup(scope, "RDS-EVENT-0002", "another"),
        },
        event_rules.ROTATION_FAILED: {
            "a rotation that succeeded": rotation("RotationSucceeded", _secret(scope)),
            "a restart that succeeded": restart("SUCCEEDED", scope),
        },
    }


def _secret(scope: Scope) -> str:
    environment = scope.environment
    place = f"{environment.region}:{environment.account}"
    return f"arn:aws:secretsmanager:{place}:secret:{environment.name}/any-AbCdEf"


def _deployment(scope: Scope, kind: str, name: str) -> Event:
    environment = scope.environment
    service = next((one.name for one in environment.services.values()), "none")
    place = f"{environment.region}:{environment.account}"
    return {
        "source": "aws.ecs",
        "detail-type": "ECS Deployment State Change",
        "resources": [f"arn:aws:ecs:{place}:service/{environment.slug}/{service}"],
        "detail": {"eventType": kind, "eventName": name, "deploymentId": "ecs-svc/1"},
    }


def _pipeline(scope: Scope, state: str) -> Event:
    return {
        "source": "aws.codepipeline",
        "detail-type": "CodePipeline Pipeline Execution State Change",
        "detail": {"pipeline": f"{scope.environment.slug}-any", "state": state},
    }


def _stack(scope: Scope, part: str, status: str) -> Event:
    environment = scope.environment
    place = f"{environment.region}:{environment.account}"
    arn = f"arn:aws:cloudformation:{place}:stack/{environment.slug}-{part}/6a7e8feb"
    return {
        "source": "aws.cloudformation",
        "detail-type": "CloudFormation Stack Status Change",
        "resources": [arn],
        "detail": {"stack-id": arn, "status-details": {"status": status}},
    }


def _backup(scope: Scope, event: str, database: str | None = None) -> Event:
    identifier = database or f"{scope.environment.slug}-postgres"
    return {
        "source": "aws.rds",
        "detail-type": "RDS DB Instance Event",
        "detail": {
            "EventCategories": ["backup"],
            "SourceType": "DB_INSTANCE",
            "SourceIdentifier": identifier,
            "EventID": event,
        },
    }
