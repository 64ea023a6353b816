"""slack-guarded (ROVN-SEV-1, ROVN-SEC-2, ALL-7)."""

import pytest

from policies.rules.slack_guarded import RULE
from tests.policies.rules.harness import OPEN, Json, Real, properties, template, verdicts
from tests.policies.rules.spoiling import ABSENT, Spoil, add, all_pass, faults, setting

PART = "slack"
CONFIGURATION = "AWS::Chatbot::SlackChannelConfiguration"
ALARMS, SECURITY, GUARDRAIL = "SlackAlarms", "SlackSecurity", "SlackGuardrail"
TOPICS = "arn:aws:sns:us-east-2:111122223333:rovn-production-"


def alarms(path: str, value: object) -> Spoil:
    return setting(CONFIGURATION, ALARMS, path, value)


def test_both_channels_are_guarded(real: Real) -> None:
    assert all_pass(real, RULE, ALARMS, SECURITY)


@pytest.mark.clause("ROVN-SEV-1")
@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("GuardrailPolicies", ABSENT, "it has no guardrail: AWS takes AdministratorAccess"),
        ("GuardrailPolicies", [], "it has no guardrail: AWS takes AdministratorAccess"),
        (
            "GuardrailPolicies",
            ["arn:aws:iam::aws:policy/ReadOnlyAccess"],
            "its guardrail arn:aws:iam::aws:policy/ReadOnlyAccess is not a policy of ours",
        ),
        ("SlackWorkspaceId", "T0ANOTHER", "its workspace is T0ANOTHER, not T0EXAMPLE1"),
        ("SlackChannelId", "C0ANOTHER", "its channel C0ANOTHER is not in [alerting]"),
        ("SlackChannelId", "C0EXAMPLE2", "its channel C0EXAMPLE2 is not in [alerting]"),
        ("LoggingLevel", ABSENT, "LoggingLevel is NONE: nothing tells of a message that it drops"),
        (
            "CustomizationResourceArns",
            ["arn:aws:chatbot::111122223333:custom-action/restart"],
            "it has custom actions: from Slack nothing is done",
        ),
        (
            "IamRoleArn",
            "arn:aws:iam::111122223333:role/claude-deploy",
            "its role is arn:aws:iam::111122223333:role/claude-deploy, not "
            "arn:aws:iam::111122223333:role/rovn-production-slack",
        ),
        (
            "IamRoleArn",
            OPEN,
            "IamRoleArn: ${SomeParameter} is open: the parameter SomeParameter is given when it "
            "is deployed",
        ),
    ],
)
def test_a_channel_of_others_or_without_its_guardrail(
    production: Real, path: str, value: object, message: str
) -> None:
    assert faults(production, RULE, PART, alarms(path, value))[ALARMS] == message


@pytest.mark.clause("ALL-7")
def test_each_listens_to_its_topics_and_no_other(production: Real) -> None:
    told = faults(production, RULE, PART, alarms("SnsTopicArns.0", f"{TOPICS}security"))
    assert told[ALARMS] == (
        f"it does not listen to {TOPICS}sev-1; it listens to {TOPICS}security, which is not for it"
    )
    name = setting("AWS::SNS::Topic", "SeveritiesSev3", "TopicName", "another")
    assert faults(production, RULE, "production-alerts", name)[ALARMS] == (
        f"it listens to {TOPICS}sev-3, which is in no template"
    )


def guardrail(**said: object) -> Spoil:
    def spoil(body: Json) -> None:
        document = properties(body, "AWS::IAM::ManagedPolicy", GUARDRAIL)["PolicyDocument"]
        statement = document["Statement"][0]
        del statement["Action"]
        statement.update(said)

    return spoil


@pytest.mark.clause("ROVN-SEC-2")
def test_a_guardrail_reads_alarms_and_nothing_else(production: Real) -> None:
    wide = guardrail(Action=["cloudwatch:DescribeAlarms", "cloudwatch:DisableAlarmActions"])
    told = faults(production, RULE, PART, wide)
    assert told[SECURITY].startswith(f"its guardrail {GUARDRAIL}")
    assert told[SECURITY].endswith("allows cloudwatch:DisableAlarmActions")
    told = faults(production, RULE, PART, guardrail(NotAction="iam:*"))
    assert told[ALARMS].endswith("allows every action but some")
    assert not faults(production, RULE, PART, guardrail(Effect="Deny", Action="*"))


def test_both_must_exist(production: Real) -> None:
    told = faults(production, RULE, PART, alarms("ConfigurationName", "another"))
    assert told[None] == "no channel in Slack is rovn-production-alarms, C0EXAMPLE1"


def test_teams_has_no_channel_of_ours(production: Real) -> None:
    spoil = add("Teams", "AWS::Chatbot::MicrosoftTeamsChannelConfiguration")
    told = faults(production, RULE, PART, spoil)
    assert told == {"Teams": "it is a channel in Teams, and the environment file names none"}


def test_other_resources_are_not_looked_at() -> None:
    found = verdicts(RULE, template(PART, {"Key": {"Type": "AWS::KMS::Key"}}))
    assert found == {None: "rovn/production has nothing that the rule looks at"}


def test_only_this_rule_sees_a_channel_without_its_guardrail(real: Real) -> None:
    spoil = setting(CONFIGURATION, SECURITY, "GuardrailPolicies", ABSENT)
    assert real.caught(PART, spoil) == {(RULE.id, SECURITY)}
