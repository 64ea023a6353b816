"""ROVN-SEV-1, ROVN-SEC-2: channels in Slack show what they are for, and nobody acts from there."""

from collections.abc import Iterator
from typing import Any

from policies.iam.grants import grants_of
from policies.lookups.alert_delivery import SLACK, TOPIC
from policies.lookups.references import find
from policies.rule import Rule
from policies.templates.scope import Resource, Scope
from policies.templates.values import known
from runbook.alarms.delivery import SlackChannel, slack_channels

Json = Any
TEAMS = "AWS::Chatbot::MicrosoftTeamsChannelConfiguration"
POLICY = "AWS::IAM::ManagedPolicy"
# What a message about an alarm is drawn from.
READS = frozenset(
    {
        "cloudwatch:DescribeAlarms",
        "cloudwatch:GetMetricData",
        "cloudwatch:GetMetricWidgetImage",
    }
)


def _judge(resource: Resource, scope: Scope) -> Iterator[str]:
    if resource.type == TEAMS:
        yield "it is a channel in Teams, and the environment file names none"
        return
    channel = _meant(resource, scope)
    if channel is None:
        yield f"its channel {resource.at('SlackChannelId')} is not in [alerting]"
    else:
        yield from _topics(resource, channel, scope)
    workspace = scope.environment.alerting.slack_workspace
    if (found := resource.at("SlackWorkspaceId")) != workspace:
        yield f"its workspace is {found}, not {workspace}"
    if (level := resource.at("LoggingLevel", "NONE")) not in ("ERROR", "INFO"):
        yield f"LoggingLevel is {level}: nothing tells of a message that it drops"
    if resource.at("CustomizationResourceArns"):
        yield "it has custom actions: from Slack nothing is done"
    role = scope.principals.slack
    if (carried := resource.at("IamRoleArn")) != role:
        yield f"its role is {carried}, not {role}"
    yield from _guardrails(resource, scope)


def _meant(resource: Resource, scope: Scope) -> SlackChannel | None:
    """Find what a channel is for: two may be one in Slack, so by its name, too."""
    name, id_ = resource.at("ConfigurationName"), resource.at("SlackChannelId")
    channels = slack_channels(scope.environment)
    return next((each for each in channels if (each.name, each.id) == (name, id_)), None)


def _topics(resource: Resource, channel: SlackChannel, scope: Scope) -> Iterator[str]:
    found = {str(known(value)) for value in resource.at("SnsTopicArns", [])}
    for arn in channel.topics:
        if arn not in found:
            yield f"it does not listen to {arn}"
        elif find(arn, scope, TOPIC) is None and scope.whole:
            yield f"it listens to {arn}, which is in no template"
    for arn in sorted(found.difference(channel.topics)):
        yield f"it listens to {arn}, which is not for it"


def _guardrails(resource: Resource, scope: Scope) -> Iterator[str]:
    guardrails = resource.at("GuardrailPolicies", [])
    if not guardrails:
        yield "it has no guardrail: AWS takes AdministratorAccess"
    for value in guardrails:
        policy = find(value, scope, POLICY)
        if policy is None:
            yield f"its guardrail {known(value)} is not a policy of ours"
            continue
        for statement in grants_of(scope).at(policy):
            if not statement.allows:
                continue
            if "NotAction" in statement.body:
                yield f"its guardrail {policy.logical_id} allows every action but some"
                continue
            more = sorted(set(statement.text("Action")) - READS)
            if more:
                yield f"its guardrail {policy.logical_id} allows {', '.join(more)}"


def _required(scope: Scope) -> Iterator[str]:
    there = [_meant(each, scope) for each in scope.resources(SLACK)]
    for channel in slack_channels(scope.environment):
        if channel not in there:
            yield f"no channel in Slack is {channel.name}, {channel.id}"


RULE = Rule(
    id="slack-guarded",
    title="Channels in Slack are the environment file's, listen to their topics, and let nobody do "
    "more than read alarms",
    why="Without a guardrail whoever is in the channel acts as an administrator as soon as a role "
    "lets them; a channel of another workspace shows our outages to strangers.",
    remedy="Leave channels to runbook_constructs.slack_channels; workspace and channels stand in "
    "[alerting] of the environment file.",
    clauses=("ROVN-SEV-1", "ROVN-SEC-2", "ALL-7"),
    controls=("HIPAA 164.312(a)(1)", "NIST AC-6", "NIST IR-6", "SOC2 CC6.3"),
    types=(SLACK, TEAMS),
    judge=_judge,
    required=_required,
    waivable=False,
)
