"""The dashboards show the whole catalogue, the gravest first, and what to type beside it."""

import math
import re
from collections.abc import Mapping
from typing import Any, TypeVar

import pytest

from policies.pages.commands import walk_commands
from runbook.alarms.alarm import DAY, Alarm, BudgetAlarm, CompositeAlarm, MetricAlarm
from runbook.alarms.catalogue import alarms_of
from runbook.alarms.dashboards import dashboards_of
from runbook.alarms.graphs import arn, home, line
from runbook.alarms.placeholders import is_placeholder
from runbook.alarms.service_graphs import budget_left
from runbook.alarms.severities import level, levels
from runbook.alarms.widgets import (
    AlarmGraph,
    AlarmList,
    Dashboard,
    Formula,
    Graph,
    LogQuery,
    Series,
    Shown,
    Text,
    Widget,
)
from runbook.model.environment import Environment
from runbook.model.loader import known_environments, load_environment
from runbook.playbooks.lookup import playbook

T = TypeVar("T", bound=Shown)


@pytest.fixture(params=known_environments())
def environment(request: pytest.FixtureRequest) -> Environment:
    return load_environment(request.param)


def overview(environment: Environment) -> Dashboard:
    return dashboards_of(environment)[0]


def shown(dashboard: Dashboard, kind: type[T]) -> list[T]:
    return [widget.shows for widget in dashboard.widgets if isinstance(widget.shows, kind)]


def graphs(environment: Environment) -> list[Graph]:
    return [each for dashboard in dashboards_of(environment) for each in shown(dashboard, Graph)]


def with_replica(environment: Environment) -> Environment:
    database = environment.database.model_copy(update={"read_replica": True})
    return environment.model_copy(update={"database": database})


def test_there_are_two_and_they_are_called_after_the_environment(environment: Environment) -> None:
    names = [dashboard.name for dashboard in dashboards_of(environment)]
    assert names == [f"{environment.slug}-overview", f"{environment.slug}-database"]
    assert dashboards_of(environment) == dashboards_of(environment)


def test_every_alarm_stands_in_the_list_of_its_severity(environment: Environment) -> None:
    lists = shown(overview(environment), AlarmList)
    ranked = list(levels(environment.organisation))
    assert [each.title.partition(":")[0].partition(" (")[0] for each in lists] == [
        each.title for each in ranked
    ]
    for severity, listed in zip(ranked, lists, strict=True):
        assert listed.alarms == tuple(
            arn(environment, alarm)
            for alarm in alarms_of(environment)
            if not isinstance(alarm, BudgetAlarm)
            if level(environment.organisation, alarm.severity) == severity
        )


def test_what_rings_is_top_left_and_what_to_type_beside_it(environment: Environment) -> None:
    first, second, *rest = overview(environment).widgets
    assert (first.x, first.y) == (0, 0)
    assert isinstance(first.shows, AlarmList)
    assert arn_of(environment, "api-5xx-rate") in first.shows.alarms
    assert (second.x, second.y) == (first.width, 0)
    assert isinstance(second.shows, Text)
    said = second.shows.markdown
    for command in ("alarms list", "playbook", "status"):
        assert f"\nrunbook {command} {environment.name}" in said
    assert f"(#dashboards/dashboard/{environment.slug}-database)" in said
    assert f"{environment.costs.monthly_usd} USD" in said
    lists = [w for w in rest if isinstance(w.shows, AlarmList)]
    others = [w for w in rest if not isinstance(w.shows, AlarmList)]
    assert max(w.y for w in lists) < min(w.y for w in others)


def test_what_to_type_can_be_typed(environment: Environment) -> None:
    known = {path for path, _ in walk_commands()}
    texts = [text for dashboard in dashboards_of(environment) for text in shown(dashboard, Text)]
    lines = [line for text in texts for line in text.markdown.splitlines()]
    typed = [line for line in lines if line.startswith("runbook ")]
    assert len(typed) >= 4
    for text in typed:
        command, name, rest = text.partition(f" {environment.name}")
        assert command in known
        assert name
        assert not rest or rest == " <id>" or playbook(environment, rest)


def arn_of(environment: Environment, id_: str) -> str:
    (found,) = [arn(environment, alarm) for alarm in alarms_of(environment) if alarm.id == id_]
    return found


