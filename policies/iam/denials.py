"""What the policies on things surely deny, whatever others grant.

One statement has to say it all, about the thing that its policy stands on. Not sure is what hangs
on the single call (``policies.iam.conditions.hold``), and what names by ``NotPrincipal`` or
``NotResource`` whom or what it spares.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from policies.iam.conditions import hold
from policies.iam.globs import beginning, covers, overlap
from policies.iam.statements import ANYBODY, Statement
from policies.iam.whole_types import is_whole_type

_SPARING = {"NotPrincipal", "NotResource"}
# A caller's connection; what comes without TLS is nothing that somebody was granted.
_CALL = {"aws:securetransport": "true"}


@dataclass(frozen=True)
class Denied:
    """What one statement takes away: each of the actions, on each of the things, from each."""

    by: Statement
    actions: Sequence[str]
    things: Sequence[str]
    holders: Sequence[str]


class Denials:
    """What policies on the things of one environment deny; its identities are of ``account``.

    ``shapes`` maps things to the patterns of their ARNs (``called``, ``shape``).
    """

    def __init__(
        self, statements: Iterable[Statement], shapes: Mapping[str, str], account: str
    ) -> None:
        self._account = account
        self._shapes = shapes
        self._services = tuple({":".join(shape.split(":")[:3]) for shape in shapes.values()})
        self._on: dict[tuple[str, ...], list[Statement]] = {}
        for statement in statements:
            if statement.stands_on and not statement.body.keys() & _SPARING:
                self._on.setdefault(tuple(statement.stands_on), []).append(statement)
        self._beginnings = tuple({beginning(name) for names in self._on for name in names})
        self._about: dict[str, list[Statement]] = {}

    def of(self, grant: Statement) -> list[Denied]:
        """List what is taken away of what a statement gives to roles and users of the account.

        Raises ``UnresolvedError`` when that hangs on something open.
        """
        if grant.kind not in ("identity", "resource") or not grant.allows:
            return []
        about = {thing: self._all_of(thing) for thing in _things(grant)}
        found = []
        for by in dict.fromkeys(each for denials in about.values() for each in denials):
            actions = [action for action in grant.actions if _refuses(by, action)]
            whom = sorted(filter(self._is_own, grant.holders)) if actions else []
            holders = [holder for holder in whom if self._hits(by, holder)]
            if holders:
                things = [thing for thing, denials in about.items() if by in denials]
                found.append(Denied(by, actions, things, holders))
        return found

    def certainly(self, holder: str, action: str, names: Sequence[str]) -> bool:
        """Say whether somebody is surely denied the action on everything that is called so."""
        return all(
            any(_refuses(by, action) and self._hits(by, holder) for by in self._all_of(name))
            for name in names
        )

    def _all_of(self, pattern: str) -> list[Statement]:
        """List the denials about everything that a pattern names."""
        if pattern not in self._about:
            meant = self._meant(pattern)
            near = self._on.items() if meant.startswith(self._beginnings) else ()
            self._about[pattern] = [
                statement
                for names, statements in near
                if any(covers(name, meant) or meant.startswith(f"{name}/") for name in names)
                for statement in statements
                if any(r == ANYBODY or covers(r, meant) for r in statement.text("Resource"))
            ]
        return self._about[pattern]

    def _meant(self, pattern: str) -> str:
        """Write a pattern that takes one thing of the environment alone as that thing.

        A wildcard in a bucket's name is the rest of the name, not a folder.
        """
        if pattern in self._shapes or not pattern.startswith(self._services):
            return pattern
        name, *objects = pattern.split("/", 1) if ":::" in pattern else [pattern]
        taken = [own for own, shape in self._shapes.items() if overlap(name, shape)]
        is_one = len(taken) == 1 and not is_whole_type(pattern)
        return "/".join([taken[0], *objects]) if is_one else pattern

    def _hits(self, by: Statement, holder: str) -> bool:
        root = f"arn:aws:iam::{self._account}:root"
        own = self._is_own(holder)
        named = {ANYBODY, holder, root} if own else {ANYBODY, holder}
        return bool(by.principals & named) and hold(
            by.conditions, _CALL | (self._told_of(holder) if own else {})
        )

    def _told_of(self, holder: str) -> dict[str, str]:
        """Tell what AWS tells of a role or a user, whatever they call."""
        return {
            "aws:principalaccount": self._account,
            "aws:principalarn": holder,
            "aws:principalisawsservice": "false",
            "kms:calleraccount": self._account,
        }

    def _is_own(self, holder: str) -> bool:
        """Tell a role or a user of the account; a mark is one of the templates."""
        own = f"arn:aws:iam::{self._account}:"
        return holder.startswith((f"{own}role/", f"{own}user/", "<"))


def _things(grant: Statement) -> Sequence[str]:
    """List what a statement is about; in a policy that stands on a thing, ``*`` is that thing."""
    here = (grant.stands_on or [])[:1] if grant.kind == "resource" else ["*"]
    return [t for given in grant.resources for t in (here if given == "*" else [given])]


def _refuses(by: Statement, action: str) -> bool:
    """Say whether a denial is about whatever an action names; IAM does not tell cases apart."""
    asked = action.lower()
    if "NotAction" in by.body:
        return not any(overlap(spared.lower(), asked) for spared in by.text("NotAction"))
    return any(covers(denied.lower(), asked) for denied in by.text("Action"))
