"""Events that ring alarms: attempts on the records, failed releases, rotations and backups."""

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from runbook.access.principals import Principals
from runbook.access.restart_names import restart_machine
from runbook.alarms import event_rules
from runbook.alarms.catalogue import alarms_of
from runbook.alarms.paging import EVENT_WATCH_DEAD_LETTERS
from runbook.model.environment import Environment
from runbook_constructs.customer_key import CustomerKey
from runbook_constructs.event_rule import let_in
from runbook_constructs.event_watch.infrastructure import EventWatch
from runbook_constructs.event_watch.patterns import Kept, Watched
from stacks.audit_stack import AuditStack
from stacks.runbook_stack import RunbookStack

# Each rule that tells somebody, and the alarm that says by its severity whom.
_ALARMS = {
    event_rules.TAMPER: "audit-tamper-attempt",
    event_rules.TAMPER_INSIDE: "audit-tamper-inside-account",
    **dict.fromkeys(event_rules.DEPLOYS, "deploy-failed"),
}


class EventWatchStack(RunbookStack):
    """Rules of EventBridge that alarms count, and that tell who did what (ROVN-ALM-6).

    Failed rotations are only counted: the topic of security is told of them already, and of what a
    finished backup says nobody needs to read. ``told`` are the severities whose topics it sends to.
    """

    def __init__(
        self, scope: Construct, id_: str, *, environment: Environment, audit: AuditStack
    ) -> None:
        super().__init__(
            scope,
            id_,
            environment=environment,
            part="event-watch",
            description="Events that ring alarms",
            stateful=True,
        )
        self._environment = environment
        self._key = CustomerKey(
            self,
            "EventWatchKey",
            alias=f"alias/{environment.slug}/event-watch",
            description=f"Events of {environment.name} that were counted or could not be told",
            via=["sqs"],
        )
        self._key.allow_events()
        dead_letters = self._queue("DeadLetters", EVENT_WATCH_DEAD_LETTERS)
        counted = self._queue("Counted", "event-watch-counted")
        severities = {alarm.id: alarm.severity for alarm in alarms_of(environment)}
        of_rules = {rule: severities[alarm] for rule, alarm in _ALARMS.items()}
        self.told = frozenset(of_rules.values())
        watch = EventWatch(
            self,
            "Watch",
            environment_name=environment.name,
            watched=self._watched(audit),
            severities=of_rules,
            counted=counted,
            dead_letters=dead_letters,
        )
        let_in(dead_letters, list(watch.rules.values()))
        let_in(counted, [arn for name, arn in watch.rules.items() if name not in _ALARMS])

    def _watched(self, audit: AuditStack) -> Watched:
        environment = self._environment
        place = f"{environment.region}:{environment.account}"
        return Watched(
            slug=environment.slug,
            region=environment.region,
            account=environment.account,
            kept=Kept(
                buckets=[audit.audit_bucket.bucket_name, audit.trail_bucket.bucket_name],
                keys=[audit.audit_key.key_arn, audit.trail_key.key_arn],
                trail=audit.trail_name,
            ),
            database=f"{environment.slug}-postgres",
            secrets=f"arn:aws:secretsmanager:{place}:secret:{environment.name}/",
            restart=restart_machine(Principals(environment)),
        )

    def _queue(self, id_: str, name: str) -> sqs.Queue:
        return sqs.Queue(
            self,
            id_,
            queue_name=f"{self._environment.slug}-{name}",
            encryption=sqs.QueueEncryption.KMS,
            encryption_master_key=self._key,
            enforce_ssl=True,
            retention_period=Duration.days(14),
            # A create that is rolled back must free the name for the next try.
            removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        )
