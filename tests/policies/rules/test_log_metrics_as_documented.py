"""log-metrics-as-documented (ROVN-ALM-7, ROVN-ALM-8, ROVN-ALM-9, ROVN-CST-1)."""

import pytest

from policies.rules.log_metrics_as_documented import FILTER, RULE
from runbook.alarms.log_metrics import LOG_METRICS
from tests.policies.rules.harness import OPEN, Json, Real, properties, template, verdicts
from tests.policies.rules.spoiling import ABSENT, all_pass, faults, setting

PART = "platform"
PREFIX = "PassportApiLogsMetrics"
ERRORS, TOKENS = f"{PREFIX}SourceAdapterErrors", f"{PREFIX}AiTokens"
DEPTH, AUTH = f"{PREFIX}ReverifyQueueDepth", f"{PREFIX}AuthServerErrors"
MADE = "MetricTransformations.0"


def test_every_metric_has_its_filter(real: Real) -> None:
    assert all_pass(real, RULE, *(f"{PREFIX}{metric.name}" for metric in LOG_METRICS))


@pytest.mark.clause("ROVN-ALM-7")
@pytest.mark.clause("ROVN-ALM-8")
@pytest.mark.clause("ROVN-ALM-9")
@pytest.mark.clause("ROVN-CST-1")
@pytest.mark.parametrize(
    ("name", "path", "value", "message"),
    [
        (
            ERRORS,
            "FilterPattern",
            '{ $.event = "renamed" }',
            'its pattern is { $.event = "renamed" }, not { $.event = "source_adapter_error" }',
        ),
        (
            ERRORS,
            "LogGroupName",
            "/ecs/another",
            "it reads /ecs/another, not /ecs/rovn-passport-api, where passport-api writes",
        ),
        (ERRORS, f"{MADE}.DefaultValue", ABSENT, "its default is None, not 0"),
        (DEPTH, f"{MADE}.MetricValue", "1", "its value is 1, not $.depth"),
        (DEPTH, f"{MADE}.DefaultValue", 0, "its default is 0, not None"),
        (
            TOKENS,
            f"{MADE}.Dimensions",
            ABSENT,
            "its dimensions are {}, not {'Tenant': '$.tenant'}".replace("are", "is"),
        ),
        (
            TOKENS,
            f"{MADE}.Dimensions.0.Value",
            "$.request_id",
            "its dimensions is {'Tenant': '$.request_id'}, not {'Tenant': '$.tenant'}",
        ),
    ],
)
def test_a_filter_that_counts_something_else(
    production: Real, name: str, path: str, value: object, message: str
) -> None:
    assert faults(production, RULE, PART, setting(FILTER, name, path, value)) == {name: message}


BESIDE = [
    ("EmitSystemFieldDimensions", ["@aws.account"]),
    ("FieldSelectionCriteria", '@aws.region = "eu-west-1"'),
    ("ApplyOnTransformedLogs", True),
    (f"{MADE}.Unit", "Bytes"),
]


@pytest.mark.clause("ROVN-ALM-7")
@pytest.mark.parametrize(("path", "value"), BESIDE)
def test_what_makes_another_metric_of_it(production: Real, path: str, value: object) -> None:
    spoil, key = setting(FILTER, ERRORS, path, value), path.rpartition(".")[2]
    said = f"{key} is set, of which runbook/alarms/log_metrics.py knows nothing"
    assert faults(production, RULE, PART, spoil) == {ERRORS: said}
    assert production.caught(PART, spoil) == {("log-metrics-as-documented", ERRORS)}


@pytest.mark.clause("ROVN-ALM-7")
def test_two_filters_of_one_metric_are_told(production: Real) -> None:
    """Each line counts twice."""

    def spoil(body: Json) -> None:
        twin = {"Type": FILTER, "Properties": properties(body, FILTER, ERRORS)}
        body["Resources"]["Twin"] = twin

    said = "2 filters make SourceAdapterErrors of passport-api: their sum is the metric"
    assert faults(production, RULE, PART, spoil) == {ERRORS: said, "Twin": said}


def test_a_metric_that_nobody_makes_is_said(production: Real) -> None:
    spoil = setting(FILTER, AUTH, f"{MADE}.MetricNamespace", "another")
    assert faults(production, RULE, PART, spoil) == {
        None: "no filter makes AuthServerErrors of the lines of passport-api"
    }


def test_a_metric_that_nobody_knows_is_said(production: Real) -> None:
    told = faults(production, RULE, PART, setting(FILTER, AUTH, f"{MADE}.MetricName", "Mine"))
    assert told[AUTH] == "Mine is no metric of runbook/alarms/log_metrics.py"


def test_an_open_pattern_fails(production: Real) -> None:
    told = faults(production, RULE, PART, setting(FILTER, ERRORS, "FilterPattern", OPEN))
    assert "${SomeParameter} is open" in told[ERRORS]


def test_other_filters_are_not_looked_at() -> None:
    mine = [{"MetricNamespace": "mine", "MetricName": "x", "MetricValue": "1"}]
    resource = {"Type": FILTER, "Properties": {"MetricTransformations": mine}}
    assert verdicts(RULE, template("data", {"Thing": resource}))["Thing"] == "not_applicable"


@pytest.mark.parametrize("metric", [metric.name for metric in LOG_METRICS])
def test_only_this_rule_sees_a_pattern_that_matches_nothing(real: Real, metric: str) -> None:
    def spoil(body: Json) -> None:
        found = properties(body, FILTER, f"{PREFIX}{metric}")
        found["FilterPattern"] = found["FilterPattern"].replace("event", "events")

    assert real.caught(PART, spoil) == {("log-metrics-as-documented", f"{PREFIX}{metric}")}
