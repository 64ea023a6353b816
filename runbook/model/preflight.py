"""What has to be so before an image is released here, where the file asks for it (SCR-DEP-1)."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Preflight(BaseModel):
    """Staging first, a snapshot that is not old, and no alarm that rings."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    staging: Annotated[
        str,
        Field(
            pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$",
            description="Environment of the same organisation in which an image serves first.",
        ),
    ]
    snapshot_hours: Annotated[
        int,
        Field(ge=1, le=168, description="How old the newest snapshot of the database may be."),
    ]
