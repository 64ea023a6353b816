"""Drills of alarms: whom each severity reaches at which hour, from the alarm to the subscriber."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from urllib.parse import urlsplit

from runbook.alarms.alarm import CompositeAlarm, MetricAlarm, Stands
from runbook.alarms.catalogue import alarms_of
from runbook.alarms.paging import TEST_PAGE, topic
from runbook.alarms.severities import Level, levels
from runbook.model.alerting import DAYS, Alerting
from runbook.model.environment import IDENTITY_REGION
from sandbox.endpoint import Endpoint
from sandbox.rehearsal.drill import drill
from sandbox.rehearsal.report import Checks, NotExercisableError
from sandbox.rehearsal.service import until
from sandbox.rehearsal.stage import Stage
from sandbox.rehearsal.subscribers import Told
from sandbox.supplied import pager_secret

PAGER = "pager"
RINGS, WELL = "ALARM", "OK"
# Any year in which clocks change; the drill finds out when.
YEAR = 2027
PATIENCE_SECONDS = 30
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@dataclass(frozen=True)
class Rung:
    """An alarm that is deployed, and what it is to reach."""

    name: str
    level: Level
    endpoint: Endpoint


@drill("pages by severity and hour", "ROVN-SEV-1", "ALL-7")
def by_severity_and_hour(stage: Stage, checks: Checks) -> None:
    """Ring an alarm of each severity in and out of business hours, and where clocks change."""
    rung = _one_of_each(stage, checks)
    business, outside = _moments(stage.environment.alerting)
    with stage.subscribers.at(business[0]):
        for each in rung:
            _settle(stage, each)
        gravest = rung[0]
        for moment in (*business, *outside):
            stage.subscribers.turn(moment)
            for each in rung:
                muted = each.level.hours == "business" and moment in outside
                _check_rung(
                    stage, checks, each, set() if muted else _channels(stage, each), gravest
                )
        _check_until_opening(stage, checks, rung, business[0], outside[0])


@drill("a page of a composite, and one from another region", "ROVN-SEV-1", "ALL-7")
def composite_and_elsewhere(stage: Stage, checks: Checks) -> None:
    """Ring every part of a composite, then the alarm that stands where Route 53's metrics are."""
    business, _ = _moments(stage.environment.alerting)
    composite = _composite(stage)
    known = {each.id: each for each in levels(stage.environment.organisation)}
    with stage.subscribers.at(business[0]):
        slug = stage.environment.slug
        whole = Rung(composite.name(slug), known[composite.severity], stage.endpoint)
        parts = [Rung(part.name(slug), whole.level, stage.endpoint) for part in composite.every]
        rang = _state(whole) != WELL
        since = len(stage.subscribers.told)
        for part in parts:
            _set(part, WELL)
        if rang:
            _wait(stage, whole, WELL, since)
        since = len(stage.subscribers.told)
        for part in parts:
            checks.same(
                _said(stage, whole, RINGS, since), set(), f"told of {whole.name} before {part.name}"
            )
            _set(part, RINGS)
        _check_told(stage, checks, whole, RINGS, since)
        checks.same(
            [part.name for part in parts if stage.subscribers.of(part.name, since)],
            [],
            "parts that tell",
        )
        since = len(stage.subscribers.told)
        for part in parts:
            _set(part, WELL)
        _check_told(stage, checks, whole, WELL, since)
        away = _elsewhere(stage)
        _settle(stage, away)
        _check_rung(stage, checks, away, _channels(stage, away), away)


# --- What is rung ---


def _one_of_each(stage: Stage, checks: Checks) -> list[Rung]:
    """Find an alarm of each severity that has one, the gravest first."""
    environment = stage.environment
    found = []
    for level in levels(environment.organisation):
        names = [
            alarm.name(environment.slug)
            for alarm in alarms_of(environment)
            if isinstance(alarm, MetricAlarm)
            and alarm.severity == level.id
            and alarm.stands is not Stands.PROBE
            and alarm.id != TEST_PAGE
        ]
        if names:
            found.append(Rung(names[0], level, stage.endpoint))
        else:
            checks.found.append(f"the catalogue has no alarm of {level.id} to ring")
    _need(stage.endpoint, [each.name for each in found])
    return found


