"""ALL-7: no alarm stands beside the catalogue."""

from collections.abc import Iterator

from policies.lookups.catalogue import ALARM, COMPOSITE, wanted_as
from policies.rule import Rule
from policies.templates.scope import Resource, Scope


def _judge(alarm: Resource, scope: Scope) -> Iterator[str]:
    if wanted_as(alarm, scope) is None:
        kind = "composite alarm" if alarm.type == COMPOSITE else "alarm"
        name, region = alarm.at("AlarmName", "nothing"), alarm.stack.template.region
        yield f"the catalogue has no {kind} called {name} in {region}"


RULE = Rule(
    id="alarms-in-catalogue",
    title="Every alarm of the templates is one of the catalogue",
    why="An alarm that nobody described has no severity, no playbook and no clause: it wakes "
    "somebody who cannot know what it wants, or nobody.",
    remedy="Describe it in runbook/alarms; runbook_constructs.catalogue_alarm renders it.",
    clauses=("ALL-7",),
    controls=("NIST AU-6", "NIST SI-4", "SOC2 CC7.2"),
    types=(ALARM, COMPOSITE),
    judge=_judge,
)
