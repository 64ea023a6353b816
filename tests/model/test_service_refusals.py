"""How the tables of services, balancer, images and their secrets can be wrong."""

from collections.abc import Iterator
from typing import Any

import pytest
import tomli_w
from cfnlint.data.schemas.extensions import aws_ecs_taskdefinition
from cfnlint.helpers import load_resource

from runbook.model.fargate import MEMORY_OF_CPU
from runbook.model.loader import load_environment
from tests.model.spoiling import HAPPY, MISSING, Directory, Refuse, spoiled

SERVICE = "services.passport-api"

# (key to spoil, its value, key told, reason told, fix told)
SPOILED = [
    ("cpuu", 1, "cpuu", "this key is unknown", "did you mean 'cpu'?"),
    ("ingress.host", "a.b", "ingress.host", "this key is unknown", "did you mean 'hostname'?"),
    ("cpu", 1000, "cpu", "Fargate offers no 1000 CPU units", "choose among 256, 512"),
    ("cpu", 4096, "memory", "no 4096 MiB with 4096 CPU units", "choose among 8192, 9216"),
    ("memory", 4000, "memory", "no 4000 MiB with 1024 CPU units", "choose among 2048, 3072"),
    ("migrations.memory", 512, "migrations.memory", "no 512 MiB with 512 CPU", "among 1024"),
    ("min_tasks", 7, "min_tasks", "7 is more than max_tasks 6", "raise max_tasks"),
    ("min_tasks", 1, "min_tasks", "1 breaks ROVN-DEP-7", "set at least 2"),
    ("health_path", "health", "health_path", "'health' does not start with /", "write /health"),
    ("health_path", "/ping", "health_path", "/ping breaks ROVN-HLT-1", "set exactly /health"),
    ("port", 4318, "port", "4318 is the collector's", "choose another port"),
    ("port", 65_536, "port", "less than or equal to 65535", "write 65535 or less"),
    ("strategy", "rolling", "strategy", "rolling breaks ROVN-DEP-4", "set exactly blue_green"),
    ("strategy", "rolling", "bake_minutes", "keeps no old colour", "strategy = blue_green"),
    ("strategy", "rolling", "gate", "calls no hooks", "take the table away"),
    ("gate", MISSING, "gate", "a blue/green service has no gate", "add the table with snapshot"),
    ("gate.snapshot_minutes", 4, "gate.snapshot_minutes", "greater than or equal", "write 5"),
    ("gate.migration_minutes", 361, "gate.migration_minutes", "less than or equal", "write 360"),
    ("gate.probe_seconds", 601, "gate.probe_seconds", "less than or equal", "write 600"),
    ("gate.timeout_minutes", 1441, "gate.timeout_minutes", "less than or equal", "write 1440"),
    ("gate.timeout_minutes", 115, "gate.timeout_minutes", "not more than the 115", "least 116"),
    ("ingress.dns", "cdn", "ingress.dns", "through the edge of a CDN", 'write "direct"'),
    ("ingress.dns", "cdn", "ingress.dns", "cdn breaks ROVN-NET-1", "set exactly direct"),
    ("ingress.closed_paths", ["x"], "ingress.closed_paths[0]", "not start with /", "write /x"),
    (
        "ingress.closed_paths",
        ["/Health"],
        "ingress.closed_paths",
        "/Health closes /health to",
        "out",
    ),
    ("ingress.closed_paths", ["/he*"], "ingress.closed_paths", "/he* closes /health to", "take it"),
    ("ingress.closed_paths", ["/*"], "ingress.closed_paths", "/* closes /health to", "take it out"),
    (
        "probes.canary_region",
        "us-west-2",
        "probes.canary_region",
        "in us-west-2 there is no topic that it could tell",
        "write us-east-2, the environment's own region",
    ),
    (
        "probes.canary_region",
        "us-west-2",
        "probes.canary_region",
        "us-west-2 breaks ROVN-HLT-3",
        "set exactly us-east-2",
    ),
    (
        "objectives.availability_percent",
        93.0,
        "objectives.availability_percent",
        "an alarm at 14.4 times the budget never rings: if every request fails, 14.2857 times",
        "set more than 93.06, or a shorter window_days",
    ),
    ("probes.slow_ms", 99, "probes.slow_ms", "greater than or equal to 100", "write 100 or more"),
    ("probes.slow_ms", 10_001, "probes.slow_ms", "less than or equal", "write 10000 or less"),
    ("tracing.percent", 5, "tracing.percent", "5 breaks ROVN-TRC-1", "set exactly 10"),
    ("name", "x" * 61, "name", "at most 60 characters", "describes each key"),
]


