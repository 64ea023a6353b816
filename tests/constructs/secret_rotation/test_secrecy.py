"""No password in what a function prints, logs or raises, nor in the server's own log."""

import io
import logging
import traceback
from collections.abc import Iterator

import pytest

from tests.constructs.release_gate.faults import CrashedError, Fault
from tests.constructs.secret_rotation.test_faults import CALLS, begun
from tests.constructs.secret_rotation.world import STEPS, World

KINDS = ("aws error", "throttled", "timed out", "lost response")
ON_DATABASE = ("connection lost before", "connection lost after")
CASES = [
    (rotation, operation, kind)
    for rotation, counts in CALLS.items()
    for operation in counts
    for kind in (ON_DATABASE if operation in ("log_in", "run") else KINDS)
]
BROKEN = [
    "not JSON but {value}",
    '["{value}"]',
    '{{"username": "{value}"}}',
    '{{"password": "{value}"}}',
    '{{"username": "{value}", "password": "{value}"}}',
    '{{"username": ["{value}"], "password": "{value}"}}',
]


@pytest.fixture
def written(capsys: pytest.CaptureFixture[str]) -> Iterator["Written"]:
    logged = io.StringIO()
    handler = logging.StreamHandler(logged)
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield Written(logged, capsys)
    root.removeHandler(handler)
    root.setLevel(before)


class Written:
    """All that a function leaves in its log."""

    def __init__(self, logged: io.StringIO, capsys: pytest.CaptureFixture[str]) -> None:
        self._logged, self._capsys, self._raised = logged, capsys, ""

    def step(self, world: World, arn: str, token: str, step: str) -> None:
        """Do a step, and keep what Lambda would write of its end."""
        try:
            world.step(arn, token, step)
        except (CrashedError, Exception) as error:  # noqa: BLE001 - Lambda writes down each
            while error is not None:
                self._raised += "".join(traceback.format_exception(error)) + repr(error)
                self._raised += repr(getattr(error, "__dict__", ""))
                error = error.__context__  # type: ignore[assignment]

    @property
    def text(self) -> str:
        out, err = self._capsys.readouterr()
        return self._logged.getvalue() + out + err + self._raised


def secrets_of(world: World) -> set[str]:
    found = world.values(world.master) | world.values(world.user) | set(world.first.values())
    assert len(found) >= 2
    return found


@pytest.mark.clause("ROVN-SEC-1")
@pytest.mark.parametrize(("rotation", "operation", "kind"), CASES)
def test_nothing_is_told_when_a_call_fails(
    world: World, written: Written, rotation: str, operation: str, kind: str
) -> None:
    found = begun(world, rotation)
    world.fault = Fault(operation, 1, kind, lasting=True)
    for step in STEPS:
        written.step(world, found.arn, found.token, step)
    text = written.text
    assert "Error" in text
    for secret in secrets_of(world):
        assert secret not in text


@pytest.mark.parametrize("rotation", CALLS)
def test_nothing_is_told_when_all_goes_well(world: World, written: Written, rotation: str) -> None:
    found = begun(world, rotation)
    for step in STEPS:
        written.step(world, found.arn, found.token, step)
    text = written.text
    assert "finishSecret done" in text
    for secret in secrets_of(world):
        assert secret not in text
        # The tests' own way to make the master is the only one that shows a password.
        if secret != world.first["master"]:
            assert secret not in world.postgres.log.read_text("utf-8")
    assert "SCRAM-SHA-256$4096:" in world.postgres.log.read_text("utf-8")


@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize("rotation", ["master", "first"])
def test_nothing_is_told_of_a_value_that_cannot_be_read(
    world: World, written: Written, rotation: str, broken: str
) -> None:
    canary = "Canary-4f9a-of-a-broken-value"
    found = begun(world, rotation)
    world.put(found.arn, broken.format(value=canary))
    for step in STEPS[:3]:
        written.step(world, found.arn, found.token, step)
    assert "Error" in (text := written.text)
    assert canary not in text
