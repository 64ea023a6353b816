"""Every alarm of an environment, in the order in which people read them."""

from collections import Counter
from collections.abc import Iterator

from runbook.alarms.alarm import Alarm, CompositeAlarm, MetricAlarm
from runbook.alarms.application import application_alarms
from runbook.alarms.custody import custody_alarms, secret_alarms
from runbook.alarms.paging import paging_alarms
from runbook.alarms.probes import probe_alarms
from runbook.alarms.severities import level
from runbook.alarms.tasks import database_alarms, task_alarms
from runbook.alarms.web import web_alarms
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


def _alarms(environment: Environment) -> Iterator[Alarm]:
    for key, service in environment.services.items():
        yield from web_alarms(environment, key, service)
        yield from task_alarms(environment, key, service)
        yield from probe_alarms(environment, key)
        yield from application_alarms(environment, key, service)
    yield from database_alarms(environment)
    yield from custody_alarms(environment)
    yield from secret_alarms(environment)
    yield from paging_alarms(environment)
