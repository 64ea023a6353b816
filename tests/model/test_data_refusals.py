"""How buckets and database of an environment file can be wrong."""

import pytest

from tests.model.spoiling import Directory, Refuse, demand_told

# (key to spoil, its value, key told, reason told, fix told)
SPOILED = [
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
]


@pytest.mark.parametrize(("path", "value", "key", "reason", "fix"), SPOILED)
def test_one_spoiled_key_is_refused_with_reason_and_fix(
    refuse: Refuse, path: str, value: object, key: str, reason: str, fix: str
) -> None:
    demand_told(refuse(path, value), key, reason, fix)


def test_seven_years_in_days_are_enough_with_both_leap_days(directory: Directory) -> None:
    """2557 days satisfy ROVN-BCK-2, so the only complaint left is the one spoiled on purpose."""
    text = 'schema = 1\ntier = "phi"\n[buckets.audit]\nretention_days = 2557\n'
    assert "ROVN-BCK-2" not in directory.refusal(text.encode())
