"""Whether a described value means what the template declares. Pure.

Two values are equivalent only where CloudFormation or IAM itself gives them one meaning: a number
and its text, a boolean and its text, tags in any order, one policy value and a list of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from runbook.deployed.secret_text import hidden, holds_secret

Value = Any


@dataclass(frozen=True)
class Mismatch:
    """A place in a property's value, and both values; either is ABSENT if there is none."""

    path: str
    declared: Value
    live: Value


class Absent:
    """Stands for a value that the description, or the template, does not have."""

    def __repr__(self) -> str:
        """Read well in a message."""
        return "nothing"


ABSENT = Absent()
# As a default: AWS chooses the value itself where a template does not.
ANYTHING = object()
INDEX = re.compile(r"\[\d+\]")
NOTHING: tuple[Value, ...] = (None, "", [], {})


@dataclass
class Examination:
    """Compares properties and counts the single values it looked at.

    The paths are patterns: `[*]` stands for every position of a list (`description`).
    """

    unordered: frozenset[str] = frozenset()
    closed: frozenset[str] = frozenset()
    defaults: Mapping[str, Value] = field(default_factory=dict)
    mismatches: list[Mismatch] = field(default_factory=list)
    values: int = 0

    def compare(self, path: str, declared: Value, live: Value) -> None:
        """Record every place below `path` where `live` is not what is declared."""
        if holds_secret(declared):
            declared, live = hidden(declared, scalar_form), hidden(live, scalar_form)
        if live is ABSENT:
            self.values += 1
            self._record(path, declared, live)
        elif is_policy(declared) or is_policy(live):
            self._leaf(path, declared, live, policy_form)
        elif isinstance(declared, dict):
            self._compare_members(path, declared, live)
        elif is_tags(declared):
            self._leaf(path, declared, live, tags_form)
        elif isinstance(declared, list):
            self._compare_items(path, declared, live)
        else:
            self._leaf(path, declared, live, scalar_form)

    def undeclared(self, path: str, live: Value) -> None:
        """Record what stands at `path` though nothing is declared there, if the path is closed."""
        pattern = INDEX.sub("[*]", path)
        if live in NOTHING or not self._is_closed(pattern):
            return
        default = self.defaults.get(pattern, ABSENT)
        if default is ANYTHING:
            return
        if default is ABSENT or _canonical(default) != _canonical(live):
            self._record(path, ABSENT, live)

    def _is_closed(self, pattern: str) -> bool:
        return any(
            pattern == path or pattern.startswith((f"{path}.", f"{path}[")) for path in self.closed
        )

    def _compare_members(self, path: str, declared: dict[str, Value], live: Value) -> None:
        if not isinstance(live, dict):
            self.values += 1
            self._record(path, declared, live)
            return
        if not declared:
            self.values += 1
        for name, value in declared.items():
            self.compare(f"{path}.{name}", value, live.get(name, ABSENT))
        for name in sorted(live.keys() - declared.keys()):
            self.undeclared(f"{path}.{name}", live[name])

    def _compare_items(self, path: str, declared: list[Value], live: Value) -> None:
        if not isinstance(live, list) or len(live) != len(declared):
            self.values += max(1, len(declared))
            self._record(path, declared, live)
        elif INDEX.sub("[*]", path) in self.unordered:
            self._leaf(path, declared, live, set_form)
            self.values += max(0, len(declared) - 1)
        else:
            if not declared:
                self.values += 1
            for index, (item, live_item) in enumerate(zip(declared, live, strict=True)):
                self.compare(f"{path}[{index}]", item, live_item)

    def _leaf(
        self, path: str, declared: Value, live: Value, form: Callable[[Value], Value]
    ) -> None:
        self.values += sum(1 for _ in leaves(declared)) if form in (policy_form, tags_form) else 1
        if form(declared) != form(live):
            self._record(path, declared, live)

    def _record(self, path: str, declared: Value, live: Value) -> None:
        self.mismatches.append(Mismatch(path, declared, live))


def leaves(value: Value) -> Iterator[Value]:
    """Yield every single value in `value`; an empty list or object counts as one."""
    if isinstance(value, dict) and value:
        for item in value.values():
            yield from leaves(item)
    elif isinstance(value, list) and value:
        for item in value:
            yield from leaves(item)
    else:
        yield value


def is_policy(value: Value) -> bool:
    """Whether a value is an IAM policy document; rules of a web ACL have statements, too."""
    if not isinstance(value, dict) or "Statement" not in value:
        return False
    statements = value["Statement"]
    statements = statements if isinstance(statements, list) else [statements]
    return all(isinstance(item, dict) and "Effect" in item for item in statements)


def is_tags(value: Value) -> bool:
    """Whether a value is a list of CloudFormation tags."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(item, dict) and item.keys() == {"Key", "Value"} for item in value)
    )


def scalar_form(value: Value) -> Value:
    """Bring a number or boolean, and its text, to one form."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value if value is None or isinstance(value, dict | list) else str(value)


def tags_form(value: Value) -> Value:
    """Sort tags, and leave out those that CloudFormation adds itself."""
    if not is_tags(value):
        return value
    return sorted(
        (str(tag["Key"]), str(tag["Value"]))
        for tag in value
        if not str(tag["Key"]).startswith("aws:")
    )


def set_form(value: list[Value]) -> list[str]:
    """Sort a list of which the order means nothing."""
    return sorted(str(_canonical(item)) for item in value)


def policy_form(value: Value) -> Value:
    """Bring a policy document to one form: single values as lists, and lists without order.

    IAM reads both alike; the order of statements is kept, since people read it.
    """
    if not is_policy(value):
        return value
    statements = (
        value["Statement"] if isinstance(value["Statement"], list) else [value["Statement"]]
    )
    head = {name: scalar_form(item) for name, item in value.items() if name != "Statement"}
    return {**head, "Statement": [_statement_form(statement) for statement in statements]}


def _statement_form(statement: dict[str, Value]) -> dict[str, Value]:
    form: dict[str, Value] = {}
    for name, item in statement.items():
        if name in ("Sid", "Effect"):
            form[name] = item
        elif name == "Condition":
            form[name] = _condition_form(item)
        elif isinstance(item, dict):
            form[name] = {kind: _set(values) for kind, values in item.items()}
        elif name in ("Principal", "NotPrincipal"):
            # IAM: a principal of "*" is {"AWS": "*"}.
            form[name] = {"AWS": _set(item)}
        else:
            form[name] = _set(item)
    return form


def _condition_form(condition: Value) -> Value:
    """Bring a condition to one form; leave a malformed one, which then equals none but itself."""
    if not isinstance(condition, dict):
        return condition
    return {
        operator: {key: _set(values) for key, values in keys.items()}
        if isinstance(keys, dict)
        else keys
        for operator, keys in condition.items()
    }


def _set(value: Value) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return sorted({str(scalar_form(item)) for item in values})


def _canonical(value: Value) -> Value:
    if is_policy(value):
        value = policy_form(value)
    if isinstance(value, dict):
        return sorted((name, str(_canonical(item))) for name, item in value.items())
    if isinstance(value, list):
        return [_canonical(item) for item in value]
    return scalar_form(value)
