"""health-path (ROVN-HLT-1)."""

import pytest

from policies.rules.health_path import RULE
from tests.policies.rules.harness import OPEN, Real
from tests.policies.rules.spoiling import ABSENT, APP, TASK, Spoil, add, all_pass, faults, setting

GROUP = "AWS::ElasticLoadBalancingV2::TargetGroup"
GREEN = "ServiceColoursGreen"
COMMAND = "ContainerDefinitions.0.HealthCheck.Command"
WANTED = "['CMD', 'python', '-m', 'passport_api.healthcheck']"


def green(path: str, value: object) -> Spoil:
    return setting(GROUP, GREEN, path, value)


def test_both_colours_and_the_container_pass(real: Real) -> None:
    assert all_pass(real, RULE, "TasksApp", "ServiceColoursBlue", GREEN)


@pytest.mark.parametrize(
    ("spoil", "messages"),
    [
        (green("HealthCheckPath", "/"), {GREEN: "it asks for /, not for /health"}),
        (green("HealthCheckPath", ABSENT), {GREEN: "it asks for /, not for /health"}),
        (green("Matcher.HttpCode", "200-499"), {GREEN: "it takes 200-499 for healthy, not 200"}),
        (green("Matcher", ABSENT), {}),
        (setting(TASK, "TasksApp", "ContainerDefinitions.0.Essential", ABSENT), {}),
        (
            green("HealthCheckEnabled", value=False),
            {GREEN: "it does not check the health of its targets"},
        ),
        (
            setting(TASK, "TasksApp", COMMAND, ["CMD", "true"]),
            {"TasksApp": f"the container's health command is ['CMD', 'true'], not {WANTED}"},
        ),
        (
            setting(TASK, "TasksApp", "ContainerDefinitions.0.HealthCheck", ABSENT),
            {"TasksApp": f"the container's health command is None, not {WANTED}"},
        ),
    ],
)
def test_another_check_fails(
    production: Real, spoil: Spoil, messages: dict[str | None, str]
) -> None:
    assert faults(production, RULE, APP, spoil) == messages


def test_an_open_path_fails(production: Real) -> None:
    said = faults(production, RULE, APP, green("HealthCheckPath", OPEN))
    assert said[GREEN].startswith("HealthCheckPath: ${SomeParameter} is open")


def test_what_no_service_uses_is_not_looked_at(production: Real) -> None:
    assert faults(production, RULE, APP, add("Other", GROUP, HealthCheckPath="/x")) == {}


def test_only_this_rule_sees_another_path(real: Real) -> None:
    assert real.caught(APP, green("HealthCheckPath", "/x")) == {("health-path", GREEN)}


def test_another_port_is_another_answer(production: Real) -> None:
    said = faults(production, RULE, APP, green("HealthCheckPort", "13133"))
    assert said == {GREEN: "it asks at port 13133, not where requests go"}
    assert faults(production, RULE, APP, green("HealthCheckPort", 8000)) == {}
    assert faults(production, RULE, APP, green("Matcher.HttpCode", 200)) == {}


def test_a_container_that_may_be_missed_is_no_health(production: Real) -> None:
    spoil = setting(TASK, "TasksApp", "ContainerDefinitions.0.Essential", value=False)
    assert faults(production, RULE, APP, spoil) == {
        "TasksApp": "passport-api is not essential: the task stays healthy without it"
    }
