"""Every page, filled in for each environment."""

import pytest

from runbook.model.environment import Environment
from runbook.model.loader import known_environments, load_environment
from runbook.playbooks.compiled import Playbook
from runbook.playbooks.lookup import playbooks_of


@pytest.fixture(params=known_environments())
def environment(request: pytest.FixtureRequest) -> Environment:
    return load_environment(request.param)


@pytest.fixture
def playbooks(environment: Environment) -> tuple[Playbook, ...]:
    return playbooks_of(with_replica(environment))


def with_replica(environment: Environment) -> Environment:
    """Give it the read replica that no file has yet, so that every page is filled in."""
    database = environment.database.model_copy(update={"read_replica": True})
    return environment.model_copy(update={"database": database})
