"""A PostgreSQL and an account of moto's for each module, a world for each test."""

from collections.abc import Iterator

import pytest
from moto import mock_aws

from tests.constructs.secret_rotation.postgres import Postgres, postgres
from tests.constructs.secret_rotation.world import World


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    with postgres(tmp_path_factory.mktemp("postgres")) as found:
        yield found


@pytest.fixture(scope="module")
def account() -> Iterator[None]:
    with mock_aws():
        yield


@pytest.fixture
def world(database: Postgres, account: None, monkeypatch: pytest.MonkeyPatch) -> World:
    world = World(database)
    monkeypatch.setattr("runbook_constructs.secret_rotation.handler.entry._client", world.client)
    monkeypatch.setattr("pg8000.native.Connection", world.connection)
    return world
