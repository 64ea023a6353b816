"""No machine of ours has an address that the internet can call."""

import re
from collections.abc import Iterator
from typing import Any

from policies.rule import Rule
from policies.templates.scope import Resource, Scope
from policies.templates.values import closed, switch

SUBNET = "AWS::EC2::Subnet"
ASKS = "AssociatePublicIpAddress"
# What makes an instance or an interface, and where it says which interfaces it gets.
_INTERFACES = {
    "AWS::AutoScaling::LaunchConfiguration": ASKS,
    "AWS::EC2::Instance": "NetworkInterfaces",
    "AWS::EC2::LaunchTemplate": "LaunchTemplateData.NetworkInterfaces",
    "AWS::EC2::SpotFleet": "SpotFleetRequestConfigData.LaunchSpecifications",
}
# What starts tasks or jobs: it says there, at whatever depth or in whatever text, if they get one.
_STARTERS = (
    *("AWS::Batch::JobDefinition", "AWS::ECS::TaskSet", "AWS::Events::Rule"),
    *("AWS::Pipes::Pipe", "AWS::Scheduler::Schedule", "AWS::StepFunctions::StateMachine"),
)
_ENABLED = re.compile(r"AssignPublicIp\W+ENABLED", re.IGNORECASE)
_GIVEN = ("AWS::EC2::EIPAssociation", "AWS::EC2::EIP")


def _judge(resource: Resource, _: Scope) -> Iterator[str]:
    if resource.type == SUBNET:
        for key in ("MapPublicIpOnLaunch", "AssignIpv6AddressOnCreation"):
            if switch(resource.at(key, default=False)) is not False:
                yield f"{key} is not false: whatever starts here gets a public address"
    elif resource.type in _GIVEN:
        for key in ("InstanceId", "NetworkInterfaceId"):
            if resource.at(key) is not None:
                yield f"{key} is set: it gives a machine a public address"
    elif resource.type in _STARTERS:
        if _ENABLED.search(resource.text):
            yield "AssignPublicIp is ENABLED: the tasks it starts get public addresses"
    else:
        path = _INTERFACES[resource.type]
        value = closed(resource.at(path, default=False))
        if any(
            switch(asked) is not False for asked in _asked({ASKS: value} if path == ASKS else value)
        ):
            yield f"{ASKS} is not false: it gets a public address"


def _asked(value: Any) -> Iterator[Any]:  # noqa: ANN401 - JSON is any value
    """Find every switch for a public address, however deep."""
    if isinstance(value, dict):
        if ASKS in value:
            yield value[ASKS]
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _asked(item)


RULE = Rule(
    id="no-public-addresses",
    title="No subnet, instance or network interface has or hands out public addresses",
    why="A machine with a public address is reached by everybody as soon as one security group "
    "is wrong.",
    remedy="Leave map_public_ip_on_launch to runbook_constructs.network; what must be reached "
    "stands behind the load balancer, what must reach out behind a NAT gateway.",
    clauses=(),
    controls=("HIPAA 164.312(e)(1)", "NIST SC-7", "SOC2 CC6.6"),
    types=(SUBNET, *_GIVEN, *_STARTERS, *_INTERFACES),
    judge=_judge,
)
