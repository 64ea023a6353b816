"""What runs a service: its tasks, and the database they use."""

from collections.abc import Iterator

from runbook.alarms.alarm import MINUTE, Alarm, Comparison, Metric, MetricAlarm, Missing
from runbook.model.environment import Environment
from runbook.model.services import Service

_GIB = 1024**3
# RDS enlarges its storage when 10 % of what there is are free; half of that, of the size that the
# file names, is reached when it does not keep up.
LEAST_FREE_PERCENT = 5
REPLICA_LAG_SECONDS = 60


def task_alarms(environment: Environment, key: str, service: Service) -> Iterator[Alarm]:
    """List what is watched of one service's tasks."""
    dimensions = {"ClusterName": environment.slug, "ServiceName": service.name}

    def insight(id_: str, name: str, stat: str) -> Metric:
        return Metric(
            id=id_,
            namespace="ECS/ContainerInsights",
            name=name,
            stat=stat,
            dimensions=dimensions,
        )

    yield MetricAlarm(
        id="ecs-running-below-desired",
        subject=key,
        symptom="Fewer tasks run than the service wants, and no deployment explains it",
        clauses=("ROVN-ALM-4",),
        source="D5: ECS running tasks < desired. Five minutes, in which a task starts, our reading",
        severity="sev-2",
        playbook="ecs-running-below-desired",
        resets="A minute in which as many tasks run as are wanted",
        metrics=(
            insight("desired", "DesiredTaskCount", "Average"),
            insight("running", "RunningTaskCount", "Average"),
            insight("deployments", "DeploymentCount", "Maximum"),
        ),
        # A deployment starts and stops tasks; that none runs, it never explains.
        expression="IF(running < 1, desired, IF(deployments > 1, 0, desired - running))",
        unit="tasks",
        comparison=Comparison.ABOVE,
        threshold=0,
        period=MINUTE,
        periods=5,
        breaching=5,
        missing=Missing.UNKNOWN,
        missing_because="Container Insights that is silent is no task that fell; others see those",
    )


def database_alarms(environment: Environment) -> Iterator[Alarm]:
    """List what is watched of the database, and of its copy where there is one."""
    database = environment.database
    instance = f"{environment.slug}-postgres"
    cap = database.max_connections

    def watched(name: str, stat: str, of: str = instance) -> tuple[Metric, ...]:
        dimensions = {"DBInstanceIdentifier": of}
        metric = Metric(
            id="value", namespace="AWS/RDS", name=name, stat=stat, dimensions=dimensions
        )
        return (metric,)

    percent = environment.alarms.database_connections_percent
    yield MetricAlarm(
        id="rds-cpu",
        symptom="The database computes at its limit, and everything that asks it waits",
        clauses=("ROVN-ALM-2",),
        source="D5: RDS CPU > 85 % sustained; sustained is 15 minutes, our own reading",
        severity="sev-2",
        playbook="rds-cpu",
        resets="Five minutes with an average below",
        metrics=watched("CPUUtilization", "Average"),
        unit="%",
        comparison=Comparison.ABOVE,
        threshold=environment.alarms.database_cpu_percent,
        period=5 * MINUTE,
        periods=3,
        breaching=3,
        missing=Missing.BAD,
        missing_because="RDS reports each minute while the instance lives: silence is an outage",
    )
    yield MetricAlarm(
        id="rds-connections",
        symptom=f"More than {percent} % of the {cap} connections are taken",
        clauses=("ROVN-ALM-3", "ROVN-PLB-2"),
        source=f"R5.2: connections > 80 % of cap; the cap is database.max_connections, {cap}",
        severity="sev-2",
        playbook="rds-connections",
        resets="Three minutes of five with fewer",
        metrics=watched("DatabaseConnections", "Maximum"),
        unit="connections",
        comparison=Comparison.ABOVE,
        threshold=cap * percent / 100,
        period=MINUTE,
        periods=5,
        breaching=3,
        missing=Missing.AS_BEFORE,
        missing_because="Nobody is connected to a database that is silent; rds-cpu sees that",
    )
    yield MetricAlarm(
        id="rds-free-storage",
        symptom="The database's storage is nearly full, and did not grow by itself",
        clauses=("ROVN-BCK-1",),
        source=f"Our own reading: {LEAST_FREE_PERCENT} % of the {database.allocated_storage_gb} GB "
        "that the file names. RDS enlarges at 10 % of what there is; once it has, this number is "
        "less than half of that, until database.allocated_storage_gb says the new size",
        severity="sev-1",
        playbook="rds-free-storage",
        resets="Five minutes with more free space",
        metrics=watched("FreeStorageSpace", "Minimum"),
        unit="bytes",
        comparison=Comparison.BELOW,
        threshold=database.allocated_storage_gb * _GIB * LEAST_FREE_PERCENT // 100,
        period=5 * MINUTE,
        periods=3,
        breaching=3,
        missing=Missing.AS_BEFORE,
        missing_because="A disk does not empty itself while nobody reports; rds-cpu sees silence",
    )
    if database.read_replica:
        yield MetricAlarm(
            id="rds-replica-lag",
            symptom="The read replica is behind: who reads there reads the past",
            clauses=("ROVN-ALM-5",),
            source=f"R3: alarms on replication lag; {REPLICA_LAG_SECONDS} seconds, our own reading",
            severity="sev-2",
            playbook="rds-replica-lag",
            resets="A minute of five with less lag",
            metrics=watched("ReplicaLag", "Maximum", f"{instance}-replica"),
            unit="seconds",
            comparison=Comparison.ABOVE,
            threshold=REPLICA_LAG_SECONDS,
            period=MINUTE,
            periods=5,
            breaching=5,
            missing=Missing.BAD,
            missing_because="A replica that reports no lag does not replicate",
        )
