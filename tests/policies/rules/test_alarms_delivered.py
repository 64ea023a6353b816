"""alarms-delivered (ALL-7, ROVN-SEV-1)."""

import json

import pytest

from policies.lookups.alert_delivery import shows_in_slack
from policies.rules.alarms_delivered import RULE
from tests.policies.rules.harness import OPEN, Json, Real, properties, template, verdicts
from tests.policies.rules.spoiling import Spoil, add, faults, setting

HOME = "production-alerts"
ALARM, EVENTS, BUDGET = "AWS::CloudWatch::Alarm", "AWS::Events::Rule", "AWS::Budgets::Budget"
POLICY, SLACK = "AWS::SNS::TopicPolicy", "AWS::Chatbot::SlackChannelConfiguration"
TOPICS = "arn:aws:sns:us-east-2:111122223333:rovn-production-"
EDGE = TOPICS.replace("us-east-2", "us-east-1")
CLOUDWATCH, BUDGETS = "cloudwatch.amazonaws.com", "budgets.amazonaws.com"
EVENTBRIDGE = "events.amazonaws.com"
SCHEMA = {"version": "1.0", "source": "custom", "content": {"description": "<what>"}}


def alarm(*topics: object, **given: object) -> Spoil:
    said = {"AlarmName": "rovn-production-more", "AlarmActions": list(topics), **given}
    return add("More", ALARM, **said)


def rule(topic: str, **target: object) -> Spoil:
    targets = [{"Id": "one", "Arn": topic, **target}]
    return add("More", EVENTS, Name="rovn-production-more", Targets=targets)


def told(real: Real, *spoils: Spoil, part: str = HOME) -> str:
    return faults(real, RULE, part, *spoils).get("More", "")


def test_whatever_tells_topics_is_followed_to_its_end(real: Real) -> None:
    statuses = real.statuses(RULE)
    assert "fail" not in statuses.values()
    passed = {name for name, status in statuses.items() if name and status == "pass"}
    for kind in ("Detector", "Watch", "Catalogue", "BudgetExceeded", "SecretEvents"):
        assert any(name.startswith(kind) for name in passed), kind


def test_an_alarm_that_is_heard_passes(production: Real) -> None:
    assert told(production, alarm(f"{TOPICS}sev-1", f"{TOPICS}sev-4")) == ""
    assert told(production, alarm(f"{EDGE}sev-2"), part="edge-alerts") == ""


@pytest.mark.clause("ALL-7")
@pytest.mark.parametrize(
    ("topics", "given", "message"),
    [
        (
            [f"{TOPICS}sev-9"],
            {},
            f"it tells {TOPICS}sev-9, which is in no template",
        ),
        (
            [f"{EDGE}sev-1"],
            {},
            "it is in us-east-2 and tells rovn-production-sev-1 in us-east-1: AWS takes topics of "
            "one region; the policy of rovn-production-sev-1 does not let "
            f"{CLOUDWATCH} publish for it; the key of rovn-production-sev-1 does not let "
            f"{CLOUDWATCH} use it",
        ),
        (
            [f"{TOPICS}sev-1"],
            {"AlarmName": "another"},
            f"the policy of rovn-production-sev-1 does not let {CLOUDWATCH} publish for it; "
            f"the key of rovn-production-sev-1 does not let {CLOUDWATCH} use it",
        ),
        (
            [f"{TOPICS}approvals"],
            {},
            f"the policy of rovn-production-approvals does not let {CLOUDWATCH} publish for it; "
            f"the key of rovn-production-approvals does not let {CLOUDWATCH} use it; "
            "nobody listens to rovn-production-approvals",
        ),
    ],
)
def test_an_alarm_that_nobody_hears(
    production: Real, topics: list[str], given: Json, message: str
) -> None:
    assert told(production, alarm(*topics, **given)) == message


def test_what_is_told_when_it_ends_counts_too(production: Real) -> None:
    spoil = alarm(f"{TOPICS}sev-1", OKActions=[f"{TOPICS}sev-9"])
    assert told(production, spoil) == f"it tells {TOPICS}sev-9, which is in no template"


def test_an_open_topic_fails(production: Real) -> None:
    assert "${SomeParameter} is open" in told(production, alarm(OPEN))


def test_other_actions_are_not_looked_at(production: Real) -> None:
    scaling = "arn:aws:autoscaling:us-east-2:111122223333:scalingPolicy:1"
    assert told(production, alarm(scaling)) == ""