def _composite(stage: Stage) -> CompositeAlarm:
    found = [each for each in alarms_of(stage.environment) if isinstance(each, CompositeAlarm)]
    if not found:
        raise NotExercisableError("the catalogue has no composite alarm")
    _need(stage.endpoint, [found[0].name(stage.environment.slug)])
    return found[0]


def _elsewhere(stage: Stage) -> Rung:
    """Find an alarm that stands in Route 53's region, which is another one."""
    environment = stage.environment
    known = {each.id: each for each in levels(environment.organisation)}
    found = [each for each in alarms_of(environment) if each.stands is Stands.PROBE]
    if not found or environment.region == IDENTITY_REGION:
        raise NotExercisableError("no alarm stands in another region")
    endpoint = stage.endpoint.elsewhere(IDENTITY_REGION)
    name = found[0].name(environment.slug)
    _need(endpoint, [name])
    return Rung(name, known[found[0].severity], endpoint)


def _need(endpoint: Endpoint, names: list[str]) -> None:
    """Raise NotExercisableError unless these alarms are deployed."""
    told = endpoint.client("cloudwatch").describe_alarms(
        AlarmNames=names, AlarmTypes=["MetricAlarm", "CompositeAlarm"]
    )
    there = {each["AlarmName"] for each in (*told["MetricAlarms"], *told["CompositeAlarms"])}
    if set(names) - there:
        raise NotExercisableError(f"not deployed: {', '.join(sorted(set(names) - there))}")


# --- When ---


def _moments(alerting: Alerting) -> tuple[list[datetime], list[datetime]]:
    """List moments in business hours and outside them, first and last minutes among them."""
    days = [date(YEAR, 1, 1) + each * DAY for each in range(365)]
    of_business = [day for day in days if DAYS[day.weekday()] in alerting.business_days]
    first = of_business[5]
    # The first business day after each change of clocks, and the last one before it.
    after = [next(d for d in of_business if d >= day) for day in _changes(alerting, days)]
    before = [max(d for d in of_business if d < day) for day in _changes(alerting, days)]
    business, outside = [], []
    for day in (first, *after):
        opening, closing = _clock(alerting, day, alerting.opens), _closing(alerting, day)
        business += [opening, closing - MINUTE]
        outside += [closing, opening - MINUTE]
    outside += [_closing(alerting, day) + 10 * MINUTE for day in before]
    free = [day for day in days[3:] if DAYS[day.weekday()] not in alerting.business_days]
    outside += [_clock(alerting, day, 12) for day in free[:1]]
    return business, outside


def _changes(alerting: Alerting, days: list[date]) -> Iterator[date]:
    """List the days on which clocks change."""
    for day in days[1:]:
        today, yesterday = (_clock(alerting, each, 12) for each in (day, day - DAY))
        if today.utcoffset() != yesterday.utcoffset():
            yield day


def _clock(alerting: Alerting, day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), alerting.zone)


def _closing(alerting: Alerting, day: date) -> datetime:
    midnight = alerting.closes == 24
    return _clock(alerting, day + DAY * midnight, 0 if midnight else alerting.closes)


# --- What is told ---


def _channels(stage: Stage, rung: Rung) -> set[str]:
    """Return who must hear an alarm while nobody is muted."""
    slack = stage.environment.alerting.alarm_channel
    return {PAGER if channel == PAGER else slack for channel in rung.level.channels}


def _set(rung: Rung, state: str) -> None:
    rung.endpoint.client("cloudwatch").set_alarm_state(
        AlarmName=rung.name, StateValue=state, StateReason="rehearsal"
    )