@pytest.mark.parametrize("change", [lambda same: same, with_replica])
def test_every_alarm_is_drawn_with_its_line(environment: Environment, change: object) -> None:
    assert callable(change)
    changed = change(environment)
    drawn = graphs(changed)
    own = [each.alarm for d in dashboards_of(changed) for each in shown(d, AlarmGraph)]
    for alarm in (part for each in alarms_of(changed) for part in parts(each)):
        if arn(changed, alarm) not in own:
            found = [
                graph
                for graph in drawn
                if line(alarm) in graph.lines and on(graph, alarm)
                if graph.region == home(changed, alarm)
            ]
            assert len(found) == 1, alarm.key


def parts(alarm: Alarm) -> tuple[MetricAlarm, ...]:
    """Take what has a line: not what says only that a canary has run, or days been counted."""
    if isinstance(alarm, CompositeAlarm):
        return tuple(each for each in alarm.every if each.unit not in ("runs", "counts"))
    return (alarm,) if isinstance(alarm, MetricAlarm) else ()


def on(graph: Graph, alarm: MetricAlarm) -> bool:
    """Say whether a graph has the alarm's metrics, at its period."""
    drawn = [
        (each.metric.model_dump(exclude={"id"}), each.period)
        for each in graph.drawn
        if isinstance(each, Series)
    ]
    return all(
        (metric.model_dump(exclude={"id"}), alarm.period) in drawn for metric in alarm.metrics
    )


def test_an_expression_names_what_stands_beside_it(environment: Environment) -> None:
    for graph in graphs(environment):
        ids = {each.id for each in graph.drawn}
        for formula in (each for each in graph.drawn if isinstance(each, Formula)):
            if not formula.expression.startswith("SEARCH("):
                named = set(re.findall(r"\b[a-z][a-z0-9_]*\b", formula.expression))
                assert named
                assert named <= ids - {formula.id}, graph.title


def test_every_hidden_series_is_used(environment: Environment) -> None:
    for graph in graphs(environment):
        said = " ".join(each.expression for each in graph.drawn if isinstance(each, Formula))
        for each in graph.drawn:
            if each.hidden:
                assert re.search(rf"\b{each.id}\b", said), (graph.title, each.id)


def test_a_graph_looks_back_far_enough_to_show_something(environment: Environment) -> None:
    days = {None: 0.25, "-P7D": 7, "-P30D": 30}
    for graph in graphs(environment):
        longest = max(each.period for each in graph.drawn)
        assert days[graph.start] * DAY >= 24 * longest or longest == DAY, graph.title


def test_a_widget_looks_where_its_metrics_are(environment: Environment) -> None:
    service = next(iter(environment.services.values()))
    moved = service.probes.model_copy(update={"canary_region": "us-west-2"})
    changed = environment.model_copy(
        update={"services": {"api": service.model_copy(update={"probes": moved})}}
    )
    for graph in graphs(changed):
        spaces = {each.metric.namespace for each in graph.drawn if isinstance(each, Series)}
        outside = spaces == {"CloudWatchSynthetics"}
        wanted = "us-west-2" if outside else environment.region
        assert graph.region == wanted or graph.title.endswith(", us-east-1")
    by_title = {each.title: each for each in shown(overview(changed), AlarmGraph)}
    probe = by_title["health-check-failed (1 is healthy), us-east-1"]
    assert probe.region == "us-east-1"
    assert probe.alarm.startswith(f"arn:aws:cloudwatch:us-east-1:{environment.account}:alarm:")
    assert by_title["certificate-expiry (days)"].region == environment.region


def test_a_service_of_one_colour_and_a_second_service(environment: Environment) -> None:
    service = next(iter(environment.services.values()))
    rolling = service.model_copy(update={"strategy": "rolling", "bake_minutes": 0, "gate": None})
    changed = environment.model_copy(update={"services": {"api": service, "web": rolling}})
    values = {
        value
        for graph in graphs(changed)
        for each in graph.drawn
        if isinstance(each, Series)
        for value in each.metric.dimensions.values()
        if is_placeholder(value)
    }
    groups = {"api:blue", "api:green", "web:blue"}
    assert values == {"{balancer}", *(f"{{target-group:{g}}}" for g in groups)}
    titles = [each.title for each in shown(overview(changed), Graph)]
    assert titles.count("api-5xx-rate (% of requests)") == 2


