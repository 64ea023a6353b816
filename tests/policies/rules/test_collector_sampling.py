"""collector-sampling (ROVN-TRC-1)."""

import json
from collections.abc import Callable

import pytest

from policies.rules.collector_sampling import RULE
from runbook.model.tracing import Tracing
from tests.policies.rules.harness import OPEN, Json, Real, properties
from tests.policies.rules.spoiling import APP, TASK, Spoil, all_pass, faults, file_says

Change = Callable[[Json], object]


def collector(body: Json) -> Json:
    """Find the collector's one variable."""
    found: Json = properties(body, TASK, "TasksApp")["ContainerDefinitions"][1]["Environment"][0]
    return found


def configured(change: Change) -> Spoil:
    """Change the collector's configuration."""

    def spoil(body: Json) -> None:
        configuration = json.loads(collector(body)["Value"])
        change(configuration)
        collector(body)["Value"] = json.dumps(configuration)

    return spoil


def policies(configuration: Json) -> list[Json]:
    found: list[Json] = configuration["processors"]["tail_sampling"]["policies"]
    return found


def test_the_files_shares_pass(real: Real) -> None:
    assert all_pass(real, RULE, "TasksApp")


def share(percent: float) -> Change:
    return lambda c: policies(c)[-1]["probabilistic"].update(sampling_percentage=percent)


def loose(**changes: object) -> Change:
    return lambda c: policies(c)[0]["string_attribute"].update(changes)


def everything(configuration: Json) -> None:
    policies(configuration).append({"name": "all", "type": "always_sample"})


def unsampled(configuration: Json) -> None:
    configuration["service"]["pipelines"]["traces"]["processors"].remove("tail_sampling")


NOT_ADMIN = "the collector does not keep all of ^/admin/.*$ by http.target"
MORE = "the collector's policy 'always /admin/* by http.target' keeps more than the file says"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (share(20), "the collector keeps [20] percent of the rest, not [10]"),
        (
            lambda c: policies(c).pop(),
            "the collector keeps [] percent of the rest, not [10]",
        ),
        (lambda c: policies(c).pop(0), NOT_ADMIN),
        (
            loose(values=["^/adm.*$"]),
            f"{NOT_ADMIN}; "
            "the collector keeps all of ^/adm.*$ by http.target, which the file does not say",
        ),
        (loose(enabled_regex_matching=False), f"{NOT_ADMIN}; {MORE}"),
        (loose(invert_match=True), f"{NOT_ADMIN}; {MORE}"),
        (everything, "the collector's policy 'all' keeps more than the file says"),
        (unsampled, "the collector's pipeline traces sends everything"),
    ],
)
def test_other_shares_fail(production: Real, change: Change, message: str) -> None:
    assert faults(production, RULE, APP, configured(change)) == {"TasksApp": message}


def test_no_collector_fails(production: Real) -> None:
    def spoil(body: Json) -> None:
        collector(body)["Name"] = "ANOTHER"

    assert faults(production, RULE, APP, spoil) == {
        "TasksApp": "0 of its containers have AOT_CONFIG_CONTENT, not 1"
    }


def test_an_open_configuration_fails(production: Real) -> None:
    def spoil(body: Json) -> None:
        collector(body)["Value"] = OPEN

    (said,) = faults(production, RULE, APP, spoil).values()
    assert said.startswith("${SomeParameter} cannot be known before the deploy")


def test_what_cannot_be_read_fails(production: Real) -> None:
    def spoil(body: Json) -> None:
        collector(body)["Value"] = "processors:"

    (said,) = faults(production, RULE, APP, spoil).values()
    assert said.startswith("the collector's configuration is no JSON, so nobody can judge it: ")


def test_a_dot_in_a_path_is_a_dot(production: Real, monkeypatch: pytest.MonkeyPatch) -> None:
    file_says(monkeypatch, tracing=Tracing(percent=10, always=("/v1.0/*",)))
    (said,) = faults(production, RULE, APP).values()
    assert r"the collector does not keep all of ^/v1\.0/.*$ by url.path" in said


def test_only_this_rule_sees_another_share(real: Real) -> None:
    assert real.caught(APP, configured(share(99))) == {("collector-sampling", "TasksApp")}


def dropping(configuration: Json) -> None:
    configuration["service"]["pipelines"]["traces"]["processors"].append("probabilistic_sampler")


def elsewhere(configuration: Json) -> None:
    configuration["service"]["pipelines"]["traces"]["exporters"].append("otlphttp")


def no_traces(configuration: Json) -> None:
    pipelines = configuration["service"]["pipelines"]
    pipelines["metrics"] = pipelines.pop("traces")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dropping, "the collector's processor probabilistic_sampler may drop or change traces"),
        (
            elsewhere,
            "the collector's pipeline traces sends to ['awsxray', 'otlphttp'], not X-Ray",
        ),
        (no_traces, "the collector has no pipeline for traces"),
        (
            lambda c: c["exporters"]["awsxray"].update(endpoint="https://x.example"),
            "the collector's awsxray has endpoint: traces may go elsewhere",
        ),
    ],
)
def test_traces_that_are_lost_beside_the_policies_fail(
    production: Real, change: Change, message: str
) -> None:
    assert faults(production, RULE, APP, configured(change)) == {"TasksApp": message}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OTEL_TRACES_SAMPLER", "traceidratio"),
        ("OTEL_SDK_DISABLED", "true"),
        ("OTEL_TRACES_EXPORTER", "none"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://x.example"),
    ],
)
def test_an_app_that_keeps_traces_back_fails(production: Real, name: str, value: str) -> None:
    def spoil(body: Json) -> None:
        main = properties(body, TASK, "TasksApp")["ContainerDefinitions"][0]
        main["Environment"].append({"Name": name, "Value": value})

    (said,) = faults(production, RULE, APP, spoil).values()
    assert said.startswith(f"{name} is {value}")
