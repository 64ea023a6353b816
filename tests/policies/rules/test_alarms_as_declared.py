"""alarms-as-declared (ALL-7, ROVN-ALM-1 to -10)."""

from typing import Any

import pytest

from policies.lookups.catalogue import ALARM, COMPOSITE
from policies.rules.alarms_as_declared import RULE
from runbook.model.loader import load_environment
from tests.policies.rules.harness import OPEN, Json, Real, properties, template, verdicts
from tests.policies.rules.spoiling import (
    ABSENT,
    APP,
    Spoil,
    add,
    faults,
    services_are,
    setting,
)

ERRORS, CPU = "AlarmsApi5XxRatePassportApiAlarm", "CatalogueRdsCpuAlarm"
QUIET, CANARY = "CatalogueApiNoTrafficPassportApiAlarm", "CatalogueCanaryFailedPassportApiAlarm"
RUNS = "CatalogueCanaryFailedPassportApiCanaryRuns"
EXPIRY = "AlarmsCertificateExpiryAlarm"
SNS = "arn:aws:sns:us-east-2:111122223333:rovn-production"
# Where the metrics of api-5xx-rate stand, in the order of runbook/alarms/web.py.
BALANCER, BLUE, GREEN = 0, 1, 2


def errors(path: str, value: object) -> Spoil:
    return setting(ALARM, ERRORS, path, value)


def cpu(path: str, value: object) -> Spoil:
    return setting(ALARM, CPU, path, value)


def gone(kind: str, name: str) -> Spoil:
    def spoil(body: Json) -> None:
        lost = properties(body, kind, name)
        kept = {k: v for k, v in body["Resources"].items() if v.get("Properties") is not lost}
        body["Resources"] = kept

    return spoil


def listed(name: str, key: str, change: Any) -> Spoil:  # noqa: ANN401 - JSON is any value
    """Change a list of an alarm's properties."""

    def spoil(body: Json) -> None:
        found = properties(body, ALARM, name)
        found[key] = change(found[key])

    return spoil


def test_every_alarm_is_looked_at_and_as_the_catalogue_has_it(real: Real) -> None:
    statuses = real.statuses(RULE)
    assert set(statuses.values()) == {"pass"}
    assert {ERRORS, CPU, QUIET, CANARY, RUNS, EXPIRY} <= set(statuses)


@pytest.mark.clause("ALL-7")
@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("Threshold", 90, "Threshold is 90, not 85"),
        ("Threshold", "90", "Threshold is 90, not 85"),
        ("Threshold", ABSENT, "Threshold is not set, not 85"),
        (
            "ComparisonOperator",
            "LessThanThreshold",
            "ComparisonOperator is LessThanThreshold, not GreaterThanThreshold",
        ),
        ("EvaluationPeriods", 30, "EvaluationPeriods is 30, not 3"),
        ("DatapointsToAlarm", ABSENT, "DatapointsToAlarm is not set, not 3"),
        ("TreatMissingData", "notBreaching", "TreatMissingData is notBreaching, not breaching"),
        ("TreatMissingData", ABSENT, "TreatMissingData is not set, not breaching"),
        ("ActionsEnabled", "false", "ActionsEnabled is False, not True"),
        ("AlarmActions", [], f"AlarmActions is nobody, not {SNS}-sev-2"),
        ("AlarmActions", ABSENT, f"AlarmActions is nobody, not {SNS}-sev-2"),
        ("AlarmActions", [f"{SNS}-sev-4"], f"AlarmActions is {SNS}-sev-4, not {SNS}-sev-2"),
        ("OKActions", [], f"OKActions is nobody, not {SNS}-sev-2"),
        (
            "InsufficientDataActions",
            [f"{SNS}-sev-1"],
            f"InsufficientDataActions is {SNS}-sev-1, not nobody",
        ),
        ("Unit", "Count", "Unit is Count, of which the catalogue knows nothing"),
        ("Metrics.0.ReturnData", False, "value: ReturnData is False, not True"),
        ("Metrics.0.MetricStat.Stat", "Maximum", "value: Stat is Maximum, not Average"),
        ("Metrics.0.MetricStat.Period", 3600, "value: Period is 3600, not 300"),
        (
            "Metrics.0.MetricStat.Unit",
            "Count",
            "value: Unit is Count, of which the catalogue knows nothing",
        ),
        (
            "Metrics.0.Period",
            300,
            "value: Period beside MetricStat is 300, of which the catalogue knows nothing",
        ),
        (
            "Metrics.0.Stat",
            "Maximum",
            "value: Stat beside MetricStat is Maximum, of which the catalogue knows nothing",
        ),
        (
            "Metrics.0.MetricStat.Metric.Namespace",
            "AWS/EC2",
            "value: Namespace is AWS/EC2, not AWS/RDS",
        ),
        (
            "Metrics.0.MetricStat.Metric.MetricName",
            "FreeableMemory",
            "value: MetricName is FreeableMemory, not CPUUtilization",
        ),
        (
            "Metrics.0.MetricStat.Metric.Dimensions.0.Value",
            "rovn-staging-postgres",
            "value: dimension DBInstanceIdentifier is rovn-staging-postgres, not "
            "rovn-production-postgres",
        ),
        (
            "Metrics.0.MetricStat.Metric.Dimensions",
            [],
            "value: dimension DBInstanceIdentifier is not set, not rovn-production-postgres; "
            "value: dimensions is 0, not 1",
        ),
        (
            "AlarmDescription",
            "something",
            "its description does not end with runbook playbook rovn/production rds-cpu",
        ),
    ],
)
def test_an_alarm_that_is_not_the_catalogues_fails(
    production: Real, path: str, value: object, message: str
) -> None:
    assert faults(production, RULE, "alarms", cpu(path, value)) == {CPU: message}


