"""Each environment in turn, with its principals."""

import pytest

from runbook.access.principals import Principals
from runbook.model.loader import known_environments, load_environment


@pytest.fixture(params=known_environments())
def principals(request: pytest.FixtureRequest) -> Principals:
    return Principals(load_environment(request.param))
