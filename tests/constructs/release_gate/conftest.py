"""A world for each test, in which the gate's code runs as it is deployed."""

from collections.abc import Iterator

import pytest
from moto import mock_aws

from runbook_constructs.release_gate.handler import hook
from tests.constructs.release_gate.places import DATABASE, FREEZE, LOG_GROUP, SETTINGS
from tests.constructs.release_gate.world import World, forget_clients, moto_client

OPEN = '{"frozen": false, "by": "", "reason": "", "since": ""}'


@pytest.fixture(scope="module")
def account() -> Iterator[None]:
    """One account of moto's for a module: to begin another takes a third of a second."""
    with mock_aws():
        moto_client("rds").create_db_instance(
            DBInstanceIdentifier=DATABASE,
            DBInstanceClass="db.t3.micro",
            Engine="postgres",
            AllocatedStorage=20,
            MasterUsername="someone",
            MasterUserPassword="not-a-real-one",
        )
        yield


@pytest.fixture
def world(account: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Give a test an account with a database, an open freeze, and nothing else."""
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    world = World()
    world.moto("ssm").put_parameter(Name=FREEZE, Value=OPEN, Type="String", Overwrite=True)
    world.moto("logs").create_log_group(logGroupName=LOG_GROUP)
    monkeypatch.setattr("boto3.client", world.client)
    monkeypatch.setattr(hook, "now", world.now)
    forget_clients()
    yield world
    forget_clients()
    world.moto("logs").delete_log_group(logGroupName=LOG_GROUP)
    for snapshot in world.snapshots:
        name = snapshot["DBSnapshotIdentifier"]
        world.moto("rds").delete_db_snapshot(DBSnapshotIdentifier=name)
