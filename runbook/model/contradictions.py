"""What single tables of an environment file cannot know: where two of them contradict."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from runbook.model.ingress import PLAIN_HTTP_PORT, PRODUCTION_PORT
from runbook.model.refusal import Refusal
from runbook.model.rotation import incomplete_rotations
from runbook.model.secrets import MIGRATIONS
from runbook.model.vantage import blind_probes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runbook.model.environment import EnvironmentFile

# Saturation alarms at 80 % of the cap (R5.2): a release alone must not get there.
CONNECTION_BUDGET_PERCENT = 80
# Where an inference profile can be called from.
GEOGRAPHIES = {"us": "us-", "eu": "eu-", "apac": "ap-"}
# Set by this application, or built into the image; a file says nothing else.
OWN_VARIABLES = frozenset(
    {
        *("DATABASE_APPLICATION_ROLE", "DATABASE_HOST", "DATABASE_NAME", "DATABASE_OWNER_ROLE"),
        *("DATABASE_POOL_SIZE", "DATABASE_PORT", "DATABASE_SSLMODE"),
        *("ENVIRONMENT_NAME", "OTEL_EXPORTER_OTLP_ENDPOINT", "PORT"),
        "APP_VERSION",
    }
)


def between_tables(file: EnvironmentFile) -> Iterator[Refusal]:
    """Find every contradiction between services, secrets, balancer, database and tier."""
    yield from _connection_budget(file)
    yield from _consumers(file)
    yield from _variables(file)
    yield from _credentials(file)
    yield from _masters(file)
    yield from incomplete_rotations(file.secrets)
    yield from _ways_of_rotation(file)
    yield from _edge(file)
    yield from _fallback(file)
    yield from _ports(file)
    yield from _shared(file)
    yield from _error_rates(file)
    yield from blind_probes(file)


def _connection_budget(file: EnvironmentFile) -> Iterator[Refusal]:
    """Keep what all services can hold at once under the share of the cap that alarms at."""
    wanted = sum(service.connections for service in file.services.values())
    cap = file.database.max_connections
    if wanted * 100 > cap * CONNECTION_BUDGET_PERCENT:
        shares = ", ".join(
            f"{name} {service.connections}" for name, service in file.services.items()
        )
        yield Refusal(
            "database.max_connections",
            f"the services can hold {wanted} connections during a release ({shares}): more "
            f"than {CONNECTION_BUDGET_PERCENT} % of {cap}",
            f"set at least {-(-wanted * 100 // CONNECTION_BUDGET_PERCENT)}, or lower "
            "max_tasks, processes or pool_size",
        )


def _consumers(file: EnvironmentFile) -> Iterator[Refusal]:
    known = [name + task for name in file.services for task in ("", MIGRATIONS)]
    for name, secret in file.secrets.items():
        for consumer in secret.consumers:
            if consumer not in known:
                yield Refusal(
                    f"secrets.{name}.consumers",
                    f"{consumer!r} is not a service",
                    f"choose among {', '.join(known)}",
                )
        if bool(secret.consumers) != bool(secret.variables):
            yield Refusal(
                f"secrets.{name}.variables",
                "a secret has consumers and the variables they find it in, or neither",
                "name both, or leave both empty",
            )


def _variables(file: EnvironmentFile) -> Iterator[Refusal]:
    """Find environment variables of one task that come from two places."""
    for name, service in file.services.items():
        for task in (name, name + MIGRATIONS):
            sources = Counter(OWN_VARIABLES)
            sources.update(service.variables.keys())
            for secret in file.secrets.values():
                if task in secret.consumers:
                    sources.update(variable.split(":")[0] for variable in secret.variables)
            for variable in sorted(v for v, count in sources.items() if count > 1):
                yield Refusal(
                    f"services.{name}.variables",
                    f"{variable} of {task} comes from more than one place",
                    "keep one of them; this application sets " + ", ".join(sorted(OWN_VARIABLES)),
                )


def _credentials(file: EnvironmentFile) -> Iterator[Refusal]:
    """Find tasks that connect to the database, but are given no credential for it."""
    for name, service in file.services.items():
        tasks = [name] if service.pool_size else []
        for task in (*tasks, name + MIGRATIONS):
            found = {
                variable.split(":")[0]
                for secret in file.secrets.values()
                if task in secret.consumers
                for variable in secret.variables
            }
            for variable in ("DATABASE_USER", "DATABASE_PASSWORD"):
                if variable not in found:
                    yield Refusal(
                        "secrets",
                        f"no secret gives {task} its {variable}",
                        f"add {task!r} to the consumers of a secret with that variable",
                    )


def _masters(file: EnvironmentFile) -> Iterator[Refusal]:
    masters = [name for name, s in file.secrets.items() if s.mechanism == "database_master"]
    wanted = 1 if file.database.master_password == "generated" else 0  # noqa: S105 - how, not what
    if len(masters) != wanted:
        yield Refusal(
            "secrets",
            f"{len(masters)} secrets have the mechanism database_master",
            "give it to exactly one, which RDS is created with"
            if wanted
            else "give it to none: RDS keeps a managed password itself",
        )


def _ways_of_rotation(file: EnvironmentFile) -> Iterator[Refusal]:
    """Find functions in the VPC that do not reach the secrets they rotate."""
    mechanisms = {secret.mechanism for secret in file.secrets.values()}
    endpoints = file.network.interface_endpoints
    if mechanisms & {"database_master", "database_user"} and "secretsmanager" not in endpoints:
        yield Refusal(
            "network.interface_endpoints",
            "the functions that rotate the database's secrets reach AWS through endpoints only",
            'add "secretsmanager" to network.interface_endpoints',
        )


def _edge(file: EnvironmentFile) -> Iterator[Refusal]:
    for name, service in file.services.items():
        if file.tier == "phi" and service.ingress.dns != "direct":
            yield Refusal(
                f"services.{name}.ingress.dns",
                "patients' records would pass through the edge of a CDN (ROVN-NET-1)",
                'write "direct"',
            )


def _fallback(file: EnvironmentFile) -> Iterator[Refusal]:
    for name, service in file.services.items():
        if service.fallback_models and "bedrock-runtime" not in file.network.interface_endpoints:
            yield Refusal(
                f"services.{name}.fallback_models",
                "tasks reach Bedrock through a VPC endpoint only, and there is none",
                'add "bedrock-runtime" to network.interface_endpoints',
            )
        for model in service.fallback_models:
            if not file.region.startswith(GEOGRAPHIES[model.profile]):
                yield Refusal(
                    f"services.{name}.fallback_models",
                    f"{model.profile} profiles cannot be called from {file.region}",
                    "name the profile of the region's own geography, and its regions",
                )


def _ports(file: EnvironmentFile) -> Iterator[Refusal]:
    """Keep the listener that shows green apart from the one that serves blue."""
    port = file.load_balancer.test_port
    why = {
        PRODUCTION_PORT: "is where production traffic comes in: blue and green would collide",
        PLAIN_HTTP_PORT: "is plain HTTP's, where nothing listens",
    }
    if port in why:
        yield Refusal(
            "load_balancer.test_port",
            f"{port} {why[port]}",
            "choose another port, for example 8443",
        )


def _shared(file: EnvironmentFile) -> Iterator[Refusal]:
    """Find what two services claim at once."""
    for key, what in (
        ("name", [s.name for s in file.services.values()]),
        ("ingress.hostname", [s.ingress.hostname for s in file.services.values()]),
        ("ingress.priority", [s.ingress.priority for s in file.services.values()]),
    ):
        counted = Counter(what)
        for name, value in zip(file.services, what, strict=True):
            if counted[value] > 1:
                yield Refusal(
                    f"services.{name}.{key}", f"{value} is another service's, too", "change one"
                )


def _error_rates(file: EnvironmentFile) -> Iterator[Refusal]:
    """Keep Sentry's token the operators' own: a person brings it, and no task is given it."""
    for name, service in file.services.items():
        if service.sentry is None:
            continue
        key, token = f"services.{name}.sentry.token_secret", service.sentry.token_secret
        secret = file.secrets.get(token)
        if secret is None:
            yield Refusal(
                key,
                f"{token!r} is not a secret of this file, so nobody would be let read it",
                f"add [secrets.{token}], operator_supplied, without consumers",
            )
        elif secret.mechanism != "operator_supplied":
            yield Refusal(
                key,
                f"{token} is made by the mechanism {secret.mechanism}, and Sentry alone can make "
                "a token of Sentry",
                'write mechanism = "operator_supplied", or name another secret',
            )
        elif secret.consumers:
            yield Refusal(
                key,
                f"{token} is read by {', '.join(secret.consumers)}, too: a task would hold what "
                "reads the whole project",
                "leave its consumers and variables empty: operators read it, nobody else",
            )
