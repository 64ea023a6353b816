"""Alarms and mute rules among the resources of one case of some templates."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from policies.templates.scope import Resource, Scope
from policies.templates.values import UnresolvedError
from runbook.model.refusal import Refusal, RefusedError
from simulator.cloudwatch.definitions import Alarm, MuteRule, Unreadable
from simulator.templates.calls import marked
from simulator.templates.composite_alarms import (
    COMPOSITE,
    MUTE_RULE,
    Named,
    composite_alarm,
    mute_rule,
    muted_alarms,
)
from simulator.templates.marks import Marks
from simulator.templates.metric_alarms import ALARM, metric_alarm
from simulator.templates.properties import Properties

Json = Any
# Which resource of which template.
Key = tuple[str, str]
_FIX = "write the value itself"


@dataclass(frozen=True, slots=True)
class UnreadableMute:
    """A mute rule that cannot be read: it may mute ``alarms``, or any of its region where None."""

    place: str
    refusals: tuple[Refusal, ...]
    alarms: tuple[str, ...] | None
    region: str | None


Found = Alarm | Unreadable | MuteRule | UnreadableMute


class Resources:
    """What one case of some templates holds; ``defaults`` are those of open parameters."""

    def __init__(self, scope: Scope, defaults: Mapping[str, Json]) -> None:
        self._scope, calls = marked(scope)
        self._marks = Marks(self._scope, defaults, calls)
        alarms = list(self._scope.resources(ALARM, COMPOSITE))
        self._ids = Counter(alarm.logical_id for alarm in alarms)
        self._names = {_key(alarm): self._name(alarm, "AlarmName") for alarm in alarms}
        self._references = {
            f"<{alarm.stack.template.stack}/{alarm.logical_id}.{attribute}>": self._names[
                _key(alarm)
            ]
            for alarm in alarms
            for attribute in ("Ref", "Arn")
        }

    def found(self) -> Iterator[tuple[Key, Found]]:
        """Read every alarm and every mute rule; what cannot be read says why."""
        for alarm in self._scope.resources(ALARM, COMPOSITE):
            yield _key(alarm), self._alarm(alarm)
        for rule in self._scope.resources(MUTE_RULE):
            yield _key(rule), self._mute_rule(rule)

    def _alarm(self, resource: Resource) -> Alarm | Unreadable:
        name, template = self._names[_key(resource)], resource.stack.template
        keys = tuple(dict.fromkeys((name, resource.logical_id)))
        try:
            found = self._properties(resource)
            if "AlarmName" in found:
                found.name("AlarmName")
            if resource.type == ALARM:
                return metric_alarm(
                    found, name=name, keys=keys, region=template.region, account=template.account
                )
            named = Named(self._references, template.region)
            return composite_alarm(found, name=name, keys=keys, region=template.region, named=named)
        except RefusedError as refused:
            return Unreadable(name, _place(resource), keys, refused.refusals)
        except UnresolvedError as error:
            refusal = Refusal("Properties", str(error), _FIX)
            return Unreadable(name, _place(resource), keys, (refusal,))

    def _mute_rule(self, resource: Resource) -> MuteRule | UnreadableMute:
        region = resource.stack.template.region
        named = Named(self._references, region)
        try:
            found = self._properties(resource)
            name = found.name("Name") if "Name" in found else resource.logical_id
            return mute_rule(found, name=name, region=region, named=named)
        except RefusedError as refused:
            alarms = self._targets(resource, named)
            return UnreadableMute(_place(resource), refused.refusals, alarms, region)

    def _targets(self, resource: Resource, named: Named) -> tuple[str, ...] | None:
        """Name what a rule mutes that cannot be read otherwise; None where that is open, too."""
        try:
            return muted_alarms(self._properties(resource), named)
        except RefusedError:
            return None

    def _properties(self, resource: Resource) -> Properties:
        """Open a resource's properties, unless something else makes them."""
        place = _place(resource)
        if function := next((key for key in resource.body if key.startswith("Fn::")), None):
            reason = f"{function} puts something into it that is not here yet"
            raise RefusedError(place, [Refusal(function, reason, "give the processed template")])
        return Properties(resource.properties, place, self._marks)

    def _name(self, resource: Resource, property_: str) -> str:
        """Read an alarm's name; without one its logical id stands for the one that AWS makes."""
        own = resource.logical_id
        if self._ids[own] > 1:
            own = f"{resource.stack.template.stack}/{own}"
        try:
            found = Properties(resource.properties, _place(resource), self._marks)
            return found.name(property_) if property_ in found else own
        except RefusedError:
            return own


def _key(resource: Resource) -> Key:
    return resource.stack.template.path, resource.logical_id


def _place(resource: Resource) -> str:
    return f"{resource.stack.template.path}: {resource.logical_id}"
