"""What the dashboards show is there: each metric has a resource of the templates that writes it."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from policies.templates.assembly import Reading, Template, read
from policies.templates.scope import Scope, scopes_of
from runbook.alarms.dashboards import dashboards_of
from runbook.alarms.placeholders import is_placeholder
from runbook.alarms.widgets import Dashboard, Graph, Series
from runbook.model.environment import Environment
from runbook.model.loader import load_environment
from runbook_constructs.dashboard import filled
from tests.assembly import Assembly, plain
from tests.policies.rules.harness import Json, properties
from tests.policies.rules.spoiling import ABSENT, Spoil, setting
from tests.stacks.measured import DASHBOARD, KINDS, Measure, body, measures, unmeasured, written

SERVICE, EVENTS_RULE = "passport-api", "AWS::Events::Rule"
CLUSTER, GROUP, FUNCTION = "AWS::ECS::Cluster", "AWS::Logs::LogGroup", "AWS::Lambda::Function"
OWN = "Runbook/Secrets"


@pytest.fixture(scope="module")
def reading(assembly: Assembly) -> Reading:
    return read(assembly.directory)


def scope(reading: Reading, environment: Environment, *spoils: tuple[str, Spoil]) -> Scope:
    """Take one environment's templates; ``spoils`` are pairs of a stack's part and a change."""
    label, templates = (environment.organisation, environment.environment), []
    for template in (each for each in reading.templates if each.label == label):
        changes = [change for part, change in spoils if template.stack.endswith(f"-{part}")]
        templates.append(_spoilt(template, changes) if changes else template)
    (only,) = scopes_of(environment, templates, whole=True)
    return only


def _spoilt(template: Template, changes: list[Spoil]) -> Template:
    copy = json.loads(json.dumps(template.body))
    for change in changes:
        change(copy)
    assert copy != template.body
    return replace(template, body=copy)


def test_every_metric_of_every_widget_belongs_to_a_deployed_resource(
    reading: Reading, environment: Environment
) -> None:
    assert unmeasured(scope(reading, environment)) == []


@pytest.mark.parametrize(
    ("part", "kind", "name", "path", "value", "said"),
    [
        ("platform", CLUSTER, "", "ClusterName", "other", "ClusterName=rovn-production"),
        ("platform", CLUSTER, "", "ClusterSettings", [], "ECS/ContainerInsights"),
        (SERVICE, "AWS::ECS::Service", "", "ServiceName", "other", "ServiceName=rovn-passport-api"),
        ("data", "AWS::RDS::DBInstance", "", "DBInstanceIdentifier", "other", "rds-cpu (%)"),
        ("data", GROUP, "DatabasePostgresqlLog", "LogGroupName", "/x", "there is no log group"),
        ("platform", GROUP, "PassportApiLogsApp", "LogGroupName", "/x", "LogEventsWithFindings"),
        ("platform", GROUP, "PassportApiLogsApp", "DataProtectionPolicy", ABSENT, "phi-in-logs"),
        ("records", EVENTS_RULE, "DetectorTraffic", "Name", "other", "-detector-traffic"),
        ("secret-watch", "AWS::SQS::Queue", "", "QueueName", "other", "messages-undelivered"),
        (
            "secret-watch",
            FUNCTION,
            "WatchAgesFunction",
            "Environment.Variables.PLANS",
            "{}",
            "secret-overdue",
        ),
        (
            "secret-watch",
            FUNCTION,
            "WatchAgesFunction",
            "Environment.Variables.METRIC",
            "Age",
            "AgePercentOfCadence",
        ),
        ("secret-readers", FUNCTION, "ReadersWatchFunction", "Role", "x", "UnlistedReaders"),
        ("secret-readers", FUNCTION, "ReadersWatchFunction", "Code.S3Key", "x", "UnlistedReaders"),
        (
            SERVICE,
            "AWS::CloudWatch::Alarm",
            "AlarmsApi5XxRatePassportApiAlarm",
            "AlarmName",
            "other",
            "there is no arn:aws:cloudwatch:us-east-2:111122223333:alarm:rovn-production-api-5xx",
        ),
        (
            SERVICE,
            "AWS::CloudWatch::CompositeAlarm",
            "AlarmsSloFastBurnPassportApiAlarm",
            "AlarmName",
            "other",
            "alarm:rovn-production-slo-fast-burn-passport-api",
        ),
        ("canary", "AWS::Synthetics::Canary", "", "Name", "other", "canary-failed"),
        ("alerts", "AWS::SNS::Topic", "SeveritiesSev1", "TopicName", "other", "page-undelivered"),
    ],
)
def test_a_resource_that_is_renamed_is_seen(
    reading: Reading, part: str, kind: str, name: str, path: str, value: object, said: str
) -> None:
    """Named in production alone: what is said is the same elsewhere."""
    assert said in told(reading, part, setting(kind, name, path, value))


def told(reading: Reading, part: str, spoil: Spoil) -> str:
    environment = load_environment("rovn/production")
    before = unmeasured(scope(reading, environment))
    after = unmeasured(scope(reading, environment, (part, spoil)))
    return "\n".join(each for each in after if each not in before)


def test_a_filter_of_another_name_or_dimension_is_seen(reading: Reading) -> None:
    """Every filter in turn, and of each its metric, its namespace and its group."""
    filters = {
        logical_id: each["Properties"]["MetricTransformations"][0]["MetricName"]
        for template in reading.templates
        if template.stack == "rovn-production-platform"
        for logical_id, each in template.body["Resources"].items()
        if each["Type"] == "AWS::Logs::MetricFilter"
    }
    assert filters
    for logical_id, metric in filters.items():
        for path in ("MetricName", "MetricNamespace"):

            def spoil(body: Json, logical_id: str = logical_id, path: str = path) -> None:
                resource = body["Resources"][logical_id]["Properties"]
                resource["MetricTransformations"][0][path] = "Other"

            assert f" {metric} " in told(reading, "platform", spoil)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"region":"us-east-2"', '"region":"us-west-1"', "in us-west-1"),
        ("CPUUtilization", "CpuUtilization", "nothing writes AWS/RDS CpuUtilization"),
        ("DBInstanceIdentifier", "DBClusterIdentifier", "DBClusterIdentifier=rovn-production"),
        ("/postgresql'", "/postgres'", "there is no log group"),
        ("alarm:rovn-production-rds-cpu", "alarm:rovn-production-rds", "there is no arn"),
    ],
)
def test_a_widget_that_looks_elsewhere_is_seen(
    reading: Reading, old: str, new: str, said: str
) -> None:
    def spoil(body: Json) -> None:
        dashboard = properties(body, DASHBOARD, "DatabaseDashboard")
        assert old in dashboard["DashboardBody"]
        dashboard["DashboardBody"] = dashboard["DashboardBody"].replace(old, new)

    assert said in told(reading, "dashboards", spoil)


@pytest.mark.parametrize(
    ("namespace", "name", "dimensions"),
    [
        ("AWS/ApplicationELB", "RequestCount", {}),
        ("AWS/ApplicationELB", "RequestCount", {"LoadBalancer": "app/other/0"}),
        ("AWS/ApplicationELB", "Requests", {"LoadBalancer": "{balancer}"}),
        ("AWS/Unheard", "Of", {"QueueName": "rovn-production-secret-watch-dead-letters"}),
        ("AWS/SQS", "Age", {"QueueName": "rovn-production-secret-watch-dead-letters"}),
        (OWN, "AgePercentOfCadence", {"Environment": "rovn/staging", "Secret": "admin-token"}),
        (OWN, "AgePercentOfCadence", {"Environment": "rovn/production", "Secret": "other"}),
        (OWN, "Unmeasured", {"Environment": "rovn/production"}),
        ("Runbook/Other", "AgePercentOfCadence", {"Environment": "rovn/production"}),
    ],
)
def test_what_nothing_writes_is_not_taken_for_written(
    reading: Reading, namespace: str, name: str, dimensions: Mapping[str, str]
) -> None:
    found = scope(reading, load_environment("rovn/production"))
    assert not written(Measure("us-east-2", namespace, name, dimensions), found)


def test_the_resolver_knows_no_kind_that_nobody_draws(
    reading: Reading, environment: Environment
) -> None:
    found = scope(reading, environment)
    drawn = {
        measure.namespace
        for dashboard in found.resources(DASHBOARD)
        for widget in body(dashboard)["widgets"]
        for measure in measures(widget)
    }
    # These are drawn by their alarms.
    assert set(KINDS) - drawn == {"AWS/CertificateManager", "AWS/Route53"}


def test_both_stand_in_the_template_with_every_placeholder_filled(
    assembly: Assembly, environment: Environment
) -> None:
    found = assembly.of_type(f"{environment.slug}-dashboards", DASHBOARD).values()
    for wanted, resource in zip(dashboards_of(environment), found, strict=True):
        assert resource["Properties"]["DashboardName"] == wanted.name
        written_ = json.loads(plain(resource["Properties"]["DashboardBody"]))
        known = {each: each for each in placeholders(wanted)}
        assert without_placeholders(written_, known) == without_placeholders(wanted.body(), known)
        assert not any(is_placeholder(text) for text in texts(written_))


def placeholders(dashboard: Dashboard) -> set[str]:
    return {
        value
        for widget in dashboard.widgets
        if isinstance(widget.shows, Graph)
        for each in widget.shows.drawn
        if isinstance(each, Series)
        for value in each.metric.dimensions.values()
        if is_placeholder(value)
    }


def without_placeholders(value: Any, known: Mapping[str, str]) -> Any:  # noqa: ANN401 - JSON
    """Put one mark for what is a placeholder, or a reference in its place."""
    match value:
        case str() if value in known or (value.startswith("<") and value.endswith(">")):
            return "<known at the deploy>"
        case dict():
            return {key: without_placeholders(item, known) for key, item in value.items()}
        case list():
            return [without_placeholders(item, known) for item in value]
    return value


def texts(value: Any) -> list[str]:  # noqa: ANN401 - JSON is any value
    match value:
        case str():
            return [value]
        case dict():
            return [text for item in value.values() for text in texts(item)]
        case list():
            return [text for item in value for text in texts(item)]
    return []


def test_a_placeholder_that_nobody_knows_ends_the_synthesis(environment: Environment) -> None:
    overview, database = dashboards_of(environment)
    with pytest.raises(KeyError, match="balancer"):
        filled(overview.body(), {})
    known = {each: each.strip("{}") for each in placeholders(overview)}
    assert not any(is_placeholder(text) for text in texts(filled(overview.body(), known)))
    assert filled(database.body(), {}) == database.body()
