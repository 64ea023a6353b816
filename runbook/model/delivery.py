"""How an environment's images are built, approved and released (ROVN-DEP-1, -2, -8)."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from runbook.model.deploy import Deploy, RoleName
from runbook.model.logs import LogRetentionDays
from runbook.model.refusal import Refusal


class Delivery(BaseModel):
    """One pipeline for each service: build, preview, approval, release.

    ``approver_roles`` are roles of people that are there already; who deploys never approves.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    approver_roles: Annotated[
        tuple[RoleName, ...],
        Field(
            strict=False, description="Roles of people who approve releases, beside break-glass."
        ),
    ] = ()
    approval_hours: Annotated[
        int, Field(ge=1, le=336, description="A release that nobody approved by then is dropped.")
    ]
    build_minutes: Annotated[
        int, Field(ge=5, le=480, description="The longest a build may take, scan included.")
    ]
    release_minutes: Annotated[
        int,
        Field(ge=15, le=480, description="The longest a release is watched; it goes on without."),
    ]
    log_retention_days: LogRetentionDays
    artifact_days: Annotated[
        int, Field(ge=1, le=365, description="How long what stages hand each other is kept.")
    ]
    source_days: Annotated[
        int, Field(ge=30, le=3653, description="How long a superseded source ZIP is kept.")
    ]

    def contradictions(self, deploy: Deploy, slug: str) -> Iterator[Refusal]:
        """Find an approver who deploys, or who is no person."""
        for number, role in enumerate(self.approver_roles):
            bare = role.rsplit("/", 1)[-1].lower()
            key = f"delivery.approver_roles[{number}]"
            if bare == deploy.identity_name.lower():
                yield Refusal(
                    key,
                    f"{role!r} is who deploys: a release is approved by somebody else (ROVN-DEP-8)",
                    "name a role of people",
                )
            elif bare.startswith((f"{slug}-", "cdk-")):
                yield Refusal(
                    key,
                    f"{role!r} is the kind of name that roles of our stacks and the CDK have",
                    f"choose a role whose name begins neither with {slug}- nor with cdk-",
                )
            elif role in deploy.break_glass_roles or role in self.approver_roles[:number]:
                yield Refusal(key, f"{role!r} approves already", "name each role once")


def bake_beyond_release(delivery: Delivery, bakes: dict[str, int]) -> Iterator[Refusal]:
    """Find a bake time that a release could not be watched through."""
    for service, minutes in bakes.items():
        if minutes >= delivery.release_minutes:
            yield Refusal(
                "delivery.release_minutes",
                f"{delivery.release_minutes} minutes end before the {minutes} that {service} bakes",
                "raise it, or lower bake_minutes",
            )