@pytest.mark.clause("ROVN-ALM-1")
@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (errors("Metrics.5.Expression", "balancer"), "result: Expression is balancer, not IF("),
        (errors("Metrics.5.ReturnData", False), "result: ReturnData is False, not True"),  # noqa: FBT003
        (errors("Metrics.1.ReturnData", True), "blue: ReturnData is True, not False"),  # noqa: FBT003
        (
            errors("Metrics.5.Period", 60),
            "result: Period is 60, of which the catalogue knows nothing",
        ),
        (errors("Metrics.2.Id", "blue"), "two of its metrics have one id: balancer, blue, blue"),
        (
            listed(ERRORS, "Metrics", lambda them: [*them[:GREEN], *them[GREEN + 1 :]]),
            "green: Id is not set, not green",
        ),
        (
            listed(ERRORS, "Metrics", lambda them: [*them, {"Id": "more", "Expression": "1"}]),
            "more: Expression is 1, of which the catalogue knows nothing",
        ),
    ],
)
def test_what_is_computed_is_the_catalogues(production: Real, spoil: Spoil, message: str) -> None:
    assert message in faults(production, RULE, APP, spoil)[ERRORS]


@pytest.mark.clause("ROVN-ALM-1")
def test_each_dimension_is_the_balancers_and_the_colours_own(production: Real) -> None:
    """Blue counted twice looks like two colours, and says nothing of green."""

    def spoil(body: Json) -> None:
        queries = properties(body, ALARM, ERRORS)["Metrics"]
        of = [query["MetricStat"]["Metric"] for query in queries[:-1]]
        of[GREEN]["Dimensions"] = of[BLUE]["Dimensions"]

    told = faults(production, RULE, APP, spoil)[ERRORS]
    assert told.startswith("green: dimension TargetGroup is <rovn-production-passport-api/")
    assert "Blue" in told.split(", not ")[0]
    assert "Green" in told.split(", not ")[1]
    elsewhere = "Metrics.0.MetricStat.Metric.Dimensions.0.Value"
    told = faults(production, RULE, APP, errors(elsewhere, "app/another/0123456789abcdef"))[ERRORS]
    assert told.startswith("balancer: dimension LoadBalancer is app/another/0123456789abcdef, not")


def test_a_placeholder_that_stands_for_two_fails(production: Real) -> None:
    kind = "AWS::ElasticLoadBalancingV2::LoadBalancer"
    told = faults(production, RULE, "alarms", add("Second", kind, Name="second"))
    assert told[QUIET] == "{balancer} stands for 2 resources, not for 1"
    told = faults(
        production, RULE, "platform", add("Second", "AWS::CertificateManager::Certificate")
    )
    assert told[EXPIRY] == "{certificate} stands for 2 resources, not for 1"


def test_without_a_second_colour_green_stands_for_nothing(production: Real) -> None:
    path = "LoadBalancers.0.AdvancedConfiguration"
    spoil = setting("AWS::ECS::Service", "Service", path, ABSENT)
    told = faults(production, RULE, APP, spoil)
    assert told[ERRORS] == "{target-group:passport-api:green} stands for 0 resources, not for 1"


@pytest.mark.clause("ROVN-HLT-3")
@pytest.mark.parametrize(
    ("spoil", "name", "message"),
    [
        (
            setting(COMPOSITE, CANARY, "AlarmRule", 'ALARM("rovn-production-canary-runs")'),
            CANARY,
            'AlarmRule is ALARM("rovn-production-canary-runs"), not ALARM("rovn-production-canary-'
            'runs-passport-api") AND ALARM("rovn-production-canary-armed-passport-api")',
        ),
        (
            setting(COMPOSITE, CANARY, "ActionsSuppressor", "rovn-production-rds-cpu"),
            CANARY,
            "ActionsSuppressor is rovn-production-rds-cpu, of which the catalogue knows nothing",
        ),
        (
            setting(COMPOSITE, CANARY, "ActionsEnabled", "false"),
            CANARY,
            "ActionsEnabled is False, not True",
        ),
        (
            setting(ALARM, RUNS, "AlarmActions", [f"{SNS}-sev-1"]),
            RUNS,
            f"AlarmActions is {SNS}-sev-1, not nobody",
        ),
    ],
)
def test_a_composite_tells_and_its_parts_do_not(
    production: Real, spoil: Spoil, name: str, message: str
) -> None:
    assert faults(production, RULE, "alarms", spoil) == {name: message}


