"""container-unprivileged."""

import pytest

from policies.rules.container_unprivileged import RULE
from tests.policies.rules.harness import OPEN, Json, Real, template, verdicts
from tests.policies.rules.spoiling import APP, TASK, all_pass, faults, setting


def said(container: Json, **task: object) -> str:
    properties = {"NetworkMode": "awsvpc", "ContainerDefinitions": [{"Name": "app"} | container]}
    body = {"Type": TASK, "Properties": properties | task}
    return verdicts(RULE, template("app", {"Task": body}))["Task"]


def test_every_container_of_ours_passes(real: Real) -> None:
    assert all_pass(real, RULE, "TasksApp", "TasksMigrations")


@pytest.mark.parametrize(
    ("container", "verdict"),
    [
        ({}, "pass"),
        ({"Privileged": False}, "pass"),
        ({"LinuxParameters": {"Capabilities": {"Drop": ["ALL"]}}}, "pass"),
        ({"Privileged": True}, "app is privileged"),
        (
            {"LinuxParameters": {"Capabilities": {"Add": ["SYS_PTRACE"]}}},
            "app gets the capabilities SYS_PTRACE",
        ),
        (
            {"LinuxParameters": {"Devices": [{"HostPath": "/dev/kvm"}]}},
            "app gets 1 devices of the host",
        ),
    ],
)
def test_powers_fail(container: Json, verdict: str) -> None:
    assert said(container) == verdict


def test_what_is_shared_fails() -> None:
    assert said({}, NetworkMode="host") == "NetworkMode is host, not awsvpc: its network is shared"
    assert said({}, NetworkMode=None).startswith("NetworkMode is None, not awsvpc")
    assert said({}, PidMode="task") == "PidMode is task: processes see those of others"
    assert said({}, IpcMode="host") == "IpcMode is host: processes see those of others"


def test_an_open_value_fails() -> None:
    path = "ContainerDefinitions.0.Privileged"
    assert said({"Privileged": OPEN}).startswith(f"{path}: ${{SomeParameter}} is open")


def test_only_this_rule_sees_a_capability(real: Real) -> None:
    path = "ContainerDefinitions.1.LinuxParameters.Capabilities.Add"
    spoil = setting(TASK, "TasksApp", path, ["SYS_PTRACE"])
    assert real.caught(APP, spoil) == {("container-unprivileged", "TasksApp")}


@pytest.mark.parametrize(("value", "count"), [("false", 0), ("true", 1)])
def test_a_switch_may_be_text(production: Real, value: str, count: int) -> None:
    spoil = setting(TASK, "TasksApp", "ContainerDefinitions.0.Privileged", value)
    assert len(faults(production, RULE, APP, spoil)) == count
