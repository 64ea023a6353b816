"""Alarms by what people type: an id, an id and a subject, or the name that AWS shows."""

from difflib import get_close_matches
from itertools import chain

from runbook.alarms.alarm import Alarm, CompositeAlarm, Stands
from runbook.alarms.catalogue import alarms_of
from runbook.model.environment import IDENTITY_REGION, Environment
from runbook.model.refusal import Refusal, RefusedError


def find(environment: Environment, text: str) -> tuple[Alarm, ...]:
    """Find the alarm of this key or name, or every one of this id; parts of composites, too.

    The name is what CloudWatch, Slack and the pager show; letters may be of any case. Raises
    ``RefusedError``, with the nearest names, where there is none.
    """
    known = every_alarm(environment)
    wanted = text.strip().casefold()
    names = [(alarm.key, alarm.name(environment.slug)) for alarm in known]
    found = tuple(a for a, called in zip(known, names, strict=True) if wanted in called)
    if found := found or tuple(alarm for alarm in known if wanted == alarm.id):
        return found
    candidates = dict.fromkeys((*chain(*names), *(alarm.id for alarm in known)))
    near = get_close_matches(wanted, candidates, n=3)
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