@pytest.mark.clause("ALL-7")
def test_a_topic_that_nobody_listens_to(production: Real) -> None:
    quiet = setting(SLACK, "SlackAlarms", "SnsTopicArns", [])
    found = faults(production, RULE, "slack", quiet)
    assert "nobody listens to rovn-production-sev-2" in set(found.values())
    # The gravest still reach the pager; what rules and budgets say the pager cannot read.
    assert "nobody listens to rovn-production-sev-1" not in set(found.values())
    assert found["BudgetExceeded"] == (
        "no channel in Slack listens to rovn-production-sev-3, and a pager reads alarms alone"
    )


@pytest.mark.clause("ALL-7")
def test_a_rule_tells_what_slack_shows(production: Real) -> None:
    let_in = f"the policy of rovn-production-sev-4 does not let {EVENTBRIDGE} publish for it"
    assert told(production, rule(f"{TOPICS}sev-4")) == let_in
    dropped = (
        "Slack drops what one sends to rovn-production-sev-1: it is no event, and of no schema"
    )
    for given in (
        {"InputTransformer": {"InputTemplate": '"<what> happened"'}},
        {"InputTransformer": {"InputTemplate": "no json"}},
        {"InputTransformer": {"InputTemplate": json.dumps({**SCHEMA, "source": "aws"})}},
        {"InputTransformer": {"InputTemplate": json.dumps({**SCHEMA, "content": {}})}},
        {"InputPath": "$.detail"},
        {"Input": '{"what": 1}'},
    ):
        assert told(production, rule(f"{TOPICS}sev-1", **given)) == dropped
    for given in (
        {},
        {"Input": json.dumps(SCHEMA)},
        {"InputTransformer": {"InputTemplate": json.dumps(SCHEMA)}},
        {"InputTransformer": {"InputTemplate": json.dumps(SCHEMA).replace('"<what>"', "<what>")}},
    ):
        assert told(production, rule(f"{TOPICS}sev-1", **given)) == ""
        assert shows_in_slack(given)


def test_eventbridge_tells_no_source_for_sure(production: Real) -> None:
    """A condition on the source would drop each of its messages."""
    at = "PolicyDocument.Statement.2.Condition"
    demanding = {"StringEquals": {"aws:SourceAccount": "111122223333"}}
    spoil = setting(POLICY, "SeveritiesSev1Policy", at, demanding)
    assert told(production, rule(f"{TOPICS}sev-1"), spoil) == (
        f"the policy of rovn-production-sev-1 does not let {EVENTBRIDGE} publish for it"
    )


@pytest.mark.clause("ROVN-SEV-1")
def test_a_budget_needs_its_own_way_in(production: Real) -> None:
    at = "PolicyDocument.Statement.2"
    for path, value in (
        ("Principal.Service", "backup.amazonaws.com"),
        ("Condition.ArnLike", {"aws:SourceArn": "arn:aws:budgets::999999999999:*"}),
    ):
        spoil = setting(POLICY, "SeveritiesSev3Policy", f"{at}.{path}", value)
        found = faults(production, RULE, HOME, spoil)["BudgetExceeded"]
        wanted = f"the policy of rovn-production-sev-3 does not let {BUDGETS} publish for it"
        assert set(found.split("; ")) == {wanted}


def test_backups_are_followed_too(production: Real) -> None:
    notifications = {"SNSTopicArn": f"{TOPICS}sev-2", "BackupVaultEvents": ["BACKUP_JOB_FAILED"]}
    spoil = add("More", "AWS::Backup::BackupVault", Notifications=notifications)
    assert told(production, spoil) == (
        "the policy of rovn-production-sev-2 does not let backup.amazonaws.com publish for it; "
        "the key of rovn-production-sev-2 does not let backup.amazonaws.com use it"
    )


def test_some_alarm_must_tell_somebody() -> None:
    silent = {"Type": ALARM, "Properties": {"AlarmName": "x"}}
    found = verdicts(RULE, template("alarms", {"Silent": silent}), whole=True)
    assert found == {"Silent": "not_applicable", None: "no alarm tells any topic"}


def test_only_the_proofs_see_a_key_that_refuses_alarms(production: Real) -> None:
    def spoil(body: Json) -> None:
        policy = properties(body, "AWS::KMS::Key", "AlertsKey")["KeyPolicy"]
        policy["Statement"] = [s for s in policy["Statement"] if s.get("Sid") != "SendAlarms"]

    rules = {rule for rule, _ in production.caught("edge-alerts", spoil)}
    assert rules == {RULE.id, "severities-delivered", "key-grants-services"}


def test_only_this_rule_sees_a_message_that_slack_drops(production: Real) -> None:
    path = "Targets.0.InputTransformer.InputTemplate"
    spoil = setting(EVENTS, "DetectorUngated", path, '"<call>"')
    assert production.caught("records", spoil) == {(RULE.id, "DetectorUngated")}
