"""A container of a task definition, made ready to run as a process on this machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.claimed_port import ClaimedPort
from sandbox.emulator.rehearsal.images import pulled
from sandbox.emulator.rehearsal.settings import RehearsalSettings

Members = dict[str, Any]
Secrets = Callable[[Members], Mapping[str, str]]


@dataclass(frozen=True)
class Prepared:
    """What to start, and where it will listen, or None if it declares no port.

    The port is the container's own until the claim is released.
    """

    name: str
    command: Sequence[str]
    variables: Mapping[str, str]
    folder: Path
    claim: ClaimedPort | None
    stop_seconds: float

    @property
    def port(self) -> int | None:
        """The port of loopback that it is told to listen on."""
        return self.claim.number if self.claim else None


def prepare(
    definition: Members, override: Members, secrets: Secrets, settings: RehearsalSettings
) -> Prepared:
    """Resolve a container; `secrets` gives its injected values. Raises PullError.

    Later ones win: what ECS itself says, what the image brings, what the task definition says, its
    secrets, what the caller of RunTask overrides, and last what stands in for it on this machine.
    """
    image = pulled(Path(settings.images), definition["image"])
    declared = {each["name"]: each["value"] for each in definition.get("environment", [])}
    overridden = {each["name"]: each["value"] for each in override.get("environment", [])}
    variables = {
        "AWS_REGION": settings.region,
        **image.variables,
        **declared,
        **secrets(definition),
        **overridden,
        **settings.variables,
    }
    claim = ClaimedPort() if definition.get("portMappings") else None
    if claim:
        variables["PORT"] = str(claim.number)
    command = list(override.get("command") or definition.get("command") or image.command)
    if command[0] == "python":
        command[0] = settings.python
    return Prepared(
        name=definition["name"],
        command=command,
        variables=variables,
        folder=image.folder,
        claim=claim,
        stop_seconds=float(definition.get("stopTimeout", 30)),
    )


def override_of(overrides: Members, name: str) -> Members:
    """Return what a RunTask overrides of a container."""
    for override in overrides.get("containerOverrides", []):
        if override.get("name") == name:
            return dict(override)
    return {}
