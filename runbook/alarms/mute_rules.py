"""Mute rules of an environment: which alarms, and in which windows (ROVN-SEV-1)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from runbook.alarms.alarm import BudgetAlarm, Stands
from runbook.alarms.catalogue import alarms_of
from runbook.alarms.mute_windows import Window, mute_windows
from runbook.alarms.severities import Level, level
from runbook.model.environment import IDENTITY_REGION, Environment

# CloudWatch's own limit for the alarms of one rule.
MOST_ALARMS = 100


@dataclass(frozen=True)
class MuteRule:
    """One rule as CloudWatch takes it; ``alarms`` by their names."""

    name: str
    window: Window
    alarms: tuple[str, ...]


def mute_rules(environment: Environment, region: str | None = None) -> tuple[MuteRule, ...]:
    """Make a region's rules, by default its own, that mute what wakes nobody.

    A rule mutes alarms of its region alone, outside business hours.
    """
    names = muted_alarms(environment, region or environment.region)
    return tuple(
        MuteRule(f"{environment.slug}-muted-{window.name}{ending}", window, some)
        for window in mute_windows(environment.alerting)
        for ending, some in _portions(names)
    )


def muted_alarms(environment: Environment, region: str) -> tuple[str, ...]:
    """Name every alarm of a region that is muted outside business hours.

    Parts of composites tell nobody, and budgets are no alarms of CloudWatch.
    """
    return tuple(name for name, each in _levels(environment, region) if each.hours == "business")


def heard_always(environment: Environment, region: str) -> Mapping[str, Level]:
    """Map every alarm of a region that nothing may ever mute to its severity."""
    return {name: each for name, each in _levels(environment, region) if each.hours == "always"}


def _levels(environment: Environment, region: str) -> Iterator[tuple[str, Level]]:
    for alarm in alarms_of(environment):
        stands = IDENTITY_REGION if alarm.stands is Stands.PROBE else environment.region
        if stands == region and not isinstance(alarm, BudgetAlarm):
            yield alarm.name(environment.slug), level(environment.organisation, alarm.severity)


def _portions(names: Sequence[str]) -> list[tuple[str, tuple[str, ...]]]:
    """Cut into as many as a rule takes; the first portion's rule is called by no number."""
    cuts = range(0, len(names), MOST_ALARMS)
    return [
        (f"-{number}" if number else "", tuple(names[cut : cut + MOST_ALARMS]))
        for number, cut in enumerate(cuts)
    ]
