"""Every alarm of an environment, in the order in which people read them."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain
from types import ModuleType

from runbook.alarms import application, custody, paging, probes, tasks, web
from runbook.alarms.alarm import Alarm, CompositeAlarm, MetricAlarm
from runbook.alarms.severities import level
from runbook.model.environment import Environment


def alarms_of(environment: Environment) -> tuple[Alarm, ...]:
    """List the alarms of an environment, without the parts of composites.

    Raises ``ValueError`` for one that stands twice, and ``KeyError`` for a severity that the
    organisation's documents do not have.
    """
    found = tuple(_alarms(environment))
    twice = [key for key, times in Counter(alarm.key for alarm in found).items() if times > 1]
    if twice:
        raise ValueError(f"alarms stand twice: {', '.join(twice)}")
    for alarm in found:
        level(environment.organisation, alarm.severity)
    return found


def metric_alarms_of(environment: Environment) -> tuple[MetricAlarm, ...]:
    """List every alarm that looks at metrics, parts of composites among them."""
    found: list[MetricAlarm] = []
    for alarm in alarms_of(environment):
        if isinstance(alarm, CompositeAlarm):
            found += alarm.every
        elif isinstance(alarm, MetricAlarm):
            found.append(alarm)
    return tuple(found)


def names_of_parts(environment: Environment) -> frozenset[str]:
    """Name what rings and is no alarm by itself: parts of composites, some of which always do."""
    alarms = metric_alarms_of(environment)
    return frozenset(alarm.name(environment.slug) for alarm in alarms if alarm.part)


def modules_of(environment: Environment) -> dict[str, ModuleType]:
    """Tell which module defines each alarm, by the alarm's id."""
    return {alarm.id: module for module, found in _defined(environment) for alarm in found}


def _alarms(environment: Environment) -> Iterator[Alarm]:
    return chain.from_iterable(found for _, found in _defined(environment))


def _defined(environment: Environment) -> Iterator[tuple[ModuleType, Iterable[Alarm]]]:
    for key, service in environment.services.items():
        yield web, web.web_alarms(environment, key, service)
        yield tasks, tasks.task_alarms(environment, key, service)
        yield probes, probes.probe_alarms(environment, key)
        yield application, application.application_alarms(environment, key, service)
    yield tasks, tasks.database_alarms(environment)
    yield custody, custody.custody_alarms(environment)
    yield custody, custody.secret_alarms(environment)
    yield paging, paging.paging_alarms(environment)
