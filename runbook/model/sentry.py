"""Where a service's errors are counted, for whoever watches a rollback."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Slug = Annotated[str, Field(pattern=r"^[a-z0-9_-]+$", max_length=100)]


class SentryProject(BaseModel):
    """One project of Sentry, read with a token that may read projects and nothing else."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    url: Annotated[
        str, Field(pattern=r"^https://[a-z0-9.-]+$", description="Sentry's own address.")
    ] = "https://sentry.io"
    organisation: Annotated[Slug, Field(description="The organisation's slug.")]
    project: Annotated[Slug, Field(description="The project's slug.")]
    token_secret: Annotated[str, Field(description="Key in [secrets] of the token (project:read).")]
