"""What our tasks ask of AWS stays inside the VPC, and inside the account."""

from collections.abc import Iterator

from policies.iam.resource_policies import Statement, conditions, listed, statements
from policies.rule import Rule
from policies.templates.scope import Resource, Scope
from policies.templates.values import closed, switch

ENDPOINT, INTERFACE = "AWS::EC2::VPCEndpoint", "Interface"
# IAM's names for who asks and whose the thing is.
ASKED_BY, ASKED_OF = "aws:principalaccount", "aws:resourceaccount"


def _is_interface(endpoint: Resource) -> bool:
    return bool(endpoint.at("VpcEndpointType", "Gateway") == INTERFACE)


def _judge(endpoint: Resource, scope: Scope) -> Iterator[str]:
    if _is_interface(endpoint) and switch(endpoint.at("PrivateDnsEnabled")) is not True:
        yield "PrivateDnsEnabled is not true: the service's name leads through the NAT gateways"
    policy = endpoint.at("PolicyDocument")
    if policy is None:
        yield "PolicyDocument is not set: it lets every account through"
    for statement in statements(closed(policy)):
        if statement.get("Effect") != "Deny" and not _is_ours(statement, endpoint, scope):
            sid = statement.get("Sid", "without a Sid")
            yield f"its statement {sid} is not limited to {scope.environment.account}"


def _is_ours(statement: Statement, endpoint: Resource, scope: Scope) -> bool:
    """Say whether it lets only this account through, with S3 only to this account's things."""
    held = conditions(statement)
    keys = [ASKED_BY] if _is_interface(endpoint) else [ASKED_BY, ASKED_OF]
    if all(held.get(("StringEquals", key)) == [scope.environment.account] for key in keys):
        return True
    # Image layers lie in a bucket of ECR's own, and are read with ECR's signature.
    layers = f"arn:aws:s3:::prod-{scope.environment.region}-starport-layer-bucket/*"
    return (
        "NotResource" not in statement
        and listed(statement.get("Resource")) == [layers]
        and listed(statement.get("Action")) == ["s3:GetObject"]
    )


def _required(scope: Scope) -> Iterator[str]:
    found = [e.at("ServiceName") for e in scope.resources(ENDPOINT) if _is_interface(e)]
    for name in scope.environment.network.interface_endpoints:
        service = f"com.amazonaws.{scope.environment.region}.{name}"
        if service not in found:
            yield f"there is no interface endpoint for {service}"


RULE = Rule(
    id="endpoints-private",
    title="AWS services that the environment file lists are reached by endpoints inside the VPC, "
    "which let only the environment's account through",
    why="Through a foreign account's credentials at our endpoint, data leaves with no security "
    "group in its way.",
    remedy="List the service in network.interface_endpoints, and leave policies to "
    "runbook_constructs.network.",
    clauses=(),
    controls=("HIPAA 164.312(e)(1)", "NIST AC-4", "NIST SC-7", "SOC2 CC6.6"),
    types=(ENDPOINT,),
    judge=_judge,
    required=_required,
)
