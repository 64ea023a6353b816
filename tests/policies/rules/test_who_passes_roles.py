"""who-passes-roles (ROVN-DEP-9)."""

import pytest

from policies.rules.who_passes_roles import RULE
from tests.policies.rules.access import (
    DEPLOY,
    EXECUTION,
    HOME,
    IAM,
    SLUG,
    TASK,
    account,
    add,
    allow,
    policy,
    said,
)
from tests.policies.rules.harness import OPEN, Json, Real, properties

TASKS = "ecs-tasks.amazonaws.com"
MIGRATIONS = [f"{IAM}:role/{SLUG}-passport-api-migrations-{kind}" for kind in ("execution", "task")]
TRAIL = f"{IAM}:role/{SLUG}-trail"


def passing(resource: object, service: object = TASKS) -> Json:
    condition = {"StringEquals": {"iam:PassedToService": service}}
    return allow("iam:PassRole", resource, Condition=condition)


def by_cloudformation(statement: Json) -> Json:
    name = f"{SLUG}-cloudformation-roles"
    return policy(statement, ManagedPolicyName=name, Roles=[])


def test_cloudformation_and_a_deploy_pass_what_they_must() -> None:
    assert said(RULE, by_cloudformation(passing([TASK, EXECUTION]))) == "pass"
    assert said(RULE, by_cloudformation(passing(TRAIL, "cloudtrail.amazonaws.com"))) == "pass"
    assert said(RULE, policy(passing(MIGRATIONS), Roles=["claude-deploy"])) == "pass"
    assert said(RULE, policy(passing("*"), Roles=["break-glass"])) == "pass"


def test_nobody_else_passes_any() -> None:
    assert said(RULE, policy(passing(TASK))) == (
        f"statement One lets {TASK} pass {TASK} to {TASKS}; it may pass none"
    )


@pytest.mark.parametrize("role", ["*", f"{IAM}:role/*", TASK])
def test_a_deploy_passes_the_migrations_roles_only(role: str) -> None:
    assert said(RULE, policy(passing([role, *MIGRATIONS]), Roles=["claude-deploy"])) == (
        f"statement One lets {DEPLOY} pass {role} to {TASKS}; it may pass {', '.join(MIGRATIONS)}"
    )


def test_a_gate_passes_the_migrations_roles_only_and_to_tasks_only() -> None:
    gate = f"{SLUG}-passport-api-migrate-steps"
    assert said(RULE, policy(passing(MIGRATIONS), Roles=[gate])) == "pass"
    assert said(RULE, policy(passing(TASK), Roles=[gate])) == (
        f"statement One lets {IAM}:role/{gate} pass {TASK} to {TASKS}; it may pass "
        f"{', '.join(MIGRATIONS)}"
    )
    elsewhere = passing(MIGRATIONS, "lambda.amazonaws.com")
    assert "it may pass none" in said(RULE, policy(elsewhere, Roles=[gate]))


def test_a_role_goes_to_its_own_service() -> None:
    body = by_cloudformation(passing(TASK, "cloudtrail.amazonaws.com"))
    assert f"lets {HOME} pass {TASK} to cloudtrail.amazonaws.com; it may pass {TRAIL}" in said(
        RULE, body
    )


def test_the_service_is_named() -> None:
    assert said(RULE, by_cloudformation(allow("iam:Pass*", TASK))) == (
        "statement One passes roles to any service: it has no condition iam:PassedToService"
    )


def test_only_what_grants_it_passes_a_role() -> None:
    assert said(RULE, policy(allow("iam:PassRole", TASK, Effect="Deny"))) == "pass"
    assert said(RULE, policy(allow("s3:GetObject", TASK))) == "pass"
    limit = {"ManagedPolicyName": f"{SLUG}-workload-boundary", "Roles": []}
    assert said(RULE, policy(allow("iam:PassRole"), **limit)) == "pass"


def test_an_open_value_fails() -> None:
    assert said(RULE, by_cloudformation(passing(TASK, OPEN))).startswith(
        "StringEquals iam:PassedToService: ${SomeParameter} is open"
    )
    assert said(RULE, by_cloudformation(passing(OPEN))).startswith("Resource: ${SomeParameter}")


def test_what_holds_no_policy_is_not_looked_at() -> None:
    assert said(RULE, {"Type": "AWS::S3::Bucket", "Properties": {}}) == "not_applicable"


def test_only_this_rule_sees_a_role_passed(real: Real) -> None:
    def spoil(body: Json) -> None:
        role = TASK.replace("111122223333", account(real))
        carried = properties(body, "AWS::IAM::ManagedPolicy", "TasksExecutionRolePolicy")
        add(carried, passing(role))

    assert real.caught("passport-api", spoil) == {("who-passes-roles", "TasksExecutionRolePolicy")}
