"""Every way an environment file can be wrong: the message names file, key, reason and fix."""

import pytest
import tomli_w

from runbook.model.loader import load_environment
from runbook.model.refusal import RefusedError
from tests.model.spoiling import HAPPY, MISSING, Directory, Refuse

SUBNETS = HAPPY["network"]["subnets"]

# (key to spoil, its value, key told, reason told, fix told)
SPOILED = [
    ("acount", "1", "acount", "this key is unknown", "did you mean 'account'?"),
    ("\x1b[31m", 1, '"\\u001b[31m"', "this key is unknown", "known keys: account, avail"),
    ("network.c idr", 1, 'network."c idr"', "this key is unknown", "did you mean 'cidr'?"),
    ("network.nat", 3, "network.nat", "this key is unknown", "known keys: cidr, flow_log"),
    ("tier", "personal", "tier", "personal breaks ROVN-BCK-2", "set exactly phi"),
    ("account", MISSING, "account", "this key is missing", "add account to the file"),
    ("buckets.receipts", MISSING, "buckets.receipts", "this key is missing", "add buckets.rec"),
    ("schema", 2, "schema", "version 2 of the format is not known", "write schema = 1"),
    ("schema", True, "schema", "should be a valid integer, not true", "without quotes"),
    ("schema", 1.0, "schema", "should be a valid integer, not 1.0", "without quotes"),
    ("tier", "secret", "tier", '"secret" is not a choice', "'phi', 'personal', 'synthetic'"),
    ("account", 111122223333, "account", "should be a valid string", "write text in quotes"),
    ("account", "1111", "account", "'1111' is not an AWS account id", "its 12 digits in quotes"),
    ("account", "000000000000", "account", "is not an AWS account id", "12 digits"),
    ("account", "١" * 12, "account", "is not an AWS account id", "12 digits"),  # noqa: RUF001
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
    ("buckets.audit", {}, "buckets.audit", "exactly one of the two", "keep retention_years or"),
    (
        "buckets.audit",
        {"retention_years": 7, "retention_days": 2557},
        "buckets.audit",
        "exactly one of the two",
        "keep retention_years or",
    ),
    (
        "buckets.audit",
        {"retention_years": 101},
        "buckets.audit.retention_years",
        "less than or equal to 100",
        "write 100 or less",
    ),
    (
        "buckets.audit",
        {"retention_days": 0},
        "buckets.audit.retention_days",
        "greater than or equal to 1",
        "write 1 or more",
    ),
    (
        "buckets.audit",
        {"retention_years": 6},
        "buckets.audit",
        "6 calendar years breaks ROVN-BCK-2, which demands at least 7 calendar years",
        "set at least 7 calendar years",
    ),
    (
        "buckets.audit",
        {"retention_days": 2556},
        "buckets.audit",
        "2556 days breaks ROVN-BCK-2",
        "set at least 7 calendar years",
    ),
    (
        "buckets.receipts.glacier_after_days",
        30,
        "buckets.receipts.glacier_after_days",
        "30 breaks ROVN-BCK-3, which demands exactly 90",
        "set exactly 90",
    ),
    ("database.engine_version", "17", "database.engine_version", "should match pattern", "schema"),
    ("database.instance_class", "m7g", "database.instance_class", "should match pattern", "schema"),
    (
        "database.backup_retention_days",
        36,
        "database.backup_retention_days",
        "less than or equal to 35",
        "write 35 or less",
    ),
    (
        "database.backup_retention_days",
        29,
        "database.backup_retention_days",
        "29 breaks ROVN-BCK-1, which demands at least 30",
        "set at least 30",
    ),
    (
        "database.max_allocated_storage_gb",
        109,
        "database.max_allocated_storage_gb",
        "less than 10 % to grow from 100 GiB",
        "set at least 110",
    ),
    (
        "database.backup_copy_region",
        "us-east-2",
        "database.backup_copy_region",
        "us-east-2 is where the database itself is",
        "choose another region",
    ),
    (
        "database.backup_window",
        "05:00-05:10",
        "database.backup_window",
        "'05:00-05:10' is not a window of at least 30 minutes",
        '"05:00-06:00"',
    ),
    (
        "database.backup_window",
        "06:30-07:30",
        "database.backup_window",
        "06:30-07:30 overlaps maintenance_window sun:07:00-sun:08:00",
        "move one of them",
    ),
    (
        "database.maintenance_window",
        "sun:25:00-sun:26:00",
        "database.maintenance_window",
        "is not a weekly window",
        '"sun:07:00-sun:08:00"',
    ),
    (
        "database.maintenance_window",
        "sun:07:00-sun:07:29",
        "database.maintenance_window",
        "is not a weekly window of at least 30 minutes",
        '"sun:07:00-sun:08:00"',
    ),
    (
        "database.maintenance_window",
        "mon:04:45-mon:05:15",
        "database.backup_window",
        "05:00-06:00 overlaps maintenance_window mon:04:45-mon:05:15",
        "move one of them",
    ),
    (
        "database.max_connections",
        149,
        "database.max_connections",
        "120 connections during a release (passport-api 120): more than 80 % of 149",
        "set at least 150",
    ),
    (
        "services.passport-api.strategy",
        "canary",
        "services.passport-api.strategy",
        '"canary" is not a choice',
        "'blue_green', 'rolling'",
    ),
    ("services", {}, "services", "at least 1 item", "schema"),
    (
        "secrets.stripe-api-key.owner",
        MISSING,
        "secrets.stripe-api-key.owner",
        "this key is missing",
        "add secrets.stripe-api-key.owner",
    ),
    (
        "secrets.stripe-api-key.rotation_days",
        MISSING,
        "secrets.stripe-api-key.rotation_days",
        "this key is missing",
        "add secrets.stripe-api-key.rotation_days",
    ),
    (
        "secrets.stripe-api-key.mechanism",
        MISSING,
        "secrets.stripe-api-key.mechanism",
        "this key is missing",
        "add secrets.stripe-api-key.mechanism",
    ),
    (
        "secrets.stripe-api-key.rotation_days",
        91,
        "secrets.stripe-api-key.rotation_days",
        "91 breaks ROVN-SEC-3, which demands at most 90",
        "set at most 90",
    ),
    (
        "secrets.stripe-api-key",
        MISSING,
        "secrets.stripe-api-key.rotation_days",
        "its absence breaks ROVN-SEC-3",
        "set at most 90",
    ),
    (
        "secrets.jwt-signing-keys.rotation_days",
        181,
        "secrets.jwt-signing-keys.rotation_days",
        "181 breaks ROVN-SEC-3, which demands at most 180",
        "set at most 180",
    ),
    (
        "secrets.stripe-api-key.consumers",
        ["nobody"],
        "secrets.stripe-api-key.consumers",
        "'nobody' is not a service",
        "choose among passport-api",
    ),
    (
        "secrets.stripe-api-key.mechanism",
        "database_master",
        "secrets",
        "2 secrets have the mechanism database_master",
        "exactly one",
    ),
    ("organisation", "rovn", "organisation", "the file's path gives this", "remove organisation"),
]


