"""Rules over events: each is counted for an alarm, and most are told to whom the alarm tells."""

from collections.abc import Mapping

from aws_cdk import Stack
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from runbook.alarms import event_rules
from runbook.alarms.paging import topic
from runbook_constructs.event_rule import EventRule, rule_arn
from runbook_constructs.event_watch.messages import messages
from runbook_constructs.event_watch.patterns import Watched, patterns

_DESCRIPTIONS = {
    event_rules.TAMPER: "Locked records: calls on them by others than our account",
    event_rules.TAMPER_INSIDE: "Locked records: calls on them by principals of our own account",
    event_rules.BACKUP_DONE: "Counts automated backups of the database that were finished",
    event_rules.ROTATION_FAILED: "Counts rotations, and restarts after them, that failed",
}


class EventWatch(Construct):
    """The rules that alarms of the catalogue count (ROVN-ALM-6, ROVN-DEP-4, ROVN-BCK-1).

    ``severities`` maps a rule to the severity whose topic it tells; a rule that is not in it is
    only counted, and sends to ``counted``: a rule without a target may count nothing. Topics are
    named by convention. ``rules`` maps each name to its rule's ARN.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        environment_name: str,
        watched: Watched,
        severities: Mapping[str, str],
        counted: sqs.IQueue,
        dead_letters: sqs.IQueue,
    ) -> None:
        super().__init__(scope, id_)
        stack = Stack.of(self)
        said = messages(environment_name)
        self.rules: dict[str, str] = {}
        for what, pattern in patterns(watched).items():
            name = f"{watched.slug}-{what}"
            told = f"arn:aws:sns:{stack.region}:{stack.account}:"
            EventRule(
                self,
                what.title().replace("-", ""),
                name=name,
                description=_DESCRIPTIONS.get(what, "Deployments, pipelines, stacks that failed"),
                pattern=pattern,
                target=told + topic(watched.slug, severities[what])
                if what in severities
                else counted.queue_arn,
                dead_letters=dead_letters,
                messages=[said[what] if what in severities else None],
            )
            self.rules[what] = rule_arn(self, name)
