"""The release gate's stack: who may do what, what calls what, and that nothing more is there."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

import runbook_constructs.release_gate.handler as handler_package
from runbook.access.principals import Principals
from runbook.model.environment import Environment
from runbook.model.gate import Gate
from runbook_constructs.database import PORT
from runbook_constructs.release_gate.handler.steps import STEPS
from runbook_constructs.release_gate.state_machine import definition
from tests.assembly import Assembly, plain

FUNCTION, ROLE, POLICY = "AWS::Lambda::Function", "AWS::IAM::Role", "AWS::IAM::ManagedPolicy"
GATE, KEY = "PassportApiGate", "passport-api"
HANDLERS = Path(str(handler_package.__file__)).parent


@pytest.fixture
def stack(environment: Environment) -> str:
    return f"{environment.slug}-release-gate"


@pytest.fixture
def place(environment: Environment) -> str:
    return f"{environment.region}:{environment.account}"


def statements(assembly: Assembly, stack: str, role: str) -> dict[str, dict[str, Any]]:
    """Map the statements of a role's policy, which all allow, by their Sids."""
    policy = plain(assembly.named(stack, POLICY, f"{role}Policy")["Properties"])
    assert policy["Roles"] == [f"<{role}>"]
    found = {statement.pop("Sid"): statement for statement in policy["PolicyDocument"]["Statement"]}
    assert {statement.pop("Effect") for statement in found.values()} == {"Allow"}
    return found


def granted(action: str | list[str], resource: str | list[str]) -> dict[str, Any]:
    return {"Action": action, "Resource": resource}


def function(assembly: Assembly, stack: str, name: str) -> dict[str, Any]:
    resource: dict[str, Any] = assembly.named(stack, FUNCTION, f"{GATE}{name}Function")
    return resource


