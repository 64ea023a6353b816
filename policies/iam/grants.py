"""Who may do what in an environment, by every policy of all of its templates together.

A boundary or an endpoint's policy grants nothing; a condition takes nothing away but what it
proves (``policies.iam.conditions``); a denial counts where it surely holds for all of the question
(``policies.iam.denials``).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property, lru_cache

from policies.iam.attachments import Attachments
from policies.iam.aws_managed_policies import aws_managed_policies
from policies.iam.called import called, shape
from policies.iam.denials import Denials
from policies.iam.policy_documents import TRUST, statements_in
from policies.iam.statements import Kind, Statement
from policies.templates.scope import Resource, Scope
from policies.templates.values import UnresolvedError

_CEILINGS = ("AWS::EC2::VPCEndpoint", "AWS::Organizations::Policy")
# The property that says what a policy of its own resource type stands on.
_STANDS_ON = {
    "AWS::S3::BucketPolicy": "Bucket",
    "AWS::SNS::TopicInlinePolicy": "TopicArn",
    "AWS::SNS::TopicPolicy": "Topics",
    "AWS::SQS::QueueInlinePolicy": "Queue",
    "AWS::SQS::QueuePolicy": "Queues",
    "AWS::SecretsManager::ResourcePolicy": "SecretId",
}
# Policies that are older than these have to name them by patterns.
_MEANT_BY_PATTERNS = ("AWS::S3::Bucket", "AWS::SecretsManager::Secret")
_OWN_POLICY = ("AWS::KMS::Key",)
# Its value is whatever a program says, so a reference to it may be any ARN.
_FREE_VALUES = ("Custom::", "AWS::CloudFormation::", "AWS::SSM::Parameter")
_MARK = re.compile(r"<([^<>]+)/([A-Za-z0-9]+)\.[^<>]+>")


class Grants:
    """Every statement of one scope."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._attachments = Attachments(scope)
        self._at: dict[Resource, list[Statement] | UnresolvedError] = {}

    def at(self, resource: Resource) -> list[Statement]:
        """List the statements that a resource brings into force.

        Raises ``UnresolvedError`` when it holds or carries a policy that is open.
        """
        if resource not in self._at:
            try:
                self._at[resource] = list(self._statements(resource))
            except UnresolvedError as error:
                self._at[resource] = error
        found = self._at[resource]
        if isinstance(found, UnresolvedError):
            raise UnresolvedError(str(found))
        return found

    def strangers(
        self,
        statement: Statement,
        actions: Iterable[str],
        allowed: Iterable[str],
        names: Sequence[str] | None = None,
    ) -> tuple[list[str], list[str]]:
        """Tell who but those allowed is given which of the actions by one statement, sorted.

        ``names`` is how the thing is called that the actions are about (``called``); None is any.
        What a denial takes away again is given all the same (``who_may``).
        """
        if statement.kind in ("ceiling", "trust") or not statement.allows:
            return [], []
        granted = statement.among(actions)
        if not granted or not statement.touches(names):
            return [], []
        who = statement.holders - set(allowed)
        return sorted(who), granted if who else []

    def who_may(self, action: str, names: Sequence[str] | None = None) -> frozenset[str]:
        """Name everybody who may do the action in the end: ARNs, services, ``*``."""
        given = {
            who
            for resource in self._scope.resources()
            for statement in self.at(resource)
            for who in self.strangers(statement, [action], (), names)[0]
        }
        if names is None:
            return frozenset(given)
        return frozenset(who for who in given if not self.denials.certainly(who, action, names))

    @cached_property
    def denials(self) -> Denials:
        """What policies on things deny; one that is open denies nothing, and fails on its own."""
        denied = (one for resource in self._scope.resources() for one in self._denied(resource))
        things = self._scope.resources(*_MEANT_BY_PATTERNS)
        shapes = {called(thing)[0]: shape(thing) for thing in things}
        return Denials(denied, shapes, self._scope.environment.account)

    def _denied(self, resource: Resource) -> list[Statement]:
        try:
            return [s for s in self.at(resource) if s.kind == "resource" and not s.allows]
        except UnresolvedError:
            return []

    def _statements(self, resource: Resource) -> Iterator[Statement]:
        for path, body in statements_in(resource):
            kind = self._kind(resource, path, body)
            carriers = self._carriers(resource) if kind == "identity" else frozenset[str]()
            if kind == "identity" and not carriers:
                kind = "ceiling"
            yield self._widened(Statement(resource, kind, body, carriers, _on(resource, self)))
        for given in self._attachments.foreign(resource):
            everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
            known = aws_managed_policies().get(given)
            for said in [everything] if known is None else known:
                body = {"Sid": given, **said}
                carriers = self._carriers(resource)
                foreign = given if known is None else None
                yield Statement(resource, "identity", body, carriers, foreign=foreign)

    def _kind(self, resource: Resource, path: Sequence[str], body: dict[str, object]) -> Kind:
        if path[:1] == (TRUST,):
            return "trust"
        if resource.type in _CEILINGS:
            return "ceiling"
        if resource.type.startswith("AWS::IAM::") or not body.keys() & {
            "Principal",
            "NotPrincipal",
        }:
            return "identity"
        return "resource"

    def _carriers(self, resource: Resource) -> frozenset[str]:
        if resource.type.startswith("AWS::IAM::"):
            return self._attachments.carriers(resource)
        return frozenset({f"whoever {resource} is given to"})

    def _widened(self, statement: Statement) -> Statement:
        """Take a reference to a value that a program makes for any text."""
        given = statement.body.get("Resource")
        patterns = given if isinstance(given, list) else [given]
        if not any(isinstance(p, str) and _MARK.search(p) for p in patterns):
            return statement
        wide = [self._free(p) if isinstance(p, str) else p for p in patterns]
        return replace(statement, body={**statement.body, "Resource": wide})

    def _free(self, pattern: str) -> str:
        return _MARK.sub(lambda mark: "*" if self._is_free(mark) else mark[0], pattern)

    def _is_free(self, mark: re.Match[str]) -> bool:
        found = self._marked.get((mark[1], mark[2]))
        return found is None or found.type.startswith(_FREE_VALUES)

    @cached_property
    def _marked(self) -> dict[tuple[str, str], Resource]:
        """Map the stack's name and the logical id, of which marks are made, to the resource."""
        found: dict[tuple[str, str], Resource] = {}
        for resource in self._scope.resources():
            found.setdefault((resource.stack.template.stack, resource.logical_id), resource)
        return found

    def target(self, value: object) -> Resource | None:
        """Find the resource that a value refers to."""
        return self._scope.target(value)