def test_the_database_has_its_own(environment: Environment) -> None:
    for changed, count in ((environment, 1), (with_replica(environment), 2)):
        dashboard = dashboards_of(changed)[1]
        (listed,) = shown(dashboard, AlarmList)
        wanted = [alarm for alarm in alarms_of(changed) if alarm.id.startswith("rds-")]
        assert listed.alarms == tuple(arn(changed, alarm) for alarm in wanted)
        (text,) = shown(dashboard, Text)
        assert all(f"{changed.name} {alarm.playbook}\n" in text.markdown for alarm in wanted)
        queries = shown(dashboard, LogQuery)
        assert len(queries) == count
        assert queries[0].log_group == f"/aws/rds/instance/{environment.slug}-postgres/postgresql"
        connections = next(g for g in shown(dashboard, Graph) if "connections" in g.title)
        limits = [each.value for each in connections.lines]
        cap = environment.database.max_connections
        assert limits == [cap * environment.alarms.database_connections_percent / 100, cap]


@pytest.mark.parametrize(
    ("requests", "errors", "left"),
    [
        # A thousand requests each hour, of which 99.9 % have to end well: one may fail.
        ([1000, 1000], [0, 0], [100, 100]),
        ([1000, 1000], [1, 1], [0, 0]),
        ([1000, 1000], [1, 0], [0, 50]),
        ([1000, 3000], [0, 1], [100, 75]),
        # Overdrawn is shown as such.
        ([1000, 1000], [0, 4], [100, -100]),
        # Nobody asked: nothing is spent.
        ([0, 1000], [0, 0], [100, 100]),
        # No target took any: every one of them failed.
        ([0, 0], [2, 0], [100 - 100_000, 100 - 100_000]),
    ],
)
@pytest.mark.clause("ROVN-ALM-10")
def test_the_budget_left(requests: list[int], errors: list[int], left: list[int]) -> None:
    environment = load_environment("rovn/production")
    key, service = next(iter(environment.services.items()))
    assert service.objectives.availability_percent == 99.9
    drawn = budget_left(environment, key, service).drawn
    for failing in ("balancer", "blue", "green"):
        found: dict[str, list[float]] = {
            each.id: [0.0] * len(requests) for each in drawn if isinstance(each, Series)
        }
        found |= {"n_green": [*map(float, requests)], failing: [*map(float, errors)]}
        for formula in (each for each in drawn if isinstance(each, Formula)):
            found[formula.id] = worked_out(formula.expression, found)
        assert found["left"] == pytest.approx(left)


class Point(float):
    """A value of a series, with all before it; by 0 it divides to no number, as CloudWatch does."""

    until: tuple[float, ...] = ()

    def __truediv__(self, other: float) -> "Point":
        return Point(float(self) / other if other else math.nan)

    def __rmul__(self, other: float) -> "Point":
        return Point(float(self) * other)


MATH: dict[str, Any] = {
    "FILL": lambda point, instead: instead if math.isnan(point) else point,
    "IF": lambda condition, one, other: one if condition else other,
    "MAX": max,
    "RUNNING_SUM": lambda point: Point(sum(point.until)),
    "__builtins__": {},
}


def worked_out(expression: str, series: Mapping[str, list[float]]) -> list[float]:
    """Work out metric math, as much as the budget uses, at each point in turn."""
    found: list[float] = []
    for end in range(len(next(iter(series.values())))):
        now = {}
        for name, values in series.items():
            now[name] = Point(values[end])
            now[name].until = tuple(values[: end + 1])
        found.append(float(eval(expression, MATH, now)))  # noqa: S307 - Python reads it, too
    return found


def test_widgets_of_a_row_are_beside_each_other(environment: Environment) -> None:
    for dashboard in dashboards_of(environment):
        fields: set[tuple[int, int]] = set()
        for widget in dashboard.widgets:
            covered = fields_of(widget)
            assert not fields & covered
            assert all(x < 24 for x, _ in covered)
            fields |= covered


def fields_of(widget: Widget) -> set[tuple[int, int]]:
    across = range(widget.x, widget.x + widget.width)
    return {(x, y) for x in across for y in range(widget.y, widget.y + widget.height)}
