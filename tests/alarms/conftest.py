"""Environments that no shipped file has: a replica, one colour, two services."""

from collections.abc import Callable
from typing import Any

import pytest

from runbook.alarms.alarm import CompositeAlarm, MetricAlarm
from runbook.alarms.catalogue import alarms_of, metric_alarms_of
from runbook.model.environment import Environment
from runbook.model.loader import load_environment

SERVICE = "passport-api"
Named = Callable[[str], MetricAlarm]


def production(name: str = "rovn/production") -> Environment:
    return load_environment(name)


def with_database(**said: Any) -> Environment:  # noqa: ANN401 - any key of the table
    """Let the file say something else of its database, past its refusals."""
    environment = production()
    return environment.model_copy(update={"database": environment.database.model_copy(update=said)})


def with_service(**said: Any) -> Environment:  # noqa: ANN401 - any key of the table
    """Let the file say something else of its service."""
    environment = production()
    changed = environment.services[SERVICE].model_copy(update=said)
    return environment.model_copy(update={"services": {SERVICE: changed}})


def with_second_service() -> Environment:
    """Add a rolling service beside the blue/green one."""
    environment = production()
    first = environment.services[SERVICE]
    said = {"name": "rovn-second", "strategy": "rolling", "gate": None, "bake_minutes": 0}
    services = {SERVICE: first, "second": first.model_copy(update=said)}
    return environment.model_copy(update={"services": services})


def named(environment: Environment, key: str) -> MetricAlarm:
    """Find an alarm on metrics by its key, a part of a composite among them."""
    (found,) = [alarm for alarm in metric_alarms_of(environment) if alarm.key == key]
    return found


def composite(environment: Environment, key: str) -> CompositeAlarm:
    """Find a composite by its key."""
    (found,) = [alarm for alarm in alarms_of(environment) if alarm.key == key]
    assert isinstance(found, CompositeAlarm)
    return found


@pytest.fixture
def environment() -> Environment:
    return production()


@pytest.fixture
def alarm(environment: Environment) -> Named:
    """Find an alarm of production by its key."""
    return lambda key: named(environment, key)
