"""Composite alarms and mute rules of templates, and the alarms that they name.

Properties and defaults: CloudFormation's references of ``AWS::CloudWatch::CompositeAlarm`` and
``AWS::CloudWatch::AlarmMuteRule``. A rule may name alarms or give their ARNs.
"""

import re
from collections.abc import Mapping

from simulator.cloudwatch.definitions import CompositeAlarm, MuteRule, Suppressor
from simulator.templates.metric_alarms import ACTIONS, FREE, actions
from simulator.templates.properties import Properties

COMPOSITE = "AWS::CloudWatch::CompositeAlarm"
MUTE_RULE = "AWS::CloudWatch::AlarmMuteRule"
UTC = "UTC"
_WAIT, _EXTENSION = "ActionsSuppressorWaitPeriod", "ActionsSuppressorExtensionPeriod"
_SUPPRESSOR = ("ActionsSuppressor", _WAIT, _EXTENSION)
_PART = r"(?:<[^<>]*>|[^:<>()\s\"]*)"
_ARN = re.compile(rf"arn:{_PART}:cloudwatch:(?P<region>{_PART}):{_PART}:alarm:")


class Named:
    """Alarms by what a template calls them: their names for what stands for a reference.

    ``references`` maps ``<stack/LogicalId.Ref>`` and ``<stack/LogicalId.Arn>`` to names.
    """

    def __init__(self, references: Mapping[str, str], region: str | None) -> None:
        self._references = references
        self._region = region

    def name(self, found: Properties, property_: str, text: str) -> str:
        """Find the name of one alarm; ``RefusedError`` for one of another region."""
        bare = self._without_arns(found, property_, text)
        return self._references.get(bare, bare)

    def rule(self, found: Properties, property_: str) -> str:
        """Write a composite's rule with names alone."""
        text = self._without_arns(found, property_, found.name(property_))
        for reference, name in self._references.items():
            if reference not in text:
                continue
            if '"' in name or "\\" in name:
                reason = f"the name {name!r} cannot stand in a rule"
                raise found.refused(property_, reason, "rename the alarm")
            text = text.replace(f'"{reference}"', reference).replace(reference, f'"{name}"')
        return text

    def _without_arns(self, found: Properties, property_: str, text: str) -> str:
        for arn in _ARN.finditer(text):
            region = arn["region"]
            if self._region and not region.startswith("<") and region != self._region:
                reason = f"it names an alarm of {region}, and stands in {self._region}"
                raise found.refused(property_, reason, "name alarms of its own region")
        return _ARN.sub("", text)


def composite_alarm(
    found: Properties, *, name: str, keys: tuple[str, ...], region: str | None, named: Named
) -> CompositeAlarm:
    """Read an alarm on other alarms; ``RefusedError`` names what cannot be modelled."""
    found.only([*FREE, *ACTIONS.values(), "ActionsEnabled", "AlarmRule", *_SUPPRESSOR], {})
    return CompositeAlarm(
        name=name,
        place=found.place,
        keys=keys,
        rule=named.rule(found, "AlarmRule"),
        suppressor=_suppressor(found, named),
        actions=actions(found),
        region=region,
    )


def _suppressor(found: Properties, named: Named) -> Suppressor | None:
    """Read who holds the actions back: CloudWatch wants both times where there is one."""
    if "ActionsSuppressor" not in found:
        for period in (_WAIT, _EXTENSION):
            if period in found:
                fix = "leave it out, or write ActionsSuppressor"
                raise found.refused(period, "there is no ActionsSuppressor", fix)
        return None
    alarm = named.name(found, "ActionsSuppressor", found.name("ActionsSuppressor"))
    return Suppressor(alarm, found.whole(_WAIT, least=0), found.whole(_EXTENSION, least=0))


def mute_rule(found: Properties, *, name: str, region: str | None, named: Named) -> MuteRule:
    """Read when actions of which alarms do not run; without a time zone it is UTC."""
    found.only(
        ("Name", "Description", "Tags", "Rule", "MuteTargets", "StartDate", "ExpireDate"), {}
    )
    rule = found.below("Rule")
    rule.only(("Schedule",), {})
    schedule = rule.below("Schedule")
    schedule.only(("Expression", "Duration", "Timezone"), {})
    return MuteRule(
        name=name,
        place=found.place,
        expression=schedule.text("Expression"),
        duration=schedule.text("Duration"),
        timezone=schedule.text("Timezone", UTC),
        alarms=muted_alarms(found, named),
        starts=found.text("StartDate") if "StartDate" in found else None,
        ends=found.text("ExpireDate") if "ExpireDate" in found else None,
        region=region,
    )


def muted_alarms(found: Properties, named: Named) -> tuple[str, ...]:
    """Name the alarms that a rule mutes; without targets none."""
    if "MuteTargets" not in found:
        return ()
    targets = found.below("MuteTargets")
    targets.only(("AlarmNames",), {})
    listed = targets.names("AlarmNames")
    return tuple(named.name(targets, "AlarmNames", each) for each in listed)
