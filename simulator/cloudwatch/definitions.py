"""Alarms as a template has them: what a replay needs of each, and nothing that it guesses."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from runbook.alarms.alarm import Comparison, Missing
from runbook.model.refusal import Refusal


class State(StrEnum):
    """The three states of an alarm; the words are CloudWatch's."""

    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT = "INSUFFICIENT_DATA"


@dataclass(frozen=True, slots=True)
class MetricIdentity:
    """What makes a metric this one: namespace, name, and all of its dimensions by their names.

    A value that only the deploy knows is a mark in angle brackets, or a pattern with ``*`` where
    the template tells a part of it.
    """

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class MetricQuery:
    """One series that an alarm reads; ``period`` in seconds, ``stat`` as CloudWatch writes it."""

    id: str
    metric: MetricIdentity
    stat: str
    period: int


@dataclass(frozen=True, slots=True)
class MathQuery:
    """An expression over the series of other queries of the same alarm, by their ids."""

    id: str
    expression: str


Query = MetricQuery | MathQuery


@dataclass(frozen=True, slots=True)
class Actions:
    """What is told on entering each state: ARNs, or marks of what only the deploy knows."""

    enabled: bool = True
    on: Mapping[State, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MetricAlarm:
    """An alarm on the series called ``returned`` of its queries.

    ``breaching`` of the last ``periods`` datapoints ring it. ``place`` is where it stands, as
    errors name it: template and logical id. ``keys`` are the names that a test may call it by.
    """

    name: str
    place: str
    keys: tuple[str, ...]
    queries: tuple[Query, ...]
    returned: str
    period: int
    periods: int
    breaching: int
    comparison: Comparison
    threshold: float
    missing: Missing
    actions: Actions = Actions()
    region: str | None = None


@dataclass(frozen=True, slots=True)
class Suppressor:
    """The alarm that holds a composite's actions back; times in seconds."""

    alarm: str
    wait: int
    extension: int


@dataclass(frozen=True, slots=True)
class CompositeAlarm:
    """An alarm on the states of others, by their names in ``rule``."""

    name: str
    place: str
    keys: tuple[str, ...]
    rule: str
    suppressor: Suppressor | None = None
    actions: Actions = Actions()
    region: str | None = None


Alarm = MetricAlarm | CompositeAlarm


@dataclass(frozen=True, slots=True)
class MuteRule:
    """When actions of some alarms do not run, though states change.

    ``expression`` is ``cron(...)`` or ``at(...)``, ``duration`` ISO 8601, ``alarms`` their names;
    ``starts`` and ``ends`` bound the rule itself, as the template writes them.
    """

    name: str
    place: str
    expression: str
    duration: str
    timezone: str
    alarms: tuple[str, ...]
    starts: str | None = None
    ends: str | None = None
    region: str | None = None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An alarm that stands in a template and that no replay can follow, and why."""

    name: str
    place: str
    keys: tuple[str, ...]
    refusals: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True)
class Definitions:
    """All alarms and mute rules that were read together; alarms by their names.

    What is ``unreadable`` stops nobody who asks for another alarm; ``unread`` are the nested
    stacks whose templates nobody gave. ``read_from`` names the files or the assembly.
    """

    alarms: Mapping[str, Alarm]
    mute_rules: tuple[MuteRule, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    unread: tuple[str, ...] = ()
    read_from: str = field(default="", compare=False)
