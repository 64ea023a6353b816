"""ROVN-TRC-1: the collector beside each task keeps the traces that the environment file says.

Apart from ``tracing-sampled``: what is judged is its own configuration, not a resource of X-Ray.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from policies.lookups.services import (
    TASK_DEFINITION,
    consumer_of,
    containers,
    main_container,
    pairs,
)
from policies.rule import Rule
from policies.templates.resource import Resource
from policies.templates.scope import Scope
from policies.templates.values import known
from runbook.model.tracing import Tracing

VARIABLE = "AOT_CONFIG_CONTENT"
# A request's path, by the older and the newer conventions of OpenTelemetry.
_ATTRIBUTES = ("http.target", "url.path")
_PROCESSORS, _EXPORTER = ("memory_limiter", "tail_sampling", "batch"), "awsxray"
# Variables of OpenTelemetry's SDKs that drop traces in the app, and the values that do not.
_SDK = {
    "OTEL_SDK_DISABLED": ("false",),
    "OTEL_TRACES_EXPORTER": ("otlp",),
    "OTEL_TRACES_SAMPLER": ("always_on", "parentbased_always_on"),
}
_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_BESIDE = ("http://127.0.0.1:", "http://localhost:")


def _is_app(definition: Resource, scope: Scope) -> bool:
    return consumer_of(definition, scope) in scope.environment.services


def _judge(definition: Resource, scope: Scope) -> Iterator[str]:
    yield from _sent(definition, scope)
    key = consumer_of(definition, scope)
    texts = [
        plain[VARIABLE]
        for container in containers(definition)
        for plain in (pairs(container.at("Environment", [])),)
        if VARIABLE in plain
    ]
    if key is None or len(texts) != 1:
        yield f"{len(texts)} of its containers have {VARIABLE}, not 1"
        return
    (text,) = texts
    try:
        configuration = json.loads(str(text))
    except ValueError as error:
        yield f"the collector's configuration is no JSON, so nobody can judge it: {error}"
        return
    yield from _pipelines(configuration)
    policies = configuration["processors"]["tail_sampling"]["policies"]
    yield from _policies(policies, scope.environment.services[key].tracing)


def _pipelines(configuration: dict[str, Any]) -> Iterator[str]:
    """Tell what drops traces beside the policies, or sends them to somebody else."""
    pipelines = configuration["service"]["pipelines"]
    if not any(name.partition("/")[0] == "traces" for name in pipelines):
        yield "the collector has no pipeline for traces"
    for name, pipeline in pipelines.items():
        if "tail_sampling" not in pipeline["processors"]:
            yield f"the collector's pipeline {name} sends everything"
        for processor in pipeline["processors"]:
            if processor not in _PROCESSORS:
                yield f"the collector's processor {processor} may drop or change traces"
        if pipeline["exporters"] != [_EXPORTER]:
            yield f"the collector's pipeline {name} sends to {pipeline['exporters']}, not X-Ray"
    for option in sorted((configuration["exporters"].get(_EXPORTER) or {}).keys() - {"region"}):
        yield f"the collector's {_EXPORTER} has {option}: traces may go elsewhere"


def _sent(definition: Resource, scope: Scope) -> Iterator[str]:
    """Tell what keeps the app's traces from the collector beside it."""
    main = main_container(definition, scope)
    plain = pairs(main.at("Environment", [])) if main else {}
    for name, harmless in _SDK.items():
        value = known(plain.get(name))
        if value is not None and str(value).lower() not in harmless:
            yield f"{name} is {value}: traces do not all reach the collector"
    for name in _ENDPOINTS:
        value = known(plain.get(name))
        if value is not None and not str(value).startswith(_BESIDE):
            yield f"{name} is {value}, not the collector beside it"


def _policies(policies: list[dict[str, Any]], tracing: Tracing) -> Iterator[str]:
    """Compare; a trace is kept when any policy says so."""
    shares = [p["probabilistic"]["sampling_percentage"] for p in policies if _kind(p) == "share"]
    if shares != [tracing.percent]:
        yield f"the collector keeps {shares} percent of the rest, not [{tracing.percent}]"
    patterns = {
        (policy["string_attribute"]["key"], pattern)
        for policy in policies
        if _kind(policy) == "path"
        for pattern in policy["string_attribute"]["values"]
    }
    wanted = {(attribute, _regex(path)) for attribute in _ATTRIBUTES for path in tracing.always}
    for attribute, pattern in sorted(wanted - patterns):
        yield f"the collector does not keep all of {pattern} by {attribute}"
    for attribute, pattern in sorted(patterns - wanted):
        yield f"the collector keeps all of {pattern} by {attribute}, which the file does not say"
    for policy in policies:
        if _kind(policy) is None:
            yield f"the collector's policy {policy['name']!r} keeps more than the file says"


def _kind(policy: dict[str, Any]) -> str | None:
    if policy["type"] == "probabilistic":
        return "share"
    by_path = policy.get("string_attribute", {})
    if policy["type"] == "string_attribute" and by_path.get("enabled_regex_matching") is True:
        return None if by_path.get("invert_match") else "path"
    return None


def _regex(path: str) -> str:
    """Write a path of the file, in which * is any text, as an expression for the whole path."""
    return "^" + ".*".join(re.escape(part) for part in path.split("*")) + "$"


RULE = Rule(
    id="collector-sampling",
    title="The collector keeps traces by the shares of the environment file",
    why="Only the collector sees every trace: what it drops, nobody can look at after an incident.",
    remedy="Set percent and always of the service's tracing in the environment file; "
    "runbook_constructs.collector writes the configuration.",
    clauses=("ROVN-TRC-1",),
    controls=("HIPAA 164.312(b)", "NIST AU-2", "SOC2 CC7.2"),
    types=(TASK_DEFINITION,),
    concerns=_is_app,
    judge=_judge,
)