def variables(assembly: Assembly, stack: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = plain(
        function(assembly, stack, name)["Properties"]["Environment"]["Variables"]
    )
    return found


@pytest.mark.parametrize(
    ("name", "module", "role"),
    [("Hook", "hook", "gate"), ("Probe", "probe", "probe"), ("Steps", "steps", "migrate-steps")],
)
def test_each_function_runs_its_module_under_its_role_and_logs_encrypted(
    assembly: Assembly, environment: Environment, stack: str, name: str, module: str, role: str
) -> None:
    resource = function(assembly, stack, name)
    properties = resource["Properties"]
    named = f"{environment.slug}-{KEY}-{role}"
    assert properties["FunctionName"] == named
    assert properties["Handler"] == f"handler.{module}.handler"
    assert (properties["Runtime"], properties["Architectures"]) == ("python3.13", ["x86_64"])
    assert properties["ReservedConcurrentExecutions"] == 2
    assert plain(properties["Role"]) == f"<{GATE}{name}Role.Arn>"
    assert plain(properties["LoggingConfig"]) == {"LogGroup": f"<{GATE}{name}Log>"}
    log = assembly.named(stack, "AWS::Logs::LogGroup", f"{GATE}{name}Log")["Properties"]
    assert log["LogGroupName"] == f"/{environment.name}/release-gate/{named}"
    assert log["RetentionInDays"] == environment.services[KEY].log_retention_days
    assert any(r.startswith(f"{GATE}{name}RolePolicy") for r in resource["DependsOn"])
    given = assembly.named(stack, ROLE, f"{GATE}{name}Role")["Properties"]
    assert given["RoleName"] == named


@pytest.mark.parametrize(
    ("name", "modules"),
    [
        ("Hook", ["hook", "revisions", "freeze"]),
        ("Probe", ["probe", "revisions"]),
        ("Steps", ["steps", "tasks", "snapshots"]),
    ],
)
def test_each_function_is_told_what_its_code_reads_and_nothing_else(
    assembly: Assembly, stack: str, name: str, modules: list[str]
) -> None:
    code = "".join((HANDLERS / f"{module}.py").read_text("utf-8") for module in modules)
    read = set(re.findall(r"setting\([\"']([A-Z_]+)[\"']\)", code))
    assert read
    assert set(variables(assembly, stack, name)) == read


def test_the_code_is_the_handlers_folder_and_nothing_else(assembly: Assembly) -> None:
    folders = sorted(assembly.directory.glob("asset.*"))
    (code,) = [f for f in folders if (f / "handler" / "hook.py").exists()]
    files = {p.relative_to(code).as_posix() for p in code.rglob("*") if p.is_file()}
    assert files == {f"handler/{p.name}" for p in HANDLERS.glob("*.py")}


@pytest.mark.clause("ROVN-SEC-2")
def test_the_hook_reads_starts_one_machine_and_follows_it(
    assembly: Assembly, environment: Environment, stack: str, place: str
) -> None:
    found = statements(assembly, stack, f"{GATE}HookRole")
    name, slug = environment.services[KEY].name, environment.slug
    service = f"arn:aws:ecs:{place}:service/{slug}/{name}"
    machine = f"{slug}-{KEY}-migrate"
    parameter = f"arn:aws:ssm:{place}:parameter/{environment.name}/release-freeze"
    assert found == {
        "WriteLogs": granted(
            ["logs:CreateLogStream", "logs:PutLogEvents"],
            f"arn:aws:logs:{place}:log-group:/{environment.name}/release-gate/{slug}-{KEY}-gate"
            ":log-stream:*",
        ),
        "ReadDeployments": granted(
            "ecs:DescribeServiceDeployments",
            [f"arn:aws:ecs:{place}:service-deployment/{slug}/{name}/*", service],
        ),
        "ReadRevisions": granted(
            "ecs:DescribeServiceRevisions",
            [f"arn:aws:ecs:{place}:service-revision/{slug}/{name}/*", service],
        ),
        "ReadTaskDefinitions": granted("ecs:DescribeTaskDefinition", "*"),
        "ReadService": granted("ecs:DescribeServices", service),
        "ReadFreeze": granted("ssm:GetParameter", parameter),
        "Start": granted("states:StartExecution", f"arn:aws:states:{place}:stateMachine:{machine}"),
        "Follow": granted(
            "states:DescribeExecution", f"arn:aws:states:{place}:execution:{machine}:*"
        ),
    }


@pytest.mark.clause("ROVN-MIG-1")
@pytest.mark.clause("ROVN-MIG-2")
@pytest.mark.clause("ROVN-SEC-2")
def test_the_steps_run_this_services_migrations_and_take_its_snapshots(
    assembly: Assembly, environment: Environment, stack: str, place: str
) -> None:
    found = statements(assembly, stack, f"{GATE}StepsRole")
    name, slug = environment.services[KEY].name, environment.slug
    roles = Principals(environment).service_roles(KEY)
    run, passed = found["RunMigrations"], found["PassMigrationRoles"]
    assert run == {
        **granted("ecs:RunTask", f"arn:aws:ecs:{place}:task-definition/{name}-migrations:*"),
        "Condition": {"ArnEquals": {"ecs:cluster": f"arn:aws:ecs:{place}:cluster/{slug}"}},
    }
    assert passed == {
        **granted("iam:PassRole", [roles.migrations_execution, roles.migrations_task]),
        "Condition": {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
    }
    snapshots = f"arn:aws:rds:{place}:snapshot:{name}-*"
    database = f"arn:aws:rds:{place}:db:{slug}-postgres"
    assert found["TakeSnapshots"] == granted("rds:CreateDBSnapshot", [database, snapshots])
    watch = ["rds:AddTagsToResource", "rds:DescribeDBSnapshots"]
    assert found["TagAndWatch"] == granted(watch, snapshots)
    lend = found["LendKeyToSnapshots"]
    assert "DatabaseKey" in lend["Resource"]
    assert lend["Condition"]["Bool"] == {"kms:GrantIsForAWSResource": "true"}
    streams = f"log-group:/ecs/{name}-migrations:log-stream:migrations/migrations/*"
    assert found["ReadReports"] == granted("logs:GetLogEvents", f"arn:aws:logs:{place}:{streams}")
    assert set(found) == {
        *("WriteLogs", "ReadDeployments", "RunMigrations", "WatchTasks", "PassMigrationRoles"),
        *("ReadReports", "TakeSnapshots", "TagAndWatch", "LendKeyToSnapshots"),
    }


def test_the_migrations_run_where_only_the_database_and_https_are_reached(
    assembly: Assembly, environment: Environment, stack: str
) -> None:
    group = assembly.named(stack, "AWS::EC2::SecurityGroup", "PassportApiMigrationsGroup")
    (out,) = group["Properties"]["SecurityGroupEgress"]
    # Images, secrets and logs come and go by HTTPS; the name server asks no security group.
    assert (out["FromPort"], out["ToPort"], out["IpProtocol"]) == (443, 443, "tcp")
    (more,) = assembly.of_type(stack, "AWS::EC2::SecurityGroupEgress").values()
    assert plain(more["Properties"]["GroupId"]) == "<PassportApiMigrationsGroup.GroupId>"
    assert (more["Properties"]["FromPort"], more["Properties"]["ToPort"]) == (PORT, PORT)
    (opened,) = assembly.of_type(stack, "AWS::EC2::SecurityGroupIngress").values()
    assert "DatabaseGroup" in plain(opened["Properties"]["GroupId"])
    source = plain(opened["Properties"]["SourceSecurityGroupId"])
    assert source == "<PassportApiMigrationsGroup.GroupId>"
    told = variables(assembly, stack, "Steps")
    assert told["SECURITY_GROUP"] == "<PassportApiMigrationsGroup.GroupId>"
    assert told["SUBNETS"].count("PrivateSubnet") == len(environment.availability_zones)
    depends = function(assembly, stack, "Hook")["DependsOn"]
    assert any("MigrationsDatabaseIngress" in name for name in depends)


def test_the_probe_stands_in_private_and_asks_the_test_listener(
    assembly: Assembly, environment: Environment, stack: str
) -> None:
    gate = environment.services[KEY].gate
    assert gate is not None
    properties = plain(function(assembly, stack, "Probe")["Properties"])
    assert properties["VpcConfig"]["SecurityGroupIds"] == ["<PassportApiProbeGroup.GroupId>"]
    subnets = properties["VpcConfig"]["SubnetIds"]
    assert len(subnets) == len(environment.availability_zones)
    assert all("PrivateSubnet" in subnet for subnet in subnets)
    told = properties["Environment"]["Variables"]
    assert "IngressBalancer" in told["BALANCER"]
    assert "DNSName" in told["BALANCER"]
    assert told["HOSTNAME_OF_SERVICE"] == environment.services[KEY].ingress.hostname
    assert told["TEST_PORT"] == str(environment.load_balancer.test_port)
    # The function outlives its own deadline, and ECS outwaits the function.
    assert int(told["PROBE_SECONDS"]) < properties["Timeout"] < gate.probe_timeout_minutes * 60


def test_ecs_may_call_the_two_hooks_and_nothing_else(
    assembly: Assembly, environment: Environment, stack: str, place: str
) -> None:
    named = f"{environment.slug}-{KEY}"
    functions = f"arn:aws:lambda:{place}:function:{named}"
    assert statements(assembly, stack, f"{GATE}InvocationRole") == {
        "CallHooks": granted("lambda:InvokeFunction", [f"{functions}-gate", f"{functions}-probe"])
    }
    role = assembly.named(stack, ROLE, f"{GATE}InvocationRole")["Properties"]
    assert role["RoleName"] == f"{named}-hooks"


@pytest.mark.clause("ROVN-MIG-1")
def test_the_machine_is_the_one_that_the_faults_are_tried_on(
    assembly: Assembly, environment: Environment, stack: str, place: str
) -> None:
    gate = environment.services[KEY].gate
    assert gate is not None
    machine = assembly.named(stack, "AWS::StepFunctions::StateMachine", f"{GATE}Machine")
    properties = machine["Properties"]
    name = f"{environment.slug}-{KEY}-migrate"
    assert properties["StateMachineName"] == name
    assert properties["StateMachineType"] == "STANDARD"
    steps = f"arn:aws:lambda:{place}:function:{name}-steps"
    written = json.loads(properties["DefinitionString"])
    assert written == definition(steps, gate)
    assert written["TimeoutSeconds"] < gate.timeout_minutes * 60
    logging = plain(properties["LoggingConfiguration"])
    assert (logging["Level"], logging["IncludeExecutionData"]) == ("ALL", True)
    log = assembly.named(stack, "AWS::Logs::LogGroup", f"{GATE}MachineLog")["Properties"]
    assert log["LogGroupName"] == f"/{environment.name}/release-gate/{name}"
    told = variables(assembly, stack, "Hook")
    assert told["STATE_MACHINE_ARN"] == f"arn:aws:states:{place}:stateMachine:{name}"
    assert told["EXECUTION_ARN"] == f"arn:aws:states:{place}:execution:{name}"


def test_every_step_of_the_machine_is_one_of_the_functions() -> None:
    gate = Gate(snapshot_minutes=60, migration_minutes=30, timeout_minutes=120, probe_seconds=60)
    states = definition("arn", gate)["States"]
    tasks = [state for state in states.values() if state["Type"] == "Task"]
    assert {task["Parameters"]["Payload"]["step"] for task in tasks} == set(STEPS)
    for name, state in states.items():
        if state["Type"] != "Task":
            continue
        # Nothing that goes wrong can end in anything but a Fail.
        assert [(c["ErrorEquals"], c["Next"]) for c in state["Catch"]] == [
            (["States.ALL"], "Failed")
        ], name
        assert state["TimeoutSeconds"] > 0
    targets = {t for s in states.values() for t in _targets(s)} | {"Ask"}
    assert targets == set(states)


def _targets(state: dict[str, Any]) -> set[str]:
    nexts = {state.get("Next"), state.get("Default")}
    nexts |= {c["Next"] for c in state.get("Choices", []) + state.get("Catch", [])}
    return {name for name in nexts if name}


def test_releases_are_not_frozen_to_begin_with(
    assembly: Assembly, environment: Environment, stack: str
) -> None:
    (parameter,) = assembly.of_type(stack, "AWS::SSM::Parameter").values()
    properties = parameter["Properties"]
    # All of it to the letter: whatever changes in it has CloudFormation write this value again.
    assert properties == {
        "Name": f"/{environment.name}/release-freeze",
        "Type": "String",
        "Value": '{"frozen": false, "by": "", "reason": "", "since": ""}',
        "Description": "Whether releases are frozen; rollbacks never are",
        "Tags": {
            "runbook:environment": environment.name.partition("/")[2],
            "runbook:organisation": environment.name.partition("/")[0],
            "runbook:tier": environment.tier,
        },
    }
    assert variables(assembly, stack, "Hook")["FREEZE_PARAMETER"] == properties["Name"]


def test_the_service_waits_for_its_gate(assembly: Assembly, environment: Environment) -> None:
    """ECS calls the hooks when the service is made: they and their rights must be there."""
    for manifest in assembly.manifests():
        for artifact in manifest["artifacts"].values():
            name = artifact.get("properties", {}).get("stackName")
            if name == f"{environment.slug}-{KEY}":
                artifacts = manifest["artifacts"]
                before = {
                    artifacts[d]["properties"].get("stackName")
                    for d in artifact["dependencies"]
                    if artifacts[d]["type"] == "aws:cloudformation:stack"
                }
                assert f"{environment.slug}-release-gate" in before
                return
    raise AssertionError("no such stack")
