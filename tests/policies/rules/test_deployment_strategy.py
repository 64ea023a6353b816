"""deployment-strategy (ROVN-DEP-4)."""

import pytest

from policies.rules.deployment_strategy import RULE
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

ADVANCED = "LoadBalancers.0.AdvancedConfiguration"
TRAFFIC = "arn:aws:iam::111122223333:role/rovn-production-passport-api-traffic"


def put(path: str, value: object) -> Spoil:
    return setting(SERVICE, "Service", path, value)


def test_two_colours_as_the_file_says_pass(real: Real) -> None:
    assert all_pass(real, RULE, "Service")


def same_colour(body: Json) -> None:
    (balancer,) = properties(body, SERVICE)["LoadBalancers"]
    balancer["AdvancedConfiguration"]["AlternateTargetGroupArn"] = balancer["TargetGroupArn"]


def swapped(body: Json) -> None:
    advanced = properties(body, SERVICE)["LoadBalancers"][0]["AdvancedConfiguration"]
    advanced["ProductionListenerRule"] = advanced["TestListenerRule"]


EXTERNAL = "the deployment controller is CODE_DEPLOY, which knows no strategy of ECS"
ONE_COLOUR = "it has no second target group: both colours would share one"
NO_BALANCER = "it has 0 load balancers, not 1: nothing shifts its traffic"


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (put("DeploymentController.Type", "CODE_DEPLOY"), EXTERNAL),
        (put("DeploymentConfiguration.Strategy", "ROLLING"), "it deploys ROLLING, not BLUE_GREEN"),
        (put("DeploymentConfiguration.Strategy", ABSENT), "it deploys ROLLING, not BLUE_GREEN"),
        (put("LoadBalancers", []), NO_BALANCER),
        (put(f"{ADVANCED}.AlternateTargetGroupArn", ABSENT), ONE_COLOUR),
        (same_colour, ONE_COLOUR),
        (put(f"{ADVANCED}.TestListenerRule", ABSENT), "it has no TestListenerRule"),
        (
            put(ADVANCED, {"AlternateTargetGroupArn": "other", "RoleArn": TRAFFIC}),
            "it has no ProductionListenerRule; it has no TestListenerRule",
        ),
        (swapped, "its ProductionListenerRule stands on port 8443, not 443"),
        (put(f"{ADVANCED}.RoleArn", "arn:x"), f"arn:x moves its traffic, not {TRAFFIC}"),
        (put(f"{ADVANCED}.RoleArn", ABSENT), f"None moves its traffic, not {TRAFFIC}"),
    ],
)
def test_what_cannot_shift_traffic_fails(production: Real, spoil: Spoil, message: str) -> None:
    assert faults(production, RULE, APP, spoil) == {"Service": message}


def test_an_open_strategy_fails(production: Real) -> None:
    said = faults(production, RULE, APP, put("DeploymentConfiguration.Strategy", OPEN))
    assert said["Service"].startswith("DeploymentConfiguration.Strategy: ${SomeParameter} is open")


def test_a_service_that_the_file_does_not_know_fails(production: Real) -> None:
    assert faults(production, RULE, APP, put("ServiceName", "another")) == {
        "Service": "rovn/production has no service called another",
        None: "no ECS service is called rovn-passport-api",
    }


BREAKER = {"DeploymentCircuitBreaker": {"Enable": True, "Rollback": True}}
LOST = "of its circuit breaker is not true: a release that fails goes on trying"


@pytest.mark.parametrize(
    ("configuration", "messages"),
    [
        ({"Strategy": "ROLLING"} | BREAKER, {}),
        # ECS's own default.
        (BREAKER, {}),
        ({"DeploymentCircuitBreaker": {"Enable": True}}, {"Service": f"Rollback {LOST}"}),
        ({}, {"Service": f"Enable {LOST}; Rollback {LOST}"}),
        ({"Strategy": "CANARY"} | BREAKER, {"Service": "it deploys CANARY, not ROLLING"}),
    ],
)
def test_a_rolling_service_breaks_the_circuit(
    production: Real, monkeypatch: pytest.MonkeyPatch, configuration: Json, messages: Json
) -> None:
    file_says(monkeypatch, strategy="rolling", bake_minutes=0)
    spoils = put("DeploymentConfiguration", configuration), put(ADVANCED, ABSENT)
    assert faults(production, RULE, APP, *spoils) == messages


def test_only_this_rule_sees_another_controller(real: Real) -> None:
    spoil = put("DeploymentController.Type", "EXTERNAL")
    assert real.caught(APP, spoil) == {("deployment-strategy", "Service")}