@pytest.mark.parametrize(("path", "value", "key", "reason", "fix"), SPOILED)
def test_one_spoiled_key_of_a_service_is_refused(
    refuse: Refuse, path: str, value: object, key: str, reason: str, fix: str
) -> None:
    message = refuse(f"{SERVICE}.{path}", value)
    assert f"\n  {SERVICE}.{key}\n" in message
    assert reason in message
    assert fix in message


def test_a_limit_that_turns_canaries_away_is_refused(refuse: Refuse) -> None:
    message = refuse("load_balancer.requests_per_5_minutes", 19)
    assert "19 from one address would turn the canaries away with everybody else" in message
    assert "fix: set at least 20" in message


@pytest.mark.parametrize(
    ("port", "reason"),
    [
        (443, "443 is where production traffic comes in: blue and green would collide"),
        (80, "80 is plain HTTP's, where nothing listens"),
    ],
)
def test_blue_and_green_may_not_share_a_port(refuse: Refuse, port: int, reason: str) -> None:
    message = refuse("load_balancer.test_port", port)
    assert reason in message
    assert "fix: choose another port, for example 8443" in message


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("^prod-[0-9", "it is not a regular expression"),
        ("^prod-[0-9]+", "it would match in the middle of a tag, too"),
        ("prod-[0-9]+$", "it would match in the middle of a tag, too"),
        ("^v[0-9]+$", "does not match ^v[0-9]+$"),
    ],
)
def test_an_image_tag_pattern_that_cannot_be_meant(
    refuse: Refuse, pattern: str, reason: str
) -> None:
    assert reason in refuse("images.tag_pattern", pattern)


def test_an_example_that_no_registry_takes_as_a_tag(directory: Directory) -> None:
    data = spoiled("images.tag_pattern", "^.*$")
    data["images"]["tag_example"] = "prod 1"
    message = directory.refusal(tomli_w.dumps(data).encode())
    assert "tag_example 'prod 1' does not match" in message


@pytest.mark.clause("ALL-7")
@pytest.mark.parametrize(("key", "factor"), [("max_tasks", 2), ("processes", 2), ("pool_size", 2)])
def test_both_colours_at_full_scale_stay_under_80_percent_of_the_cap(
    directory: Directory, key: str, factor: int
) -> None:
    """6 tasks x 1 process x 10 connections x 2 colours are 120: 80 % of 150."""
    data = spoiled("database.max_connections", 150)
    (directory.root / "rovn/production.toml").write_text(tomli_w.dumps(data), "utf-8")
    assert load_environment("rovn/production", root=directory.root)
    data["database"]["max_connections"] = 149
    message = directory.refusal(tomli_w.dumps(data).encode())
    assert "can hold 120 connections during a release (passport-api 120)" in message
    assert "fix: set at least 150, or lower max_tasks, processes or pool_size" in message
    data["services"]["passport-api"][key] *= factor
    message = directory.refusal(tomli_w.dumps(data).encode())
    assert f"can hold {120 * factor} connections" in message


@pytest.mark.parametrize(
    "variable",
    [
        *("APP_VERSION", "DATABASE_HOST", "DATABASE_NAME", "DATABASE_POOL_SIZE", "DATABASE_PORT"),
        *("DATABASE_SSLMODE", "ENVIRONMENT_NAME", "OTEL_EXPORTER_OTLP_ENDPOINT", "PORT"),
    ],
)
def test_a_variable_of_this_application_is_no_files_to_set(refuse: Refuse, variable: str) -> None:
    message = refuse(f"{SERVICE}.variables", {variable: "disable"})
    assert f"{variable} of passport-api comes from more than one place" in message


