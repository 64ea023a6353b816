"""The services of an environment, as far as they decide what else must be there for them."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class Service(BaseModel):
    """One ECS service: how it is deployed, and what it asks of the database."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    strategy: Annotated[
        Literal["blue_green", "rolling"],
        Field(
            description="How a release replaces tasks; blue_green runs both colours for a while."
        ),
    ]
    max_tasks: Annotated[int, Field(ge=1, le=1000, description="Autoscaling stops here.")]
    processes: Annotated[
        int, Field(ge=1, le=64, description="Worker processes in a task, each with its own pool.")
    ]
    pool_size: Annotated[
        int, Field(ge=0, le=1000, description="Database connections a process may hold open.")
    ]

    @property
    def connections(self) -> int:
        """The most database connections it can hold, both colours of a deployment together."""
        colours = 2 if self.strategy == "blue_green" else 1
        return self.max_tasks * self.processes * self.pool_size * colours
