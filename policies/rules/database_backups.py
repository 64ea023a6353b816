"""ROVN-BCK-1: any second of the last weeks can be restored."""

from collections.abc import Iterator

from policies.databases import INSTANCE, is_replica, source_of
from policies.rule import Rule
from policies.scope import Resource, Scope
from policies.values import whole_number

# What RDS keeps for an instance that does not say.
AWS_DEFAULT_DAYS = 1


def _judge(instance: Resource, scope: Scope) -> Iterator[str]:
    if is_replica(instance):
        # Its backups are those of its source, which is judged itself.
        if source_of(instance, scope) is None:
            yield "it replicates an instance of no template, so nobody knows of any backup"
        return
    wanted = scope.environment.database
    days = whole_number(instance.at("BackupRetentionPeriod", AWS_DEFAULT_DAYS))
    if days is None or days < wanted.backup_retention_days:
        yield f"backups are kept {days} days, not {wanted.backup_retention_days}"
    window = instance.at("PreferredBackupWindow")
    if window != wanted.backup_window:
        yield f"PreferredBackupWindow is {window}, not {wanted.backup_window}"
    if instance.at("DeleteAutomatedBackups") is not False:
        yield "DeleteAutomatedBackups is not false: the backups go with the instance"


RULE = Rule(
    id="database-backups",
    title="The database is backed up each day, with point-in-time recovery for as long as the "
    "environment file says",
    why="A patient's record that was deleted or overwritten by mistake comes back from a backup "
    "or not at all.",
    remedy="Leave backups to runbook_constructs.database; database.backup_retention_days and "
    "database.backup_window say how long and when.",
    clauses=("ROVN-BCK-1",),
    controls=("HIPAA 164.308(a)(7)(ii)(A)", "NIST CP-9", "SOC2 A1.2"),
    types=(INSTANCE,),
    judge=_judge,
    waivable=False,
)
