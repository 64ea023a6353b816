"""IAM's events, which come in one region only, handed on to where the environment is."""

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from runbook.access.guard_rails import SECRET_BOUNDARY
from runbook.access.principals import Principals
from runbook.access.roles import IDENTITY_EVENTS
from runbook.model.environment import IDENTITY_REGION, Environment
from runbook_constructs.customer_key import CustomerKey
from runbook_constructs.event_rule import EVENTBRIDGE, EventRule, let_in, rule_arn
from runbook_constructs.secret_readers.patterns import identity_pattern
from stacks.runbook_stack import RunbookStack


class IdentityEventsStack(RunbookStack):
    """A rule in IAM's own region that sends to the bus of the environment's (ROVN-SEC-6)."""

    def __init__(self, scope: Construct, id_: str, *, environment: Environment) -> None:
        super().__init__(
            scope,
            id_,
            environment=environment,
            part=IDENTITY_EVENTS,
            description="Changes of identities",
            stateful=True,
            region=IDENTITY_REGION,
            boundary=SECRET_BOUNDARY,
        )
        principals = Principals(environment)
        name = principals.named(IDENTITY_EVENTS)
        bus = f"arn:aws:events:{environment.region}:{environment.account}:event-bus/default"
        key = CustomerKey(
            self,
            "Key",
            alias=f"alias/{environment.slug}/{IDENTITY_EVENTS}",
            description=f"Changes of identities that did not arrive, of {environment.name}",
            via=["sqs"],
        )
        key.allow_events()
        # The hourly look finds what these would have told; they say that something is wrong.
        dead_letters = sqs.Queue(
            self,
            "DeadLetters",
            queue_name=f"{name}-dead-letters",
            encryption=sqs.QueueEncryption.KMS,
            encryption_master_key=key,
            enforce_ssl=True,
            retention_period=Duration.days(14),
            # A create that is rolled back must free the name for the next try.
            removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        )
        rule = rule_arn(self, name)
        role = _sender(self, principals, rule, bus)
        EventRule(
            self,
            "Changes",
            name=name,
            description=f"To the bus of {environment.region}: what changes who may do what",
            pattern=identity_pattern(environment.account),
            target=bus,
            dead_letters=dead_letters,
            role_arn=role.role_arn,
        )
        let_in(dead_letters, [rule])


def _sender(scope: Construct, principals: Principals, rule: str, bus: str) -> iam.Role:
    """Make the role that puts events on the other bus, and may do nothing else."""
    role = iam.Role(
        scope,
        "Sender",
        role_name=principals.identity_events.rpartition("/")[2],
        description="Hands changes of identities on",
        assumed_by=iam.ServicePrincipal(
            EVENTBRIDGE,
            conditions={
                "StringEquals": {"aws:SourceAccount": principals.environment.account},
                "ArnEquals": {"aws:SourceArn": rule},
            },
        ),
    )
    iam.ManagedPolicy(
        scope,
        "SenderPolicy",
        roles=[role],
        description="Hands changes of identities on",
        statements=[iam.PolicyStatement(actions=["events:PutEvents"], resources=[bus])],
    )
    return role
