"""Each environment in turn: what holds for one holds for all."""

import pytest

from runbook.model.environment import Environment
from runbook.model.loader import known_environments, load_environment


@pytest.fixture(params=known_environments())
def environment(request: pytest.FixtureRequest) -> Environment:
    return load_environment(request.param)
