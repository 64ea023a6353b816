"""secret-age-alarms (ROVN-SEC-3)."""

import json

import pytest

from policies.rules.secret_age_alarms import ALARM, FUNCTION, RULE
from runbook.model.loader import load_environment
from runbook.model.secret_ages import METRIC, WINDOW_HOURS, age_alarms
from tests.policies.rules.harness import OPEN, Json, Real, properties, resource, template, verdicts
from tests.policies.rules.spoiling import ABSENT, add, faults, setting

PART, FUNCTION_NAME = "secret-watch", "WatchAgesFunction"
SOON, LATE, TOKEN = "WatchStripeApiKeyDueSoon", "WatchStripeApiKeyLate", "WatchAdminTokenLate"
WINDOW = WINDOW_HOURS * 3600
SECURITY = "rovn-production-security"


def test_every_secret_is_measured_and_alarms(real: Real) -> None:
    statuses = real.statuses(RULE)
    passed = {name for name, status in statuses.items() if status == "pass"}
    assert "fail" not in statuses.values()
    alarms = {
        f"Watch{(name + '-' + alarm.symptom).title().replace('-', '')}"
        for name, secret in load_environment(real.name).secrets.items()
        for alarm in age_alarms(secret)
    }
    assert passed - {None} == {FUNCTION_NAME, *alarms}


@pytest.mark.clause("ROVN-SEC-3")
def test_who_brings_a_value_is_asked_at_80_and_at_100_percent() -> None:
    secrets = load_environment("rovn/production").secrets
    supplied = [(a.symptom, a.threshold) for a in age_alarms(secrets["stripe-api-key"])]
    assert supplied == [("due-soon", 80), ("late", 100)]
    assert [(a.symptom, a.threshold) for a in age_alarms(secrets["admin-token"])] == [("late", 100)]


@pytest.mark.clause("ROVN-SEC-3")
@pytest.mark.parametrize(
    ("name", "path", "value", "message"),
    [
        (
            SOON,
            "Threshold",
            85,
            "it is on at GreaterThanOrEqualToThreshold 85, not GreaterThanOrEqualToThreshold 80 or "
            "GreaterThanOrEqualToThreshold 100",
        ),
        (
            TOKEN,
            "ComparisonOperator",
            "LessThanThreshold",
            "it is on at LessThanThreshold 100, not GreaterThanThreshold 100",
        ),
        (
            SOON,
            "TreatMissingData",
            "notBreaching",
            "an age that nobody measures is notBreaching, not breaching",
        ),
        (
            SOON,
            "TreatMissingData",
            ABSENT,
            "an age that nobody measures is missing, not breaching",
        ),
        (SOON, "Statistic", "Minimum", "it looks at the Minimum of an age, not its Maximum"),
        (SOON, "Period", 86400, f"it looks 86400 seconds back, not {WINDOW}"),
        (SOON, "ActionsEnabled", "false", "its actions are shut off"),
        (SOON, "AlarmActions", [], f"it tells nobody by {SECURITY}"),
        (
            SOON,
            "AlarmActions",
            ["arn:aws:sns:us-east-2:111122223333:another"],
            f"it tells nobody by {SECURITY}",
        ),
        (
            SOON,
            "AlarmName",
            "another",
            f"the policy of {SECURITY} does not let cloudwatch.amazonaws.com publish for it",
        ),
        (
            SOON,
            "Dimensions.1.Value",
            "another",
            "it is on another, which is no secret of the environment file",
        ),
    ],
)
def test_an_alarm_that_is_off_or_deaf(
    production: Real, name: str, path: str, value: object, message: str
) -> None:
    assert faults(production, RULE, PART, setting(ALARM, name, path, value))[name] == message


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("Threshold", 100),
        ("Namespace", "Another"),
        ("MetricName", "Another"),
        ("Dimensions.0.Value", "rovn/staging"),
    ],
)
def test_an_age_that_alarms_nobody_is_said(production: Real, path: str, value: object) -> None:
    told = faults(production, RULE, PART, setting(ALARM, SOON, path, value))
    assert told[None] == "nothing alarms when stripe-api-key is due-soon at 80 %"


