"""Who and what starts, moves and replaces the tasks of a service, to the word."""

from typing import Any

import pytest

from runbook.model.environment import Environment
from tests.assembly import Assembly, plain

ROLE, POLICY, TASK = "AWS::IAM::Role", "AWS::IAM::ManagedPolicy", "AWS::ECS::TaskDefinition"
COLLECTOR = "ecr-public/aws-observability/aws-otel-collector"
READ_KEY = "ExportsOutputFnGetAttSecretsKey"


@pytest.fixture
def stack(environment: Environment) -> str:
    return f"{environment.slug}-passport-api"


@pytest.fixture
def place(environment: Environment) -> str:
    return f"{environment.region}:{environment.account}"


def statements(assembly: Assembly, stack: str, role: str) -> dict[str, dict[str, Any]]:
    """Map the statements of a role's policy, which all allow, by their Sids."""
    policy = plain(assembly.named(stack, POLICY, f"{role}Policy")["Properties"])
    assert policy["Roles"] == [f"<{role}>"]
    assert policy["PolicyDocument"]["Version"] == "2012-10-17"
    found = {statement.pop("Sid"): statement for statement in policy["PolicyDocument"]["Statement"]}
    assert {statement.pop("Effect") for statement in found.values()} == {"Allow"}
    return found


def granted(action: str | list[str], resource: str | list[str]) -> dict[str, Any]:
    return {"Action": action, "Resource": resource}


@pytest.mark.clause("ROVN-SEC-2")
@pytest.mark.parametrize(
    ("role", "consumer"),
    [
        ("TasksExecutionRole", "passport-api"),
        ("TasksMigrationsExecutionRole", "passport-api/migrations"),
    ],
)
def test_what_starts_tasks_pulls_logs_and_reads_their_own_secrets(
    assembly: Assembly, environment: Environment, stack: str, place: str, role: str, consumer: str
) -> None:
    name = environment.services["passport-api"].name
    found = statements(assembly, stack, role)
    repositories = f"arn:aws:ecr:{place}:repository"
    own, mirror = f"{repositories}/{name}", f"{repositories}/{COLLECTOR}"
    groups = f"arn:aws:logs:{place}:log-group:/ecs/{name}"
    app = consumer == "passport-api"
    pull = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    streams = [
        f"{groups}/collector:log-stream:collector/collector/*",
        f"{groups}:log-stream:passport-api/passport-api/*",
    ]
    migrations = f"{groups}-migrations:log-stream:migrations/migrations/*"
    assert found.pop("PullImages") == granted(pull, [mirror, own] if app else own)
    assert found.pop("LogInToRegistry") == granted("ecr:GetAuthorizationToken", "*")
    if app:
        expected = granted("ecr:BatchImportUpstreamImage", mirror)
        assert found.pop("MirrorOnFirstPull") == expected
    write = ["logs:CreateLogStream", "logs:PutLogEvents"]
    assert found.pop("WriteLogs") == granted(write, streams if app else migrations)
    decrypt = found.pop("DecryptSecrets")
    through = f"secretsmanager.{environment.region}.amazonaws.com"
    assert decrypt.pop("Condition") == {"StringEquals": {"kms:ViaService": through}}
    assert decrypt.pop("Action") == "kms:Decrypt"
    assert decrypt["Resource"].startswith(f"<{environment.slug}-secrets:{READ_KEY}")
    read = found.pop("ReadSecrets")
    assert read["Action"] == "secretsmanager:GetSecretValue"
    resources = read["Resource"] if isinstance(read["Resource"], list) else [read["Resource"]]
    export = f"<{environment.slug}-secrets:ExportsOutputRefSecrets"
    wanted = sorted(name.title().replace("-", "") for name in environment.secrets_of(consumer))
    assert len(resources) == len(wanted)
    for resource, secret in zip(sorted(resources), wanted, strict=True):
        assert resource.startswith(export + secret)
    assert found == {}


@pytest.mark.clause("ROVN-DEP-4")
def test_ecs_moves_traffic_between_the_two_colours_only(
    assembly: Assembly, environment: Environment, stack: str
) -> None:
    found = statements(assembly, stack, "ServiceTrafficRole")
    act = "elasticloadbalancing"
    look = ("Listeners", "Rules", "TargetGroups", "TargetHealth")
    assert found.pop("Look") == granted([f"{act}:Describe{what}" for what in look], "*")
    assert found.pop("RegisterTargets") == granted(
        [f"{act}:DeregisterTargets", f"{act}:RegisterTargets"],
        ["<ServiceColoursBlue>", "<ServiceColoursGreen>"],
    )
    shift = found.pop("ShiftTraffic")
    assert shift["Action"] == [f"{act}:ModifyListener", f"{act}:ModifyRule"]
    production, test, *rules = shift["Resource"]
    export = f"<{environment.slug}-platform:ExportsOutputRefIngressBalancer"
    assert production.startswith(f"{export}Production")
    assert test.startswith(f"{export}Test")
    assert rules == ["<ServiceColoursProductionRule>", "<ServiceColoursTestRule>"]
    assert found == {}
    (service,) = assembly.of_type(stack, "AWS::ECS::Service").values()
    assert any(name.startswith("ServiceTrafficRolePolicy") for name in service["DependsOn"])


@pytest.mark.clause("ROVN-HLT-1")
def test_a_task_has_half_a_minute_to_answer_before_it_is_replaced(
    assembly: Assembly, stack: str
) -> None:
    (service,) = assembly.of_type(stack, "AWS::ECS::Service").values()
    assert service["Properties"]["HealthCheckGracePeriodSeconds"] == 60
    (app,) = [
        container
        for task in assembly.of_type(stack, TASK).values()
        for container in task["Properties"]["ContainerDefinitions"]
        if container["Name"] == "passport-api"
    ]
    check = {k: v for k, v in app["HealthCheck"].items() if k != "Command"}
    assert check == {"Interval": 10, "Retries": 3, "StartPeriod": 30, "Timeout": 5}


def test_sending_traces_is_all_that_knows_no_resource(assembly: Assembly, stack: str) -> None:
    found = statements(assembly, stack, "TasksTaskRole")
    assert found["SendTraces"] == granted(
        ["xray:PutTelemetryRecords", "xray:PutTraceSegments"], "*"
    )


def test_each_task_starts_under_its_own_role_once_that_may_do_its_work(
    assembly: Assembly, environment: Environment, stack: str
) -> None:
    name = environment.services["passport-api"].name
    tasks = {t["Properties"]["Family"]: t for t in assembly.of_type(stack, TASK).values()}
    for family, prefix, waits_for in (
        (name, "Tasks", {"TasksExecutionRolePolicy", "TasksTaskRolePolicy"}),
        (f"{name}-migrations", "TasksMigrations", {"TasksMigrationsExecutionRolePolicy"}),
    ):
        properties = plain(tasks[family]["Properties"])
        assert properties["ExecutionRoleArn"] == f"<{prefix}ExecutionRole.Arn>"
        assert properties["TaskRoleArn"] == f"<{prefix}TaskRole.Arn>"
        assert {logical_id[:-8] for logical_id in tasks[family]["DependsOn"]} == waits_for
