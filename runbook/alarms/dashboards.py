"""The two dashboards of an environment, laid out from the catalogue: overview and database."""

from collections.abc import Iterator, Sequence

from runbook.alarms.alarm import Alarm, BudgetAlarm, MetricAlarm
from runbook.alarms.catalogue import alarms_of
from runbook.alarms.database_graphs import database_graphs, database_text, of_database
from runbook.alarms.graphs import arn, graph, grouped, home, is_own, own_graph, title
from runbook.alarms.service_graphs import service_graphs
from runbook.alarms.severities import Level, level, levels
from runbook.alarms.widgets import (
    COLUMNS,
    AlarmList,
    Dashboard,
    Shown,
    Text,
    in_rows,
    rows,
)
from runbook.model.environment import Environment

OVERVIEW, DATABASE = "overview", "database"
THIRD, HEIGHT = COLUMNS // 3, 6
# How many alarms stand beside each other in a list, by its width in columns.
_ALARM_WIDTH = 4
Row = list[tuple[int, int, Shown]]


def dashboard_name(environment: Environment, which: str) -> str:
    """Name one of the dashboards, ``overview`` or ``database``."""
    return f"{environment.slug}-{which}"


def dashboards_of(environment: Environment) -> tuple[Dashboard, ...]:
    """Lay out both dashboards.

    Raises pydantic's ``ValidationError`` for what CloudWatch would not take or show.
    """
    return (_overview(environment), _database(environment))


def _overview(environment: Environment) -> Dashboard:
    alarms = alarms_of(environment)
    wanted: list[Row] = list(_what_rings(environment, alarms))
    for key, service in environment.services.items():
        wanted.append(_heading(f"## {key}: {service.name}, https://{service.ingress.hostname}"))
        wanted += in_rows(service_graphs(environment, key, alarms), width=THIRD, height=HEIGHT)
    wanted.append(_heading("## Records, releases, secrets, and the ways of alarms"))
    wanted += in_rows(_others(environment, alarms), width=THIRD, height=HEIGHT)
    return Dashboard(name=dashboard_name(environment, OVERVIEW), widgets=rows(*wanted))


def _database(environment: Environment) -> Dashboard:
    alarms = [alarm for alarm in alarms_of(environment) if of_database(alarm)]
    shown = AlarmList(
        title="Alarms of the database", alarms=tuple(arn(environment, each) for each in alarms)
    )
    text = Text(markdown=database_text(environment, alarms, dashboard_name(environment, OVERVIEW)))
    first: Row = [(COLUMNS - THIRD, HEIGHT, shown), (THIRD, HEIGHT, text)]
    graphs = in_rows(database_graphs(environment, alarms), width=THIRD, height=HEIGHT)
    return Dashboard(name=dashboard_name(environment, DATABASE), widgets=rows(first, *graphs))


def _what_rings(environment: Environment, alarms: Sequence[Alarm]) -> Iterator[Row]:
    """List alarms by severity, the gravest top left, with what to type beside it."""
    gravest, *others = _lists(environment, alarms)
    text = Text(markdown=_what_to_type(environment, alarms))
    height = max(_tall(gravest, COLUMNS - THIRD), 10)
    yield [(COLUMNS - THIRD, height, gravest), (THIRD, height, text)]
    for each in others:
        yield [(COLUMNS, _tall(each, COLUMNS), each)]


def _lists(environment: Environment, alarms: Sequence[Alarm]) -> Iterator[AlarmList]:
    """List the alarms of each severity that has any; a budget is none of CloudWatch's."""
    for each in levels(environment.organisation):
        found = tuple(
            arn(environment, alarm)
            for alarm in alarms
            if not isinstance(alarm, BudgetAlarm)
            if level(environment.organisation, alarm.severity) == each
        )
        if found:
            yield AlarmList(title=f"{_called(each)}: {each.respond}", alarms=found)


def _tall(shown: AlarmList, width: int) -> int:
    lines = -(-len(shown.alarms) // (width // _ALARM_WIDTH))
    return 1 + 2 * lines


def _called(severity: Level) -> str:
    return f"{severity.title} ({severity.same_as})" if severity.same_as else severity.title


def _what_to_type(environment: Environment, alarms: Sequence[Alarm]) -> str:
    name, place = environment.name, f"account {environment.account}, {environment.region}"
    commands = (
        f"runbook alarms list {name}",
        f"runbook playbook {name} <id>",
        f"runbook status {name}",
    )
    return "\n\n".join(
        (
            f"# {name}",
            "Red on the left rings; its name ends with the alarm's id. Type:",
            "\n".join(("```", *commands, "```")),
            f"[Database](#dashboards/dashboard/{dashboard_name(environment, DATABASE)}) · {place}",
            *(_budget(alarm) for alarm in alarms if isinstance(alarm, BudgetAlarm)),
        )
    )


def _budget(budget: BudgetAlarm) -> str:
    spent = ", ".join(f"{percent} %" for percent in budget.spent_percent)
    return (
        f"**{budget.id}** has no datapoints: AWS Budgets tells at {spent} of "
        f"{budget.monthly_usd} USD a month, and when it expects {budget.forecast_percent} %."
    )


def _others(environment: Environment, alarms: Sequence[Alarm]) -> Iterator[Shown]:
    """Draw what belongs to no service and not to the database, one graph for each id."""
    rest = [a for a in alarms if a.subject not in environment.services and not of_database(a)]
    for alarm, drawn in grouped(environment, rest):
        if is_own(drawn[0]):
            yield own_graph(environment, drawn[0])
            continue
        yield graph(
            drawn,
            title=title(environment, alarm, drawn[0].unit),
            region=home(environment, alarm),
            shown=_counted(drawn[0]) if len(drawn) == 1 else (),
        )


def _counted(alarm: MetricAlarm) -> tuple[str, ...]:
    """Show what a sum adds up: which rule matched, which topic failed."""
    return tuple(metric.id for metric in alarm.metrics)


def _heading(markdown: str) -> Row:
    return [(COLUMNS, 1, Text(markdown=markdown))]