@pytest.mark.parametrize(
    ("kind", "name", "part", "alarm", "key"),
    [
        (ALARM, CPU, "alarms", "rds-cpu", "rds-cpu"),
        (ALARM, ERRORS, APP, "api-5xx-rate-passport-api", "api-5xx-rate/passport-api"),
        (COMPOSITE, CANARY, "alarms", "canary-failed-passport-api", "canary-failed/passport-api"),
        (ALARM, RUNS, "alarms", "canary-runs-passport-api", "canary-runs/passport-api"),
    ],
)
def test_an_alarm_that_is_missing_fails(
    production: Real, kind: str, name: str, part: str, alarm: str, key: str
) -> None:
    said = f"no alarm is called rovn-production-{alarm} in us-east-2: nobody hears of {key}"
    assert faults(production, RULE, part, gone(kind, name)) == {None: said}
    renamed = setting(kind, name, "AlarmName", "rovn-production-another")
    assert faults(production, RULE, part, renamed)[None] == said


@pytest.mark.clause("ROVN-SEC-3")
@pytest.mark.clause("ROVN-SEC-6")
@pytest.mark.parametrize(
    "name",
    [
        "CatalogueSecretDueSoonStripeApiKeyAlarm",
        "CatalogueSecretOverdueStripeApiKeyAlarm",
        "CatalogueSecretOverdueAdminTokenAlarm",
        "CatalogueSecretAccessDriftAlarm",
    ],
)
def test_alarms_on_secrets_are_held_too(production: Real, name: str) -> None:
    told = faults(production, RULE, "alarms", setting(ALARM, name, "TreatMissingData", "ignore"))
    assert told == {name: "TreatMissingData is ignore, not breaching"}


def test_an_environment_without_its_stacks_is_told() -> None:
    told = verdicts(RULE, template("network", {}), whole=True)[None]
    assert "no alarm is called rovn-production-api-5xx-rate-passport-api in us-east-2" in told


def test_the_same_alarm_in_another_region_is_not_it(production: Real) -> None:
    spoil = gone(ALARM, CPU)
    told = faults(production, RULE, "alarms", spoil)
    body = next(t for t in production.reading.templates if t.stack.endswith("-alarms")).body
    alarm = {"CPU": next(v for k, v in body["Resources"].items() if k.startswith(CPU))}
    elsewhere = verdicts(RULE, template("edge", alarm, region="us-east-1"))
    assert told.keys() == {None}
    assert elsewhere["CPU"] == "not_applicable"


@pytest.mark.parametrize(
    "path", ["Threshold", "AlarmActions", "Metrics.0.MetricStat.Metric.Dimensions.0.Value"]
)
def test_an_open_value_fails(production: Real, path: str) -> None:
    value = [OPEN] if path == "AlarmActions" else OPEN
    told = faults(production, RULE, "alarms", cpu(path, value))
    assert "${SomeParameter} is open" in told[CPU]
    told = faults(production, RULE, "alarms", cpu("AlarmName", OPEN))
    assert "${SomeParameter} is open" in told[CPU]


def test_another_alarm_is_not_looked_at() -> None:
    alarm = {"Type": ALARM, "Properties": {"AlarmName": "another"}}
    assert verdicts(RULE, template("data", {"Thing": alarm}))["Thing"] == "not_applicable"


@pytest.mark.parametrize(
    ("part", "spoil", "name"),
    [
        ("alarms", cpu("Threshold", 99), CPU),
        ("alarms", cpu("TreatMissingData", "missing"), CPU),
        (APP, errors("EvaluationPeriods", 12), ERRORS),
        ("alarms", setting(COMPOSITE, CANARY, "AlarmRule", 'ALARM("x")'), CANARY),
        ("platform", setting(ALARM, EXPIRY, "Metrics.0.MetricStat.Stat", "Maximum"), EXPIRY),
        ("alarms", gone(ALARM, CPU), ""),
    ],
)
def test_only_this_rule_sees_it(production: Real, part: str, spoil: Spoil, name: str) -> None:
    assert production.caught(part, spoil) == {(RULE.id, name)}


def test_two_services_have_alarms_of_their_own(
    production: Real, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = load_environment("rovn/production").services
    services_are(monkeypatch, {**services, "second": services["passport-api"]})
    told = faults(production, RULE, APP)[None]
    assert "no alarm is called rovn-production-api-5xx-rate-second in us-east-2" in told
