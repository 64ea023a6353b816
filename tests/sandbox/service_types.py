"""Templates with every type that the stacks of services use: what they share, and one service."""

from __future__ import annotations

from typing import Any

from tests.sandbox.templates.account import ACCESS, NETWORK, REGISTRY
from tests.sandbox.templates.expressions import arn, exported
from tests.sandbox.templates.platform import PLATFORM
from tests.sandbox.templates.scaling import SCALING
from tests.sandbox.templates.tasks import LOGS, TASKS
from tests.sandbox.templates.traffic import SECURITY, rule, target_group

SHARED: dict[str, Any] = {
    "Resources": NETWORK | REGISTRY | ACCESS | PLATFORM,
    "Outputs": {
        "Vpc": exported("vpc", {"Ref": "Vpc"}),
        "SubnetA": exported("subnet-a", {"Ref": "SubnetA"}),
        "SubnetB": exported("subnet-b", {"Ref": "SubnetB"}),
        "Key": exported("key", arn("Key")),
        "Repository": exported("repository", {"Fn::GetAtt": ["Repository", "RepositoryUri"]}),
        "RepositoryArn": exported("repository-arn", arn("Repository")),
        "Cluster": exported("cluster", {"Ref": "Cluster"}),
        "ClusterArn": exported("cluster-arn", arn("Cluster")),
        "Group": exported("balancer-group", {"Fn::GetAtt": ["BalancerGroup", "GroupId"]}),
        "Balancer": exported("balancer", {"Fn::GetAtt": ["Balancer", "LoadBalancerFullName"]}),
        "Name": exported("balancer-name", {"Fn::GetAtt": ["Balancer", "DNSName"]}),
        "Zone": exported("balancer-zone", {"Fn::GetAtt": ["Balancer", "CanonicalHostedZoneID"]}),
        "Listener": exported("listener", {"Ref": "Listener"}),
        "TestListener": exported("test-listener", {"Ref": "TestListener"}),
        "Boundary": exported("boundary", {"Ref": "Boundary"}),
        "WebAcl": exported("web-acl", arn("WebAcl")),
    },
}


SERVICE: dict[str, Any] = {
    "Parameters": {"ImageTag": {"Type": "String", "AllowedPattern": "prod-[0-9]{14}"}},
    "Resources": {
        "Blue": target_group("blue"),
        "Green": target_group("green"),
        "Rule": rule("listener", 10),
        "TestRule": rule("test-listener", 10),
        **LOGS,
        **SECURITY,
        **TASKS,
        **SCALING,
    },
    "Outputs": {
        "Service": {"Value": {"Fn::GetAtt": ["Service", "ServiceArn"]}},
        "Name": {"Value": {"Fn::GetAtt": ["Service", "Name"]}},
        "Tag": {"Value": {"Ref": "ImageTag"}},
    },
}
