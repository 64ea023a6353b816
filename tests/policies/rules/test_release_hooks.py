"""release-hooks (ROVN-MIG-1, ROVN-DEP-4, ALL-3)."""

import pytest

from policies.rules.release_hooks import RULE
from runbook.model.loader import load_environment
from tests.policies.rules.harness import OPEN, Json, Real, properties
from tests.policies.rules.spoiling import (
    ABSENT,
    APP,
    SERVICE,
    Spoil,
    all_pass,
    faults,
    file_says,
    setting,
)

HOOKS = "DeploymentConfiguration.LifecycleHooks"
FUNCTION = "arn:aws:lambda:us-east-2:111122223333:function:rovn-production-passport-api"
CALLER = "arn:aws:iam::111122223333:role/rovn-production-passport-api-hooks"
GATE = load_environment("rovn/production").services[APP].gate
assert GATE is not None
MINUTES = GATE.timeout_minutes
NONE_FIRST = "0 hooks stand at PRE_SCALE_UP, not 1"


def put(path: str, value: object, hook: int = 0) -> Spoil:
    return setting(SERVICE, "Service", f"{HOOKS}.{hook}.{path}", value)


def twice(body: Json) -> None:
    hooks = properties(body, SERVICE)["DeploymentConfiguration"]["LifecycleHooks"]
    hooks.append(hooks[0])


def test_both_hooks_stand(real: Real) -> None:
    assert all_pass(real, RULE, "Service")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (
            setting(SERVICE, "Service", HOOKS, []),
            f"{NONE_FIRST}; 0 hooks stand at POST_TEST_TRAFFIC_SHIFT, not 1",
        ),
        (
            setting(SERVICE, "Service", HOOKS, ABSENT),
            f"{NONE_FIRST}; 0 hooks stand at POST_TEST_TRAFFIC_SHIFT, not 1",
        ),
        (put("LifecycleStages", ["POST_SCALE_UP"]), NONE_FIRST),
        (put("LifecycleStages", ABSENT), NONE_FIRST),
        (twice, "2 hooks stand at PRE_SCALE_UP, not 1"),
        (
            put("HookTargetArn", f"{FUNCTION}-other"),
            f"at PRE_SCALE_UP {FUNCTION}-other is asked, not {FUNCTION}-gate",
        ),
        (
            put("HookTargetArn", f"{FUNCTION}-gate", hook=1),
            f"at POST_TEST_TRAFFIC_SHIFT {FUNCTION}-gate is asked, not {FUNCTION}-probe",
        ),
        (
            put("TargetType", "PAUSE"),
            "the hook at PRE_SCALE_UP is a PAUSE: it asks no function",
        ),
        (
            put("TimeoutConfiguration.Action", "CONTINUE"),
            "without an answer PRE_SCALE_UP ends in CONTINUE, not in ROLLBACK",
        ),
        (
            put("TimeoutConfiguration", ABSENT),
            f"the hook at PRE_SCALE_UP has None minutes, not {MINUTES}; "
            "without an answer PRE_SCALE_UP ends in None, not in ROLLBACK",
        ),
        (
            put("TimeoutConfiguration.TimeoutInMinutes", 1440),
            f"the hook at PRE_SCALE_UP has 1440 minutes, not {MINUTES}",
        ),
        (
            put("RoleArn", "arn:x"),
            f"at PRE_SCALE_UP it is called by arn:x, not by {CALLER}",
        ),
    ],
)
def test_a_way_past_the_gate_fails(production: Real, spoil: Spoil, message: str) -> None:
    assert faults(production, RULE, APP, spoil) == {"Service": message}


def test_what_says_the_same_in_other_words_passes(production: Real) -> None:
    minutes = put("TimeoutConfiguration.TimeoutInMinutes", str(MINUTES))
    assert faults(production, RULE, APP, minutes, put("TargetType", "AWS_LAMBDA")) == {}


def test_a_function_that_is_nowhere_fails(production: Real) -> None:
    def spoil(body: Json) -> None:
        for resource in body["Resources"].values():
            if resource["Type"] == "AWS::Lambda::Function":
                resource["Properties"]["FunctionName"] += "-other"

    assert faults(production, RULE, "release-gate", spoil) == {
        "Service": "no function is called rovn-production-passport-api-gate, so PRE_SCALE_UP ends "
        "every release; no function is called rovn-production-passport-api-probe, so "
        "POST_TEST_TRAFFIC_SHIFT ends every release"
    }


@pytest.mark.parametrize(
    "path", ["LifecycleStages", "HookTargetArn", "TimeoutConfiguration.Action"]
)
def test_an_open_value_fails(production: Real, path: str) -> None:
    said = faults(production, RULE, APP, put(path, OPEN))["Service"]
    assert said.startswith(f"{HOOKS}.0.{path}: ${{SomeParameter}} is open")


def test_a_rolling_service_has_no_gate(production: Real, monkeypatch: pytest.MonkeyPatch) -> None:
    file_says(monkeypatch, gate=None)
    assert faults(production, RULE, APP, setting(SERVICE, "Service", HOOKS, [])) == {}


def test_a_service_that_the_file_does_not_know_is_for_another_rule(production: Real) -> None:
    assert faults(production, RULE, APP, setting(SERVICE, "Service", "ServiceName", "x")) == {}


@pytest.mark.clause("ALL-3")
def test_only_this_rule_sees_a_time_out_that_goes_on(real: Real) -> None:
    spoil = put("TimeoutConfiguration.Action", "CONTINUE")
    assert real.caught(APP, spoil) == {("release-hooks", "Service")}