def _on(resource: Resource, grants: Grants) -> Sequence[str] | None:
    """Tell how the things are called that a resource policy stands on."""
    if resource.type in _OWN_POLICY:
        return called(resource)[:2]
    key = _STANDS_ON.get(resource.type)
    given = resource.at(key) if key else None
    found = [grants.target(one) for one in (given if isinstance(given, list) else [given])]
    # The first is the one name that no other thing can have.
    return [called(thing)[0] for thing in found if thing] or None


def outsiders(
    resource: Resource,
    scope: Scope,
    actions: Iterable[str],
    allowed: Iterable[str],
    names: Sequence[str] | None = None,
) -> Iterator[str]:
    """Say of each statement at a resource whom it lets do what only those allowed may."""
    grants = grants_of(scope)
    only = sorted(set(allowed))
    for statement in grants.at(resource):
        who, what = grants.strangers(statement, actions, only, names)
        if who:
            may = f"only {', '.join(only)} may" if only else "nobody may"
            yield f"{statement.label} allows {', '.join(what)} to {', '.join(who)}; {may}"


@lru_cache(maxsize=2)
def grants_of(scope: Scope) -> Grants:
    """Work out a scope's grants once, for all rules."""
    return Grants(scope)


def holds_policies(resource: Resource, scope: Scope) -> bool:
    """Say whether a resource brings any policy into force; open policies count."""
    try:
        return bool(grants_of(scope).at(resource))
    except UnresolvedError:
        return True
