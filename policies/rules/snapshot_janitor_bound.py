"""ROVN-MIG-2: snapshots of migrations go when their time is over, and no others do."""

from collections.abc import Iterator

from policies.iam.conditions import demanded
from policies.iam.grants import grants_of, holds_policies, outsiders
from policies.iam.statements import Statement
from policies.rule import ANY, Rule
from policies.templates.scope import Resource, Scope
from policies.templates.values import number

FUNCTION = "AWS::Lambda::Function"
DELETE = "rds:DeleteDBSnapshot"
# What takes other backups away, and has nobody here who needs it.
OTHERS = (
    "rds:DeleteDBClusterAutomatedBackup",
    "rds:DeleteDBClusterSnapshot",
    "rds:DeleteDBInstanceAutomatedBackup",
)
TAG, PURPOSE = "aws:ResourceTag/runbook:purpose", "pre-deploy"
_DAYS = "Environment.Variables.KEEP_DAYS"


def _is_janitor(resource: Resource, scope: Scope) -> bool:
    name = scope.principals.snapshot_janitor.rpartition("/")[2]
    return bool(resource.type == FUNCTION and resource.at("FunctionName") == name)


def _concerns(resource: Resource, scope: Scope) -> bool:
    return _is_janitor(resource, scope) or holds_policies(resource, scope)


def _judge(resource: Resource, scope: Scope) -> Iterator[str]:
    if resource.type == FUNCTION:
        days, wanted = number(resource.at(_DAYS)), scope.environment.database
        if days != wanted.pre_deploy_snapshot_days:
            yield f"it keeps snapshots {days} days, not {wanted.pre_deploy_snapshot_days}"
        return
    principals = scope.principals
    people = principals.break_glass
    yield from outsiders(resource, scope, [DELETE], (principals.snapshot_janitor, *people))
    yield from outsiders(resource, scope, OTHERS, people)
    for statement in grants_of(scope).at(resource):
        held = statement.kind == "identity" and statement.allows and statement.among([DELETE])
        if held and principals.snapshot_janitor in statement.holders:
            yield from _bound(statement, scope)


def _bound(statement: Statement, scope: Scope) -> Iterator[str]:
    """Want the tag that the gate gives, and the names that it gives."""
    found = demanded(statement.conditions, TAG)
    if found != [PURPOSE]:
        yield f"{statement.label}: {TAG} must be {found or 'anything'}, not {PURPOSE}"
    environment = scope.environment
    place = f"arn:aws:rds:{environment.region}:{environment.account}"
    own = tuple(f"{place}:snapshot:{name}-" for name in scope.principals.service_names)
    for resource in statement.resources:
        if not resource.startswith(own):
            yield f"{statement.label} takes {resource}, which is no snapshot of a release"


def _required(scope: Scope) -> Iterator[str]:
    if not any(_is_janitor(found, scope) for found in scope.resources(FUNCTION)):
        name = scope.principals.snapshot_janitor.rpartition("/")[2]
        yield f"no function is called {name}: snapshots of migrations stay for good"


RULE = Rule(
    id="snapshot-janitor-bound",
    title="Only the janitor deletes snapshots, after the days of the environment file, and only "
    "those that releases took",
    why="The snapshot before a migration is the way back from it, and the others are backups of "
    "patients' data.",
    remedy="Leave the janitor to runbook_constructs.snapshot_janitor; "
    "database.pre_deploy_snapshot_days of the environment file says how long they stay.",
    clauses=("ROVN-MIG-2",),
    controls=("HIPAA 164.308(a)(7)(ii)(A)", "NIST AC-6", "NIST CP-9", "SOC2 A1.2"),
    types=ANY,
    concerns=_concerns,
    judge=_judge,
    required=_required,
    waivable=False,
)
