"""What placeholders of a page stand for: names that stand in the environment, or follow from it."""

from collections.abc import Iterator, Mapping, Sequence

from runbook.alarms.alarm import Alarm, CompositeAlarm, MetricAlarm, Stands
from runbook.alarms.log_metrics import namespace
from runbook.alarms.tamper_calls import event_sources, insights_filter
from runbook.log_groups import log_groups
from runbook.model.environment import Environment

# Where AWS keeps the metrics of Route 53, and calls of IAM.
GLOBAL_REGION = "us-east-1"
# Filled in by whoever types the command, where the page does not know of which secret it is.
ANY_SECRET = "SECRET"  # noqa: S105 - a word to be replaced, no secret


def environment_names(environment: Environment) -> dict[str, str]:
    """Give what is the same for every command of every page."""
    database, slug = environment.database, environment.slug
    percent = environment.alarms.database_connections_percent
    return {
        "environment": environment.name,
        "slug": slug,
        "account": environment.account,
        "region": environment.region,
        "global-region": GLOBAL_REGION,
        "cluster": slug,
        "topics": f"arn:aws:sns:{environment.region}:{environment.account}:{slug}",
        "edge-topics": f"arn:aws:sns:{GLOBAL_REGION}:{environment.account}:{slug}",
        "instance": f"{slug}-postgres",
        "replica": f"{slug}-postgres-replica",
        "database": database.database_name,
        "engine-version": database.engine_version,
        "instance-class": database.instance_class,
        "max-connections": str(database.max_connections),
        "connections-alarm": f"{database.max_connections * percent / 100:g}",
        "connections-percent": str(percent),
        "cpu-percent": str(environment.alarms.database_cpu_percent),
        "error-percent": f"{environment.alarms.error_percent:g}",
        "certificate-days": str(environment.alarms.certificate_days),
        "storage-gb": str(database.allocated_storage_gb),
        "most-storage-gb": str(database.max_allocated_storage_gb),
        "slow-query-ms": str(database.slow_query_ms),
        "backup-window": database.backup_window,
        "backup-days": str(database.backup_retention_days),
        "backup-region": database.backup_copy_region,
        "trail": f"{slug}-audit",
        "trail-log": f"/{environment.name}/trail",
        "tamper-calls": insights_filter(),
        "tamper-sources": event_sources(),
        "monthly-usd": str(environment.costs.monthly_usd),
        "pager-secret": environment.alerting.pager_secret,
        "alarm-channel": environment.alerting.alarm_channel,
        "security-channel": environment.alerting.security_channel,
    }


def service_names(environment: Environment, key: str, canary: str) -> dict[str, str]:
    """Give what is one service's; ``canary`` is the name of the one that asks it."""
    service = environment.services[key]
    objective = service.objectives
    app, collector, migrations = log_groups(service)
    return {
        "service": key,
        "service-name": service.name,
        "service-stack": f"{environment.slug}-{key}",
        "pipeline": f"{environment.slug}-{key}",
        "gate": f"{environment.slug}-{key}-gate",
        "gate-log": f"/{environment.name}/release-gate/{environment.slug}-{key}-gate",
        "log-group": app,
        "collector-log": collector,
        "migrations-log": migrations,
        "phi-log": f"{app}/phi-findings",
        "log-metrics": namespace(environment, key),
        "hostname": service.ingress.hostname,
        "health-path": service.health_path,
        "health": f"https://{service.ingress.hostname}{service.health_path}",
        "canary": canary,
        "canary-region": service.probes.canary_region,
        "min-tasks": str(service.min_tasks),
        "max-tasks": str(service.max_tasks),
        "pool-size": str(service.pool_size),
        "processes": str(service.processes),
        "p95-ms": str(objective.p95_latency_ms),
        "p95-seconds": f"{objective.p95_latency_ms / 1000:g}",
    }


def repeated(
    environment: Environment, alarms: Sequence[Alarm]
) -> dict[str, tuple[Mapping[str, str], ...]]:
    """Give what an environment has several of: a block that names one is written for each.

    ``service`` stands for every name that ``service_names`` gives. Canaries and queues are those
    that ``alarms``, the environment's catalogue, watch.
    """
    canaries = {alarm.subject: name for alarm, name in _watched(alarms, "CanaryName")}
    services = tuple(service_names(environment, key, canaries[key]) for key in environment.services)
    queues = tuple(
        {
            "queue": name,
            "queue-region": GLOBAL_REGION if alarm.stands is Stands.PROBE else environment.region,
        }
        for alarm, name in _watched(alarms, "QueueName")
    )
    return {"service": services, "queue": queues}


def _watched(alarms: Sequence[Alarm], dimension: str) -> Iterator[tuple[MetricAlarm, str]]:
    """List which alarm watches what, by the dimension that names it."""
    for alarm in alarms:
        for part in alarm.every if isinstance(alarm, CompositeAlarm) else (alarm,):
            if not isinstance(part, MetricAlarm):
                continue
            for metric in part.metrics:
                if dimension in metric.dimensions:
                    yield part, metric.dimensions[dimension]
