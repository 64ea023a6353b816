"""`runbook alarms`: what the commands show, as lines for people and objects for machines."""

from collections.abc import Iterator
from typing import Any

from runbook.alarms import words
from runbook.alarms.alarm import Alarm, BudgetAlarm, CompositeAlarm, MetricAlarm
from runbook.alarms.catalogue import alarms_of
from runbook.alarms.finding import look
from runbook.alarms.layout import Column, Sheet
from runbook.alarms.matrix import Matrix, Row
from runbook.alarms.paging import topic
from runbook.alarms.severities import Level, audiences, level, levels
from runbook.model.alerting import DAYS
from runbook.model.environment import Environment

Json = dict[str, Any]
Pairs = list[tuple[str, str]]
ALWAYS, IN_HOURS, MUTED = "P", "S", "."
# A column of sentences that is narrower than this, in characters, is hard to read.
_PROSE = 24
_HOURS = "0     6     12    18    "


def by_severity(environment: Environment, severity: str | None) -> list[tuple[Level, list[Alarm]]]:
    """Group the alarms, the gravest first; of one severity when it is named on either scale.

    Raises ``KeyError`` for a severity that the organisation does not have.
    """
    organisation = environment.organisation
    wanted = (level(organisation, severity),) if severity else levels(organisation)
    every = alarms_of(environment)
    grouped = [(each, [a for a in every if a.severity == each.id]) for each in wanted]
    return [(each, found) for each, found in grouped if found]


def sheet(environment: Environment, of: Level, alarms: list[Alarm]) -> Sheet:
    """Lay out the alarms of one severity."""
    columns = (
        Column("alarm"),
        Column("symptom", least=_PROSE),
        Column("when it rings", least=_PROSE),
        Column("woken"),
        Column("playbook"),
    )
    rows = tuple(
        (a.key, a.symptom, words.when_it_rings(a), words.woken(of), a.playbook) for a in alarms
    )
    told = words.told(of, environment.alerting)
    return Sheet(columns, rows, f"{words.severity(of)}: {of.definition}. Told: {told}")


def row(environment: Environment, alarm: Alarm) -> Json:
    """Say of one alarm what the list does, for machines."""
    of = level(environment.organisation, alarm.severity)
    return {
        "alarm": alarm.key,
        "name": alarm.name(environment.slug),
        "symptom": alarm.symptom,
        "when_it_rings": words.when_it_rings(alarm),
        "severity": of.id,
        "same_as": of.same_as,
        "woken": list(of.owners) if of.wakes else [],
        "playbook": alarm.playbook,
        "clauses": list(alarm.clauses),
    }


def card(environment: Environment, alarm: Alarm) -> Pairs:
    """Say everything of one alarm, as pairs of a word and what it is."""
    organisation = environment.organisation
    of = level(organisation, alarm.severity)
    return [
        ("alarm", f"{alarm.key} of {environment.name}"),
        ("in AWS", alarm.name(environment.slug)),
        ("symptom", alarm.symptom),
        ("rings", words.when_it_rings(alarm)),
        *_measured(alarm),
        ("resets", alarm.resets),
        ("source", f"{alarm.source} ({', '.join(alarm.clauses)})"),
        *_of_severity(environment, of),
        *(("tells", f"{a.who} {a.by_when} ({a.source})") for a in audiences(organisation, of)),
        ("playbook", f"runbook playbook {environment.name} {alarm.playbook}"),
        ("look", look(environment, alarm)),
    ]


def described(environment: Environment, alarm: Alarm) -> Json:
    """Say everything of one alarm, for machines."""
    of = level(environment.organisation, alarm.severity)
    heard = audiences(environment.organisation, of)
    return {
        **row(environment, alarm),
        "definition": alarm.model_dump(mode="json"),
        "level": of.model_dump(mode="json"),
        "topic": topic(environment.slug, of.id),
        "tells": [each.model_dump(mode="json") for each in heard],
        "look": look(environment, alarm),
    }


def _of_severity(environment: Environment, of: Level) -> Iterator[tuple[str, str]]:
    yield "severity", f"{words.severity(of)}: {of.definition} ({of.source})"
    yield "told", f"{words.told(of, environment.alerting)} ({of.hours_source})"
    if of.hours == "business":
        yield "else", "muted; told when business hours begin, if it still rings"
    yield "answer", of.respond
    if of.escalate_minutes:
        yield "escalates", f"after {of.escalate_minutes} minutes that nobody answers"
    yield "topic", topic(environment.slug, of.id)


