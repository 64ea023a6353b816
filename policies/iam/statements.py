"""One statement of a policy, and the questions that rules ask of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from policies.iam.conditions import narrowed
from policies.iam.globs import AnyOf, any_of, covers, overlap
from policies.templates.scope import Resource
from policies.templates.values import Unknown, UnresolvedError, is_read_later

Json = Any
# identity: grants to whoever carries it. resource: stands on the thing it is about, where "*"
# is that thing. trust: who may assume a role. ceiling: limits and grants nothing.
Kind = Literal["identity", "resource", "trust", "ceiling"]
ANYBODY = "*"


@dataclass(frozen=True, eq=False)
class Statement:
    """One statement, its intrinsic functions worked out.

    ``at`` is the resource that brings it into force: the policy, or what a policy of AWS is
    attached to. ``carriers`` are the ARNs of those who carry it, for an identity policy.
    ``stands_on`` is how the thing is called that a resource policy stands on, None where nothing
    tells. ``foreign`` is what stands in none of the templates, and so may say anything.
    Each question raises ``UnresolvedError`` when what it depends on is open.
    """

    at: Resource
    kind: Kind
    body: Mapping[str, Json]
    carriers: frozenset[str] = frozenset()
    stands_on: Sequence[str] | None = None
    foreign: str | None = None

    @property
    def label(self) -> str:
        """Name it for a message: by its Sid, where it has one."""
        sid = self.body.get("Sid")
        return f"statement {sid}" if isinstance(sid, str) else "a statement without Sid"

    @cached_property
    def allows(self) -> bool:
        """Whether it gives something: what does not deny is taken to."""
        return self.text("Effect") != ["Deny"]

    @property
    def actions(self) -> list[str]:
        """Its actions as written; ``NotAction`` counts as every action."""
        return ["*"] if "NotAction" in self.body else self.text("Action")

    @property
    def resources(self) -> list[str]:
        """Its resources as written; ``NotResource`` counts as every resource."""
        return ["*"] if "NotResource" in self.body else self.text("Resource")

    @property
    def conditions(self) -> Json:
        """Its conditions, as they stand."""
        return self.body.get("Condition", {})

    @property
    def principals(self) -> frozenset[str]:
        """Those that it names itself, whatever its conditions: ARNs, or a service's name."""
        if "NotPrincipal" in self.body:
            return frozenset({ANYBODY})
        given = self.body.get("Principal", ANYBODY)
        if isinstance(given, dict):
            return frozenset(
                _principal(kind, one) for kind in given for one in texts(given[kind], "Principal")
            )
        return frozenset(_principal("AWS", one) for one in texts(given, "Principal"))

    @property
    def holders(self) -> frozenset[str]:
        """Whom it allows or denies what it says, as far as its conditions do not narrow it."""
        whom = self.carriers if self.kind == "identity" else self.principals
        return narrowed(whom, self.conditions)

    def among(self, actions: Iterable[str]) -> list[str]:
        """List those of the named actions that it is about; IAM does not tell cases apart."""
        spared = "NotAction" in self.body
        asked = tuple(actions)
        named = self._named.among(asked)
        return [action for action in asked if (action in named) is not spared]

    @cached_property
    def _named(self) -> AnyOf:
        return any_of(tuple(self.text("NotAction" if "NotAction" in self.body else "Action")))

    def touches(self, names: Sequence[str] | None) -> bool:
        """Say whether it may be about a thing that is called one of these; None is anything."""
        if names is None:
            return True
        if self.kind == "resource":
            return self.stands_on is None or _any_overlap(self.stands_on, names)
        if "NotResource" in self.body:
            spared = self.text("NotResource")
            return not all(any(covers(s, name) for s in spared) for name in names)
        return _any_overlap([_wider(pattern) for pattern in self.text("Resource")], names)

    def text(self, key: str) -> list[str]:
        """List the texts under a key, whether they stand alone or in a list."""
        return texts(self.body.get(key, []), key)


def texts(value: Json, where: str) -> list[str]:
    """List texts, alone or in a list; raises ``UnresolvedError`` for what is open or no text."""
    values = value if isinstance(value, list) else [value]
    for one in values:
        if isinstance(one, Unknown):
            raise UnresolvedError(f"{where}: {one.text} is open: {one.why}")
        if not isinstance(one, str):
            raise UnresolvedError(f"{where}: {one!r} is not text")
        if is_read_later(one, secrets=True):
            raise UnresolvedError(f"{where}: {one} is open: CloudFormation reads it")
    return values


def _principal(kind: str, name: str) -> str:
    if name == ANYBODY:
        return ANYBODY
    if kind == "AWS" and name.isdigit():
        return f"arn:aws:iam::{name}:root"
    # A federation may be called like a service, and is none: cognito-identity.amazonaws.com.
    plain = kind in ("AWS", "Service") or name.startswith(("arn:", "<"))
    return name if plain else f"{kind} {name}"


def _any_overlap(patterns: Iterable[str], names: Sequence[str]) -> bool:
    return any(overlap(pattern, name) for pattern in patterns for name in names)


def _wider(pattern: str) -> str:
    """Take a policy variable, such as ``${aws:username}``, for any text."""
    while (start := pattern.find("${")) >= 0 and (end := pattern.find("}", start)) >= 0:
        pattern = f"{pattern[:start]}*{pattern[end + 1 :]}"
    return pattern
