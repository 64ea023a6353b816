"""Delivery: who may not approve, and times that contradict each other."""

import pytest

from tests.model.spoiling import MISSING, Refuse

APPROVERS = "delivery.approver_roles"
FIRST = f"{APPROVERS}[0]"
# (key to spoil, its value, key told, reason told, fix told)
SPOILED = [
    ("delivery", MISSING, "delivery", "this key is missing", "add delivery"),
    (APPROVERS, ["claude-deploy"], FIRST, "approved by somebody else", "a role of people"),
    (APPROVERS, ["path/Claude-Deploy"], FIRST, "approved by somebody else", "a role of people"),
    (APPROVERS, ["rovn-production-release"], FIRST, "roles of our stacks", "neither with rovn-"),
    (APPROVERS, ["cdk-x"], FIRST, "roles of our stacks", "nor with cdk-"),
    (APPROVERS, ["break-glass"], FIRST, "approves already", "name each role once"),
    (APPROVERS, ["lead", "lead"], f"{APPROVERS}[1]", "approves already", "name each role once"),
    (APPROVERS, ["*"], FIRST, "a wildcard is never taken", "break-glass"),
    ("delivery.approval_hours", 0, "delivery.approval_hours", "greater than or equal", "1 or more"),
    ("delivery.build_minutes", 481, "delivery.build_minutes", "less than or equal", "480 or less"),
    ("delivery.release_minutes", 15, "delivery.release_minutes", "passport-api bakes", "raise it"),
    ("delivery.log_retention_days", 31, "delivery.log_retention_days", "no retention of 31", "60"),
    ("delivery.source_days", 1, "delivery.source_days", "greater than or equal", "30 or more"),
    ("images.scan_fail_severity", "NONE", "images.scan_fail_severity", "is not a choice", "'HIGH'"),
    ("images.scan_fail_severity", MISSING, "images.scan_fail_severity", "missing", "add images"),
]


@pytest.mark.parametrize(("spoil", "value", "key", "reason", "fix"), SPOILED)
def test_a_spoiled_file_is_refused_with_a_reason_and_a_fix(
    refuse: Refuse, spoil: str, value: object, key: str, reason: str, fix: str
) -> None:
    told = refuse(spoil, value)
    assert f"  {key}\n" in told
    assert reason in told
    assert fix in told
