"""The four steps that Secrets Manager asks for; each may come again after a crash (ROVN-SEC-3)."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from botocore.exceptions import ClientError

# boto3's own client for Secrets Manager: the functions run without its stubs.
Client = Any
_LOG = logging.getLogger()
CURRENT, PENDING, PREVIOUS = "AWSCURRENT", "AWSPENDING", "AWSPREVIOUS"
# While any version has this label, of ours, what a rotation retires is taken no more.
NO_OVERLAP = "NO_OVERLAP"


@dataclass(frozen=True, repr=False)
class Values:
    """Versions of one secret: the one in use, the next one, and the one before, if there is one."""

    current: str
    pending: str
    previous: str | None


class Strategy(Protocol):
    """What differs between mechanisms. Each method may be called again with the same values."""

    def end_overlap(self) -> None:
        """Leave nothing of a retired value in the next one, after an exposure (``NO_OVERLAP``)."""
        ...

    def create(self, current: str) -> str:
        """Make the next value. What it hands back is stored before anything else happens."""
        ...

    def set(self, values: Values) -> None:
        """Make the pending value work where it is used, while the current one goes on working."""
        ...

    def test(self, values: Values) -> None:
        """Use the pending value as a consumer would; raises when it does not work."""
        ...


def rotate(event: Mapping[str, Any], secrets: Client, strategy: Strategy) -> None:
    """Do the step that ``event`` names: ``SecretId``, ``ClientRequestToken``, ``Step``.

    Raises ValueError, as AWS's own rotation functions do, for a secret that does not rotate, a
    version it does not have, and a version that is not pending. A version that is current already
    has nothing left to do.
    """
    arn, token, step = event["SecretId"], event["ClientRequestToken"], event["Step"]
    described = secrets.describe_secret(SecretId=arn)
    if not described.get("RotationEnabled"):
        raise ValueError(f"rotation of secret {arn} is not enabled")
    stages = described["VersionIdsToStages"]
    if token not in stages:
        raise ValueError(f"version {token} has no stage for the rotation of secret {arn}")
    if CURRENT in stages[token]:
        _LOG.info("version %s of %s is current already: nothing to do", token, arn)
        return
    if PENDING not in stages[token]:
        raise ValueError(f"version {token} is not {PENDING} for the rotation of secret {arn}")
    if any(NO_OVERLAP in names for names in stages.values()):
        strategy.end_overlap()
    match step:
        case "createSecret":
            _create(secrets, arn, token, strategy)
        case "setSecret":
            strategy.set(_values(secrets, arn, token))
        case "testSecret":
            strategy.test(_values(secrets, arn, token))
        case "finishSecret":
            _finish(secrets, arn, token, stages)
        case _:
            raise ValueError(f"{step} is no step of a rotation")
    _LOG.info("%s done for version %s of %s", step, token, arn)


def _create(secrets: Client, arn: str, token: str, strategy: Strategy) -> None:
    if value_of(secrets, arn, PENDING, version=token) is not None:
        return
    current = secrets.get_secret_value(SecretId=arn, VersionStage=CURRENT)["SecretString"]
    secrets.put_secret_value(
        SecretId=arn,
        ClientRequestToken=token,
        SecretString=strategy.create(current),
        VersionStages=[PENDING],
    )


def _values(secrets: Client, arn: str, token: str) -> Values:
    return Values(
        current=secrets.get_secret_value(SecretId=arn, VersionStage=CURRENT)["SecretString"],
        pending=secrets.get_secret_value(SecretId=arn, VersionId=token, VersionStage=PENDING)[
            "SecretString"
        ],
        previous=value_of(secrets, arn, PREVIOUS),
    )


def value_of(secrets: Client, arn: str, stage: str, version: str | None = None) -> str | None:
    """Read a version's value; None when it has none yet."""
    chosen = {"VersionId": version} if version else {}
    try:
        answer = secrets.get_secret_value(SecretId=arn, VersionStage=stage, **chosen)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        return None
    return str(answer["SecretString"])


def _finish(secrets: Client, arn: str, token: str, stages: Mapping[str, list[str]]) -> None:
    """Let the pending version be the current one, and the current one the previous: one call.

    AWS takes AWSPENDING off in the same call, and wants no second one for it: that would tell that
    the rotation was not completed (Secrets Manager User Guide, Lambda rotation functions).
    """
    current = next(version for version, names in stages.items() if CURRENT in names)
    secrets.update_secret_version_stage(
        SecretId=arn,
        VersionStage=CURRENT,
        MoveToVersionId=token,
        RemoveFromVersionId=current,
    )
