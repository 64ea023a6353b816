"""ROVN-BCK-1: any second of the last weeks can be restored."""

from collections.abc import Iterator

from policies.lookups.databases import INSTANCE, is_replica, source_of
from policies.rule import Rule
from policies.templates.scope import Resource, Scope
from policies.templates.values import whole_number

# What RDS keeps for an instance that does not say.
AWS_DEFAULT_DAYS = 1


PLAN = "AWS::Backup::BackupPlan"


def _judge(instance: Resource, scope: Scope) -> Iterator[str]:
    if instance.type == PLAN:
        yield from _taken_over(instance, scope)
        return
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


def _taken_over(plan: Resource, scope: Scope) -> Iterator[str]:
    """Tell what a continuous plan makes of the retention, which RDS leaves to AWS Backup."""
    wanted = scope.environment.database.backup_retention_days
    for number in range(len(plan.at("BackupPlan.BackupPlanRule", []))):
        path = f"BackupPlan.BackupPlanRule.{number}"
        if plan.at(f"{path}.EnableContinuousBackup", default=False) is False:
            continue
        days = whole_number(plan.at(f"{path}.Lifecycle.DeleteAfterDays"))
        if days is None or days < wanted:
            yield f"a continuous backup is kept {days} days, not {wanted}, in the place of RDS's"


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
    types=(INSTANCE, PLAN),
    judge=_judge,
    waivable=False,
)