@pytest.mark.parametrize(
    ("plan", "found"),
    [
        ({"days": 365, "owner": "platform-engineering", "supplied": True}, None),
        ({"days": 90, "owner": "another", "supplied": True}, None),
        (None, "None"),
    ],
)
def test_it_works_by_the_plans_of_the_file(
    production: Real, plan: Json | None, found: str | None
) -> None:
    path = "Environment.Variables.PLANS"

    def spoil(body: Json) -> None:
        variables = properties(body, FUNCTION, FUNCTION_NAME)["Environment"]["Variables"]
        plans = json.loads(variables["PLANS"])
        plans["stripe-api-key"] = plan
        variables["PLANS"] = json.dumps(plans)

    wanted = {"days": 90, "owner": "platform-engineering", "supplied": True}
    told = faults(production, RULE, PART, spoil)
    assert told == {FUNCTION_NAME: f"its plan of stripe-api-key is {found or plan}, not {wanted}"}
    for nothing in ("no json", ABSENT):
        told = faults(production, RULE, PART, setting(FUNCTION, FUNCTION_NAME, path, nothing))
        assert f"its plan of stripe-api-key is None, not {wanted}" in told[FUNCTION_NAME]


def test_somebody_measures_and_is_run(production: Real) -> None:
    spoil = setting(FUNCTION, FUNCTION_NAME, "FunctionName", "another")
    assert faults(production, RULE, PART, spoil) == {
        None: "no function is called rovn-production-secret-ages: nobody measures how old secrets "
        "are"
    }
    for path, value in (("State", "DISABLED"), ("ScheduleExpression", ABSENT)):
        spoil = setting("AWS::Events::Rule", "WatchSchedule", path, value)
        told = faults(production, RULE, PART, spoil)
        assert told[None] == f"no schedule runs {function_id(production)}"


def function_id(real: Real) -> str:
    (found,) = [
        logical_id
        for template_ in real.reading.templates
        for logical_id in template_.body["Resources"]
        if logical_id.startswith(FUNCTION_NAME)
    ]
    return str(found)


def test_a_topic_that_refuses_alarms_is_seen(production: Real) -> None:
    def spoil(body: Json) -> None:
        policy = properties(body, "AWS::SNS::TopicPolicy", "DetectorTopicPolicy")["PolicyDocument"]
        policy["Statement"] = [s for s in policy["Statement"] if s["Sid"] != "PublishByAlarms"]

    told = faults(production, RULE, "records", spoil)
    assert told[LATE].endswith("does not let cloudwatch.amazonaws.com publish for it")


def test_an_open_value_fails(production: Real) -> None:
    told = faults(production, RULE, PART, setting(ALARM, SOON, "Threshold", OPEN))
    assert "${SomeParameter} is open" in told[SOON]
    told = faults(production, RULE, PART, setting(ALARM, SOON, "Dimensions.1.Value", OPEN))
    assert "${SomeParameter} is open" in told[SOON]


def test_other_alarms_are_not_looked_at() -> None:
    alarm = {"Type": ALARM, "Properties": {"MetricName": "CPUUtilization"}}
    assert verdicts(RULE, template("data", {"Thing": alarm}))["Thing"] == "not_applicable"


def test_one_alarm_more_is_judged_too(production: Real) -> None:
    spoil = add("Mine", ALARM, MetricName=METRIC, Dimensions=[{"Name": "Secret", "Value": "x"}])
    told = faults(production, RULE, PART, spoil)
    assert told == {"Mine": "it is on x, which is no secret of the environment file"}


@pytest.mark.parametrize("name", [SOON, LATE, TOKEN])
def test_only_this_rule_sees_an_alarm_that_is_shut_off(real: Real, name: str) -> None:
    def spoil(body: Json) -> None:
        properties(body, ALARM, name)["ActionsEnabled"] = False

    assert ("secret-age-alarms", name) in real.caught(PART, spoil)


def test_only_this_rule_sees_an_age_without_an_alarm(real: Real) -> None:
    def spoil(body: Json) -> None:
        resource(body, ALARM, SOON)["Properties"]["MetricName"] = "Another"

    assert real.caught(PART, spoil) == {("secret-age-alarms", "")}


def test_only_this_rule_sees_a_topic_that_refuses_alarms(real: Real) -> None:
    def spoil(body: Json) -> None:
        policy = properties(body, "AWS::SNS::TopicPolicy", "DetectorTopicPolicy")["PolicyDocument"]
        (alarms,) = [s for s in policy["Statement"] if s["Sid"] == "PublishByAlarms"]
        alarms["Condition"]["ArnLike"]["aws:SourceArn"] += "-x"

    assert {rule for rule, _ in real.caught("records", spoil)} == {"secret-age-alarms"}
