"""When a secret has a new value, as event patterns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Pattern = Mapping[str, Any]
CALL, BY_SERVICE = "AWS API Call via CloudTrail", "AWS Service Event via CloudTrail"
SOURCE = "secretsmanager.amazonaws.com"
CURRENT = "AWSCURRENT"
_THERE, _ABSENT = [{"exists": True}], {"exists": False}


@dataclass(frozen=True)
class Watched:
    """One secret: its ARN, its name, and the role of its rotation function if it has one.

    ``place`` is ``<region>:<account>``: in a template the ARN is a token, of which nothing can be
    cut off.
    """

    arn: str
    name: str
    place: str
    rotation: str | None

    @property
    def ids(self) -> list[str]:
        """List the ways in which a call names it that we know: AWS takes part of an ARN, too."""
        part = f"arn:aws:secretsmanager:{self.place}:secret:{self.name}"
        return [self.arn, self.name, part]


def pattern(secret: Watched) -> Pattern:
    """Match the end of a rotation, and calls by others that move AWSCURRENT.

    What the rotation function itself calls comes before that end. Refused calls move nothing.
    """
    return {
        "source": ["aws.secretsmanager"],
        "detail-type": [BY_SERVICE, CALL],
        "detail": {
            "eventSource": [SOURCE],
            "errorCode": [_ABSENT],
            **_but(secret.rotation),
            "$or": [
                {
                    "eventName": ["RotationSucceeded"],
                    "additionalEventData": {"SecretId": [secret.arn]},
                },
                _call("UpdateSecretVersionStage", secret, versionStage=[CURRENT]),
                # Without stages it means AWSCURRENT.
                _call("PutSecretValue", secret, versionStages=[CURRENT, _ABSENT]),
                # It may change the description alone.
                {**_call("UpdateSecret", secret), "responseElements": {"versionId": _THERE}},
            ],
        },
    }


def _call(name: str, secret: Watched, **parameters: Sequence[Any]) -> Pattern:
    return {"eventName": [name], "requestParameters": {"secretId": secret.ids, **parameters}}


def _but(role: str | None) -> Pattern:
    """Leave out one role; who has no session, such as Secrets Manager itself, is not it."""
    if role is None:
        return {}
    issuer = {"arn": [{"anything-but": [role]}, _ABSENT]}
    return {"userIdentity": {"sessionContext": {"sessionIssuer": issuer}}}
