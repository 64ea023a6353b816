"""What is recorded of releases and rotations, what goes when it is old, and what pages."""

from aws_cdk import CfnOutput, Duration, RemovalPolicy
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from runbook.access.guard_rails import FUNCTION_BOUNDARY
from runbook.access.principals import Principals
from runbook.access.restart_names import restart_machine
from runbook.access.roles import RELEASE_RECORDS, SECRET_RESTART, SNAPSHOT_JANITOR
from runbook.model.environment import Environment
from runbook_constructs.customer_key import CustomerKey
from runbook_constructs.deployment_detector.infrastructure import DeploymentDetector
from runbook_constructs.deployment_detector.patterns import Guarded
from runbook_constructs.event_rule import let_in
from runbook_constructs.release_records.infrastructure import ReleaseRecords
from runbook_constructs.release_records.patterns import Watched
from runbook_constructs.secret_events.infrastructure import SecretEvents
from runbook_constructs.snapshot_janitor.infrastructure import SnapshotJanitor
from stacks.audit_stack import AuditStack
from stacks.runbook_stack import RunbookStack


class RecordsStack(RunbookStack):
    """Records of releases, the snapshot janitor, the detector (ROVN-AUD-1, ROVN-MIG-2, ALL-3).

    It knows pipelines, stacks and state machines by the names that they have by convention, so it
    stands before them and sees their first event.
    """

    def __init__(
        self, scope: Construct, id_: str, *, environment: Environment, audit: AuditStack
    ) -> None:
        super().__init__(
            scope,
            id_,
            environment=environment,
            part="records",
            description="Records of releases",
            stateful=True,
            boundary=FUNCTION_BOUNDARY,
        )
        self._environment = environment
        self._place = f"{environment.region}:{environment.account}"
        self._key = self._add_key("RecordsKey", "release-records", "Events on their way to records")
        self._key.allow_events()
        # What nobody could deliver, record or delete. Its count of messages is what to alarm on.
        self._dead_letters = sqs.Queue(
            self,
            "DeadLetters",
            queue_name=f"{environment.slug}-release-records-dead-letters",
            encryption=sqs.QueueEncryption.KMS,
            encryption_master_key=self._key,
            enforce_ssl=True,
            retention_period=Duration.days(14),
            # A create that is rolled back must free the name for the next try.
            removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        )
        records = self._add_records(audit)
        janitor = self._add_janitor()
        self.security_key = self._add_key("SecurityKey", "security", "Pages of the detector")
        self.security_key.allow_events()
        detector = self._add_detector()
        self.security_topic = detector.topic
        of_secrets = self._add_secret_events()
        rules = [*records.rules, janitor.rule, *detector.rules, *of_secrets.rules]
        let_in(self._dead_letters, rules)
        CfnOutput(
            self,
            "SecurityTopic",
            value=detector.topic.topic_arn,
            description="Takes the pages of the detector",
        )

    def _add_records(self, audit: AuditStack) -> ReleaseRecords:
        environment = self._environment
        principals = Principals(environment)
        return ReleaseRecords(
            self,
            "Releases",
            name=principals.named(RELEASE_RECORDS),
            environment_name=environment.name,
            watched=Watched(
                slug=environment.slug,
                place=self._place,
                services=principals.service_names,
                gates=[principals.named(f"{key}-migrate") for key in environment.services],
                restart=principals.named(SECRET_RESTART),
                freeze=f"/{environment.name}/release-freeze",
            ),
            bucket=audit.audit_bucket,
            bucket_key=audit.audit_key,
            key=self._key,
            dead_letters=self._dead_letters,
            log_retention_days=environment.trail.log_retention_days,
        )

    def _add_janitor(self) -> SnapshotJanitor:
        environment = self._environment
        principals = Principals(environment)
        return SnapshotJanitor(
            self,
            "Snapshots",
            name=principals.named(SNAPSHOT_JANITOR),
            environment_name=environment.name,
            instance=f"{environment.slug}-postgres",
            prefixes=[f"{name}-" for name in principals.service_names],
            keep_days=environment.database.pre_deploy_snapshot_days,
            key=self._key,
            dead_letters=self._dead_letters,
            log_retention_days=environment.trail.log_retention_days,
        )

    def _add_detector(self) -> DeploymentDetector:
        environment = self._environment
        return DeploymentDetector(
            self,
            "Detector",
            name=Principals(environment).named("detector"),
            environment_name=environment.name,
            guarded=Guarded(slug=environment.slug, place=self._place),
            key=self.security_key,
            dead_letters=self._dead_letters,
        )

    def _add_secret_events(self) -> SecretEvents:
        environment = self._environment
        principals = Principals(environment)
        return SecretEvents(
            self,
            "SecretEvents",
            name=principals.named("secret-events"),
            environment_name=environment.name,
            secrets=f"arn:aws:secretsmanager:{self._place}:secret:{environment.name}/",
            machine=restart_machine(principals),
            topic=self.security_topic,
            dead_letters=self._dead_letters,
        )

    def _add_key(self, id_: str, alias: str, what: str) -> CustomerKey:
        environment = self._environment
        return CustomerKey(
            self,
            id_,
            alias=f"alias/{environment.slug}/{alias}",
            description=f"{what} of {environment.name}",
            via=["sns"] if alias == "security" else ["sqs"],
        )
