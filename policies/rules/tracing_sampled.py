"""ROVN-TRC-1: X-Ray's rules ask for the share of requests that the environment file says.

The collector, which decides in fact, is held by ``collector-sampling`` (docs/decisions/0018).
"""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from math import isclose

from policies.rule import Rule
from policies.templates.resource import Resource
from policies.templates.scope import Scope
from policies.templates.values import number

_SAMPLING_RULE = "AWS::XRay::SamplingRule"
_ANY = "*"
_NUMBERS = ("FixedRate", "Priority", "ReservoirSize")
# X-Ray's own Default comes after all of ours.
_LAST = 9999


def _at(rule: Resource, name: str) -> str | float | None:
    value: str | float | None = rule.at(f"SamplingRule.{name}")
    return number(value) if name in _NUMBERS else value


def _concerns(rule: Resource, scope: Scope) -> bool:
    name = str(_at(rule, "ServiceName"))
    return any(fnmatchcase(key, name) for key in scope.environment.services)


def _judge(rule: Resource, scope: Scope) -> Iterator[str]:
    service = scope.environment.services.get(str(_at(rule, "ServiceName")))
    path, rate = _at(rule, "URLPath"), _at(rule, "FixedRate")
    if service is None:
        yield "it samples every service, whatever the environment file says of each"
        return
    if rule.at("SamplingRule.Attributes", {}):
        yield "its Attributes let it miss requests"
    for name in ("Host", "HTTPMethod", "ResourceARN", "ServiceType"):
        if _at(rule, name) != _ANY:
            yield f"{name} is {_at(rule, name)}, not {_ANY}: it misses requests"
    if path not in (_ANY, *service.tracing.always):
        yield f"the environment file says nothing of {path}"
        return
    rest = path == _ANY
    wanted = service.tracing.percent / 100 if rest else 1.0
    if not isinstance(rate, int | float) or not isclose(rate, wanted):
        yield f"it samples {rate} of {path}, not {wanted}"
    reservoir, priority = _at(rule, "ReservoirSize"), _at(rule, "Priority")
    if reservoir != 0:
        yield f"its reservoir of {reservoir} lets more than the share through"
    if rest and priority != _LAST:
        yield f"its priority is {priority}, not {_LAST}: it comes before other rules"
    if not rest and not (isinstance(priority, int) and priority < _LAST):
        yield f"its priority is {priority}: the rest is decided before it"


def _required(scope: Scope) -> Iterator[str]:
    rules = list(scope.resources(_SAMPLING_RULE))
    there = {(_at(rule, "ServiceName"), _at(rule, "URLPath")) for rule in rules}
    for key, service in scope.environment.services.items():
        for path in (*service.tracing.always, _ANY):
            if (key, path) not in there:
                yield f"no sampling rule of {key} is for {path}"


RULE = Rule(
    id="tracing-sampled",
    title="X-Ray samples each service's requests by the shares of the environment file",
    why="What is done to records is traced in full; the rest costs money and holds people's data.",
    remedy="Set percent and always of the service's tracing in the environment file.",
    clauses=("ROVN-TRC-1",),
    controls=("HIPAA 164.312(b)", "NIST AU-2", "SOC2 CC7.2"),
    types=(_SAMPLING_RULE,),
    concerns=_concerns,
    judge=_judge,
    required=_required,
)
