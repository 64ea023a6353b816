"""The alarms as people read them: by severity, what each means, when it rings, who is told."""

from collections.abc import Iterable, Iterator, Sequence

from policies.pages.markdown import GENERATED, clause_link, file_link, plain, table
from runbook.alarms.alarm import Alarm, BudgetAlarm, CompositeAlarm
from runbook.alarms.catalogue import alarms_of
from runbook.alarms.dashboards import dashboards_of
from runbook.alarms.severities import Level, level, levels
from runbook.alarms.widgets import AlarmGraph, Dashboard, Graph, LogQuery
from runbook.alarms.words import severity, told, when_it_rings, when_missing
from runbook.model.environment import Environment
from runbook.model.selection import all_environments
from runbook.playbooks.page import all_pages

_PAGE = "alarms.md"
_HEAD = ("alarm", "what it means", "rings at", "ends with", "no datapoint", "whence", "playbook")
_SCALE = ("severity", "what it is", "who answers, and how fast", "post-mortem", "source")


def alarm_page() -> str:
    """Write the page from the catalogue and the environment files; it holds no time."""
    environments = all_environments()
    scales = dict.fromkeys(environment.organisation for environment in environments)
    return "\n".join(
        [
            "# Alarms",
            "",
            GENERATED,
            "",
            "What CloudWatch watches in each environment. `runbook alarms list ENVIRONMENT` tells "
            "the same on a terminal, `runbook alarms matrix ENVIRONMENT` who is reached at which "
            "hour. A name in CloudWatch is the environment's, the alarm's, and what it is about, "
            f"such as `{_example(environments[0])}`.",
            *(line for organisation in scales for line in _scale(organisation)),
            *(line for environment in environments for line in _section(environment)),
            "",
        ]
    )


def _example(environment: Environment) -> str:
    return alarms_of(environment)[0].name(environment.slug)


def _scale(organisation: str) -> Iterator[str]:
    """Write an organisation's severities, each with its name on the other scale."""
    yield from ("", f"## Severities of {organisation}", "")
    yield from table(_SCALE, map(_level, levels(organisation)))


def _level(each: Level) -> tuple[str, ...]:
    hours = each.post_mortem_hours
    source = f"{each.source}; {each.same_as} in {each.same_as_source}" if each.same_as else ""
    escalated = each.escalate_minutes
    return (
        plain(severity(each)),
        plain(each.definition),
        plain(f"{', '.join(each.owners)}: {each.respond}")
        + (f"; escalates after {escalated} min" if escalated else ""),
        f"within {hours} h" if hours else "none asked for",
        plain(source or each.source),
    )


def _section(environment: Environment) -> Iterator[str]:
    yield from ("", f"## {environment.name}")
    alarms = alarms_of(environment)
    for each in levels(environment.organisation):
        of_level = [a for a in alarms if level(environment.organisation, a.severity) == each]
        if of_level:
            yield from ("", f"### {each.title} of {environment.name}", "")
            yield from (f"Tells {plain(told(each, environment.alerting))}.", "")
            yield from table(_HEAD, map(_row, _together(of_level)))
    yield from ("", f"### Dashboards of {environment.name}", "")
    yield from map(_dashboard, dashboards_of(environment))


def _together(alarms: Iterable[Alarm]) -> list[list[Alarm]]:
    """Gather alarms that differ by their subject alone."""
    found: dict[tuple[str, str], list[Alarm]] = {}
    for alarm in alarms:
        found.setdefault((alarm.id, when_it_rings(alarm)), []).append(alarm)
    return list(found.values())


def _row(together: Sequence[Alarm]) -> tuple[str, ...]:
    first = together[0]
    clauses = ", ".join(clause_link(clause, _PAGE) for clause in first.clauses)
    return (
        "<br>".join(f"`{alarm.key}`" for alarm in together),
        _lines(map(_symptom, together) if len(together) > 1 else [first.symptom]),
        plain(when_it_rings(first)),
        plain(first.resets),
        _lines(_missing(first)),
        f"{clauses}<br>{_lines(alarm.source for alarm in together)}",
        _playbook(first),
    )


def _symptom(alarm: Alarm) -> str:
    """Say it of each alike, whatever it is about."""
    return alarm.symptom.replace(alarm.subject, "NAME") if alarm.subject else alarm.symptom


def _missing(alarm: Alarm) -> Iterator[str]:
    match alarm:
        case BudgetAlarm():
            yield "AWS Budgets has none"
        case CompositeAlarm():
            yield from (f"{part.id}: {when_missing(part)}" for part in alarm.every)
        case _:
            yield when_missing(alarm)


def _playbook(alarm: Alarm) -> str:
    """Link the page that answers it; a test of the playbooks finds one for each alarm."""
    page = next(page for page in all_pages() if alarm.playbook in page.alarms)
    return file_link(f"runbook/playbooks/pages/{page.id}.md", _PAGE, page.id)


def _dashboard(dashboard: Dashboard) -> str:
    kinds = (Graph, AlarmGraph, LogQuery)
    titles = [w.shows.title for w in dashboard.widgets if isinstance(w.shows, kinds)]
    return f"- `{dashboard.name}`: what rings and what to type; {plain(', '.join(titles))}"


def _lines(sentences: Iterable[str]) -> str:
    return "<br>".join(dict.fromkeys(plain(sentence) for sentence in sentences))
