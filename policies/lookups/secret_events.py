"""What happens to secrets, as CloudTrail and Step Functions tell EventBridge of it."""

from collections.abc import Iterator, Mapping
from typing import Any

from policies.lookups.event_patterns import matches, pattern_of
from policies.lookups.references import reference
from policies.templates.scope import Resource, Scope
from policies.templates.values import known
from runbook.access.restart_names import restart_machine

Json = Any
Event = Mapping[str, Json]
RULE_OF_EVENTS, SECRET = "AWS::Events::Rule", "AWS::SecretsManager::Secret"
ROTATIONS = ("RotationAbandoned", "RotationFailed", "RotationStarted", "RotationSucceeded")
# Calls that change a value, its labels, its schedule, or who may read it.
CALLS = (
    "CancelRotateSecret",
    "DeleteResourcePolicy",
    "DeleteSecret",
    "PutResourcePolicy",
    "PutSecretValue",
    "RestoreSecret",
    "RotateSecret",
    "UpdateSecret",
    "UpdateSecretVersionStage",
)
ENDS = ("ABORTED", "FAILED", "SUCCEEDED", "TIMED_OUT")
_SOURCE = "secretsmanager.amazonaws.com"


def rotation(name: str, arn: str) -> Event:
    """Write what Secrets Manager tells of a rotation of the secret with this ARN."""
    return {
        "source": "aws.secretsmanager",
        "detail-type": "AWS Service Event via CloudTrail",
        "detail": {
            "eventSource": _SOURCE,
            "eventName": name,
            "userIdentity": {"invokedBy": _SOURCE},
            "additionalEventData": {"SecretId": arn},
        },
    }


def call(name: str, secret: str, by: str, *, answer: Json = None, **parameters: Json) -> Event:
    """Write a call about a secret, by a session of the role ``by``."""
    return {
        "source": "aws.secretsmanager",
        "detail-type": "AWS API Call via CloudTrail",
        "detail": {
            "eventSource": _SOURCE,
            "eventName": name,
            "userIdentity": {"sessionContext": {"sessionIssuer": {"arn": by}}},
            "requestParameters": {"secretId": secret, **parameters},
            "responseElements": answer,
        },
    }


def restart(status: str, scope: Scope) -> Event:
    """Write how a restart after a rotation stands."""
    return {
        "source": "aws.states",
        "detail-type": "Step Functions Execution Status Change",
        "detail": {"stateMachineArn": restart_machine(scope.principals), "status": status},
    }


def secret_arns(scope: Scope) -> dict[str, str]:
    """Map the environment's secrets that templates have to their ARNs, by their short names."""
    prefix = f"{scope.environment.name}/"
    found = {}
    for secret in scope.resources(SECRET):
        name = secret.at("Name")
        if isinstance(name, str) and name.startswith(prefix):
            found[name.removeprefix(prefix)] = reference(secret)
    return found


def takes(rule: Resource, event: Event) -> bool:
    """Say whether a rule of EventBridge takes an event, when it is on and listens where it is."""
    if not rule.at("EventPattern") or rule.at("State", "ENABLED") != "ENABLED":
        return False
    return rule.at("EventBusName", "default") == "default" and matches(pattern_of(rule), event)


def targets(rule: Resource) -> Iterator[Mapping[str, Json]]:
    """List what a rule sends to."""
    for target in rule.at("Targets", []):
        yield known(target)
