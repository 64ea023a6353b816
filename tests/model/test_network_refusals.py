"""How region, zones and network of an environment file can be wrong."""

import pytest

from tests.model.spoiling import HAPPY, Refuse, demand_told

SUBNETS = HAPPY["network"]["subnets"]

# (key to spoil, its value, key told, reason told, fix told)
SPOILED = [
    ("region", "us-east-9", "region", "AWS has no region 'us-east-9'", "for example us-east-2"),
    ("region", "cn-north-1", "region", "AWS has no region", "commercial partition"),
    ("region", "eu-west-1", "availability_zones", "not a zone of eu-west-1", "eu-west-1a"),
    ("availability_zones", ["us-east-2a"], "availability_zones", "need two zones", "at least two"),
    ("availability_zones", ["us-east-2a"] * 2, "availability_zones", "listed twice", "once"),
    (
        "availability_zones",
        "us-east-2a",
        "availability_zones",
        "should be a valid tuple",
        "square brackets",
    ),
    ("network", "10.0.0.0/16", "network", "a table is expected here", "write a [network] section"),
    ("network.cidr", 10, "network.cidr", "10 is not a CIDR block in quotes", "10.20.0.0/16"),
    ("network.cidr", "10.20.0.0/33", "network.cidr", "is not an IPv4 CIDR block", "10.20.0.0/16"),
    ("network.cidr", "fd00::/48", "network.cidr", "is not an IPv4 CIDR block", "10.20.0.0/16"),
    ("network.cidr", "10.20.3.0/16", "network.cidr", "bits set beyond", "mean 10.20.0.0/16?"),
    ("network.cidr", "10.0.0.0/8", "network.cidr", "from /16 to /28", "choose a prefix"),
    ("network.cidr", "8.8.0.0/16", "network.cidr", "is not a private range", "10.0.0.0/8"),
    (
        "network.cidr",
        "10.99.0.0/16",
        "network.subnets.public",
        "10.20.0.0/24 is outside network.cidr 10.99.0.0/16",
        "move it inside",
    ),
    (
        "network.subnets.isolated",
        ["10.20.64.0/24", "10.20.65.0/24"],
        "network.subnets.isolated",
        "2 subnets for 3 availability zones",
        "one block for each zone",
    ),
    (
        "network.subnets.isolated",
        [SUBNETS["private"][0], "10.20.65.0/24", "10.20.66.0/24"],
        "network.subnets.isolated",
        "10.20.16.0/20 overlaps 10.20.16.0/20 of network.subnets.private",
        "move one of them",
    ),
    (
        "network.subnets.isolated",
        ["10.20.64.0/24", "10.20.64.0/25", "10.20.66.0/24"],
        "network.subnets.isolated",
        "10.20.64.0/25 overlaps 10.20.64.0/24",
        "move one of them",
    ),
    (
        "network.interface_endpoints",
        ["s4"],
        "network.interface_endpoints[0]",
        '"s4" is not a choice',
        "'secretsmanager'",
    ),
    (
        "network.interface_endpoints",
        ["kms", "kms"],
        "network.interface_endpoints",
        "listed twice",
        "list each once",
    ),
    (
        "network.flow_log_retention_days",
        100,
        "network.flow_log_retention_days",
        "CloudWatch Logs has no retention of 100 days",
        "choose 120",
    ),
    (
        "network.flow_log_retention_days",
        True,
        "network.flow_log_retention_days",
        "should be a valid integer",
        "a whole number, without quotes",
    ),
]


@pytest.mark.parametrize(("path", "value", "key", "reason", "fix"), SPOILED)
def test_one_spoiled_key_is_refused_with_reason_and_fix(
    refuse: Refuse, path: str, value: object, key: str, reason: str, fix: str
) -> None:
    demand_told(refuse(path, value), key, reason, fix)
