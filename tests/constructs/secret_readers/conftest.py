"""Each test has an account of its own, and the function works in it."""

from collections.abc import Iterator

import pytest
from moto import mock_aws

from runbook_constructs.secret_readers.handler import watch
from tests.constructs.secret_readers.world import World, build, settings


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with mock_aws():
        world = build()
        for name, value in settings(world).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(watch, "_client", world.client)
        yield world
