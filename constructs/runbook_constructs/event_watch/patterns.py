"""Which events ring an alarm of the catalogue, as event patterns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runbook.alarms import event_rules
from runbook.alarms.tamper_calls import (
    RECONFIGURES,
    RECONFIGURES_BEGIN,
    REKEYS,
    REMOVES,
    RESELECTS,
    SERVICES,
    SILENCES,
    UNKEYS,
)

Pattern = Mapping[str, Any]
CALL = "AWS API Call via CloudTrail"
CLOUDFORMATION = "cloudformation.amazonaws.com"
STACK_FAILURES = (
    *("CREATE_FAILED", "DELETE_FAILED", "IMPORT_ROLLBACK_COMPLETE", "IMPORT_ROLLBACK_FAILED"),
    *("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "UPDATE_FAILED", "UPDATE_ROLLBACK_COMPLETE"),
    "UPDATE_ROLLBACK_FAILED",
)
ROTATION_FAILURES = ("RotationAbandoned", "RotationFailed")
RESTART_FAILURES = ("ABORTED", "FAILED", "TIMED_OUT")
# "Finished DB instance backup" (Amazon RDS User Guide, event messages): automated ones; a snapshot
# by hand is RDS-EVENT-0042.
BACKUP_FINISHED = "RDS-EVENT-0002"


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What holds the records: locked buckets by name, their keys by ARN, the trail by its name."""

    buckets: Sequence[str]
    keys: Sequence[str]
    trail: str


@dataclass(frozen=True, kw_only=True)
class Watched:
    """What of an environment is watched.

    ``database`` is the instance's identifier, ``secrets`` how the ARNs of the secrets begin,
    ``restart`` the ARN of the state machine that follows a rotation.
    """

    slug: str
    region: str
    account: str
    kept: Kept
    database: str
    secrets: str
    restart: str

    @property
    def place(self) -> str:
        """Write ``<region>:<account>``."""
        return f"{self.region}:{self.account}"


def patterns(watched: Watched) -> dict[str, Pattern]:
    """Map the name of each rule to its pattern."""
    inside = [watched.account]
    # Who has no account, a service for example, or is nobody at all, is not of ours.
    outside = [{"anything-but": [watched.account]}, {"exists": False}]
    ecs, stacks = f"arn:aws:ecs:{watched.place}", f"arn:aws:cloudformation:{watched.place}"
    of_ecs, of_pipeline, of_stack = event_rules.DEPLOYS
    return {
        event_rules.TAMPER: _tampering(watched, outside),
        event_rules.TAMPER_INSIDE: _tampering(watched, inside),
        of_ecs: {
            "source": ["aws.ecs"],
            "detail-type": ["ECS Deployment State Change"],
            "resources": [{"prefix": f"{ecs}:service/{watched.slug}/"}],
            "detail": {
                "$or": [{"eventType": ["ERROR"]}, {"eventName": ["SERVICE_DEPLOYMENT_FAILED"]}]
            },
        },
        of_pipeline: {
            "source": ["aws.codepipeline"],
            "detail-type": ["CodePipeline Pipeline Execution State Change"],
            "detail": {"pipeline": [{"prefix": f"{watched.slug}-"}], "state": ["FAILED"]},
        },
        of_stack: {
            "source": ["aws.cloudformation"],
            "detail-type": ["CloudFormation Stack Status Change"],
            "resources": [{"prefix": f"{stacks}:stack/{watched.slug}-"}],
            "detail": {"status-details": {"status": list(STACK_FAILURES)}},
        },
        event_rules.BACKUP_DONE: {
            "source": ["aws.rds"],
            "detail-type": ["RDS DB Instance Event"],
            "detail": {"EventID": [BACKUP_FINISHED], "SourceIdentifier": [watched.database]},
        },
        event_rules.ROTATION_FAILED: {
            "$or": [
                {
                    "source": ["aws.secretsmanager"],
                    "detail-type": ["AWS Service Event via CloudTrail"],
                    "detail": {
                        "eventName": list(ROTATION_FAILURES),
                        "additionalEventData": {"SecretId": [{"prefix": watched.secrets}]},
                    },
                },
                {
                    "source": ["aws.states"],
                    "detail-type": ["Step Functions Execution Status Change"],
                    "detail": {
                        "stateMachineArn": [watched.restart],
                        "status": list(RESTART_FAILURES),
                    },
                },
            ]
        },
    }


def _tampering(watched: Watched, accounts: Sequence[Any]) -> Pattern:
    """Match calls on what holds the records by principals of these accounts, refused ones too."""
    kept = watched.kept
    trail = [kept.trail, f"arn:aws:cloudtrail:{watched.place}:trail/{kept.trail}"]
    buckets = {"requestParameters": {"bucketName": list(kept.buckets)}}
    keys = {"resources": {"ARN": list(kept.keys)}}
    reconfigures = [*({"prefix": begin} for begin in RECONFIGURES_BEGIN), *RECONFIGURES]
    by_hand = {"sourceIPAddress": [{"anything-but": [CLOUDFORMATION]}]}
    return {
        "source": [f"aws.{service}" for service in SERVICES],
        "detail-type": [CALL],
        "detail": {
            "userIdentity": {"accountId": list(accounts)},
            "$or": [
                {"eventName": list(REMOVES), **buckets},
                {"eventName": reconfigures, **buckets, **by_hand},
                {"eventName": list(SILENCES), "requestParameters": {"name": trail}},
                *(
                    {"eventName": list(RESELECTS), "requestParameters": {name: trail}, **by_hand}
                    for name in ("name", "trailName")
                ),
                {"eventName": list(UNKEYS), **keys},
                {"eventName": list(REKEYS), **keys, **by_hand},
            ],
        },
    }
