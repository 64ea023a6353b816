"""Which alarms a replay needs, and in which order: what others depend on comes first."""

from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter

from runbook.model.refusal import Refusal, RefusedError
from simulator.cloudwatch import rules
from simulator.cloudwatch.definitions import Alarm, CompositeAlarm, Definitions


def in_order(definitions: Definitions, names: Iterable[str]) -> tuple[Alarm, ...]:
    """Give the alarms called ``names`` and all they depend on, each after what it depends on.

    A composite depends on the alarms of its rule and on its suppressor. Raises ``RefusedError``
    for an alarm that is not there, and for composites that depend on one another in a circle.
    """
    needed: dict[str, tuple[str, ...]] = {}
    waiting = [(name, "the alarms that were asked for") for name in reversed(tuple(names))]
    while waiting:
        name, asker = waiting.pop()
        if name in needed:
            continue
        needed[name] = _parents(_found(definitions, name, asker))
        waiting += [(parent, definitions.alarms[name].place) for parent in needed[name]]
    try:
        order = tuple(TopologicalSorter(needed).static_order())
    except CycleError as error:
        circle = " -> ".join(reversed(error.args[1]))
        raise RefusedError(
            definitions.alarms[error.args[1][0]].place,
            [
                Refusal(
                    "AlarmRule",
                    f"composites depend on one another in a circle: {circle}",
                    "take one of them out of a rule: CloudWatch would evaluate none of them",
                )
            ],
        ) from None
    return tuple(definitions.alarms[name] for name in order)


def _found(definitions: Definitions, name: str, asker: str) -> Alarm:
    if name in definitions.alarms:
        return definitions.alarms[name]
    for alarm in definitions.unreadable:
        if alarm.name == name:
            raise RefusedError(alarm.place, alarm.refusals)
    raise RefusedError(
        asker,
        [
            Refusal(
                "AlarmRule",
                f"there is no alarm {name!r} in what was read",
                "read the template that has it, too, or correct the name",
            )
        ],
    )


def _parents(alarm: Alarm) -> tuple[str, ...]:
    if not isinstance(alarm, CompositeAlarm):
        return ()
    found = set(rules.names(rules.parse_rule(alarm.rule, alarm.place)))
    if alarm.suppressor is not None:
        found.add(rules.alarm_name(alarm.suppressor.alarm))
    return tuple(sorted(found))
