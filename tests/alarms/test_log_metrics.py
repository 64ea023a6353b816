"""The lines that the example service writes, through the filters that are synthesized."""

import ast
import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from runbook.alarms.alarm import MetricAlarm
from runbook.alarms.catalogue import metric_alarms_of
from runbook.alarms.log_metrics import LOG_METRICS, LogMetric, namespace
from runbook.model.environment import Environment
from runbook.model.loader import known_environments, load_environment
from tests.alarms.filter_patterns import Datapoint, datapoint, matches
from tests.assembly import ROOT, Assembly

SCHEMA = json.loads((ROOT / "docs" / "log-schema.json").read_text("utf-8"))
PAGE = (ROOT / "docs" / "log-schema.md").read_text("utf-8")
LINES = [
    json.loads(line) for line in (ROOT / "docs" / "log-lines.jsonl").read_text("utf-8").splitlines()
]
EVENTS_OF_SERVICE = ROOT / "examples" / "passport-api" / "passport_api" / "events.py"
TENANT = {"Tenant": "mercy-hospital-2"}
# What the lines of the file add to each metric, defaults aside.
COUNTED = {
    "SourceAdapterErrors": [Datapoint(1, {})],
    "ReverifyQueueDepth": [Datapoint(1, {})],
    "AiExecutorCalls": [Datapoint(1, {})],
    "AiExecutorFailures": [Datapoint(1, {})],
    "AiExecutorFallbacks": [Datapoint(1, {})],
    "AuthRequests": [Datapoint(1, {})] * 3,
    "AuthServerErrors": [Datapoint(1, {})],
    "AdminSignIns": [Datapoint(1, {})],
    "AiTokens": [Datapoint(37, TENANT), Datapoint(49, TENANT)],
}


@pytest.fixture(params=known_environments())
def environment(request: pytest.FixtureRequest) -> Environment:
    return load_environment(request.param)


@pytest.fixture
def filters(assembly: Assembly, environment: Environment) -> dict[str, dict[str, Any]]:
    """Every metric filter of the platform stack, by the metric that it makes."""
    found = assembly.of_type(f"{environment.slug}-platform", "AWS::Logs::MetricFilter")
    return {
        one["Properties"]["MetricTransformations"][0]["MetricName"]: one["Properties"]
        for one in found.values()
    }


@pytest.mark.clause("ROVN-ALM-7")
@pytest.mark.clause("ROVN-ALM-8")
@pytest.mark.clause("ROVN-ALM-9")
@pytest.mark.clause("ROVN-CST-1")
def test_what_the_service_writes_is_counted(filters: dict[str, dict[str, Any]]) -> None:
    assert set(filters) == set(COUNTED)
    for name, properties in filters.items():
        taken = [line for line in LINES if matches(properties["FilterPattern"], line)]
        assert [datapoint(properties, line) for line in taken] == COUNTED[name], name


@pytest.mark.clause("ROVN-ALM-9")
@pytest.mark.parametrize("path", ["/auth/session", "/.well-known/jwks.json"])
def test_what_asks_no_provider_dilutes_no_outage_of_sign_in(
    filters: dict[str, dict[str, Any]], path: str
) -> None:
    """A page reads its session again and again: a thousand of them hide no sign-in that fails."""
    posted = next(line for line in LINES if line.get("surface") == "auth" and line["status"] == 503)
    read = posted | {"method": "GET", "path": path}
    for name in ("AuthRequests", "AuthServerErrors"):
        assert datapoint(filters[name], posted) == Datapoint(1, {})
        assert datapoint(filters[name], read) == Datapoint(0, {})


@pytest.mark.clause("ROVN-ALM-7")
def test_a_line_that_does_not_match_is_a_zero_but_no_depth_and_no_tenant(
    filters: dict[str, dict[str, Any]],
) -> None:
    started = next(line for line in LINES if line["event"] == "started")
    silent = {name for name, one in filters.items() if datapoint(one, started) is None}
    assert silent == {"ReverifyQueueDepth", "AiTokens"}
    zero = Datapoint(0, {})
    assert all(datapoint(filters[name], started) == zero for name in set(filters) - silent)


