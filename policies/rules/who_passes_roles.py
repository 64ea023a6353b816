"""ROVN-DEP-9: a role goes to the service it is for, handed over by who must, and by name."""

from collections.abc import Iterator

from policies.iam.conditions import demanded
from policies.iam.grants import grants_of, holds_policies
from policies.iam.statements import Statement
from policies.rule import ANY, Rule
from policies.templates.scope import Resource, Scope
from runbook.access.principals import Principals
from runbook.access.roles import ECS_TASKS

ACTION = "iam:PassRole"
SERVICE = "iam:PassedToService"


def _judge(resource: Resource, scope: Scope) -> Iterator[str]:
    for statement in grants_of(scope).at(resource):
        grants = statement.kind in ("identity", "resource") and statement.allows
        if grants and statement.among([ACTION]):
            yield from _faults(statement, scope.principals)


def _faults(statement: Statement, principals: Principals) -> Iterator[str]:
    services = demanded(statement.conditions, SERVICE)
    if services is None:
        yield f"{statement.label} passes roles to any service: it has no condition {SERVICE}"
        return
    for holder in sorted(statement.holders - set(principals.break_glass)):
        for service in services:
            may = _passable(holder, service, principals)
            more = [role for role in statement.resources if role not in may]
            if more:
                yield f"{statement.label} lets {holder} pass {', '.join(more)} to {service}; " + (
                    f"it may pass {', '.join(may)}" if may else "it may pass none"
                )


def _passable(holder: str, service: str, principals: Principals) -> tuple[str, ...]:
    """List the roles that one may pass: CloudFormation all, a deploy and a gate two a service."""
    if holder in principals.cdk_roles("cfn-exec"):
        return principals.passable.get(service, ())
    if service != ECS_TASKS:
        return ()
    services = [
        name
        for name in principals.environment.services
        if holder == principals.deploy_identity
        or (name in principals.gated and holder == principals.gate_roles(name).steps)
    ]
    of = [principals.service_roles(name) for name in services]
    return tuple(arn for r in of for arn in (r.migrations_execution, r.migrations_task))


RULE = Rule(
    id="who-passes-roles",
    title="A role is passed by CloudFormation or for a migration, by name, to its one service",
    why="Whoever passes a role to something they control can do all that the role may.",
    remedy="Name the roles and iam:PassedToService; which role goes where stands in "
    "runbook/access/principals.py.",
    clauses=("ROVN-DEP-9",),
    controls=("NIST AC-6", "SOC2 CC6.3"),
    types=ANY,
    concerns=holds_policies,
    judge=_judge,
    waivable=False,
)