def _measured(alarm: Alarm, indent: str = "") -> Iterator[tuple[str, str]]:
    match alarm:
        case CompositeAlarm():
            for part in alarm.every:
                yield f"{indent}part", f"{part.key}: {part.symptom}; {words.when_it_rings(part)}"
                yield from _measured(part, indent="  ")
        case MetricAlarm():
            for metric in alarm.metrics:
                where = "".join(f", {name}={value}" for name, value in metric.dimensions.items())
                said = f"{metric.id} = {metric.stat} of {metric.namespace} {metric.name}{where}"
                yield f"{indent}metric", said
            if alarm.expression:
                yield f"{indent}formula", alarm.expression
            yield f"{indent}missing", words.when_missing(alarm)
        case BudgetAlarm():
            yield f"{indent}measured", "by AWS Budgets, up to a day late"


def week(matrix: Matrix) -> Sheet:
    """Draw an ordinary week: each hour that clocks show, for severities that are told alike."""
    alerting = matrix.environment.alerting
    columns = (Column("severity"), Column("day"), Column(_HOURS, least=len(_HOURS)))
    alike: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for each in matrix.levels:
        alike.setdefault((each.hours, each.channels), []).append(words.severity(each))
    rows = []
    for (hours, channels), names in alike.items():
        told = ALWAYS if "pager" in channels else IN_HOURS
        for day in DAYS:
            works = day in alerting.business_days
            open_hours = range(alerting.opens, alerting.closes) if works else range(0)
            cells = (told if hours == "always" or h in open_hours else MUTED for h in range(24))
            rows.append((", ".join(names) if day == DAYS[0] else "", day, "".join(cells)))
    title = f"{matrix.environment.name}, hours of {alerting.time_zone}"
    return Sheet(columns, tuple(rows), title)


def totals(matrix: Matrix) -> Sheet:
    """Add up the year, severity by severity."""
    numbers = ("by pager", "by Slack", "muted", "longest wait")
    columns = (
        Column("severity", least=len("sev-1 (P0)")),
        *(Column(each, least=len("8,760 h"), number=True) for each in numbers),
        *(Column(each, least=_PROSE) for each in ("who", "answer", "tells")),
    )
    rows = []
    for each in matrix.rows():
        of = each.level
        heard = audiences(matrix.environment.organisation, of)
        row = (
            words.severity(of),
            *(f"{found:,g} h" for found in (each.pager, each.slack, each.muted)),
            _wait(each),
            ", ".join(of.owners),
            of.respond,
            "; ".join(f"{a.who} {a.by_when}" for a in heard) or "-",
        )
        rows.append(row)
    return Sheet(columns, tuple(rows))


def notes(matrix: Matrix) -> Iterator[str]:
    """Say what the tables do not."""
    zone, hours = matrix.environment.alerting.time_zone, matrix.over.lasts.total_seconds() / 3600
    yield f"{ALWAYS} pager and Slack, {IN_HOURS} Slack, {MUTED} muted: told when business hours"
    yield f"begin, if it still rings. {matrix.over.start.year} has {hours:,g} hours."
    for change in matrix.changes():
        when = f"{change.before:%Y-%m-%d %H:%M}"
        yield f"Clocks of {zone} change on {when}: they then show {change.after:%H:%M}."
    if not matrix.changes():
        yield f"Clocks of {zone} do not change in that year."


def as_json(matrix: Matrix) -> Json:
    """Say the whole matrix, for machines; times in ISO 8601, waits in hours."""
    alerting = matrix.environment.alerting
    return {
        "environment": matrix.environment.name,
        "year": matrix.over.start.year,
        "hours": matrix.over.lasts.total_seconds() / 3600,
        "time_zone": alerting.time_zone,
        "business_days": list(alerting.business_days),
        "business_hours": alerting.business_hours,
        "severities": [
            {
                "severity": each.level.id,
                "same_as": each.level.same_as,
                "channels": list(each.level.channels),
                "owners": list(each.level.owners),
                "hours_by_pager": each.pager,
                "hours_by_slack": each.slack,
                "hours_muted": each.muted,
                "longest_wait_hours": each.longest_wait.total_seconds() / 3600,
                "tells": [
                    heard.model_dump(mode="json")
                    for heard in audiences(matrix.environment.organisation, each.level)
                ],
            }
            for each in matrix.rows()
        ],
        "clocks_change": [change.instant.isoformat() for change in matrix.changes()],
    }


def _wait(each: Row) -> str:
    return f"{each.longest_wait.total_seconds() / 3600:,g} h" if each.muted else "none"
