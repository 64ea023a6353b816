"""Which stacks an environment has and where each stands, told without a synthesis.

``stacks/`` makes them; tests/deployed/test_stack_list.py holds this list against an assembly.
"""

from collections.abc import Mapping

from runbook.model.environment import IDENTITY_REGION, Environment

_AT_HOME = (
    "access",
    "alarms",
    "alerts",
    "audit",
    "bootstrap",
    "canary",
    "costs",
    "dashboards",
    "data",
    "delivery",
    "event-watch",
    "execution",
    "network",
    "paging",
    "platform",
    "records",
    "registry",
    "release-gate",
    "rotation",
    "secret-readers",
    "secret-watch",
    "secrets",
    "slack",
)
# What an environment needs in IAM's own region, when that is not its home.
_AWAY = ("edge-alerts", "edge-key", "identity-events")


def stack_list(environment: Environment) -> Mapping[str, str]:
    """Map the name of each stack to its region, in the order of the names."""
    home = dict.fromkeys((*_AT_HOME, *environment.services), environment.region)
    away = dict.fromkeys(_AWAY, IDENTITY_REGION) if environment.region != IDENTITY_REGION else {}
    regions = {
        **home,
        **away,
        "backup-copy": environment.database.backup_copy_region,
        # Where Route 53's metrics are.
        "probes": IDENTITY_REGION,
    }
    return {f"{environment.slug}-{part}": regions[part] for part in sorted(regions)}
