"""What the conditions of a statement say about a call: it holds, it does not, or nobody knows.

Nobody knows what a call carries but what ``Facts`` say of it, so most conditions stay open. An
open one lets a grant count and a denial not.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .globs import fits, fits_arn

Json = Any
# By key, in lower case.
Facts = Mapping[str, str]
VIA_SERVICE = "kms:viaservice"
# Values of that fact: anything but Secrets Manager, and anything but a service; or nothing at all.
NOT_BY_SECRETS_MANAGER, NOT_BY_A_SERVICE = "<not Secrets Manager>", "<not a service>"
# Which values of a condition keep such a call out: they name a service to its end.
_OTHERS = {
    NOT_BY_SECRETS_MANAGER: re.compile(r"secretsmanager\."),
    NOT_BY_A_SERVICE: re.compile(r"[a-z0-9-]+\."),
}
_IF_EXISTS = "IfExists"


def holds(conditions: Json, facts: Facts) -> bool | None:
    """Judge all conditions of a statement together; None when one that counts is open."""
    if not conditions:
        return True
    if not isinstance(conditions, Mapping):
        return None
    found = [
        _one(operator, key, _listed(values), facts)
        for operator, keys in conditions.items()
        for key, values in (keys.items() if isinstance(keys, Mapping) else [("", None)])
    ]
    if False in found:
        return False
    return None if None in found else True


def named(conditions: Json) -> list[str] | None:
    """List the principals that a statement is for by its conditions; None when it names none."""
    if not isinstance(conditions, Mapping):
        return None
    for operator in ("ArnEquals", "ArnLike", "StringEquals", "StringLike"):
        keys = conditions.get(operator)
        for key, values in keys.items() if isinstance(keys, Mapping) else ():
            if key.lower() == "aws:principalarn":
                return _listed(values)
    return None


def _one(operator: str, key: str, values: Sequence[str], facts: Facts) -> bool | None:
    fact = facts.get(key.lower())
    if fact is None:
        return None
    plain = operator.removesuffix(_IF_EXISTS)
    if fact in _OTHERS:
        return _by_another(operator, values, _OTHERS[fact])
    if plain == "Null":
        return _any(value.lower() == "false" for value in values)
    negated = _NEGATED.get(plain)
    compare = _COMPARISONS.get(negated or plain)
    if compare is None:
        return None
    # A policy variable, such as ${aws:username}, may stand for the very value.
    found = _any(None if "${" in value else compare(value, fact) for value in values)
    return found if negated is None or found is None else not found


def _by_another(operator: str, values: Sequence[str], others: re.Pattern[str]) -> bool | None:
    """Say that a call which comes by way of none of the others is refused where that is sure."""
    if operator in ("StringEquals", "StringLike") and values and all(map(others.match, values)):
        return False
    return None


def _any(found: Any) -> bool | None:  # noqa: ANN401 - of three values
    seen = list(found)
    return True if True in seen else None if None in seen else False


def _listed(values: Json) -> list[str]:
    given = values if isinstance(values, list) else [values]
    return [str(value) for value in given]


_NEGATED = {
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
}
# How a value of a condition is held against what the call carries.
_COMPARISONS: Mapping[str, Callable[[str, str], bool | None]] = {
    "ArnEquals": fits_arn,
    "ArnLike": fits_arn,
    "Bool": lambda value, fact: value.lower() == fact.lower(),
    "StringEquals": lambda value, fact: value == fact,
    "StringEqualsIgnoreCase": lambda value, fact: value.lower() == fact.lower(),
    "StringLike": fits,
}
