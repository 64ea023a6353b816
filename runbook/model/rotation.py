"""What a secret has to say of its rotation, by its mechanism (ROVN-SEC-3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from runbook.model.refusal import Refusal
from runbook.model.secrets import USERS, owner_role

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from runbook.model.secrets import Secret

# Generated values whose previous one its consumers go on taking for a while. Of database users
# two take turns, and a vendor's key works until somebody revokes it there.
OVERLAPPING = ("generated_token", "signing_key")
OPERATOR_SUPPLIED = "operator_supplied"


def rotation_logs(environment: str) -> str:
    """Name what the log groups of rotation functions begin with; ``/<secret>`` follows."""
    return f"/{environment}/rotation"


class Overlap(NamedTuple):
    """How long a value works beside the one that replaced it; ``lasts`` is False for not at all."""

    lasts: bool
    words: str


def overlap(secret: Secret) -> Overlap:
    """Tell what of a secret's old value works after a rotation (ROVN-SEC-3)."""
    match secret.mechanism:
        case "database_master":
            return Overlap(lasts=False, words="works no more at once; only functions log in as it")
        case "database_user":
            return Overlap(lasts=True, words="works until the next rotation; two users take turns")
        case "generated_token" | "signing_key":
            return Overlap(lasts=True, words=f"is taken for {secret.overlap_hours} hours more")
        case "operator_supplied":
            return Overlap(lasts=True, words="works until somebody revokes it at the vendor")


def incomplete_rotations(secrets: Mapping[str, Secret]) -> Iterator[Refusal]:
    """Find secrets whose rotation would lock somebody out, or that nobody could try out."""
    for name, secret in secrets.items():
        yield from _overlap(name, secret)
        yield from _trial(name, secret)
    yield from _users(secrets)


def _overlap(name: str, secret: Secret) -> Iterator[Refusal]:
    key = f"secrets.{name}.overlap_hours"
    if secret.mechanism not in OVERLAPPING:
        if secret.overlap_hours is not None:
            why = f"nothing is issued under a secret of the mechanism {secret.mechanism}"
            yield Refusal(key, why, "remove the key")
    elif secret.overlap_hours is None:
        why = "without it the rotation locks out whoever holds what was issued before"
        yield Refusal(key, why, "set the hours that the previous value is still taken")
    elif secret.overlap_hours >= secret.rotation_days * 24:
        why = f"{secret.overlap_hours} hours reach beyond the next rotation"
        yield Refusal(key, why, f"set less than {secret.rotation_days * 24}")


def _trial(name: str, secret: Secret) -> Iterator[Refusal]:
    key = f"secrets.{name}.verification"
    given = [secret.verification, secret.unverifiable]
    if secret.mechanism != OPERATOR_SUPPLIED:
        if any(given):
            why = "a function makes and tries this secret's values by itself"
            yield Refusal(key, why, "remove verification and unverifiable")
    elif sum(each is not None for each in given) != 1:
        why = "an operator's value is tried by one call, or it is said why none can"
        yield Refusal(key, why, "add either verification or unverifiable")


def _users(secrets: Mapping[str, Secret]) -> Iterator[Refusal]:
    """Find users of the database that nobody could change, or that two secrets would share."""
    users = [name for name, secret in secrets.items() if secret.mechanism == USERS]
    taken = {"postgres": "the database's master"}
    for name in users:
        if not any(secret.mechanism == "database_master" for secret in secrets.values()):
            why = "the master changes it, and no secret here is the master's"
            fix = "add a secret with the mechanism database_master, or let an operator supply it"
            yield Refusal(f"secrets.{name}.mechanism", why, fix)
        role = owner_role(name)
        if role in taken or role.startswith("pg_"):
            why = f"its role {role} in the database is that of {taken.get(role, 'PostgreSQL')}"
            yield Refusal(f"secrets.{name}", why, "give the secret another name")
        taken[role] = name
