"""The task definitions: what runs, as whom, with which secrets, and what it may do."""

import json
import re
from typing import Any

import pytest

from runbook.model.environment import Environment
from runbook_constructs.registry import COLLECTOR_TAG
from tests.assembly import Assembly, plain

TASK, POLICY = "AWS::ECS::TaskDefinition", "AWS::IAM::ManagedPolicy"


@pytest.fixture
def stack(environment: Environment) -> str:
    return f"{environment.slug}-passport-api"


@pytest.fixture
def tasks(assembly: Assembly, stack: str) -> dict[str, dict[str, Any]]:
    return {t["Properties"]["Family"]: t for t in assembly.of_type(stack, TASK).values()}


@pytest.fixture
def containers(tasks: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {
        container["Name"]: container
        for task in tasks.values()
        for container in task["Properties"]["ContainerDefinitions"]
    }


def statements(assembly: Assembly, stack: str, role: str) -> dict[str, dict[str, Any]]:
    """Map the statements of a role's policy by their Sids."""
    policy = assembly.named(stack, POLICY, f"Tasks{role}Policy")
    document = plain(policy["Properties"]["PolicyDocument"])
    return {statement["Sid"]: statement for statement in document["Statement"]}


@pytest.mark.clause("ROVN-MIG-1")
def test_an_app_and_the_migrations_paired_with_it(
    environment: Environment, tasks: dict[str, dict[str, Any]], containers: dict[str, Any]
) -> None:
    """ROVN-MIG-1: same image, and the app's revision names the migrations'."""
    name = environment.services["passport-api"].name
    assert set(tasks) == {name, f"{name}-migrations"}
    assert set(containers) == {"passport-api", "collector", "migrations"}
    registry = f"{environment.account}.dkr.ecr.{environment.region}.amazonaws.com"
    for container in ("passport-api", "migrations"):
        image = containers[container]["Image"]
        assert image == {"Fn::Join": ["", [f"{registry}/{name}:", {"Ref": "ImageTag"}]]}
    mirrored = f"{registry}/ecr-public/aws-observability/aws-otel-collector:{COLLECTOR_TAG}"
    assert containers["collector"]["Image"] == mirrored
    label = containers["passport-api"]["DockerLabels"]["runbook.migrations-task-definition"]
    assert plain(label) == "<TasksMigrations>"


@pytest.mark.clause("ROVN-DEP-5")
def test_every_revision_is_kept(tasks: dict[str, dict[str, Any]]) -> None:
    for task in tasks.values():
        assert task["DeletionPolicy"] == "Retain"
        assert task["UpdateReplacePolicy"] == "Retain"


@pytest.mark.clause("ROVN-IMG-2")
def test_only_memory_is_writable(containers: dict[str, dict[str, Any]]) -> None:
    for container in containers.values():
        assert container["ReadonlyRootFilesystem"] is True
        assert "MountPoints" not in container
        (tmpfs,) = container["LinuxParameters"]["Tmpfs"]
        assert tmpfs["ContainerPath"] == "/tmp"  # noqa: S108
        assert set(tmpfs["MountOptions"]) == {"nodev", "noexec", "nosuid"}
        assert tmpfs["Size"] == 64


@pytest.mark.clause("ROVN-IMG-1")
def test_nobody_is_root_or_can_become_it(
    tasks: dict[str, dict[str, Any]], containers: dict[str, dict[str, Any]]
) -> None:
    for container in containers.values():
        assert container["User"] == "10001:10001"
        assert container["Privileged"] is False
        assert container["LinuxParameters"]["Capabilities"] == {"Drop": ["ALL"]}
    for task in tasks.values():
        assert task["Properties"]["NetworkMode"] == "awsvpc"
        assert task["Properties"]["RequiresCompatibilities"] == ["FARGATE"]
        assert task["Properties"]["RuntimePlatform"] == {
            "CpuArchitecture": "X86_64",
            "OperatingSystemFamily": "LINUX",
        }


@pytest.mark.clause("ROVN-DEP-6")
def test_size_and_patience_are_the_files(
    environment: Environment, tasks: dict[str, dict[str, Any]], containers: dict[str, Any]
) -> None:
    service = environment.services["passport-api"]
    app = tasks[service.name]["Properties"]
    assert (app["Cpu"], app["Memory"]) == (str(service.cpu), str(service.memory))
    migrations = tasks[f"{service.name}-migrations"]["Properties"]
    size = (str(service.migrations.cpu), str(service.migrations.memory))
    assert (migrations["Cpu"], migrations["Memory"]) == size
    assert containers["passport-api"]["StopTimeout"] == service.stop_timeout_seconds
    # The longest that Fargate waits: a migration cut short is the worst of all.
    assert containers["migrations"]["StopTimeout"] == 120
    assert containers["migrations"]["Command"] == list(service.migrations.command)


@pytest.mark.clause("ROVN-HLT-1")
def test_the_container_checks_its_own_health(
    environment: Environment, containers: dict[str, Any]
) -> None:
    command = containers["passport-api"]["HealthCheck"]["Command"]
    assert command == ["CMD", *environment.services["passport-api"].health_command]
    assert containers["collector"]["HealthCheck"]["Command"] == ["CMD", "/healthcheck"]


def test_a_task_lives_as_long_as_its_service_and_survives_its_collector(
    environment: Environment, containers: dict[str, Any]
) -> None:
    app, collector = containers["passport-api"], containers["collector"]
    assert (app["Essential"], containers["migrations"]["Essential"]) == (True, True)
    assert (collector["Essential"], collector["RestartPolicy"]) == (False, {"Enabled": True})
    port = environment.services["passport-api"].port
    assert app["PortMappings"] == [{"ContainerPort": port, "Protocol": "tcp"}]
    # Nobody outside the task sends it spans.
    assert "PortMappings" not in collector


@pytest.mark.clause("ROVN-SEC-1")
def test_secrets_are_references_and_nothing_else_is_one(
    assembly: Assembly, environment: Environment, containers: dict[str, Any]
) -> None:
    for container, consumer in (
        ("passport-api", "passport-api"),
        ("migrations", "passport-api/migrations"),
    ):
        found = {s["Name"]: plain(s["ValueFrom"]) for s in containers[container]["Secrets"]}
        wanted = {
            variable.split(":")[0]: (name, variable.partition(":")[2])
            for name, variables in environment.secrets_of(consumer).items()
            for variable in variables
        }
        assert set(found) == set(wanted)
        for variable, (name, key) in wanted.items():
            export = f"<{environment.slug}-secrets:ExportsOutputRefSecrets"
            assert found[variable].startswith(export + name.title().replace("-", ""))
            assert found[variable].endswith(f">:{key}::" if key else ">")
    assert "Secrets" not in containers["collector"]


@pytest.mark.clause("ROVN-SEC-1")
def test_plain_variables_hold_no_credential(
    environment: Environment, containers: dict[str, Any]
) -> None:
    data = f"<{environment.slug}-data:ExportsOutputFnGetAttDatabaseInstance"
    both = {
        "DATABASE_NAME": environment.database.database_name,
        "DATABASE_SSLMODE": "require",
        "ENVIRONMENT_NAME": environment.name,
    }
    for container, besides in (
        (
            "passport-api",
            {
                # The first of the file's models, by the profile that the role may call.
                "AI_FALLBACK_MODEL": "us.anthropic.claude-haiku-4-5-20251001-v1:0",
                "AI_FALLBACK_REGION": environment.region,
                "DATABASE_POOL_SIZE": str(environment.services["passport-api"].pool_size),
                "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318",
                "PORT": "8000",
            },
        ),
        (
            "migrations",
            {
                "DATABASE_APPLICATION_ROLE": "application",
                "DATABASE_OWNER_ROLE": "migrations",
            },
        ),
    ):
        found = {v["Name"]: plain(v["Value"]) for v in containers[container]["Environment"]}
        assert "EndpointAddress" in (host := found.pop("DATABASE_HOST"))
        assert "EndpointPort" in (port := found.pop("DATABASE_PORT"))
        assert host.startswith(data)
        assert port.startswith(data)
        assert found == both | besides


@pytest.mark.clause("ROVN-SEC-2")
def test_what_runs_may_do_little_and_migrations_nothing(
    assembly: Assembly, stack: str, tasks: dict[str, dict[str, Any]]
) -> None:
    assert set(statements(assembly, stack, "TaskRole")) == {
        "SendTraces",
        "InvokeProfile1",
        "InvokeModel1",
    }
    policies = [plain(p["Properties"]["Roles"]) for p in assembly.of_type(stack, POLICY).values()]
    assert ["<TasksMigrationsTaskRole>"] not in policies
    roles = [plain(t["Properties"]["TaskRoleArn"]) for t in tasks.values()]
    assert sorted(roles) == ["<TasksMigrationsTaskRole.Arn>", "<TasksTaskRole.Arn>"]


@pytest.mark.clause("ROVN-ALM-8")
def test_only_the_fallback_models_only_by_the_endpoint(
    assembly: Assembly, environment: Environment, stack: str
) -> None:
    granted = statements(assembly, stack, "TaskRole")
    (model,) = environment.services["passport-api"].fallback_models
    assert model.model_id == "anthropic.claude-haiku-4-5-20251001-v1:0"
    profile = (
        f"arn:aws:bedrock:{environment.region}:{environment.account}:inference-profile/"
        f"us.{model.model_id}"
    )
    by_profile, by_model = granted["InvokeProfile1"], granted["InvokeModel1"]
    for statement in (by_profile, by_model):
        assert statement["Action"] == [
            "bedrock:InvokeModel",
            "bedrock:InvokeModelWithResponseStream",
        ]
    assert by_profile["Resource"] == profile
    endpoint = by_profile["Condition"]["StringEquals"]["aws:SourceVpce"]
    assert "EndpointsBedrockRuntime" in endpoint
    assert by_model["Resource"] == [
        f"arn:aws:bedrock:{region}::foundation-model/{model.model_id}" for region in model.regions
    ]
    assert by_model["Condition"] == {"StringEquals": {"bedrock:InferenceProfileArn": profile}}


def test_roles_are_for_tasks_of_this_account_and_region(
    assembly: Assembly, environment: Environment, stack: str
) -> None:
    names = set()
    for role in assembly.of_type(stack, "AWS::IAM::Role").values():
        properties = role["Properties"]
        names.add(properties["RoleName"].removeprefix(f"{environment.slug}-passport-api-"))
        (trust,) = properties["AssumeRolePolicyDocument"]["Statement"]
        assert (trust["Effect"], trust["Action"]) == ("Allow", "sts:AssumeRole")
        if trust["Principal"] == {"Service": "ecs-tasks.amazonaws.com"}:
            arn = f"arn:aws:ecs:{environment.region}:{environment.account}:*"
            assert trust["Condition"] == {
                "StringEquals": {"aws:SourceAccount": environment.account},
                "ArnLike": {"aws:SourceArn": arn},
            }
        else:
            assert trust["Principal"] == {"Service": "ecs.amazonaws.com"}
    assert names == {
        "execution",
        "task",
        "migrations-execution",
        "migrations-task",
        "traffic",
    }


def test_every_container_logs_to_its_own_group(
    environment: Environment, containers: dict[str, Any]
) -> None:
    base = f"/ecs/{environment.services['passport-api'].name}"
    for name, group in (
        ("passport-api", base),
        ("collector", f"{base}/collector"),
        ("migrations", f"{base}-migrations"),
    ):
        assert containers[name]["LogConfiguration"] == {
            "LogDriver": "awslogs",
            "Options": {
                "awslogs-group": group,
                "awslogs-region": environment.region,
                # The execution role may write to streams that begin so, and to no others.
                "awslogs-stream-prefix": name,
                # A task goes on when CloudWatch Logs does not take its lines.
                "mode": "non-blocking",
                "max-buffer-size": "16m",
            },
        }


@pytest.mark.clause("ROVN-TRC-1")
def test_the_collector_keeps_a_tenth_and_all_of_admin_and_audit(containers: dict[str, Any]) -> None:
    (variable,) = containers["collector"]["Environment"]
    assert variable["Name"] == "AOT_CONFIG_CONTENT"
    configuration = json.loads(variable["Value"])
    pipeline = configuration["service"]["pipelines"]["traces"]
    assert pipeline["processors"] == ["memory_limiter", "tail_sampling", "batch"]
    *always, rest = configuration["processors"]["tail_sampling"]["policies"]
    assert rest["probabilistic"] == {"sampling_percentage": 10}
    for path, kept in (
        ("/admin/users", True),
        ("/audit/database-session", True),
        ("/administration", False),
        ("/health", False),
        ("/x/admin/y", False),
    ):
        for attribute in ("http.target", "url.path"):
            matches = [
                re.search(pattern, path)
                for policy in always
                if policy["string_attribute"]["key"] == attribute
                for pattern in policy["string_attribute"]["values"]
            ]
            assert any(matches) is kept
