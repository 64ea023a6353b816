"""What changes who may read a secret, as CloudTrail tells EventBridge of it."""

from collections.abc import Iterator, Mapping
from typing import Any

from policies.lookups.references import reference
from policies.templates.scope import Scope
from runbook.access.grant_changes import GRANT_CHANGES

Json = Any
Event = Mapping[str, Json]
_SECRET = "AWS::SecretsManager::Secret"  # noqa: S105 - a resource type


def changes(scope: Scope) -> Iterator[tuple[str, str, Event]]:
    """List the service, what somebody does there, and its event: each has to be looked at."""
    environment = scope.environment
    for name in GRANT_CHANGES["iam"]:
        yield "iam", f"somebody calls iam:{name}", _call(scope, "iam", name, {})
    place = f"{environment.region}:{environment.account}"
    for secret in list(environment.secrets)[:1]:
        full = f"{environment.name}/{secret}"
        for called in (full, f"arn:aws:secretsmanager:{place}:secret:{full}-AbCdEf"):
            for name in GRANT_CHANGES["secretsmanager"]:
                parameter = "name" if name == "CreateSecret" else "secretId"
                what = f"somebody calls secretsmanager:{name} on {called}"
                event = _call(scope, "secretsmanager", name, {parameter: called})
                yield "secretsmanager", what, event
    for arn in _keys(scope):
        for name in GRANT_CHANGES["kms"]:
            event = _call(scope, "kms", name, {"keyId": "its id"}, arn)
            yield "kms", f"somebody calls kms:{name} on the secrets' key", event


def _keys(scope: Scope) -> list[str]:
    found = (scope.target(secret.at("KmsKeyId")) for secret in scope.resources(_SECRET))
    return [reference(key, "Arn") for key in dict.fromkeys(found) if key is not None]


def _call(scope: Scope, service: str, name: str, parameters: Json, arn: str = "") -> Event:
    return {
        "account": scope.environment.account,
        "source": f"aws.{service}",
        "detail-type": "AWS API Call via CloudTrail",
        "detail": {
            "eventSource": f"{service}.amazonaws.com",
            "eventName": name,
            "sourceIPAddress": "203.0.113.7",
            "requestParameters": parameters,
            "resources": [{"ARN": arn}] if arn else [],
        },
    }
