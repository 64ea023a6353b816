"""service-exec-off."""

import pytest

from policies.rules.service_exec_off import RULE
from tests.policies.rules.harness import OPEN, Real
from tests.policies.rules.spoiling import (
    ABSENT,
    APP,
    SERVICE,
    Spoil,
    add,
    faults,
    setting,
)

KEY = "EnableExecuteCommand"


def test_no_shell_passes(real: Real) -> None:
    """Nor what starts tasks beside services: event rules are looked at, too."""
    started = {"PassportApiGateMachine", "PassportApiOnSource", "Service", "SnapshotsDaily"}
    statuses = real.statuses(RULE)
    looked_at = {name: status for name, status in statuses.items() if status != "not_applicable"}
    assert started <= set(looked_at)
    assert set(looked_at.values()) == {"pass"}


@pytest.mark.parametrize(
    ("value", "messages"),
    [
        (ABSENT, {}),
        (
            True,
            {
                "Service": "EnableExecuteCommand is not false: "
                "a shell in a task reads what it works on"
            },
        ),
    ],
)
def test_a_shell_fails(production: Real, value: object, messages: dict[str | None, str]) -> None:
    assert faults(production, RULE, APP, setting(SERVICE, "Service", KEY, value)) == messages


def test_an_open_value_fails(production: Real) -> None:
    said = faults(production, RULE, APP, setting(SERVICE, "Service", KEY, OPEN))
    assert said["Service"].startswith(f"{KEY}: ${{SomeParameter}} is open")


def test_only_this_rule_sees_a_shell(real: Real) -> None:
    spoil = setting(SERVICE, "Service", KEY, value=True)
    assert real.caught(APP, spoil) == {("service-exec-off", "Service")}


def test_text_counts_as_a_switch_and_so_do_tasks_of_a_schedule(production: Real) -> None:
    def given(value: str) -> Spoil:
        return setting(SERVICE, "Service", "EnableExecuteCommand", value)

    assert faults(production, RULE, APP, given("false")) == {}
    assert set(faults(production, RULE, APP, given("true"))) == {"Service"}
    target = {"EcsParameters": {"EnableExecuteCommand": True}}
    schedule = add("Schedule", "AWS::Scheduler::Schedule", Target=target)
    assert set(faults(production, RULE, APP, schedule)) == {"Schedule"}
