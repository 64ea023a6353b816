"""What the conditions of a statement prove about who asks.

Only what is proven counts: an operator that is not known here, a key that may be absent
(``…IfExists``), a value that could be several: each leaves the statement as wide as it is written.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from policies.iam.globs import beginning, fits
from policies.templates.values import Reference, Unknown, UnresolvedError, is_read_later

Json = Any
_EQUAL = ("ArnEquals", "ArnLike", "StringEquals", "StringLike")
_UNEQUAL = ("ArnNotEquals", "ArnNotLike", "StringNotEquals", "StringNotLike")
_COMPARED = (*_EQUAL, *_UNEQUAL, "Bool")
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


def hold(conditions: Json, call: Mapping[str, str]) -> bool:
    """Say whether conditions surely hold for a call that carries these keys, in lower case.

    What hangs on another key, or on an operator not known here, is not sure. Raises
    ``UnresolvedError`` for an open value of those keys.
    """
    found = [
        (operator.removesuffix("IfExists"), name.lower(), value)
        for operator, keys in _mapping(conditions, "Condition").items()
        for name, value in _mapping(keys, f"Condition.{operator}").items()
    ]
    if any(operator not in _COMPARED or key not in call for operator, key, _ in found):
        return False
    return all(
        _holds(operator, _texts(value, f"{operator} {key}"), call[key])
        for operator, key, value in found
    )


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


def _holds(operator: str, values: Sequence[str], carried: str) -> bool:
    """Compare as the operator does; what only AWS can tell is taken for what makes it not hold."""
    equal = operator.replace("Not", "", 1)
    compared = [_equals(equal, value, carried) for value in values]
    return True in compared if operator == equal else all(each is False for each in compared)


def _equals(operator: str, value: str, carried: str) -> bool | None:
    """Compare one value with what a call carries; None where only AWS can tell."""
    if "${" in value:
        return None
    if operator == "Bool":
        return value.lower() == carried
    if operator == "StringEquals":
        return value == carried
    # A mark stands for a name that AWS makes, and a wildcard may take it.
    may_fit = carried.startswith("<") and beginning(value) != value
    return fits(value, carried) or (None if may_fit else False)


def _under(conditions: Json, operator: str, key: str) -> Iterator[list[str]]:
    keys = _mapping(conditions, "Condition").get(operator, {})
    for name, value in _mapping(keys, f"Condition.{operator}").items():
        if name.lower() == key.lower():
            yield _texts(value, f"{operator} {name}")


def _mapping(value: Json, where: str) -> Mapping[str, Json]:
    if isinstance(value, Unknown):
        raise UnresolvedError(f"{where}: {value.text} is open: {value.why}")
    if not isinstance(value, Mapping):
        raise UnresolvedError(f"{where}: {value!r} is no condition")
    return value


def _texts(value: Json, where: str) -> list[str]:
    values = value if isinstance(value, list) else [value]
    for one in values:
        if isinstance(one, Unknown):
            raise UnresolvedError(f"{where}: {one.text} is open: {one.why}")
        if isinstance(one, str) and is_read_later(one, secrets=True):
            raise UnresolvedError(f"{where}: {one} is open: CloudFormation reads it")
    return [one if isinstance(one, str) else str(one) for one in values]
