"""EventBridge rules whose matches ring an alarm; constructs make them by these names."""

from collections.abc import Sequence

from runbook.alarms.alarm import Metric

# Past the release gate, and at the gate itself: the detector has a rule for each way. In two, for
# an alarm takes ten metrics, and each rule has two.
PAST_GATE = ("configuration", "replacement", "routing", "traffic", "ungated")
AT_GATE = ("functions", "rules", "state-machines")
DETECTOR = (*PAST_GATE, *AT_GATE)
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
    return tuple(_counted(slug, rule, "TriggeredRules", _id(rule)) for rule in rules)


def matches_and_sent(slug: str, rules: Sequence[str]) -> tuple[Metric, ...]:
    """Count them twice: by what matched, and by what was sent to a rule's one target for it.

    EventBridge delivers its metrics as best it can, late or not at all (its guide, "Monitoring
    Amazon EventBridge"); one count of the two is enough.
    """
    sent = (_counted(slug, rule, "Invocations", f"{_id(rule)}_sent") for rule in rules)
    return (*matches(slug, rules), *sent)


def total(rules: Sequence[str]) -> str:
    """Add up the events of rules, of each the larger of its two counts, none where neither came.

    One rule alone, too: left missing, silence is judged by the event before it
    (docs/decisions/0039).
    """
    return " + ".join(f"MAX([FILL({_id(rule)}, 0), FILL({_id(rule)}_sent, 0)])" for rule in rules)


def _counted(slug: str, rule: str, name: str, id_: str) -> Metric:
    return Metric(
        id=id_,
        namespace="AWS/Events",
        name=name,
        stat="Sum",
        dimensions={"RuleName": f"{slug}-{rule}"},
    )


def _id(rule: str) -> str:
    return rule.replace("-", "_")
