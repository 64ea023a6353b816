"""Nothing crosses the internet in the clear, or under a cipher that is broken later."""

from collections.abc import Iterator

from policies.rule import Rule
from policies.templates.resource import Resource
from policies.templates.scope import Scope

_LISTENER = "AWS::ElasticLoadBalancingV2::Listener"
_CLASSIC = "AWS::ElasticLoadBalancing::LoadBalancer"
# Without SslPolicy CloudFormation takes this one.
_DEFAULT = "ELBSecurityPolicy-2016-08"
# TLS 1.2 or 1.3, and ephemeral keys (TLS_* and ECDHE_*) only, by the tables of
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html,
# read November 2026. Ext1 and Ext2 are not here: they take RSA's key exchange.
FORWARD_SECRET = frozenset(
    f"ELBSecurityPolicy-{name}"
    for name in (
        "FS-1-2-2019-08",
        "FS-1-2-Res-2019-08",
        "FS-1-2-Res-2020-10",
        "TLS13-1-2-2021-06",
        "TLS13-1-2-Ext0-FIPS-2023-04",
        "TLS13-1-2-Ext0-FIPS-PQ-2025-09",
        "TLS13-1-2-FIPS-2023-04",
        "TLS13-1-2-FIPS-PQ-2025-09",
        "TLS13-1-2-PQ-2025-09",
        "TLS13-1-2-Res-2021-06",
        "TLS13-1-2-Res-FIPS-2023-04",
        "TLS13-1-2-Res-FIPS-PQ-2025-09",
        "TLS13-1-2-Res-PQ-2025-09",
        "TLS13-1-3-2021-06",
        "TLS13-1-3-FIPS-2023-04",
        "TLS13-1-3-FIPS-PQ-2025-09",
        "TLS13-1-3-PQ-2025-09",
    )
)


def _judge(resource: Resource, _: Scope) -> Iterator[str]:
    if resource.type == _CLASSIC:
        yield "it is a classic load balancer, whose listeners no rule reads"
        return
    protocol, port = resource.at("Protocol"), resource.at("Port")
    if protocol != "HTTPS":
        yield f"port {port} speaks {protocol}, not HTTPS"
        return
    if not resource.at("Certificates", []):
        yield f"port {port} has no certificate"
    policy = resource.at("SslPolicy", _DEFAULT)
    if policy not in FORWARD_SECRET:
        yield f"{policy} takes TLS below 1.2, or keys without forward secrecy"


def _required(scope: Scope) -> Iterator[str]:
    if not any(scope.resources(_LISTENER)):
        yield "nothing listens for the services of the environment file"


RULE = Rule(
    id="listener-tls",
    title="Every listener speaks HTTPS, with TLS 1.2 or newer and forward secrecy",
    why="A redirect comes after the first request was sent in the clear, with all it holds.",
    remedy="Make listeners with runbook_constructs.application_load_balancer; none on port 80.",
    clauses=(),
    controls=("HIPAA 164.312(e)(1)", "HIPAA 164.312(e)(2)(ii)", "NIST SC-8", "SOC2 CC6.7"),
    types=(_LISTENER, _CLASSIC),
    judge=_judge,
    required=_required,
    waivable=False,
)
