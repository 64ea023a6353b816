"""What the database's dashboard shows: its alarms, what explains them, and slow statements."""

from collections.abc import Iterator, Sequence

from runbook.alarms.alarm import MINUTE, Alarm, Metric, MetricAlarm
from runbook.alarms.graphs import graph, home, title
from runbook.alarms.widgets import Graph, Line, LogQuery, Series, Shown
from runbook.model.environment import Environment

NAMESPACE, DIMENSION = "AWS/RDS", "DBInstanceIdentifier"
# What no alarm looks at and an operator asks next: names of RDS's metrics, and how they are read.
_EXPLAINING = {
    "Latency of the disk (s)": (("ReadLatency", "WriteLatency"), "Average"),
    "Operations of the disk (each s)": (("ReadIOPS", "WriteIOPS"), "Average"),
    "Throughput of the disk (bytes each s)": (("ReadThroughput", "WriteThroughput"), "Average"),
    "Waiting for the disk": (("DiskQueueDepth",), "Maximum"),
    "Free memory, and swap (bytes)": (("FreeableMemory", "SwapUsage"), "Average"),
}


def of_database(alarm: Alarm) -> bool:
    """Say whether an alarm looks at RDS's own metrics."""
    return isinstance(alarm, MetricAlarm) and all(m.namespace == NAMESPACE for m in alarm.metrics)


def database_graphs(environment: Environment, alarms: Sequence[Alarm]) -> Iterator[Shown]:
    """Draw the database's alarms, the load behind them, and the slowest statements."""
    found = [alarm for alarm in alarms if isinstance(alarm, MetricAlarm)]
    for alarm in found:
        drawn = graph(
            (alarm,), title=title(environment, alarm, alarm.unit), region=home(environment, alarm)
        )
        yield _with_cap(environment, drawn) if alarm.id == "rds-connections" else drawn
    instances = _instances(found)
    for called, (names, stat) in _EXPLAINING.items():
        yield Graph(
            title=called,
            region=environment.region,
            drawn=tuple(
                _series(instance, name, stat, f"i{number}_")
                for number, instance in enumerate(instances)
                for name in names
            ),
        )
    for instance in instances:
        yield _slow_statements(environment, instance)


def database_text(environment: Environment, alarms: Sequence[Alarm], overview: str) -> str:
    """Tell the names, what to type, and where the rest is to be seen."""
    database = environment.database
    pages = dict.fromkeys(alarm.playbook for alarm in alarms)
    commands = "\n".join(f"runbook playbook {environment.name} {page}" for page in pages)
    console = f"https://{environment.region}.console.aws.amazon.com"
    return "\n\n".join(
        (
            f"# {environment.name}: database",
            f"{database.instance_class}, "
            f"{database.max_connections} connections at most. "
            f"Statements of more than {database.slow_query_ms} ms are logged.",
            f"```\n{commands}\n```",
            f"Who waits for what: [Database Insights]({console}/cloudwatch/home"
            f"?region={environment.region}#database-insights:) · "
            f"[Overview](#dashboards/dashboard/{overview})",
        )
    )


def _with_cap(environment: Environment, drawn: Graph) -> Graph:
    cap = Line(label="cap, database.max_connections", value=environment.database.max_connections)
    return drawn.model_copy(update={"lines": (*drawn.lines, cap)})


def _instances(alarms: Sequence[MetricAlarm]) -> tuple[str, ...]:
    """Name the instances that alarms look at, the first one and a replica if there is one."""
    named = (metric.dimensions[DIMENSION] for alarm in alarms for metric in alarm.metrics)
    return tuple(dict.fromkeys(named))


def _series(instance: str, name: str, stat: str, prefix: str) -> Series:
    return Series(
        metric=Metric(
            id=prefix + name.lower(),
            namespace=NAMESPACE,
            name=name,
            stat=stat,
            dimensions={DIMENSION: instance},
        ),
        period=MINUTE,
        label=f"{name} {instance}",
    )


def _slow_statements(environment: Environment, instance: str) -> LogQuery:
    """Ask the log that RDS exports: a statement's text, masked where it looks like PHI."""
    return LogQuery(
        title=f"Slowest statements of {instance}",
        region=environment.region,
        log_group=f"/aws/rds/instance/{instance}/postgresql",
        query=(
            "fields @timestamp, @message",
            'parse @message "duration: * ms" as ms',
            "filter ispresent(ms)",
            "sort ms desc",
            "limit 20",
        ),
    )
