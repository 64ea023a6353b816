"""What IAM decides, as far as our own policies need it: an explicit denial, else an allowance."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from runbook.access.policy import Document

Context = Mapping[str, str]


def decides(document: Document, action: str, resource: str, context: Context) -> str | None:
    """Say ``Deny``, ``Allow``, or None when no statement of the document is about the call."""
    effects = {
        statement["Effect"]
        for statement in document["Statement"]
        if _matches(statement["Action"], action, re.IGNORECASE)
        and _concerns(statement, resource)
        and _conditions_hold(statement.get("Condition", {}), context)
    }
    return "Deny" if "Deny" in effects else "Allow" if "Allow" in effects else None


def allowed(documents: Sequence[Document], action: str, resource: str, **context: str) -> bool:
    """Decide over all documents of one principal together; keys of ``context`` as ``aws__Key``."""
    keys = {key.replace("__", ":"): value for key, value in context.items()}
    effects = {decides(document, action, resource, keys) for document in documents}
    return "Allow" in effects and "Deny" not in effects


def _concerns(statement: Mapping[str, Any], resource: str) -> bool:
    if "NotResource" in statement:
        return not _matches(statement["NotResource"], resource)
    return _matches(statement["Resource"], resource)


def _matches(patterns: str | list[str], value: str, flags: int = 0) -> bool:
    listed = [patterns] if isinstance(patterns, str) else patterns
    return any(re.fullmatch(_expression(pattern), value, flags) for pattern in listed)


def _expression(pattern: str) -> str:
    return re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")


def _conditions_hold(conditions: Mapping[str, Mapping[str, Any]], context: Context) -> bool:
    return all(
        OPERATORS[operator](context.get(key), [values] if isinstance(values, str) else values)
        for operator, keys in conditions.items()
        for key, values in keys.items()
    )


def _equals(given: str | None, values: list[str]) -> bool:
    return given in values


def _like(given: str | None, values: list[str]) -> bool:
    return given is not None and _matches(values, given)


# A key that the call does not carry: a positive operator fails, a negated one holds.
OPERATORS: Mapping[str, Callable[[str | None, list[str]], bool]] = {
    "ArnEquals": _like,
    "ArnLike": _like,
    "ArnNotEquals": lambda given, values: not _like(given, values),
    "Bool": _equals,
    "Null": lambda given, values: (given is None) is (values == ["true"]),
    "StringEquals": _equals,
    "StringEqualsIfExists": lambda given, values: given is None or given in values,
    "StringLike": _like,
    "StringNotEquals": lambda given, values: not _equals(given, values),
}
