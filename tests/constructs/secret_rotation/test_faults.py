"""Every call to Secrets Manager and every statement of the database, with what can happen to it.

Whatever happens, some version of each secret logs in: of a user the current one, of the master the
current or the pending one, which is stored before it is set. The failed step again, and all steps
again after it, end the rotation.
"""

from collections import Counter
from dataclasses import dataclass

import pytest

from tests.constructs.release_gate.faults import CrashedError, Fault
from tests.constructs.secret_rotation.world import OWNER, STEPS, World

# How often each is called in one rotation from the first step to the last.
SECRETS = {
    "describe_secret": 4,
    "get_secret_value": 8,
    "get_random_password": 1,
    "put_secret_value": 1,
    "update_secret_version_stage": 1,
}
# The functions of users read the master's secret as well.
WITH_MASTER = SECRETS | {"get_secret_value": 9}
CALLS = {
    # Of the master the pending password is tried before it is set.
    "master": SECRETS | {"log_in": 3, "run": 2},
    "first": WITH_MASTER | {"log_in": 2, "run": 12},
    "later": WITH_MASTER | {"log_in": 2, "run": 10},
}
CRASHES = ("crash before", "crash after")
ON_DATABASE = (*CRASHES, "connection lost after")
ON_SECRETS = (*CRASHES, "lost response", "throttled")
CASES = [
    (rotation, operation, number, kind)
    for rotation, counts in CALLS.items()
    for operation, count in counts.items()
    for number in range(1, count + 1)
    for kind in (ON_DATABASE if operation in ("log_in", "run") else ON_SECRETS)
    # What only reads answers late or not at all, and nothing is different.
    if kind in CRASHES or operation not in ("describe_secret", "get_secret_value")
]


@dataclass
class Rotation:
    """One rotation, and what it may never break."""

    world: World
    arn: str
    token: str

    def run(self) -> str | None:
        """Do the steps; gives the one that went wrong."""
        for step in STEPS:
            if self.fails(step):
                return step
        return None

    def fails(self, step: str) -> bool:
        try:
            self.world.step(self.arn, self.token, step)
        except (CrashedError, Exception):  # noqa: BLE001 - Lambda takes each for a failure
            return True
        return False

    def somebody_logs_in(self) -> bool:
        world, versions = self.world, self.world.versions(self.arn)
        if self.arn == world.master:
            return any(world.takes(log_in) for log_in in versions.values())
        if world.postgres.exists(f"{OWNER}_a"):
            return world.takes(versions["AWSCURRENT"])
        # Before the first rotation there is nobody to lock out.
        return versions["AWSCURRENT"].password == world.first["user"]


def begun(world: World, rotation: str) -> Rotation:
    """Begin a rotation of this kind, with nothing counted yet."""
    arn = world.master if rotation == "master" else world.user
    if rotation == "later":
        world.rotate(arn)
    token = world.begin(arn)
    world.calls.clear()
    return Rotation(world, arn, token)


@pytest.mark.clause("ROVN-SEC-3")
@pytest.mark.parametrize(
    ("rotation", "operation", "number", "kind"),
    CASES,
    ids=[f"{r}-{o}-{n}-{k}" for r, o, n, k in CASES],
)
def test_it_goes_wrong_and_nobody_is_locked_out(
    world: World, rotation: str, operation: str, number: int, kind: str
) -> None:
    found = begun(world, rotation)
    world.fault = Fault(operation, number, kind)
    failed = found.run()
    assert failed
    assert found.somebody_logs_in()
    world.fault = None
    assert not found.fails(failed)
    assert found.somebody_logs_in()
    world.rotate(found.arn, found.token)
    versions = world.versions(found.arn)
    assert versions["AWSCURRENT"].password == versions["AWSPENDING"].password
    assert world.takes(versions["AWSCURRENT"])
    # The master has no second user: its old password is gone at once.
    assert world.takes(versions["AWSPREVIOUS"]) is (found.arn == world.user)


@pytest.mark.parametrize("rotation", CALLS)
def test_the_table_names_every_call(world: World, rotation: str) -> None:
    assert begun(world, rotation).run() is None
    assert Counter(operation for _, operation in world.calls) == CALLS[rotation]


def test_the_cases_are_told(record_cases: list[str]) -> None:
    kinds = Counter(kind for *_, kind in CASES)
    told = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
    record_cases.append(f"rotation of the database: {len(CASES)} faults tried: {told}")


@pytest.mark.parametrize("rotation", CALLS)
@pytest.mark.parametrize("step", STEPS)
def test_a_step_comes_twice(world: World, rotation: str, step: str) -> None:
    found = begun(world, rotation)
    for each in STEPS:
        for _ in range(2 if each == step else 1):
            assert not found.fails(each)
            assert found.somebody_logs_in()
    assert world.takes(world.versions(found.arn)["AWSCURRENT"])


def test_the_master_is_locked_out_only_by_hand_and_says_so(world: World) -> None:
    found = begun(world, "master")
    world.step(found.arn, found.token, "createSecret")
    world.postgres.run("ALTER ROLE keeper PASSWORD 'set-by-hand'")
    with pytest.raises(Exception, match="neither AWSPENDING nor AWSCURRENT nor AWSPREVIOUS"):
        world.step(found.arn, found.token, "setSecret")
    user = begun(world, "first")
    world.step(user.arn, user.token, "createSecret")
    with pytest.raises(Exception, match="rotate the master first"):
        world.step(user.arn, user.token, "setSecret")
