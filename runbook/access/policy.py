"""IAM policy documents as plain data, within the limits that IAM sets."""

import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from itertools import product
from string import Formatter
from typing import Any

from runbook.model.refusal import Refusal, RefusedError

# Of a managed policy; IAM does not count white space.
LARGEST = 6144
Document = dict[str, Any]


@dataclass(frozen=True)
class Statement:
    """One statement; ``effect`` is Allow or Deny.

    Of ``resources``, or of all there are but those in ``but``.
    """

    sid: str
    actions: Sequence[str]
    resources: Sequence[str]
    conditions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    effect: str = "Allow"
    but: Sequence[str] = ()

    def as_json(self) -> dict[str, Any]:
        """Write it as IAM reads it; the same statement gives the same bytes."""
        concerned = (
            {"NotResource": sorted(self.but)} if self.but else {"Resource": sorted(self.resources)}
        )
        return {
            "Sid": self.sid,
            "Effect": self.effect,
            "Action": sorted(self.actions),
            **concerned,
            **({"Condition": self.conditions} if self.conditions else {}),
        }


@dataclass(frozen=True)
class ManagedPolicy:
    """One managed policy: its name, what it is for, what it says."""

    name: str
    description: str
    statements: Sequence[Statement]

    @property
    def document(self) -> Document:
        """The policy document; raises ``RefusedError`` when IAM would not take it."""
        document = document_of(self.statements)
        size = len(json.dumps(document, separators=(",", ":")))
        if size > LARGEST:
            reason = f"it has {size} characters, IAM takes {LARGEST}"
            fix = "move statements to another [[policy]] of runbook/access, or name fewer services"
            raise RefusedError(f"policy {self.name}", [Refusal("services", reason, fix)])
        return document


def document_of(statements: Sequence[Statement]) -> Document:
    """Put statements into one document."""
    return {
        "Version": "2012-10-17",
        "Statement": [statement.as_json() for statement in statements],
    }


def policies_in(name: str, places: Mapping[str, Sequence[str]]) -> list[ManagedPolicy]:
    """Read ``runbook/access/<name>.toml``, with ``places`` put where its braces stand.

    A resource with a brace that has several values becomes as many resources.
    """
    return [
        ManagedPolicy(
            name=policy["name"],
            description=policy["description"],
            statements=[_statement(entry, places) for entry in policy["statement"]],
        )
        for policy in _read(name)
    ]


@cache
def _read(name: str) -> list[dict[str, Any]]:
    text = (files("runbook.access") / f"{name}.toml").read_text(encoding="utf-8")
    policies: list[dict[str, Any]] = tomllib.loads(text)["policy"]
    return policies


def _statement(entry: Mapping[str, Any], places: Mapping[str, Sequence[str]]) -> Statement:
    return Statement(
        sid=entry["sid"],
        actions=entry["actions"],
        resources=[r for pattern in entry["resources"] for r in _filled(pattern, places)],
        conditions={
            operator: {
                key: [v for value in _listed(values) for v in _filled(value, places)]
                for key, values in keys.items()
            }
            for operator, keys in entry.get("conditions", {}).items()
        },
    )


def _filled(pattern: str, places: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Fill the braces, in every combination."""
    names = sorted({name for _, name, _, _ in Formatter().parse(pattern) if name})
    for values in product(*(places[name] for name in names)):
        yield pattern.format(**dict(zip(names, values, strict=True)))


def _listed(values: str | list[str]) -> list[str]:
    return [values] if isinstance(values, str) else values
