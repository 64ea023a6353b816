"""ROVN-DEP-9: no identity of the templates can do more than its boundary, whatever it is given."""

from collections.abc import Iterator

from policies.iam.attachments import arn_of
from policies.rule import Rule
from policies.templates.scope import Resource, Scope
from runbook.access.guard_rails import boundary_of


def _judge(identity: Resource, scope: Scope) -> Iterator[str]:
    wanted = boundary_of(arn_of(identity), scope.principals)
    found = identity.at("PermissionsBoundary", "none")
    if found != wanted:
        yield f"its permission boundary is {found}, not {wanted}"


RULE = Rule(
    id="roles-bounded",
    title="Every role and user carries the permission boundary that is meant for it",
    why="A policy that somebody widens later, by hand or by mistake, would widen the role.",
    remedy="Make it in a RunbookStack, which puts its boundary on its roles and users; one that "
    "takes part in releases is listed in runbook/access/principals.py.",
    clauses=("ROVN-DEP-9",),
    controls=("NIST AC-6", "SOC2 CC6.3"),
    types=("AWS::IAM::Role", "AWS::IAM::User"),
    judge=_judge,
    waivable=False,
)
