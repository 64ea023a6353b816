"""How requests reach the services: the load balancer of an environment, a service's share of it."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from runbook.model.logs import LogRetentionDays
from runbook.model.validation import impossible

# Where everybody comes in; nothing listens for plain HTTP (docs/decisions/0020).
PRODUCTION_PORT, PLAIN_HTTP_PORT = 443, 80
Port = Annotated[int, Field(ge=1, le=65_535)]


def _absolute(path: str) -> str:
    if not path.startswith("/"):
        raise impossible(f"{path!r} does not start with /", f"write /{path}")
    return path


Path = Annotated[str, AfterValidator(_absolute), Field(max_length=128, pattern=r"^[^\s\"\\]*$")]


class LoadBalancer(BaseModel):
    """What the services of an environment share to be reached: one balancer, one web ACL."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    test_port: Annotated[
        Port,
        Field(description="Listener that shows a release before it takes traffic; own tasks only."),
    ]
    requests_per_5_minutes: Annotated[
        int, Field(ge=10, le=2_000_000_000, description="From one address; more are blocked.")
    ]
    log_retention_days: LogRetentionDays


class Ingress(BaseModel):
    """What of a service the internet may see, and under which name (ROVN-NET-1)."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    hostname: Annotated[
        str,
        Field(
            pattern=r"^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$",
            max_length=64,
            description="Its DNS name; the certificate's, too.",
        ),
    ]
    dns: Annotated[
        Literal["direct", "cdn"],
        Field(description="Whether the name leads straight to AWS, or to a CDN's edge first."),
    ]
    priority: Annotated[
        int,
        Field(ge=1, le=999, description="Order of its listener rules among the services'."),
    ]
    closed_paths: Annotated[
        tuple[Path, ...],
        Field(
            strict=False,
            max_length=5,
            description="Paths that nobody reaches from the internet; a * at the end is allowed.",
        ),
    ]
