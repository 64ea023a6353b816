"""Mute rules of an environment: which alarms, and in which windows (ROVN-SEV-1)."""

from collections.abc import Sequence
from dataclasses import dataclass

from runbook.alarms.alarm import BudgetAlarm, Stands
from runbook.alarms.catalogue import alarms_of
from runbook.alarms.mute_windows import Window, mute_windows
from runbook.alarms.severities import level
from runbook.model.environment import Environment

# CloudWatch's own limit for the alarms of one rule.
MOST_ALARMS = 100


@dataclass(frozen=True)
class MuteRule:
    """One rule as CloudWatch takes it; ``alarms`` by their names."""

    name: str
    window: Window
    alarms: tuple[str, ...]


def mute_rules(environment: Environment) -> tuple[MuteRule, ...]:
    """Make the rules that mute what wakes nobody, outside business hours."""
    names = muted_alarms(environment)
    return tuple(
        MuteRule(f"{environment.slug}-muted-{window.name}{ending}", window, some)
        for window in mute_windows(environment.alerting)
        for ending, some in _portions(names)
    )


def muted_alarms(environment: Environment) -> tuple[str, ...]:
    """Name every alarm that is muted outside business hours.

    Parts of composites tell nobody, and budgets are no alarms of CloudWatch. ``ValueError`` for an
    alarm of another region: its rule would have to stand there, and none does.
    """
    found = []
    for alarm in alarms_of(environment):
        if level(environment.organisation, alarm.severity).hours != "business":
            continue
        if alarm.stands is Stands.PROBE:
            raise ValueError(f"{alarm.key} wakes nobody, and no rule mutes it where it stands")
        if not isinstance(alarm, BudgetAlarm):
            found.append(alarm.name(environment.slug))
    return tuple(found)


def _portions(names: Sequence[str]) -> list[tuple[str, tuple[str, ...]]]:
    """Cut into as many as a rule takes; the first portion's rule is called by no number."""
    cuts = range(0, len(names), MOST_ALARMS)
    return [
        (f"-{number}" if number else "", tuple(names[cut : cut + MOST_ALARMS]))
        for number, cut in enumerate(cuts)
    ]
