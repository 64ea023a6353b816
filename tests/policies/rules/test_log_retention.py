"""log-retention (ROVN-LOG-1)."""

import json
from dataclasses import replace

import pytest

from policies.engine import check
from policies.report import Status
from policies.rules.log_retention import RULE
from tests.policies.rules.harness import OPEN, Json, Real, properties, template, verdicts

ENDLESS = "it has no RetentionInDays: what it says of people is kept for good"


def said(days: object, name: object = "/some", **others: Json) -> str:
    given = {"LogGroupName": name, "RetentionInDays": days}
    given = {key: value for key, value in given.items() if value is not None}
    group = {"Type": "AWS::Logs::LogGroup", "Properties": given}
    return verdicts(RULE, template("platform", {"Group": group, **others}))["Group"]


def naming(kind: str, key: str, value: object) -> Json:
    return {"Type": kind, "Properties": {key: value}}


def test_any_retention_that_logs_offer_passes() -> None:
    assert said(1) == "pass"
    assert said(3653, "/ecs/rovn-passport-api") == "pass"


def test_none_and_one_that_there_is_not_fail() -> None:
    assert said(None) == ENDLESS
    assert said(100) == "CloudWatch Logs has no retention of 100 days"


@pytest.mark.parametrize(
    "name",
    [
        "/ecs/rovn-passport-api",
        "/ecs/rovn-passport-api/collector",
        "/ecs/rovn-passport-api-migrations",
    ],
)
def test_logs_of_a_service_stay_as_long_as_it_says(name: str) -> None:
    assert said(2557, name) == "pass"
    assert said(2192, name) == (
        "it is kept 2192 days, not 2557 (services.passport-api.log_retention_days)"
    )


def test_a_name_that_only_begins_alike_is_no_service_of_ours() -> None:
    assert said(1, "/ecs/rovn-passport-apis") == "pass"


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("/aws/rds/instance/rovn-production-postgres/postgresql", "database.log_retention_days"),
        ("/aws/rds/cluster/some/postgresql", "database.log_retention_days"),
        ("aws-waf-logs-some", "load_balancer.log_retention_days"),
    ],
)
def test_kinds_that_are_known_by_name(name: str, key: str) -> None:
    assert said(365, name) == "pass"
    assert said(180, name) == f"it is kept 180 days, not 365 ({key})"


ARN = {"Fn::GetAtt": ["Group", "Arn"]}


@pytest.mark.parametrize(
    ("other", "key"),
    [
        (
            naming("AWS::CloudTrail::Trail", "CloudWatchLogsLogGroupArn", ARN),
            "trail.log_retention_days",
        ),
        (
            naming("AWS::EC2::FlowLog", "LogGroupName", {"Ref": "Group"}),
            "network.flow_log_retention_days",
        ),
        (naming("AWS::EC2::FlowLog", "LogGroupName", "/some"), "network.flow_log_retention_days"),
        (naming("AWS::EC2::FlowLog", "LogDestination", ARN), "network.flow_log_retention_days"),
    ],
)
def test_kinds_that_are_known_by_who_writes(other: Json, key: str) -> None:
    assert said(365, Other=other) == "pass"
    assert said(180, Other=other) == f"it is kept 180 days, not 365 ({key})"


def test_an_open_value_fails() -> None:
    assert "${SomeParameter} is open" in said(OPEN)
    other = naming("AWS::EC2::FlowLog", "LogGroupName", OPEN)
    assert "${SomeParameter} is open" in said(365, Other=other)


def test_other_things_are_not_looked_at() -> None:
    topic = template("audit", {"Topic": {"Type": "AWS::SNS::Topic"}})
    assert verdicts(RULE, topic) == {None: "rovn/production has nothing that the rule looks at"}


def test_only_this_rule_sees_a_shorter_retention(real: Real) -> None:
    def spoil(body: Json) -> None:
        properties(body, "AWS::Logs::LogGroup", "DatabasePostgresqlLog")["RetentionInDays"] = 1

    assert real.caught("data", spoil) == {("log-retention", "DatabasePostgresqlLog")}


def test_days_may_be_text_and_a_class_without_retention_fails(production: Real) -> None:
    assert said("365") == "pass"

    def spoil(body: Json) -> None:
        properties(body, "AWS::Logs::LogGroup", "AuditTrailEvents")["LogGroupClass"] = "DELIVERY"

    assert ("log-retention", "AuditTrailEvents") in production.caught("audit", spoil)


@pytest.mark.parametrize("changed", [{"ExpirationInDays": 1}, {"ExpirationDate": "2027-01-01"}])
def test_only_this_rule_sees_access_logs_that_go_early(changed: Json, real: Real) -> None:
    def spoil(body: Json) -> None:
        lifecycle = properties(body, "AWS::S3::Bucket", "AccessLogs")["LifecycleConfiguration"]
        lifecycle["Rules"].append({"Status": "Enabled", "Prefix": "receipts/", **changed})

    assert real.caught("audit", spoil) == {("log-retention", "AccessLogs")}


def test_a_rule_that_is_switched_off_hides_no_other(production: Real) -> None:
    def spoil(body: Json) -> None:
        lifecycle = properties(body, "AWS::S3::Bucket", "AccessLogs")["LifecycleConfiguration"]
        off, on = ({"Status": s, "ExpirationInDays": 1} for s in ("Disabled", "Enabled"))
        lifecycle["Rules"] = [off, on]

    assert production.caught("audit", spoil) == {("log-retention", "AccessLogs")}


def test_what_a_service_writes_is_kept_whatever_the_group_is_called(production: Real) -> None:
    """Under another name it is the same log."""
    old, new = '"/ecs/rovn-passport-api"', '"/app/passport"'
    templates = []
    for given in production.reading.templates:
        body = json.loads(json.dumps(given.body).replace(old, new))
        for made in body["Resources"].values():
            if made.get("Properties", {}).get("LogGroupName") == "/app/passport":
                made["Properties"]["RetentionInDays"] = 7
        templates.append(replace(given, body=body))
    report = check(replace(production.reading, templates=tuple(templates)), [RULE])
    (said,) = [r.message for r in report.results if r.status is Status.FAIL]
    assert said.startswith("it is kept 7 days, not ")
    assert said.endswith("(services.passport-api.log_retention_days)")
