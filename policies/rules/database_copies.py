"""ROVN-DR-1: the loss of a region does not take the backups along."""

from collections.abc import Iterator

from policies.lookups.databases import INSTANCE, is_first
from policies.rule import Rule
from policies.templates.scope import Resource, Scope
from policies.templates.values import whole_number

ALIAS, KEY = "AWS::KMS::Alias", "AWS::KMS::Key"
STACK = "backup-copy"
_PREFIX = "AutomaticBackupReplication"


def _alias(scope: Scope) -> str:
    """Name the key in the other region by the convention of docs/decisions/0013."""
    return f"alias/{scope.environment.slug}/database-copies"


def _judge(instance: Resource, scope: Scope) -> Iterator[str]:
    database = scope.environment.database
    region = instance.at(f"{_PREFIX}Region")
    if region != database.backup_copy_region:
        yield f"backups are copied to {region or 'no region'}, not {database.backup_copy_region}"
    key = instance.at(f"{_PREFIX}KmsKeyId")
    place = f"{database.backup_copy_region}:{scope.environment.account}"
    if key != f"arn:aws:kms:{place}:{_alias(scope)}":
        yield f"the copies' key is {key}, not {_alias(scope)} in {database.backup_copy_region}"
    # RDS keeps copies as long as the backups where it is not told.
    days = whole_number(instance.at(f"{_PREFIX}RetentionPeriod"))
    if days is not None and days < database.backup_retention_days:
        yield f"copies are kept {days} days, not {database.backup_retention_days}"


def _required(scope: Scope) -> Iterator[str]:
    region, stack = scope.environment.database.backup_copy_region, scope.stack(STACK)
    if stack is None or stack.template.region != region:
        yield f"there is no stack {scope.environment.slug}-{STACK} in {region}"
        return
    keys = [
        scope.target(alias.at("TargetKeyId"))
        for alias in stack.resources.values()
        if alias.type == ALIAS and alias.at("AliasName") == _alias(scope)
    ]
    if not any(key is not None and key.type == KEY and key.stack is stack for key in keys):
        yield f"{stack.template.stack} has no key {_alias(scope)}"


RULE = Rule(
    id="database-copies",
    title="Automated backups are copied to the second region, under a key there",
    why="The cold standby is made from these copies; without them the loss of the region is the "
    "loss of the records.",
    remedy="Set database.backup_copy_region, and leave the copies to stacks/data_stack.py and "
    "their key to stacks/backup_copy_stack.py.",
    clauses=("ROVN-DR-1",),
    controls=("HIPAA 164.308(a)(7)(ii)(B)", "NIST CP-6", "NIST CP-9(3)", "SOC2 A1.2"),
    types=(INSTANCE,),
    concerns=is_first,
    judge=_judge,
    required=_required,
)
