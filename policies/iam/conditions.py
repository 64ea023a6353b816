"""What the conditions of a statement prove about who asks.

Only what is proven counts: an operator that is not known here, a key that may be absent
(``…IfExists``), a value that could be several: each leaves the statement as wide as it is written.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from policies.iam.globs import fits
from policies.templates.values import Reference, Unknown, UnresolvedError, is_read_later

Json = Any
_EQUAL = ("ArnEquals", "ArnLike", "StringEquals", "StringLike")
_UNEQUAL = ("ArnNotEquals", "ArnNotLike", "StringNotEquals", "StringNotLike")
_ACCOUNTS = ("aws:PrincipalAccount", "aws:SourceAccount", "aws:SourceOwner", "kms:CallerAccount")
_ARNS = ("aws:PrincipalArn", "aws:SourceArn", "kms:EncryptionContext:aws:logs:arn")
_ORGANISATIONS = ("aws:PrincipalOrgID", "aws:SourceOrgID")
_SERVICE = re.compile(r"[a-z0-9-]+\.")
_ORGANISATION = re.compile(r"o-[a-z0-9]{10,32}")


def demanded(conditions: Json, key: str) -> list[str] | None:
    """List the values of which ``key`` must have one; None when nothing is demanded of it.

    Keys do not tell upper case from lower. Raises ``UnresolvedError`` for an open value.
    """
    found = [values for operator in _EQUAL for values in _under(conditions, operator, key)]
    return found[0] if found else None


def through_services(conditions: Json) -> bool:
    """Say whether a key is used by way of services only, each named to its end.

    Raises ``UnresolvedError`` for an open value.
    """
    return any(
        values and all(map(_SERVICE.match, values))
        for operator in ("StringEquals", "StringLike")
        for values in _under(conditions, operator, "kms:ViaService")
    )


def narrowed(holders: Iterable[str], conditions: Json) -> frozenset[str]:
    """Leave of those who hold a statement the ones that its ``aws:PrincipalArn`` lets through."""
    left = frozenset(holders)
    for operator in _EQUAL:
        for names in _under(conditions, operator, "aws:PrincipalArn"):
            left = frozenset(who for holder in left for who in _narrowed(holder, names))
    return left


def spared(conditions: Json) -> list[str] | None:
    """List whom a denial spares, when that is all that its conditions say; None otherwise."""
    if not conditions:
        return []
    if not isinstance(conditions, dict) or len(conditions) != 1:
        return None
    (operator, keys) = next(iter(conditions.items()))
    if operator not in _UNEQUAL or not isinstance(keys, dict) or len(keys) != 1:
        return None
    return next(_under(conditions, operator, "aws:PrincipalArn"), None)


def bound_to(account: str, conditions: Json) -> bool:
    """Say whether whoever asks must be of the account, or of one named organisation."""
    return any(
        (values := demanded(conditions, key)) is not None and all(map(proof, values))
        for keys, proof in (
            (_ACCOUNTS, lambda value: value == account),
            (_ARNS, lambda value: _of_account(value, account)),
            (_ORGANISATIONS, lambda value: bool(_ORGANISATION.fullmatch(value))),
        )
        for key in keys
    )


def _of_account(arn: str, account: str) -> bool:
    """Tell an ARN of the account; what only a reference names is a resource of ours."""
    parts = arn.split(":")
    return isinstance(arn, Reference) or (len(parts) > 5 and parts[4] == account)


def _narrowed(holder: str, names: Sequence[str]) -> Iterable[str]:
    if holder == "*" or holder.endswith(":root"):
        return names
    is_arn = holder.startswith(("arn:", "<"))
    return [holder] if not is_arn or any(fits(name, holder) for name in names) else []


def _under(conditions: Json, operator: str, key: str) -> Iterator[list[str]]:
    if isinstance(conditions, Unknown):
        raise UnresolvedError(f"Condition: {conditions.text} is open: {conditions.why}")
    keys = conditions.get(operator, {}) if isinstance(conditions, Mapping) else {}
    if isinstance(keys, Unknown):
        raise UnresolvedError(f"Condition.{operator}: {keys.text} is open: {keys.why}")
    for name, value in keys.items():
        if name.lower() == key.lower():
            yield _texts(value, f"{operator} {name}")


def _texts(value: Json, where: str) -> list[str]:
    values = value if isinstance(value, list) else [value]
    for one in values:
        if isinstance(one, Unknown):
            raise UnresolvedError(f"{where}: {one.text} is open: {one.why}")
        if isinstance(one, str) and is_read_later(one, secrets=True):
            raise UnresolvedError(f"{where}: {one} is open: CloudFormation reads it")
    return [one if isinstance(one, str) else str(one) for one in values]