def test_a_managed_master_password_cannot_stand_beside_a_replica(directory: Directory) -> None:
    data = spoiled("database.read_replica", value=True)
    data["database"]["master_password"] = "managed"  # noqa: S105 - how, not what
    message = directory.refusal(tomli_w.dumps(data).encode())
    assert "\n  database.master_password\n" in message
    assert "a password that RDS manages cannot stand beside a read replica" in message
    assert 'fix: write "generated", or read_replica = false' in message


def test_a_managed_master_password_is_no_secret_of_the_file(refuse: Refuse) -> None:
    message = refuse("database.master_password", "managed")
    assert "1 secrets have the mechanism database_master" in message
    assert "RDS keeps a managed password itself" in message


def test_a_generated_master_password_is_a_secret_of_the_file(refuse: Refuse) -> None:
    message = refuse("secrets.database-master.mechanism", "database_user")
    assert "0 secrets have the mechanism database_master" in message
    assert "give it to exactly one, which RDS is created with" in message


@pytest.mark.parametrize(
    ("path", "value", "key", "reason"),
    [
        ("sentry-dsn.variables", [], "secrets.sentry-dsn.variables", "or neither"),
        (
            "sentry-dsn.variables",
            ["ADMIN_TOKEN"],
            f"{SERVICE}.variables",
            "ADMIN_TOKEN of passport-api comes from more than one place",
        ),
        (
            "sentry-dsn.variables",
            ["DATABASE_HOST"],
            f"{SERVICE}.variables",
            "DATABASE_HOST of passport-api comes from more than one place",
        ),
        (
            "database-migrations.variables",
            ["DATABASE_USER:username", "DATABASE_PASSWORD:password", "DATABASE_HOST:host"],
            f"{SERVICE}.variables",
            "DATABASE_HOST of passport-api/migrations comes from more than one place",
        ),
        (
            "database-migrations.variables",
            ["DATABASE_USER:username"],
            "secrets",
            "no secret gives passport-api/migrations its DATABASE_PASSWORD",
        ),
    ],
)
def test_a_secret_that_its_consumer_cannot_use(
    refuse: Refuse, path: str, value: object, key: str, reason: str
) -> None:
    message = refuse(f"secrets.{path}", value)
    assert f"\n  {key}\n" in message
    assert reason in message


def test_fallback_models_need_their_endpoint(refuse: Refuse) -> None:
    message = refuse("network.interface_endpoints", ["kms"])
    assert f"\n  {SERVICE}.fallback_models\n" in message
    assert 'fix: add "bedrock-runtime" to network.interface_endpoints' in message


def test_fallback_models_are_called_from_their_own_geography(refuse: Refuse) -> None:
    message = refuse("region", "eu-west-1")
    assert f"\n  {SERVICE}.fallback_models\n" in message
    assert "us profiles cannot be called from eu-west-1" in message


def test_two_services_share_nothing_that_must_be_their_own(directory: Directory) -> None:
    data = spoiled("services.other", HAPPY["services"]["passport-api"])
    message = directory.refusal(tomli_w.dumps(data).encode())
    for key in ("name", "ingress.hostname", "ingress.priority"):
        assert f"\n  services.other.{key}\n" in message


def test_a_name_that_no_role_can_carry(directory: Directory) -> None:
    data = spoiled("services.a-very-long-name-of-a-service-1234", {})
    data["services"]["a-very-long-name-of-a-service-1234"] = HAPPY["services"]["passport-api"]
    message = directory.refusal(tomli_w.dumps(data).encode())
    assert "rovn-production-a-very-long-name-of-a-service-1234-migrations-execution" in message


def test_task_sizes_are_those_of_cfn_lint() -> None:
    schema = load_resource(aws_ecs_taskdefinition, "fargate_cpu_memory.json")
    assert {cpu: set(memory) for cpu, memory in MEMORY_OF_CPU.items()} == dict(_sizes(schema))


def _sizes(schema: dict[str, Any]) -> Iterator[tuple[int, set[int]]]:
    for size in schema["then"]["anyOf"]:
        memory = size["properties"]["Memory"]["then"]
        values = memory.get("enum") or range(
            memory["minimum"], memory["maximum"] + 1, memory["multipleOf"]
        )
        for cpu in size["properties"]["Cpu"]["then"]["enum"]:
            yield int(cpu), {int(value) for value in values}
