"""What a rotation function says to an event that does not fit: as AWS's own functions do."""

import os
from unittest.mock import patch

import pytest

from runbook_constructs.secret_rotation.handler import entry
from tests.constructs.secret_rotation.world import STEPS, World


@pytest.mark.parametrize("step", STEPS)
def test_a_version_that_the_secret_does_not_have(world: World, step: str) -> None:
    with pytest.raises(ValueError, match="version other has no stage for the rotation of secret"):
        world.step(world.user, "other", step)


@pytest.mark.parametrize("step", STEPS)
def test_a_version_that_is_not_pending(world: World, step: str) -> None:
    old = world.boto.get_secret_value(SecretId=world.user)["VersionId"]
    world.rotate(world.user)
    with pytest.raises(ValueError, match=f"version {old} is not AWSPENDING for the rotation"):
        world.step(world.user, old, step)


@pytest.mark.parametrize("step", STEPS)
def test_a_secret_that_does_not_rotate(world: World, step: str) -> None:
    token = world.begin(world.user)
    world.switch_off(world.user)
    with pytest.raises(ValueError, match=r"rotation of secret \S+ is not enabled"):
        world.step(world.user, token, step)


def test_a_step_that_there_is_not(world: World) -> None:
    with pytest.raises(ValueError, match="finish is no step of a rotation"):
        world.step(world.user, world.begin(world.user), "finish")


@pytest.mark.parametrize("step", STEPS)
def test_a_version_that_is_current_already_is_left_alone(world: World, step: str) -> None:
    token = world.rotate(world.user)
    before = world.versions(world.user)
    world.calls.clear()
    world.step(world.user, token, step)
    assert world.versions(world.user) == before
    assert world.calls == [("secretsmanager", "describe_secret")]


@pytest.mark.parametrize("step", ["setSecret", "testSecret"])
def test_a_step_before_there_is_a_value(world: World, step: str) -> None:
    with pytest.raises(world.boto.exceptions.ResourceNotFoundException):
        world.step(world.user, world.begin(world.user), step)


def test_the_function_reads_its_settings(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    token = world.begin(world.master)
    event = {"SecretId": world.master, "ClientRequestToken": token, "Step": "createSecret"}
    with patch.dict(os.environ, world.variables(world.master)):
        entry.handler(event, None)
    assert world.versions(world.master)["AWSPENDING"].username == "keeper"
    for missing in ("MECHANISM", "DATABASE_HOST", "DATABASE_PORT", "DATABASE_NAME"):
        with patch.dict(os.environ, world.variables(world.master)):
            del os.environ[missing]
            with pytest.raises(KeyError, match=missing):
                entry.handler(event, None)


def test_a_mechanism_that_no_function_carries_out(world: World) -> None:
    with pytest.raises(ValueError, match="operator_supplied is none that a function carries out"):
        entry.strategy({"MECHANISM": "operator_supplied"}, world.boto)
