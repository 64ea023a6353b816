"""One secret as Secrets Manager describes it: versions, labels and dates, never a value."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from runbook.model.refusal import Refusal, RefusedError
from runbook.operations.account import Account, code_of

CURRENT, PENDING, PREVIOUS = "AWSCURRENT", "AWSPENDING", "AWSPREVIOUS"
# Of ours: while a version has it, the function that makes signing keys keeps no retired one.
NO_OVERLAP = "NO_OVERLAP"


@dataclass(frozen=True)
class Version:
    """One version; ``created`` is None while it has no value, as before a rotation's first step."""

    id: str
    created: datetime | None


@dataclass(frozen=True)
class SecretState:
    """What is known of a secret without its value; every date has its zone.

    ``pending`` is a version that waits to be the current one; ``labelled_twice`` says that the
    current one still has the label of a pending one. ``no_overlap`` names the version that was the
    current one when an exposure ended the overlap; None when there is none.
    """

    name: str
    arn: str
    current: Version | None
    pending: Version | None
    previous: Version | None
    labelled_twice: bool
    no_overlap: str | None
    rotates: bool
    last_rotated: datetime | None
    last_changed: datetime | None
    next_rotation: datetime | None

    @property
    def since(self) -> datetime | None:
        """When the current value was made: LastChangedDate moves with every tag and policy."""
        return self.current.created if self.current else None

    def days(self, now: datetime) -> float | None:
        """How old the current value is, in days; None without one."""
        return (now - self.since).total_seconds() / 86400 if self.since else None

    @property
    def step(self) -> str:
        """Say how far a rotation is, as far as versions and labels tell."""
        if self.pending is None:
            return "no version is pending: it has not begun, or was given up"
        if self.pending.created is None:
            return f"version {self.pending.id} is at createSecret: it has no value yet"
        return f"version {self.pending.id} is past createSecret: it is being set or tried"


def read_state(account: Account, key: str) -> SecretState:
    """Describe a secret of the environment file; raises ``RefusedError`` where there is none."""
    name = f"{account.environment.name}/{key}"
    try:
        told = account.client("secretsmanager").describe_secret(SecretId=name)
    except ClientError as error:
        if code_of(error) != "ResourceNotFoundException":
            raise
        refusal = Refusal("secret", f"Secrets Manager has no {name}", _DEPLOY)
        raise RefusedError(f"the secret {key} of {account.environment.name}", [refusal]) from None
    if told.get("DeletedDate"):
        why = f"{name} is to be deleted on {told['DeletedDate']:%Y-%m-%d}, and gives no value"
        fix = f"aws secretsmanager restore-secret --secret-id {name}"
        raise RefusedError(name, [Refusal("secret", why, fix)])
    return _state(told, dict(_created(account, name)))


_DEPLOY = "make deploy, which makes it"


def had_version(account: Account, name: str, version: str) -> bool:
    """Say whether a secret has or had a version; of those without a label AWS keeps a hundred."""
    return version in {found for found, _ in _created(account, name, IncludeDeprecated=True)}


def _created(account: Account, name: str, **asked: Any) -> Iterator[tuple[str, datetime]]:  # noqa: ANN401 - of boto3
    """Yield the versions that have a value, with when they got it."""
    client, more = account.client("secretsmanager"), dict[str, str]()
    while True:
        page = client.list_secret_version_ids(SecretId=name, **asked, **more)
        for version in page.get("Versions", []):
            yield version["VersionId"], version["CreatedDate"]
        if not page.get("NextToken"):
            return
        # boto3 has no pages for it.
        more = {"NextToken": page["NextToken"]}


def _state(told: Mapping[str, Any], created: Mapping[str, datetime]) -> SecretState:
    stages: Mapping[str, list[str]] = told.get("VersionIdsToStages") or {}

    def at(stage: str) -> Version | None:
        ids = (version for version, names in stages.items() if stage in names)
        found = next(ids, None)
        return Version(found, created.get(found)) if found else None

    current, pending = at(CURRENT), at(PENDING)
    same = current is not None and pending == current
    unlapped = at(NO_OVERLAP)
    return SecretState(
        name=str(told["Name"]),
        arn=str(told["ARN"]),
        current=current,
        pending=None if same else pending,
        previous=at(PREVIOUS),
        labelled_twice=same,
        no_overlap=unlapped.id if unlapped else None,
        rotates=bool(told.get("RotationEnabled")),
        last_rotated=told.get("LastRotatedDate"),
        last_changed=told.get("LastChangedDate"),
        next_rotation=told.get("NextRotationDate"),
    )
