"""Alarms by what people type: an id, or an id and a subject."""

from difflib import get_close_matches

from runbook.alarms.alarm import Alarm, CompositeAlarm, Stands
from runbook.alarms.catalogue import alarms_of
from runbook.model.environment import IDENTITY_REGION, Environment
from runbook.model.refusal import Refusal, RefusedError


def find(environment: Environment, text: str) -> tuple[Alarm, ...]:
    """Find the alarm of this key, or every one of this id; parts of composites, too.

    Raises ``RefusedError``, with the nearest names, where there is none.
    """
    known = every_alarm(environment)
    found = tuple(a for a in known if text == a.key) or tuple(a for a in known if text == a.id)
    if found:
        return found
    names = dict.fromkeys(name for alarm in known for name in (alarm.key, alarm.id))
    near = get_close_matches(text, names, n=3)
    fix = f"nearest: {', '.join(near)}" if near else f"runbook alarms list {environment.name}"
    raise RefusedError(environment.name, [Refusal("ALARM", f"there is no alarm {text!r}", fix)])


def every_alarm(environment: Environment) -> list[Alarm]:
    """List every alarm of an environment, each composite's parts after it."""
    found: list[Alarm] = []
    for alarm in alarms_of(environment):
        found.append(alarm)
        if isinstance(alarm, CompositeAlarm):
            found += alarm.every
    return found


def region(environment: Environment, alarm: Alarm) -> str:
    """Name the region that an alarm stands in: what Route 53 says is told in one alone."""
    return IDENTITY_REGION if alarm.stands is Stands.PROBE else environment.region


def look(environment: Environment, alarm: Alarm) -> str:
    """Write the command that shows an alarm as AWS has it."""
    if alarm.kind == "budget":
        return f"aws budgets describe-budgets --account-id {environment.account}"
    # Without its type, CloudWatch leaves a composite out, also one that is named.
    of_kind = " --alarm-types CompositeAlarm" if alarm.kind == "composite" else ""
    return (
        f"aws cloudwatch describe-alarms --region {region(environment, alarm)} "
        f"--alarm-names {alarm.name(environment.slug)}{of_kind}"
    )