def _state(rung: Rung) -> str:
    told = rung.endpoint.client("cloudwatch").describe_alarms(
        AlarmNames=[rung.name], AlarmTypes=["MetricAlarm", "CompositeAlarm"]
    )
    return str((told["MetricAlarms"] + told["CompositeAlarms"])[0]["StateValue"])


def _settle(stage: Stage, rung: Rung) -> None:
    """Ring an alarm, unless it rings, and let it end; nothing of it is on its way afterwards."""
    for state in (WELL,) if _state(rung) == RINGS else (RINGS, WELL):
        since = len(stage.subscribers.told)
        _set(rung, state)
        _wait(stage, rung, state, since)


def _wait(stage: Stage, rung: Rung, state: str, since: int) -> None:
    """Wait until everybody who must has heard of a state."""
    expected = _channels(stage, rung)
    until(
        lambda: _said(stage, rung, state, since) >= expected,
        f"{rung.name} {state} at {', '.join(sorted(expected))}",
        PATIENCE_SECONDS,
    )


def _check_rung(
    stage: Stage, checks: Checks, rung: Rung, expected: set[str], gravest: Rung
) -> None:
    """Ring it and let it end: both reach whom they must, and nobody else."""
    for state in (RINGS, WELL):
        since = len(stage.subscribers.told)
        _set(rung, state)
        if expected:
            _check_told(stage, checks, rung, state, since)
            continue
        # What comes after it has come: so would it have.
        _settle(stage, gravest)
        said = {each.channel for each in stage.subscribers.of(rung.name, since)}
        checks.same(said, set(), f"{_when(stage)} {rung.level.id} {state}: told to")


def _check_told(stage: Stage, checks: Checks, rung: Rung, state: str, since: int) -> None:
    _wait(stage, rung, state, since)
    said, expected = stage.subscribers.of(rung.name, since), _channels(stage, rung)
    checks.same(
        sorted(each.channel for each in said),
        sorted(expected),
        f"{_when(stage)} {rung.level.id} {state}: told to",
    )
    place = f"{rung.endpoint.region}:{rung.endpoint.account}"
    own = f"arn:aws:sns:{place}:{topic(stage.environment.slug, rung.level.id)}"
    checks.that({each.topic for each in said} == {own}, f"by {own}")
    _check_address(stage, checks, said)


def _check_address(stage: Stage, checks: Checks, said: list[Told]) -> None:
    """Check that the pager was asked under the address that the secret holds; it is not told."""
    manager = stage.endpoint.client("secretsmanager")
    name = pager_secret(stage.environment)
    address = manager.get_secret_value(SecretId=name)["SecretString"]
    paths = {each.path for each in said if each.channel == PAGER}
    if paths:
        checks.that(paths == {urlsplit(address).path}, "under the address that the secret holds")


def _said(stage: Stage, rung: Rung, state: str, since: int) -> set[str]:
    told = stage.subscribers.of(rung.name, since)
    return {each.channel for each in told if each.state == state}


def _check_until_opening(
    stage: Stage, checks: Checks, rung: list[Rung], business: datetime, outside: datetime
) -> None:
    """Ring what is muted, and let business hours begin: what still rings is told then."""
    for each in (one for one in rung if one.level.hours == "business"):
        stage.subscribers.turn(outside)
        since = len(stage.subscribers.told)
        _set(each, RINGS)
        _settle(stage, rung[0])
        checks.same(_said(stage, each, RINGS, since), set(), f"{_when(stage)} {each.level.id}")
        stage.subscribers.turn(business)
        _check_told(stage, checks, each, RINGS, since)
        since = len(stage.subscribers.told)
        _set(each, WELL)
        _check_told(stage, checks, each, WELL, since)


def _when(stage: Stage) -> str:
    """Write what the clock shows, as people there read it."""
    shown = datetime.fromisoformat(stage.subscribers.clock.read_text("utf-8"))
    return f"{shown.astimezone(stage.environment.alerting.zone):%a %Y-%m-%d %H:%M}"
