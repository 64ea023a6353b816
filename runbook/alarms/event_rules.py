"""EventBridge rules whose matches ring an alarm; constructs make them by these names."""

from collections.abc import Sequence

from runbook.alarms.alarm import Metric

# Past the release gate: the detector has a rule for each way.
DETECTOR = (
    *("configuration", "functions", "replacement", "routing", "rules"),
    *("state-machines", "traffic", "ungated"),
)
# Calls on the locked records, by whom.
TAMPER, TAMPER_INSIDE = "audit-tamper", "audit-tamper-inside"
# Deployments, pipelines and stacks that failed.
DEPLOYS = ("deploy-failed-ecs", "deploy-failed-pipeline", "deploy-failed-stack")
# An automated backup that RDS finished.
BACKUP_DONE = "backup-finished"
# A rotation that Secrets Manager gave up, and a restart after one that did not come up.
ROTATION_FAILED = "rotation-failed"


def matches(slug: str, rules: Sequence[str]) -> tuple[Metric, ...]:
    """Count the events that matched each rule of the environment called ``slug``."""
    return tuple(
        Metric(
            id=rule.replace("-", "_"),
            namespace="AWS/Events",
            name="TriggeredRules",
            stat="Sum",
            dimensions={"RuleName": f"{slug}-{rule}"},
        )
        for rule in rules
    )


def total(metrics: Sequence[Metric]) -> str:
    """Add them up, none where nothing came.

    One alone, too: left missing, silence is judged by the event before it (docs/decisions/0039).
    """
    return " + ".join(f"FILL({metric.id}, 0)" for metric in metrics)
