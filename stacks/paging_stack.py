"""When alarms are muted, and the monthly test of the pager."""

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from runbook.access.guard_rails import WATCH_BOUNDARY
from runbook.access.principals import Principals
from runbook.access.roles import PAGING
from runbook.alarms.catalogue import alarms_of
from runbook.alarms.paging import TEST_PAGE, topic
from runbook.alarms.severities import level
from runbook.alarms.test_page import schedules
from runbook.model.environment import Environment
from runbook_constructs.customer_key import CustomerKey
from runbook_constructs.event_rule import let_in
from runbook_constructs.mute_rules import MuteRules
from runbook_constructs.test_page.infrastructure import TestPage
from stacks.runbook_stack import RunbookStack


class PagingStack(RunbookStack):
    """Mute rules outside business hours, and the test page with its count (ROVN-SEV-1, ALL-7).

    CloudWatch takes a rule for alarms that are there only: it stands behind all of them.
    """

    def __init__(self, scope: Construct, id_: str, *, environment: Environment) -> None:
        super().__init__(
            scope,
            id_,
            environment=environment,
            part="paging",
            description="Who is told when, and the test of the pager",
            stateful=True,
            boundary=WATCH_BOUNDARY,
        )
        self._environment = environment
        MuteRules(self, "Muted", environment=environment)
        self._key = CustomerKey(
            self,
            "PagingKey",
            alias=f"alias/{environment.slug}/paging",
            description=f"Logs and lost events of the test page of {environment.name}",
            via=["sqs"],
        )
        self._key.allow_events()
        # What could not ring or count. Its count of messages is alarmed on.
        self._dead_letters = sqs.Queue(
            self,
            "DeadLetters",
            queue_name=f"{environment.slug}-paging-dead-letters",
            encryption=sqs.QueueEncryption.KMS,
            encryption_master_key=self._key,
            enforce_ssl=True,
            retention_period=Duration.days(14),
            # A create that is rolled back must free the name for the next try.
            removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        )
        let_in(self._dead_letters, self._add_test_page().rules)

    def _add_test_page(self) -> TestPage:
        environment = self._environment
        alarm = next(found for found in alarms_of(environment) if found.id == TEST_PAGE)
        place = f"{environment.region}:{environment.account}"
        return TestPage(
            self,
            "TestPage",
            name=Principals(environment).named(PAGING),
            environment_name=environment.name,
            alarm=alarm.name(environment.slug),
            topic=f"arn:aws:sns:{place}:{topic(environment.slug, alarm.severity)}",
            channels=len(level(environment.organisation, alarm.severity).channels),
            schedules=schedules(environment.alerting),
            key=self._key,
            dead_letters=self._dead_letters,
            log_retention_days=environment.trail.log_retention_days,
        )
