"""service-logs."""

import pytest

from policies.rules.service_logs import RULE
from tests.policies.rules.harness import OPEN, Real
from tests.policies.rules.spoiling import ABSENT, APP, TASK, Spoil, add, all_pass, faults, setting

CONFIGURATION = "ContainerDefinitions.1.LogConfiguration"


def option(name: str, value: object) -> Spoil:
    return setting(TASK, "TasksApp", f"{CONFIGURATION}.Options.{name}", value)


def test_every_container_of_ours_passes(real: Real) -> None:
    assert all_pass(real, RULE, "TasksApp", "TasksMigrations")


NO_GROUP = "which is no log group of these templates"
SLOW = "not non-blocking: a slow log stops it"


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (option("awslogs-group", "/ecs/x"), f"collector logs to /ecs/x, {NO_GROUP}"),
        (option("awslogs-group", ABSENT), f"collector logs to None, {NO_GROUP}"),
        (option("awslogs-region", "us-west-2"), "collector logs in us-west-2, not in us-east-2"),
        (
            option("awslogs-create-group", "true"),
            "collector may make a log group of its own, without key and retention",
        ),
        (option("mode", "blocking"), f"collector logs in mode blocking, {SLOW}"),
        (option("mode", ABSENT), f"collector logs in mode None, {SLOW}"),
        (
            setting(TASK, "TasksApp", f"{CONFIGURATION}.LogDriver", "splunk"),
            "collector logs to splunk, not awslogs",
        ),
        (
            setting(TASK, "TasksApp", CONFIGURATION, ABSENT),
            "collector logs to None, not awslogs",
        ),
    ],
)
def test_lines_that_go_elsewhere_fail(production: Real, spoil: Spoil, message: str) -> None:
    assert faults(production, RULE, APP, spoil) == {"TasksApp": message}


def test_every_container_is_told(production: Real) -> None:
    drivers = [
        setting(TASK, "TasksApp", f"ContainerDefinitions.{n}.LogConfiguration.LogDriver", "splunk")
        for n in (0, 1)
    ]
    assert faults(production, RULE, APP, *drivers) == {
        "TasksApp": "passport-api logs to splunk, not awslogs; "
        "collector logs to splunk, not awslogs"
    }


def test_an_open_group_fails(production: Real) -> None:
    (said,) = faults(production, RULE, APP, option("awslogs-group", OPEN)).values()
    assert said.startswith("${SomeParameter} cannot be known before the deploy")


def test_any_task_is_looked_at(production: Real) -> None:
    once = add("Once", TASK, ContainerDefinitions=[{"Name": "once"}])
    assert faults(production, RULE, APP, once) == {"Once": "once logs to None, not awslogs"}


def test_only_this_rule_sees_a_log_that_blocks(real: Real) -> None:
    assert real.caught(APP, option("mode", "blocking")) == {("service-logs", "TasksApp")}
