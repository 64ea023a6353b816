"""fargate-size (ROVN-DEP-6)."""

import pytest

from policies.rules.fargate_size import RULE
from tests.policies.rules.harness import OPEN, Real
from tests.policies.rules.spoiling import (
    ABSENT,
    APP,
    SERVICE,
    TASK,
    Spoil,
    add,
    all_pass,
    faults,
    setting,
)


def app(path: str, value: object) -> Spoil:
    return setting(TASK, "TasksApp", path, value)


def service(path: str, value: object) -> Spoil:
    return setting(SERVICE, "Service", path, value)


def test_the_files_sizes_pass(real: Real) -> None:
    assert all_pass(real, RULE, "Service", "TasksApp", "TasksMigrations")


SPOT = [{"CapacityProvider": "FARGATE_SPOT", "Weight": 1}]


@pytest.mark.parametrize(
    ("spoil", "messages"),
    [
        (app("Cpu", "2048"), {"TasksApp": "it has cpu 2048 and memory 4096, not 1024 and 4096"}),
        (app("Memory", ABSENT), {"TasksApp": "it has cpu 1024 and memory None, not 1024 and 4096"}),
        (app("Cpu", 1024), {}),
        (
            setting(TASK, "TasksMigrations", "Memory", "2048"),
            {"TasksMigrations": "it has cpu 512 and memory 2048, not 512 and 1024"},
        ),
        (
            app("RequiresCompatibilities", ["EC2", "FARGATE"]),
            {"TasksApp": "it is made for EC2, FARGATE, not for FARGATE"},
        ),
        (
            app("RequiresCompatibilities", ABSENT),
            {"TasksApp": "it is made for EC2, not for FARGATE"},
        ),
        (
            app("RuntimePlatform.CpuArchitecture", "ARM64"),
            {"TasksApp": "CpuArchitecture is ARM64, not X86_64"},
        ),
        (app("RuntimePlatform", ABSENT), {}),
        (
            service("LaunchType", "EC2"),
            {"Service": "its LaunchType is EC2, not FARGATE"},
        ),
        (
            service("LaunchType", ABSENT),
            {"Service": "its LaunchType is None, not FARGATE"},
        ),
        (
            service("CapacityProviderStrategy", SPOT),
            {"Service": "a CapacityProviderStrategy says where its tasks run"},
        ),
        (
            service("PlatformVersion", "1.3.0"),
            {"Service": "the platform version is 1.3.0, not LATEST: it gets no patches"},
        ),
        (service("PlatformVersion", ABSENT), {}),
    ],
)
def test_another_size_or_platform_fails(
    production: Real, spoil: Spoil, messages: dict[str | None, str]
) -> None:
    assert faults(production, RULE, APP, spoil) == messages


def test_an_open_size_fails(production: Real) -> None:
    said = faults(production, RULE, APP, app("Cpu", OPEN))
    assert said["TasksApp"].startswith("Cpu: ${SomeParameter} is open")


def test_a_task_that_no_service_runs_has_no_size_in_the_file(production: Real) -> None:
    once = add("Once", TASK, Cpu="256", RequiresCompatibilities=["FARGATE"])
    assert faults(production, RULE, APP, once) == {}


def test_only_this_rule_sees_another_size(real: Real) -> None:
    assert real.caught(APP, app("Cpu", "256")) == {("fargate-size", "TasksApp")}
