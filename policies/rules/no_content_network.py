"""ROVN-NET-1: a name that is to lead straight to AWS passes no content network."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from policies.rule import Rule
from policies.templates.resource import Resource
from policies.templates.scope import Scope
from policies.templates.values import closed

_DISTRIBUTIONS = ("AWS::CloudFront::Distribution", "AWS::CloudFront::DistributionTenant")
_EDGES = (
    *_DISTRIBUTIONS,
    "AWS::CloudFront::StreamingDistribution",
    "AWS::CloudFront::VpcOrigin",
    "AWS::GlobalAccelerator::Accelerator",
    "AWS::GlobalAccelerator::EndpointGroup",
    "AWS::Lightsail::Distribution",
)
# Where a domain name of its own is given to something that is no load balancer of ours.
_NAMED = {
    "AWS::Amplify::Domain": "DomainName",
    "AWS::ApiGateway::DomainName": "DomainName",
    "AWS::ApiGatewayV2::DomainName": "DomainName",
    "AWS::AppSync::DomainName": "DomainName",
}
_RECORDS, _RECORD_GROUP = "AWS::Route53::RecordSet", "AWS::Route53::RecordSetGroup"
_LEADS = ("A", "AAAA", "CNAME", "HTTPS", "NS", "SVCB")
_BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"


def _hostnames(scope: Scope, dns: str) -> list[str]:
    services = scope.environment.services.values()
    return [service.ingress.hostname for service in services if service.ingress.dns == dns]


def _concerns(_: Resource, scope: Scope) -> bool:
    return bool(_hostnames(scope, "direct"))


def _judge(edge: Resource, scope: Scope) -> Iterator[str]:
    if edge.type in _NAMED:
        name = edge.at(_NAMED[edge.type])
        if any(_is_or_holds(hostname, name) for hostname in _hostnames(scope, "direct")):
            yield f"it answers for {name}, which is to lead straight to the load balancer"
        return
    if edge.type in (_RECORDS, _RECORD_GROUP):
        records = [edge.properties] if edge.type == _RECORDS else edge.at("RecordSets", [])
        for record in closed(records):
            yield from _record(record, scope)
        return
    aliases = edge.at("DistributionConfig.Aliases", [])
    domains = edge.at("Domains", []) if edge.type == _DISTRIBUTIONS[1] else aliases
    behind = set(_hostnames(scope, "cdn"))
    if edge.type not in _DISTRIBUTIONS or not domains or not behind.issuperset(domains):
        direct = ", ".join(_hostnames(scope, "direct"))
        yield f"it stands before the load balancer, and {direct} is to lead straight to AWS"


def _is_or_holds(hostname: str, name: str) -> bool:
    """Whether a name is the host's, or the zone it lies in; capitals and a last dot are nothing."""
    plain = name.lower().removesuffix(".").replace("\\052", "*")
    return hostname == plain or hostname.endswith("." + plain.removeprefix("*."))


def _record(record: dict[str, Any], scope: Scope) -> Iterator[str]:
    """Want every record of a direct name to lead to the load balancer itself."""
    name, kind = record["Name"], record["Type"]
    if kind not in _LEADS:
        return
    plain = name.lower().removesuffix(".").replace("\\052", "*")
    ours = _hostnames(scope, "direct")
    if not any(fnmatchcase(hostname, plain) for hostname in ours):
        return
    alias = record.get("AliasTarget", {}).get("DNSName")
    for value in [*record.get("ResourceRecords", []), *([alias] if alias else [])]:
        target = scope.target(value)
        if target is None or target.type != _BALANCER:
            yield f"it leads {name} to {value}, not to the load balancer"


def _required(scope: Scope) -> Iterator[str]:
    """Tell which record nobody would know to create."""
    stack = scope.stack("platform")
    outputs = stack.template.body.get("Outputs", {}) if stack else {}
    records = [stack.output(name) for name in outputs] if stack else []
    for hostname in _hostnames(scope, "direct"):
        wanted = {
            f"{hostname} CNAME {balancer.stack.get_att(balancer.logical_id, 'DNSName')}"
            for balancer in scope.resources(_BALANCER)
        }
        if not any(isinstance(record, str) and str(record) in wanted for record in records):
            yield f"no output of the platform says which record leads {hostname} to the balancer"


RULE = Rule(
    id="no-content-network",
    title="A name with dns = direct leads straight to the load balancer",
    why="A content network ends TLS and sees every record; there is no agreement with its owner "
    "that covers patients' data.",
    remedy="Take the distribution away, or write dns = cdn for the service if its clause allows.",
    clauses=("ROVN-NET-1",),
    controls=("HIPAA 164.312(e)(1)", "NIST SC-7", "NIST SC-8", "SOC2 CC6.7"),
    types=(*_EDGES, *_NAMED, _RECORDS, _RECORD_GROUP),
    concerns=_concerns,
    judge=_judge,
    required=_required,
    waivable=False,
)
