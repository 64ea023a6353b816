"""Where alarms are delivered: the topics of each region, and who is subscribed (ROVN-SEV-1)."""

from collections.abc import Mapping
from dataclasses import dataclass

from runbook.alarms.alarm import BudgetAlarm, Stands
from runbook.alarms.catalogue import alarms_of
from runbook.alarms.paging import topic
from runbook.alarms.severities import Level, level, levels
from runbook.model.environment import IDENTITY_REGION, Environment

# The topic of those who look after security, without the slug; its stack is that of records.
SECURITY = "security"


@dataclass(frozen=True)
class SlackChannel:
    """One channel: its configuration's ``name``, its ``id`` in Slack, the ARNs it listens to."""

    name: str
    id: str
    topics: tuple[str, ...]


def levels_by_region(environment: Environment) -> Mapping[str, tuple[Level, ...]]:
    """Map each region that has topics to their severities.

    An alarm tells topics of its own region only: probes stand where Route 53's metrics are, and
    their topics beside them, so that such a page does not hang on the environment's region.
    """
    every = levels(environment.organisation)
    if environment.region == IDENTITY_REGION:
        return {environment.region: every}
    probes = {
        level(environment.organisation, alarm.severity).id
        for alarm in alarms_of(environment)
        if alarm.stands is Stands.PROBE
    }
    edge = tuple(each for each in every if each.id in probes)
    return {environment.region: every, IDENTITY_REGION: edge}


def budget_levels(environment: Environment) -> frozenset[str]:
    """Name the severities that AWS Budgets publishes to."""
    budgets = (alarm for alarm in alarms_of(environment) if isinstance(alarm, BudgetAlarm))
    return frozenset(level(environment.organisation, each.severity).id for each in budgets)


def topic_arn(environment: Environment, region: str, what: str) -> str:
    """Write the ARN of a topic by convention; ``what`` is a severity, or ``SECURITY``."""
    place = f"{region}:{environment.account}"
    return f"arn:aws:sns:{place}:{topic(environment.slug, what)}"


def pager_secret(environment: Environment) -> str:
    """Name the secret that holds the pager's address, the same in every region that has it."""
    return f"{environment.name}/{environment.alerting.pager_secret}"


def pager_reference(environment: Environment) -> str:
    """Write what CloudFormation replaces by the pager's address, from the stack's own region."""
    return f"{{{{resolve:secretsmanager:{pager_secret(environment)}:SecretString}}}}"


def slack_channels(environment: Environment) -> tuple[SlackChannel, ...]:
    """List the channels: the alarms' one with every severity's topics, and security's."""
    alarms = tuple(
        topic_arn(environment, region, each.id)
        for region, those in levels_by_region(environment).items()
        for each in those
        if "slack" in each.channels
    )
    security = (topic_arn(environment, environment.region, SECURITY),)
    alerting = environment.alerting
    return (
        SlackChannel(f"{environment.slug}-alarms", alerting.alarm_channel, alarms),
        SlackChannel(f"{environment.slug}-{SECURITY}", alerting.security_channel, security),
    )
