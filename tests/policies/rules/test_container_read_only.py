"""container-read-only (ROVN-IMG-2)."""

import pytest

from policies.rules.container_read_only import RULE
from tests.policies.rules.harness import OPEN, Json, Real, template, verdicts
from tests.policies.rules.spoiling import APP, TASK, all_pass, faults, setting


def said(container: Json, **task: object) -> str:
    properties = {
        "ContainerDefinitions": [{"Name": "app", "ReadonlyRootFilesystem": True} | container]
    }
    body = {"Type": TASK, "Properties": properties | task}
    return verdicts(RULE, template("app", {"Task": body}))["Task"]


def test_every_container_of_ours_passes(real: Real) -> None:
    assert all_pass(real, RULE, "TasksApp", "TasksMigrations")


ROOT = "app can write to its root file system"
MOUNT = {"SourceVolume": "files", "ContainerPath": "/files"}
VOLUME = "app can write to the volume files, which is no tmpfs"


@pytest.mark.parametrize(
    ("container", "verdict"),
    [
        ({"LinuxParameters": {"Tmpfs": [{"ContainerPath": "/tmp", "Size": 64}]}}, "pass"),  # noqa: S108
        ({"MountPoints": [MOUNT | {"ReadOnly": True}]}, "pass"),
        ({"ReadonlyRootFilesystem": False}, ROOT),
        ({"ReadonlyRootFilesystem": None}, ROOT),
        ({"MountPoints": [MOUNT]}, VOLUME),
        ({"MountPoints": [MOUNT | {"ReadOnly": False}]}, VOLUME),
        ({"VolumesFrom": [{"SourceContainer": "b"}]}, "app can write to the volumes of b"),
        ({"VolumesFrom": [{"SourceContainer": "b", "ReadOnly": True}]}, "pass"),
    ],
)
def test_only_memory_is_written_to(container: Json, verdict: str) -> None:
    assert said(container) == verdict


def test_folders_of_the_host_fail() -> None:
    assert said({}, Volumes=[{"Name": "files"}]) == "pass"
    host = [{"Name": "files", "Host": {"SourcePath": "/"}}]
    assert said({}, Volumes=host) == "volume 1 is a folder of the host"


def test_an_open_value_fails() -> None:
    path = "ContainerDefinitions.0.ReadonlyRootFilesystem"
    assert said({"ReadonlyRootFilesystem": OPEN}).startswith(f"{path}: ${{SomeParameter}} is open")


def test_only_this_rule_sees_a_file_system_that_can_be_written(real: Real) -> None:
    path = "ContainerDefinitions.0.ReadonlyRootFilesystem"
    spoil = setting(TASK, "TasksMigrations", path, value=False)
    assert real.caught(APP, spoil) == {("container-read-only", "TasksMigrations")}


@pytest.mark.parametrize(("value", "count"), [("true", 0), ("false", 1)])
def test_a_switch_may_be_text(production: Real, value: str, count: int) -> None:
    spoil = setting(TASK, "TasksApp", "ContainerDefinitions.0.ReadonlyRootFilesystem", value)
    assert len(faults(production, RULE, APP, spoil)) == count
