"""alarms-see-something (ALL-7)."""

import pytest

from policies.lookups.catalogue import ALARM
from policies.rules.alarms_see_something import RULE
from tests.policies.rules.harness import OPEN, Real, template, verdicts
from tests.policies.rules.spoiling import ABSENT, Spoil, faults, setting

CPU, QUEUE = "CatalogueRdsCpuAlarm", "CatalogueMessagesUndeliveredSecretWatchDeadLettersAlarm"
DIMENSION = "Metrics.0.MetricStat.Metric.Dimensions.0"


def test_every_alarm_sees_something(real: Real) -> None:
    statuses = real.statuses(RULE)
    assert {CPU, QUEUE} <= set(statuses)
    assert set(statuses.values()) == {"pass"}


@pytest.mark.clause("ALL-7")
@pytest.mark.parametrize(
    ("part", "spoil", "name", "message"),
    [
        (
            "secret-watch",
            setting("AWS::SQS::Queue", "DeadLetters", "QueueName", "another"),
            QUEUE,
            "waiting is of no AWS::SQS::Queue of us-east-2: none is called "
            "rovn-production-secret-watch-dead-letters",
        ),
        (
            "secret-watch",
            setting("AWS::SQS::Queue", "DeadLetters", "QueueName", ABSENT),
            QUEUE,
            "waiting is of no AWS::SQS::Queue of us-east-2: none is called "
            "rovn-production-secret-watch-dead-letters",
        ),
        (
            "records",
            setting("AWS::Events::Rule", "DetectorTraffic", "Name", "another"),
            "CatalogueDeploymentConfigurationChangedAlarm",
            "detector_traffic is of no AWS::Events::Rule of us-east-2: none is called "
            "rovn-production-detector-traffic; detector_traffic_sent is of no AWS::Events::Rule of "
            "us-east-2: none is called rovn-production-detector-traffic",
        ),
        (
            "alarms",
            setting(ALARM, CPU, f"{DIMENSION}.Value", "another"),
            CPU,
            "value is of no AWS::RDS::DBInstance of us-east-2: none is called another",
        ),
    ],
)
def test_an_alarm_on_nothing_fails(
    production: Real, part: str, spoil: Spoil, name: str, message: str
) -> None:
    assert faults(production, RULE, part, spoil) == {name: message}


def test_an_open_value_fails(production: Real) -> None:
    told = faults(production, RULE, "alarms", setting(ALARM, CPU, f"{DIMENSION}.Value", OPEN))
    assert "${SomeParameter} is open" in told[CPU]


def test_what_stands_in_another_region_is_not_seen() -> None:
    def of(region: str) -> str:
        queue = {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "letters"}}}
        metric = {"Dimensions": [{"Name": "QueueName", "Value": "letters"}]}
        metrics = [{"Id": "waiting", "MetricStat": {"Metric": metric}}]
        alarm = {"Alarm": {"Type": ALARM, "Properties": {"Metrics": metrics}}}
        stacks = (template("alarms", alarm), template("edge", queue, region=region))
        return verdicts(RULE, *stacks, whole=True)["Alarm"]

    assert of("us-east-2") == "pass"
    assert of("us-east-1") == (
        "waiting is of no AWS::SQS::Queue of us-east-2: none is called letters"
    )


def test_a_template_alone_is_not_asked_what_others_hold() -> None:
    metric = {"Dimensions": [{"Name": "QueueName", "Value": "letters"}]}
    metrics = [{"Id": "waiting", "MetricStat": {"Metric": metric}}]
    alarm = {"Alarm": {"Type": ALARM, "Properties": {"Metrics": metrics}}}
    assert verdicts(RULE, template("alarms", alarm))["Alarm"] == "pass"


@pytest.mark.clause("ALL-7")
def test_only_this_rule_sees_a_queue_with_another_name(production: Real) -> None:
    spoil = setting("AWS::SQS::Queue", "DeadLetters", "QueueName", "another")
    assert (RULE.id, QUEUE) in production.caught("secret-watch", spoil)
