"""The services of an environment: their size, their deployment, what they may reach."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from runbook.model.fargate import MEMORY_OF_CPU
from runbook.model.gate import Gate
from runbook.model.ingress import Ingress, Path, Port
from runbook.model.location import Region
from runbook.model.logs import LogRetentionDays
from runbook.model.objectives import Objectives, Probes
from runbook.model.refusal import Refusal
from runbook.model.sentry import SentryProject
from runbook.model.tracing import COLLECTOR_HEALTH_PORT, COLLECTOR_OTLP_PORT, Tracing

VariableName = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")]
Command = Annotated[tuple[str, ...], Field(strict=False, min_length=1)]


class FallbackModel(BaseModel):
    """A Bedrock model that tasks may call when the first choice is down (ROVN-ALM-8)."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    model_id: Annotated[
        str,
        Field(pattern=r"^[a-z0-9-]+\.[a-z0-9.-]+(:[0-9]+)?$", description="Without a prefix."),
    ]
    profile: Annotated[
        Literal["us", "eu", "apac"],
        Field(description="Geography of the inference profile it is called through."),
    ]
    regions: Annotated[
        tuple[Region, ...],
        Field(strict=False, min_length=1, description="Where that profile sends requests."),
    ]


class Migrations(BaseModel):
    """The one-off task that migrates the schema, from the same image (ROVN-MIG-1)."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    command: Annotated[Command, Field(description="Run in the service's own image.")]
    cpu: Annotated[int, Field(description="CPU units.")]
    memory: Annotated[int, Field(description="MiB.")]


class Service(BaseModel):
    """One ECS service: its tasks, how they are replaced, and what they ask of the database."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    name: Annotated[
        str,
        Field(
            pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$",
            max_length=60,
            description="As the documents call it: ECS service, task family, repository.",
        ),
    ]
    strategy: Annotated[
        Literal["blue_green", "rolling"],
        Field(
            description="How a release replaces tasks; blue_green runs both colours for a while."
        ),
    ]
    bake_minutes: Annotated[
        int,
        Field(
            ge=0,
            le=1440,
            description="Minutes the old colour stays after traffic has shifted; 0 for rolling.",
        ),
    ]
    cpu: Annotated[int, Field(description="CPU units of a task; 1024 are one vCPU.")]
    memory: Annotated[int, Field(description="Memory of a task, MiB.")]
    min_tasks: Annotated[
        int, Field(ge=1, le=1000, description="Autoscaling never goes below; two zones want two.")
    ]
    max_tasks: Annotated[int, Field(ge=1, le=1000, description="Autoscaling stops here.")]
    cpu_target_percent: Annotated[
        int, Field(ge=10, le=90, description="Autoscaling keeps the average CPU use near this.")
    ]
    processes: Annotated[
        int, Field(ge=1, le=64, description="Worker processes in a task, each with its own pool.")
    ]
    pool_size: Annotated[
        int, Field(ge=0, le=1000, description="Database connections a process may hold open.")
    ]
    port: Annotated[Port, Field(description="Where the container listens.")]
    health_path: Annotated[Path, Field(description="200 here means a healthy task.")]
    health_command: Annotated[Command, Field(description="The container's own health check.")]
    stop_timeout_seconds: Annotated[
        int, Field(ge=2, le=120, description="Between SIGTERM and SIGKILL.")
    ]
    log_retention_days: LogRetentionDays
    ingress: Ingress
    tracing: Tracing
    migrations: Migrations
    objectives: Objectives
    probes: Probes
    gate: Annotated[
        Gate | None, Field(description="Of a blue/green service; a rolling one has none.")
    ] = None
    sentry: Annotated[
        SentryProject | None, Field(description="Whose error rate a rollback watches.")
    ] = None
    fallback_models: Annotated[
        tuple[FallbackModel, ...], Field(strict=False, description="On Bedrock, by VPC endpoint.")
    ] = ()
    variables: Annotated[
        dict[VariableName, str],
        Field(description="Environment variables beside those that this application sets."),
    ] = {}

    @property
    def connections(self) -> int:
        """The most database connections it can hold, both colours of a deployment together."""
        colours = 2 if self.strategy == "blue_green" else 1
        return self.max_tasks * self.processes * self.pool_size * colours

    def contradictions(self, key: str) -> Iterator[Refusal]:
        """Find sizes Fargate does not offer, ports that collide, limits the wrong way round."""
        yield from _size(key, self.cpu, self.memory)
        yield from _size(f"{key}.migrations", self.migrations.cpu, self.migrations.memory)
        if self.min_tasks > self.max_tasks:
            yield Refusal(
                f"{key}.min_tasks",
                f"{self.min_tasks} is more than max_tasks {self.max_tasks}",
                "lower min_tasks, or raise max_tasks",
            )
        if self.port in (COLLECTOR_OTLP_PORT, COLLECTOR_HEALTH_PORT):
            yield Refusal(
                f"{key}.port",
                f"{self.port} is the collector's, which shares the task's network",
                "choose another port",
            )
        if self.strategy == "rolling" and self.bake_minutes:
            yield Refusal(
                f"{key}.bake_minutes",
                "a rolling deployment keeps no old colour to bake beside",
                "write 0, or set strategy = blue_green",
            )
        yield from self._gate(f"{key}.gate")
        yield from self.objectives.contradictions(f"{key}.objectives")

    def _gate(self, key: str) -> Iterator[Refusal]:
        """ECS calls lifecycle hooks where two colours run, and nowhere else."""
        if self.gate is None:
            if self.strategy == "blue_green":
                yield Refusal(
                    key,
                    "a blue/green service has no gate: releases would migrate nothing",
                    "add the table with snapshot_minutes, migration_minutes, timeout_minutes and "
                    "probe_seconds",
                )
        elif self.strategy == "rolling":
            yield Refusal(
                key,
                "a rolling deployment calls no hooks, so a gate would hold nothing",
                "take the table away, or set strategy = blue_green",
            )
        else:
            yield from self.gate.contradictions(key)


def _size(key: str, cpu: int, memory: int) -> Iterator[Refusal]:
    if cpu not in MEMORY_OF_CPU:
        offered = ", ".join(map(str, MEMORY_OF_CPU))
        yield Refusal(f"{key}.cpu", f"Fargate offers no {cpu} CPU units", f"choose among {offered}")
    elif memory not in MEMORY_OF_CPU[cpu]:
        offered = ", ".join(map(str, MEMORY_OF_CPU[cpu]))
        yield Refusal(
            f"{key}.memory",
            f"Fargate offers no {memory} MiB with {cpu} CPU units",
            f"choose among {offered}",
        )
