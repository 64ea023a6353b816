"""What the overview shows of one service: its alarms, its objective, and what explains them."""

from collections.abc import Iterator, Sequence

from runbook.alarms.alarm import (
    HOUR,
    MINUTE,
    Alarm,
    BudgetAlarm,
    CompositeAlarm,
    Metric,
    MetricAlarm,
)
from runbook.alarms.graphs import drawable, far_back, graph, home, is_own, own_graph, title, words
from runbook.alarms.log_metrics import (
    ADMIN_SIGN_INS,
    AI_CALLS,
    AI_FAILURES,
    AI_FALLBACKS,
    TOKENS,
    logged,
    namespace,
)
from runbook.alarms.web import colours, error_metrics, of_group
from runbook.alarms.widgets import Formula, Graph, Line, Series, Shown
from runbook.model.environment import Environment
from runbook.model.services import Service

CANARY = "CloudWatchSynthetics"
# Metrics drawn beside the expression over them, where they count the same thing.
_SHOWN = {
    "api-p95-latency": ("blue", "green"),
    "ecs-running-below-desired": ("desired", "running"),
    "reverify-queue-growing": ("depth",),
}


def service_graphs(environment: Environment, key: str, alarms: Sequence[Alarm]) -> Iterator[Shown]:
    """Draw the alarms of one service in their order, and what they do not ring for."""
    service = environment.services[key]
    for alarm in alarms:
        if alarm.subject != key or isinstance(alarm, BudgetAlarm):
            continue
        yield _graph(environment, key, alarm)
        match alarm.id:
            case "canary-failed":
                yield _canary_duration(environment, key, drawable(alarm)[0].metrics[0])
            case "slo-slow-burn":
                yield budget_left(environment, key, service)
            case "ai-executor-failures":
                yield _ai_calls(environment, key)
                yield _tokens(environment, key)


def budget_left(environment: Environment, key: str, service: Service) -> Graph:
    """Draw what is left of the budget of errors, percent, counted from the window's beginning.

    Its last point is the budget left over ``objectives.window_days``; below 0 it is overdrawn.
    Every error counts, a single one, too: no low-traffic guard as in the alarms.
    """
    objective, period = service.objectives, HOUR
    metrics = error_metrics(key, service)
    failed = [f"FILL({metric.id}, 0)" for metric in metrics if "5XX" in metric.name]
    asked = [f"FILL({metric.id}, 0)" for metric in metrics if metric.name == "RequestCount"]
    # A share in percent of the budget, itself percent of the requests.
    spent = f"10000 * RUNNING_SUM(errors) / RUNNING_SUM(total) / {objective.budget_percent:g}"
    formulas = (
        ("errors", " + ".join(failed), True),
        # A request that no target took is none of theirs.
        ("total", f"MAX([{' + '.join(asked)}, errors])", True),
        ("left", f"IF(RUNNING_SUM(total) > 0, 100 - {spent}, 100)", False),
    )
    return Graph(
        title=f"Error budget left of {objective.availability_percent:g} % (%)",
        region=environment.region,
        drawn=(
            *(Series(metric=metric, period=period, hidden=True) for metric in metrics),
            *(
                Formula(id=id_, expression=expression, period=period, label=id_, hidden=hidden)
                for id_, expression, hidden in formulas
            ),
        ),
        lines=(Line(label="spent", value=0),),
        start=f"-P{objective.window_days}D",
        from_zero=False,
    )


def _graph(environment: Environment, key: str, alarm: MetricAlarm | CompositeAlarm) -> Shown:
    drawn = drawable(alarm)
    if is_own(drawn[0]):
        return own_graph(environment, drawn[0])
    service = environment.services[key]
    canary = any(metric.namespace == CANARY for part in drawn for metric in part.metrics)
    return graph(
        drawn,
        title=title(environment, alarm, drawn[0].unit),
        region=service.probes.canary_region if canary else home(environment, alarm),
        shown=_SHOWN.get(alarm.id, ()),
        beside=_beside(environment, key, drawn[0]),
    )


def _beside(environment: Environment, key: str, alarm: MetricAlarm) -> tuple[Series, ...]:
    """Draw what explains a number: requests by colour, sign-ins by the way that is left."""
    metrics: tuple[Metric, ...] = ()
    if alarm.id == "api-no-traffic":
        metrics = tuple(
            of_group(key, colour, "RequestCount", "Sum")
            for colour in colours(environment.services[key])
        )
    if alarm.id == "auth-errors":
        # The fallback path of R5.4 is used while sign-in is out.
        metrics = (logged(environment, key, ADMIN_SIGN_INS, id_="admin_sign_ins"),)
    return tuple(Series(metric=each, period=alarm.period, label=words(each.id)) for each in metrics)


def _canary_duration(environment: Environment, key: str, success: Metric) -> Graph:
    """Draw how long runs take, of the canary whose success is drawn."""
    changes = {"id": "duration", "name": "Duration", "stat": "Maximum"}
    metric = success.model_copy(update=changes)
    return Graph(
        title="Canary: a run, 30 s between its two probes (ms)",
        region=environment.services[key].probes.canary_region,
        drawn=(Series(metric=metric, period=MINUTE, label="a run"),),
    )


def _ai_calls(environment: Environment, key: str) -> Graph:
    names = {"calls": AI_CALLS, "failures": AI_FAILURES, "fallbacks": AI_FALLBACKS}
    return Graph(
        title="Calls of the AI providers",
        region=environment.region,
        drawn=tuple(
            Series(metric=logged(environment, key, name, id_=id_), period=5 * MINUTE, label=id_)
            for id_, name in names.items()
        ),
    )


def _tokens(environment: Environment, key: str) -> Graph:
    """Search by tenant: which there are, the log lines tell (ROVN-CST-1)."""
    found = f'{{"{namespace(environment, key)}",Tenant}} MetricName="{TOKENS}"'
    return Graph(
        title="AI tokens by tenant, each hour",
        region=environment.region,
        drawn=(
            Formula(
                id="tokens",
                expression=f"SEARCH('{found}', 'Sum', {HOUR})",
                period=HOUR,
                label="",
            ),
        ),
        start=far_back(HOUR),
    )
