"""Policy documents as rules read them: a statement and a value may stand alone or in a list."""

import json
import re
from collections.abc import Mapping
from typing import Any

from policies.values import UnresolvedError, closed

Statement = Mapping[str, Any]


def statements(document: Any) -> list[Statement]:  # noqa: ANN401 - JSON is any value
    """List a policy's statements; raises ``UnresolvedError`` when any of it is open."""
    if isinstance(document, str):
        try:
            document = json.loads(document)
        except ValueError:
            raise UnresolvedError("a policy is text, and no JSON") from None
    document = closed(document)
    found = document.get("Statement") if isinstance(document, dict) else None
    return [statement for statement in listed(found) if isinstance(statement, dict)]


def listed(value: Any) -> list[Any]:  # noqa: ANN401 - JSON is any value
    """Read one value or a list of them."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def covers(statement: Statement, action: str) -> bool:
    """Say whether its actions cover this one, by IAM's ``*`` and ``?``; cases do not matter."""
    return any(_pattern(each).fullmatch(action) for each in listed(statement.get("Action")))


def is_for_everybody(statement: Statement) -> bool:
    """Say whether its principal is anyone at all."""
    principal = statement.get("Principal")
    if isinstance(principal, dict):
        principal = principal.get("AWS")
    return "*" in listed(principal)


def conditions(statement: Statement) -> dict[tuple[str, str], list[str]]:
    """Map operator and key of its conditions, the key in small letters, to the values."""
    return {
        (operator, key.lower()): [str(value) for value in listed(values)]
        for operator, keys in statement.get("Condition", {}).items()
        for key, values in keys.items()
    }


def _pattern(text: str) -> re.Pattern[str]:
    escaped = re.escape(text).replace(r"\*", ".*").replace(r"\?", ".")
    return re.compile(escaped, re.IGNORECASE)
