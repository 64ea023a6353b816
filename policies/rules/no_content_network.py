"""ROVN-NET-1: a name that is to lead straight to AWS passes no content network."""

from collections.abc import Iterator

from policies.resource import Resource
from policies.rule import Rule
from policies.scope import Scope

_DISTRIBUTIONS = ("AWS::CloudFront::Distribution", "AWS::CloudFront::DistributionTenant")
_EDGES = (
    *_DISTRIBUTIONS,
    "AWS::CloudFront::StreamingDistribution",
    "AWS::GlobalAccelerator::Accelerator",
)
_BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"


def _hostnames(scope: Scope, dns: str) -> list[str]:
    services = scope.environment.services.values()
    return [service.ingress.hostname for service in services if service.ingress.dns == dns]


def _concerns(_: Resource, scope: Scope) -> bool:
    return bool(_hostnames(scope, "direct"))


def _judge(edge: Resource, scope: Scope) -> Iterator[str]:
    aliases = edge.at("DistributionConfig.Aliases", [])
    domains = edge.at("Domains", []) if edge.type == _DISTRIBUTIONS[1] else aliases
    behind = set(_hostnames(scope, "cdn"))
    if edge.type not in _DISTRIBUTIONS or not domains or not behind.issuperset(domains):
        direct = ", ".join(_hostnames(scope, "direct"))
        yield f"it stands before the load balancer, and {direct} is to lead straight to AWS"


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
    types=_EDGES,
    concerns=_concerns,
    judge=_judge,
    required=_required,
    waivable=False,
)