@pytest.mark.parametrize(("path", "value", "key", "reason", "fix"), SPOILED)
def test_one_spoiled_key_is_refused_with_reason_and_fix(
    refuse: Refuse, path: str, value: object, key: str, reason: str, fix: str
) -> None:
    message = refuse(path, value)
    assert message.startswith("environments/rovn/production.toml is refused:")
    assert f"\n  {key}\n" in message
    why = next(line for line in message.splitlines() if reason in line)
    assert why.startswith("    why: ")
    remedy = next(line for line in message.splitlines() if fix in line)
    assert remedy.startswith("    fix: ")


def test_seven_years_in_days_are_enough_with_both_leap_days(directory: Directory) -> None:
    """2557 days satisfy ROVN-BCK-2, so the only complaint left is the one spoiled on purpose."""
    text = 'schema = 1\ntier = "phi"\n[buckets.audit]\nretention_days = 2557\n'
    assert "ROVN-BCK-2" not in directory.refusal(text.encode())


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is empty"),
        (b" \n\t\n", "it is empty"),
        (b"\xff\xfe\x00", "byte 0 is not UTF-8"),
        (b'account = "\xe9"', "byte 11 is not UTF-8"),
        (b"account = ", "it is not TOML: Invalid value (at end of document)"),
        (b'account = "1"\naccount = "2"', "it is not TOML: Cannot overwrite a value (at "),
        (b"[" * 5000, "it is not TOML"),
        (b"a = " + b"[" * 100_000, "it is not TOML"),
        (b"a = " + b"9" * 10_000, "it is not TOML"),
    ],
)
def test_a_file_that_is_no_toml_is_refused_as_a_whole(
    directory: Directory, content: bytes, reason: str
) -> None:
    message = directory.refusal(content)
    assert message.startswith("environments/rovn/production.toml is refused:")
    assert f"  (the whole file)\n    why: {reason}" in message


def test_everything_wrong_is_told_at_once(directory: Directory) -> None:
    message = directory.refusal(b'schema = 1\naccount = "1"\nregion = "moon"\ntypo = 1\n')
    for key in ("account", "region", "typo", "tier", "network", "buckets"):
        assert f"\n  {key}\n" in message


@pytest.mark.parametrize("name", ["Prod", "prod_1", "x-", "a--b", "1a", "a" * 32])
def test_a_name_that_cannot_name_resources_is_refused(directory: Directory, name: str) -> None:
    message = directory.refusal(b"schema = 1", f"rovn/{name}")
    assert f"'{name}' cannot be part of resource names" in message


def test_an_organisation_without_clauses_is_refused(directory: Directory) -> None:
    """Nothing would be held against its file: that must not pass as 'all good'."""
    (directory.root / "nobody").mkdir()
    message = directory.refusal(tomli_w.dumps(HAPPY).encode(), "nobody/production")
    assert "no clauses are written down for 'nobody'" in message
    assert "add runbook/clauses/nobody.toml" in message


def test_a_directory_in_place_of_a_file_is_refused(directory: Directory) -> None:
    (directory.root / "rovn" / "production.toml").mkdir()
    with pytest.raises(RefusedError, match="it cannot be read: Is a directory"):
        load_environment("rovn/production", root=directory.root)
