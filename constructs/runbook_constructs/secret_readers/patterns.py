"""What changes who may read a secret, as event patterns.

IAM tells of itself in one region only (``IDENTITY_REGION`` of the model).
"""

from collections.abc import Mapping
from typing import Any

from runbook.access.grant_changes import GRANT_CHANGES

Pattern = Mapping[str, Any]
CALL = "AWS API Call via CloudTrail"


def identity_pattern(account: str) -> Pattern:
    """Match the calls to IAM of one account, refused ones too: the same rule in both regions."""
    return {"account": [account], **_calls("iam", {})}


def resource_patterns(environment: str, place: str, key: str) -> dict[str, Pattern]:
    """Map the name of each rule to its pattern; ``place`` is ``<region>:<account>``."""
    arn = f"arn:aws:secretsmanager:{place}:secret:{environment}/"
    named = [{"prefix": f"{environment}/"}, {"prefix": arn}]
    ours = [{"requestParameters": {parameter: named}} for parameter in ("secretId", "name")]
    return {
        "secrets": _calls("secretsmanager", {"$or": ours}),
        # However the call names the key, by id, ARN or alias: the trail adds its ARN.
        "keys": _calls("kms", {"resources": {"ARN": [key]}}),
    }


def _calls(service: str, more: Mapping[str, Any]) -> Pattern:
    return {
        "source": [f"aws.{service}"],
        "detail-type": [CALL],
        "detail": {
            "eventSource": [f"{service}.amazonaws.com"],
            "eventName": list(GRANT_CHANGES[service]),
            **more,
        },
    }