@pytest.mark.parametrize("metric", LOG_METRICS, ids=lambda metric: metric.name)
def test_an_event_that_is_renamed_is_missed(metric: LogMetric) -> None:
    """The proof that the test above would fail."""
    taken = [line for line in LINES if matches(metric.pattern, line)]
    assert taken
    assert not [line for line in taken if matches(metric.pattern, line | {"event": "renamed"})]


@pytest.mark.parametrize("metric", LOG_METRICS, ids=lambda metric: metric.name)
def test_a_filter_reads_fields_that_its_event_always_has(metric: LogMetric) -> None:
    (required,) = [
        set(one["then"].get("required", []))
        for one in SCHEMA["allOf"]
        if one["if"].get("properties", {}).get("event", {}).get("const") == metric.event
    ]
    read = [metric.value, *metric.dimensions.values()]
    fields = {one.removeprefix("$.") for one in read if one.startswith("$.")}
    assert fields <= required
    if metric.value.startswith("$."):
        assert SCHEMA["properties"][metric.value.removeprefix("$.")]["type"] == "integer"


def test_a_dimension_is_an_organisation_and_stands_alone() -> None:
    """CloudWatch takes three dimensions at most, and no default with one."""
    for metric in LOG_METRICS:
        assert not (metric.dimensions and metric.default is not None)
        assert set(metric.dimensions.values()) <= {"$.tenant"}


def test_every_metric_that_an_alarm_looks_at_is_made(
    environment: Environment, filters: dict[str, dict[str, Any]]
) -> None:
    made = {
        (one["MetricTransformations"][0]["MetricNamespace"], name) for name, one in filters.items()
    }
    places = {namespace(environment, key) for key in environment.services}
    looked_at = {
        (metric.namespace, metric.name)
        for metric in _metrics(metric_alarms_of(environment))
        if metric.namespace in places
    }
    assert looked_at
    assert looked_at <= made


def _metrics(alarms: tuple[MetricAlarm, ...]) -> Iterator[Any]:
    for alarm in alarms:
        yield from alarm.metrics


@pytest.mark.clause("ROVN-LOG-1")
def test_the_lines_are_as_the_schema_says_and_every_event_is_among_them() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    validator = Draft202012Validator(SCHEMA)
    assert [error.message for line in LINES for error in validator.iter_errors(line)] == []
    events = SCHEMA["properties"]["event"]["enum"]
    assert {line["event"] for line in LINES} == set(events) == _events_of_the_service()


def _events_of_the_service() -> set[str]:
    """Read the values of its enumeration, without running it."""
    (events,) = [
        node
        for node in ast.parse(EVENTS_OF_SERVICE.read_text("utf-8")).body
        if isinstance(node, ast.ClassDef)
    ]
    return {
        str(item.value.value)
        for item in events.body
        if isinstance(item, ast.Assign) and isinstance(item.value, ast.Constant)
    }


def test_the_page_says_what_the_schema_and_the_metrics_say() -> None:
    for line in (*_fields(), *_events(), *_table_of_metrics()):
        assert f"\n{line}\n" in PAGE, f"docs/log-schema.md lacks the line {line}"


def _fields() -> Iterator[str]:
    always = SCHEMA["required"]
    for name, field in SCHEMA["properties"].items():
        kind = field.get("type", "string")
        kind = "number" if kind in ("integer", "number") else kind
        present = "always" if name in always else field["description"]
        says = field["description"] if name in always else ""
        yield f"| `{name}` | {kind} | {present}{f'. {says}' if says else ''} |"


def _events() -> Iterator[str]:
    for one in SCHEMA["allOf"]:
        event = one["if"].get("properties", {}).get("event", {}).get("const")
        if event is None:
            continue
        then = one["then"]
        fields = ", ".join(f"`{name}`" for name in then.get("required", [])) or "none"
        feeds = ", ".join(f"`{m.name}`" for m in LOG_METRICS if m.event == event) or "none"
        yield f"| `{event}` | {then['description']} | {fields} | {feeds} |"


def _table_of_metrics() -> Iterator[str]:
    for metric in LOG_METRICS:
        default = "none" if metric.default is None else str(metric.default)
        dimensions = ", ".join(metric.dimensions) or "none"
        yield (
            f"| `{metric.name}` | `{metric.pattern}` | `{metric.value}` | {default} | "
            f"{dimensions} |"
        )
