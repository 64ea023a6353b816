"""Which events become records: one pattern a rule, as EventBridge takes it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Pattern = Mapping[str, Any]
CALL = "AWS API Call via CloudTrail"
# Writes to production, by service. Calls are matched whoever makes them and however they name
# what they are about (a short name, an ARN, nothing): a record too many is no loss.
WRITES: Mapping[str, Sequence[str]] = {
    "cloudformation": (
        *("CancelUpdateStack", "ContinueUpdateRollback", "CreateChangeSet", "CreateStack"),
        *("DeleteChangeSet", "DeleteStack", "ExecuteChangeSet", "RollbackStack"),
        *("SetStackPolicy", "UpdateStack", "UpdateTerminationProtection"),
    ),
    "codepipeline": (
        *("DeletePipeline", "DisableStageTransition", "EnableStageTransition"),
        *("OverrideStageCondition", "PutApprovalResult", "RetryStageExecution", "RollbackStage"),
        *("StartPipelineExecution", "StopPipelineExecution", "UpdatePipeline"),
    ),
    "ecr": ("BatchDeleteImage", "PutImage", "PutImageTagMutability"),
    "ecs": (
        *("ContinueServiceDeployment", "CreateService", "CreateTaskSet", "DeleteService"),
        *("DeleteTaskDefinitions", "DeleteTaskSet", "DeregisterTaskDefinition", "ExecuteCommand"),
        *("RegisterTaskDefinition", "RunTask", "StartTask", "StopServiceDeployment", "StopTask"),
        *("UpdateService", "UpdateServicePrimaryTaskSet", "UpdateTaskSet"),
    ),
    "elasticloadbalancing": (
        *("CreateRule", "DeleteListener", "DeleteRule", "DeregisterTargets", "ModifyListener"),
        *("ModifyRule", "RegisterTargets", "SetRulePriorities"),
    ),
    "rds": (
        *("CopyDBSnapshot", "CreateDBSnapshot", "DeleteDBInstance", "DeleteDBSnapshot"),
        *("ModifyDBInstance", "ModifyDBParameterGroup", "ModifyDBSnapshotAttribute"),
        *("PromoteReadReplica", "RebootDBInstance", "RestoreDBInstanceFromDBSnapshot"),
        *("RestoreDBInstanceToPointInTime", "StopDBInstance"),
    ),
    "secretsmanager": (
        *("CancelRotateSecret", "CreateSecret", "DeleteResourcePolicy", "DeleteSecret"),
        *("PutResourcePolicy", "PutSecretValue", "RemoveRegionsFromReplication"),
        *("ReplicateSecretToRegions", "RestoreSecret", "RotateSecret"),
        *("StopReplicationToReplica", "TagResource", "UntagResource", "UpdateSecret"),
        "UpdateSecretVersionStage",
    ),
    "states": ("DeleteStateMachine", "RedriveExecution", "StartExecution", "StopExecution"),
}


@dataclass(frozen=True)
class Watched:
    """What of an environment is recorded, by name.

    ``place`` is ``<region>:<account>``; ``services`` are physical names of ECS services, ``gates``
    names of state machines, ``restart`` that of the one that follows a rotation.
    """

    slug: str
    place: str
    services: Sequence[str]
    gates: Sequence[str]
    restart: str
    freeze: str


def patterns(watched: Watched) -> dict[str, Pattern]:
    """Map the name of each rule to its pattern."""
    ecs = f"arn:aws:ecs:{watched.place}"
    families = [f"{ecs}:task-definition/{name}-migrations:" for name in watched.services]
    stacks = f"arn:aws:cloudformation:{watched.place}:stack/{watched.slug}-"
    states = f"arn:aws:states:{watched.place}:stateMachine"
    return {
        "services": {
            "source": ["aws.ecs"],
            "detail-type": ["ECS Deployment State Change", "ECS Service Action"],
            "resources": [{"prefix": f"{ecs}:service/{watched.slug}/"}],
        },
        "migration-tasks": {
            "source": ["aws.ecs"],
            "detail-type": ["ECS Task State Change"],
            "detail": {
                "clusterArn": [f"{ecs}:cluster/{watched.slug}"],
                "taskDefinitionArn": [{"prefix": family} for family in families],
            },
        },
        "pipelines": {
            "source": ["aws.codepipeline"],
            "detail-type": [
                f"CodePipeline {what} Execution State Change"
                for what in ("Action", "Pipeline", "Stage")
            ],
            "detail": {"pipeline": [{"prefix": f"{watched.slug}-"}]},
        },
        "stacks": {
            "source": ["aws.cloudformation"],
            "detail-type": ["CloudFormation Stack Status Change"],
            "resources": [{"prefix": stacks}],
        },
        "migrations": {
            "source": ["aws.states"],
            "detail-type": ["Step Functions Execution Status Change"],
            "detail": {"stateMachineArn": [f"{states}:{name}" for name in watched.gates]},
        },
        # Whose secret it is, is in its ARN; what is told of others is no loss.
        "rotations": {
            "source": ["aws.secretsmanager"],
            "detail-type": ["AWS Service Event via CloudTrail"],
            "detail": {"eventSource": ["secretsmanager.amazonaws.com"]},
        },
        "restarts": {
            "source": ["aws.states"],
            "detail-type": ["Step Functions Execution Status Change"],
            "detail": {"stateMachineArn": [f"{states}:{watched.restart}"]},
        },
        "freeze": {
            "source": ["aws.ssm"],
            "detail-type": [CALL],
            "detail": {
                "eventSource": ["ssm.amazonaws.com"],
                "eventName": ["DeleteParameter", "DeleteParameters", "PutParameter"],
                "$or": [
                    {"requestParameters": {"name": [watched.freeze]}},
                    {"requestParameters": {"names": [watched.freeze]}},
                ],
            },
        },
        **{f"writes-{service}": _writes(service, calls) for service, calls in WRITES.items()},
    }


def _writes(service: str, calls: Sequence[str]) -> Pattern:
    return {
        "source": [f"aws.{service}"],
        "detail-type": [CALL],
        "detail": {"eventSource": [f"{service}.amazonaws.com"], "eventName": list(calls)},
    }
