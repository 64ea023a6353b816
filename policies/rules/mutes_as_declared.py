"""ROVN-SEV-1: what wakes nobody is muted outside business hours, and nothing else ever."""

from collections.abc import Iterator

from policies.lookups.mutes import MUTE_RULE, mutes_business, not_muted, targets, window_of
from policies.rule import Rule
from policies.templates.scope import Resource, Scope
from policies.templates.values import UnresolvedError
from runbook.alarms.mute_rules import MOST_ALARMS, muted_alarms
from runbook.alarms.mute_windows import Window
from runbook.model.environment import IDENTITY_REGION

_ZONE = "Rule.Schedule.Timezone"


def _judge(rule: Resource, scope: Scope) -> Iterator[str]:
    alerting = scope.environment.alerting
    for name in ("StartDate", "ExpireDate"):
        if rule.at(name) is not None:
            yield f"it has {name}: what is declared holds from the first day on, and stays"
    if (zone := rule.at(_ZONE, "UTC")) != alerting.time_zone:
        yield f"its hours are of {zone}, not of {alerting.time_zone}"
    yield from _names(rule, scope)
    try:
        window = window_of(rule)
    except ValueError as error:
        yield str(error)
        return
    if wrong := mutes_business(window, alerting):
        yield f"it is open in business hours: {wrong}"


def _names(rule: Resource, scope: Scope) -> Iterator[str]:
    region = str(rule.stack.template.region)
    names, allowed = targets(rule), set(muted_alarms(scope.environment, region))
    if not 0 < len(names) <= MOST_ALARMS:
        yield f"it names {len(names)} alarms, and a rule takes 1 to {MOST_ALARMS}"
    for name in names:
        if name not in allowed:
            yield (
                f"it mutes {name}, which is to be heard at any hour or is no alarm of ours in "
                f"{region}"
            )


def _required(scope: Scope) -> Iterator[str]:
    """Want every alarm that has hours muted in all others, whichever rules do it together."""
    environment = scope.environment
    for region in dict.fromkeys((environment.region, IDENTITY_REGION)):
        windows: dict[str, list[Window]] = {n: [] for n in muted_alarms(environment, region)}
        for rule in scope.resources(MUTE_RULE):
            for name in _heard(rule, region, scope):
                if name in windows:
                    windows[name].append(window_of(rule))
        alike: dict[tuple[Window, ...], list[str]] = {}
        for name, found in windows.items():
            alike.setdefault(tuple(found), []).append(name)
        for together, names in alike.items():
            if missing := not_muted(together, environment.alerting):
                others = f" and {len(names) - 1} others" if len(names) > 1 else ""
                yield f"{names[0]}{others}: not muted at {missing}, outside business hours"


def _heard(rule: Resource, region: str, scope: Scope) -> list[str]:
    """List what a rule mutes by the environment's clocks, in its region; none where it is unfit."""
    zone = scope.environment.alerting.time_zone
    try:
        window_of(rule)
        fits = rule.at(_ZONE, "UTC") == zone and rule.stack.template.region == region
        whole = rule.at("StartDate") is None and rule.at("ExpireDate") is None
        return targets(rule) if fits and whole else []
    except (ValueError, UnresolvedError):
        return []


RULE = Rule(
    id="mutes-as-declared",
    title="Alarms that wake nobody are muted outside business hours, to the minute, and no other "
    "alarm is ever muted",
    why="A rule that names one alarm too many, or is open an hour too long, keeps a page from who "
    "would have come; one that is not open wakes people for what can wait.",
    remedy="Leave the rules to stacks/paging_stack.py; business hours stand in [alerting] of the "
    "environment file, and which severity has hours in runbook/alarms/scales.",
    clauses=("ROVN-SEV-1", "ALL-7"),
    controls=("HIPAA 164.308(a)(6)(ii)", "NIST IR-6(1)", "NIST SI-4(5)", "SOC2 CC7.3"),
    types=(MUTE_RULE,),
    judge=_judge,
    required=_required,
    waivable=False,
)
