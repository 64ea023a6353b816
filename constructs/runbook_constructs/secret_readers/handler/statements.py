"""One statement of a policy, and what it says about one call."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .conditions import Facts, holds, named
from .globs import fits

Json = Any
ANYBODY = "*"
_UNKNOWN = "a policy has a form that is not known here"


class UnreadableError(Exception):
    """Something that decides who may read a secret could not be made out; no value is in it."""


@dataclass(frozen=True)
class Call:
    """What somebody might ask for: ``facts`` are what is sure of it, by condition key."""

    action: str
    resource: str
    facts: Facts = field(default_factory=dict)


@dataclass(frozen=True)
class Statement:
    """One statement; ``label`` says where it stands."""

    label: str
    body: Mapping[str, Json]

    @property
    def allows(self) -> bool:
        """Whether it gives something: what does not deny is taken to."""
        return self.body.get("Effect") != "Deny"

    @property
    def conditional(self) -> bool:
        """Whether it hangs on anything."""
        return bool(self.body.get("Condition"))

    def may_allow(self, call: Call) -> bool:
        """Say whether it lets the call through, as far as anybody can tell from here."""
        return (
            self.allows
            and self._about(call, wide=True)
            and holds(self.body.get("Condition"), call.facts) is not False
        )

    def surely_denies(self, call: Call) -> bool:
        """Say whether it refuses the call whatever else is said."""
        return (
            not self.allows
            and self._about(call, wide=False)
            and holds(self.body.get("Condition"), call.facts) is True
        )

    def holders(self, account: str) -> list[str]:
        """List whom a policy on a resource names: ARNs, services, ``*``."""
        if "NotPrincipal" in self.body:
            return [ANYBODY]
        given = self.body.get("Principal", ANYBODY)
        of = given if isinstance(given, Mapping) else {"AWS": given}
        found = [_principal(kind, who) for kind in of for who in texts(of[kind])]
        narrow = named(self.body.get("Condition"))
        open_ = (ANYBODY, root(account))
        return [n for who in found for n in ((narrow or [who]) if who in open_ else [who])]

    def names_everybody(self) -> bool:
        """Say whether it is about every principal there is, but for its conditions."""
        return "NotPrincipal" not in self.body and ANYBODY in self.holders("")

    def _about(self, call: Call, *, wide: bool) -> bool:
        return self._matches("Action", call.action, wide=wide) and self._matches(
            "Resource", call.resource, wide=wide
        )

    def _matches(self, key: str, asked: str, *, wide: bool) -> bool:
        spared = f"Not{key}" in self.body
        patterns = texts(self.body.get(f"Not{key}" if spared else key, []))
        # What a variable stands for may be what is asked, and may not be.
        taken = any(_takes(key, pattern, asked, wide=wide is not spared) for pattern in patterns)
        return taken is not spared


def statements(document: Json, label: str) -> list[Statement]:
    """Read a policy, as a document or as text; raises ``UnreadableError`` for another form."""
    if isinstance(document, str):
        try:
            document = json.loads(document)
        except ValueError:
            raise UnreadableError(f"{label}: {_UNKNOWN}") from None
    said = document.get("Statement") if isinstance(document, Mapping) else None
    bodies = [said] if isinstance(said, Mapping) else said
    if not isinstance(bodies, list) or not all(isinstance(body, Mapping) for body in bodies):
        raise UnreadableError(f"{label}: {_UNKNOWN}")
    return [Statement(_named(label, body, index), body) for index, body in enumerate(bodies, 1)]


def granting(said: Sequence[Statement], call: Call) -> list[Statement]:
    """List the statements that let a call through, none where one surely refuses it."""
    if any(one.surely_denies(call) for one in said):
        return []
    return [one for one in said if one.may_allow(call)]


def texts(value: Json) -> Iterator[str]:
    """List texts, alone or in a list; raises ``UnreadableError`` for what is none."""
    for one in value if isinstance(value, list) else [value]:
        if not isinstance(one, str):
            raise UnreadableError(_UNKNOWN)
        yield one


def root(account: str) -> str:
    """Write the account itself, as policies name it."""
    return f"arn:aws:iam::{account}:root"


def _principal(kind: str, name: str) -> str:
    return root(name) if kind == "AWS" and name.isdigit() else name


def _named(label: str, body: Mapping[str, Json], index: int) -> str:
    sid = body.get("Sid")
    return f"{label}, statement {sid if isinstance(sid, str) and sid else index}"


def _takes(key: str, pattern: str, asked: str, *, wide: bool) -> bool:
    if key == "Action":
        return fits(pattern.lower(), asked.lower())
    if "${" in pattern:
        return wide and fits(_without_variables(pattern), asked)
    return fits(pattern, asked)


def _without_variables(pattern: str) -> str:
    while (start := pattern.find("${")) >= 0 and (end := pattern.find("}", start)) >= 0:
        pattern = f"{pattern[:start]}*{pattern[end + 1 :]}"
    return pattern
