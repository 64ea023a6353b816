"""The load balancer writes down who came, takes no malformed request, and cannot be deleted."""

from collections.abc import Iterator
from typing import Any

from policies.lookups.services import pairs
from policies.rule import Rule
from policies.templates.resource import Resource
from policies.templates.scope import Scope

_ON = {
    "access_logs.s3.enabled": "requests are not logged",
    "connection_logs.s3.enabled": "connections are not logged",
    "deletion_protection.enabled": "it can be deleted in one step",
    "routing.http.drop_invalid_header_fields.enabled": "invalid header fields reach the tasks",
}
_LOGS = ("access_logs.s3.bucket", "connection_logs.s3.bucket")
_DESYNC = "routing.http.desync_mitigation_mode"
_SAFE = ("defensive", "strictest")


def _judge(balancer: Resource, scope: Scope) -> Iterator[str]:
    attributes: dict[str, Any] = pairs(balancer.at("LoadBalancerAttributes", []), key="Key")
    for name, harm in _ON.items():
        if str(attributes.get(name, "false")).lower() != "true":
            yield f"{name} is not true: {harm}"
    for name in _LOGS:
        bucket = scope.target(attributes.get(name))
        if bucket is None or bucket.type != "AWS::S3::Bucket":
            yield f"{name} is {attributes.get(name)}, which is no bucket of these templates"
    mode = attributes.get(_DESYNC, "defensive")
    if mode not in _SAFE:
        yield f"{_DESYNC} is {mode}, not {' or '.join(_SAFE)}"


RULE = Rule(
    id="load-balancer-logged",
    title="Load balancers log every request and connection, refuse malformed ones, and are kept",
    why="Without its log nobody can say who read what; a balancer that is made anew has another "
    "name than the DNS record.",
    remedy="Make it with runbook_constructs.application_load_balancer.",
    clauses=(),
    controls=("HIPAA 164.312(b)", "NIST AU-2", "NIST AU-12", "NIST SI-10", "SOC2 CC7.2"),
    types=("AWS::ElasticLoadBalancingV2::LoadBalancer",),
    judge=_judge,
)
