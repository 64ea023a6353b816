"""What keeps an environment from being asked from outside (ROVN-HLT-3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runbook.model.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runbook.model.environment import EnvironmentFile

# What one canary asks in the five minutes of the web ACL's limit, all from one address.
CANARY_REQUESTS = 10


def blind_probes(file: EnvironmentFile) -> Iterator[Refusal]:
    """Find canaries whose alarms would tell nobody, and probes that the way in turns away."""
    for name, service in file.services.items():
        where = service.probes.canary_region
        if where != file.region:
            yield Refusal(
                f"services.{name}.probes.canary_region",
                f"an alarm sees the metrics of its own region alone, and in {where} there is no "
                "topic that it could tell",
                f"write {file.region}, the environment's own region",
            )
        for path in service.ingress.closed_paths:
            if _closes(path, service.health_path):
                yield Refusal(
                    f"services.{name}.ingress.closed_paths",
                    f"{path} closes {service.health_path} to the canary and to Route 53",
                    "take it out, or name the paths below it that are to be closed",
                )
    # Twice as many: canaries that share an address, and a run that comes early, are let through.
    wanted = 2 * CANARY_REQUESTS * len(file.services)
    if file.load_balancer.requests_per_5_minutes < wanted:
        yield Refusal(
            "load_balancer.requests_per_5_minutes",
            f"{file.load_balancer.requests_per_5_minutes} from one address would turn the canaries "
            "away with everybody else",
            f"set at least {wanted}",
        )


def _closes(closed: str, path: str) -> bool:
    """Say whether a closed path covers another; the web ACL compares them in lower case."""
    closed, path = closed.lower(), path.lower()
    return path.startswith(closed[:-1]) if closed.endswith("*") else path == closed
