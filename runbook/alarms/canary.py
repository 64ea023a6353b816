"""What a canary is: when it runs, on what, and what its code is told (ROVN-HLT-3)."""

from collections.abc import Mapping

from runbook.model.environment import Environment

# Synthetics' shortest schedule; two probes half a minute apart are one every 30 seconds.
SCHEDULE, SCHEDULE_SECONDS = "rate(1 minute)", 60
PROBES, SPACING_SECONDS = 2, 30
# The newest that AWS documents for Python, 3.12 (docs/decisions/0039); the CDK's list ends before.
RUNTIME = "syn-python-selenium-14.0"
# The second probe's start and the slowest answer that a file allows are 40; then the next run is
# due. A cold start has the rest.
TIMEOUT_SECONDS = 55
RESULT_DAYS = 31
# So Synthetics names function and log group after a canary, of whose name it takes the beginning
# (API reference, DeleteCanary), and ends them in an id of its own.
_FUNCTION, _TAKEN = "cwsyn-", 21


def canary_name(environment: Environment, service: str) -> str:
    """Name the canary of one service."""
    return f"{environment.slug}-{service}"


def function_prefix(environment: Environment, service: str = "") -> str:
    """Begin the name of a canary's function and layer; of all the environment's without a service.

    The canary's id, known at the deploy, ends it.
    """
    return _FUNCTION + canary_name(environment, service)[:_TAKEN]


def variables(environment: Environment, service: str) -> Mapping[str, str]:
    """Write what the canary's code is told; none of it is a secret."""
    model = environment.services[service]
    return {
        "CANARY_NAME": canary_name(environment, service),
        "HEALTH_PATH": model.health_path,
        "HOSTNAME_OF_SERVICE": model.ingress.hostname,
        "PROBES": str(PROBES),
        "SLOW_MS": str(model.probes.slow_ms),
        "SPACING_SECONDS": str(SPACING_SECONDS),
    }
