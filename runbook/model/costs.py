"""What an environment may cost (ROVN-CST-1)."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Costs(BaseModel):
    """The month's budget for what carries the environment's tags."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    monthly_usd: Annotated[int, Field(ge=1, description="US dollars a month, for all of it.")]
