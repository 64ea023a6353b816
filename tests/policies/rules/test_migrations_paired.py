"""migrations-paired (ROVN-MIG-1)."""

import pytest

from policies.rules.migrations_paired import RULE
from tests.policies.rules.harness import OPEN, Json, Real, properties
from tests.policies.rules.spoiling import ABSENT, APP, TASK, Spoil, all_pass, faults, setting

MIGRATIONS = "rovn-production-passport-api/TasksMigrationsFE25ACB0"
LABEL = "runbook.migrations-task-definition"
REPOSITORY = "111122223333.dkr.ecr.us-east-2.amazonaws.com/rovn-passport-api"


def put(path: str, value: object) -> Spoil:
    return setting(TASK, "TasksMigrations", path, value)


def test_each_revision_names_its_migrations(real: Real) -> None:
    assert all_pass(real, RULE, "TasksApp")


def label(value: object) -> Spoil:
    def spoil(body: Json) -> None:
        properties(body, TASK, "TasksApp")["ContainerDefinitions"][0]["DockerLabels"] = value

    return spoil


def shared_role(body: Json) -> None:
    role = properties(body, TASK, "TasksApp")["ExecutionRoleArn"]
    properties(body, TASK, "TasksMigrations")["ExecutionRoleArn"] = role


def two_containers(body: Json) -> None:
    containers = properties(body, TASK, "TasksMigrations")["ContainerDefinitions"]
    containers.append(containers[0])


UNNAMED = f"its label {LABEL} does not name {MIGRATIONS}"


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (label({}), UNNAMED),
        (label({LABEL: "rovn-passport-api-migrations:1"}), UNNAMED),
        (label({LABEL: {"Ref": "TasksApp1641E12D"}}), UNNAMED),
        (label({LABEL: OPEN}), UNNAMED),
        (two_containers, f"{MIGRATIONS} has 2 containers, not 1"),
        (shared_role, f"{MIGRATIONS} shares its ExecutionRoleArn with the app"),
        (
            put("ContainerDefinitions.0.Image", f"{REPOSITORY}:old"),
            f"{MIGRATIONS} runs {REPOSITORY}:old, not {REPOSITORY}:${{ImageTag}}",
        ),
        (
            put("ContainerDefinitions.0.Command", ["sh"]),
            f"{MIGRATIONS} runs the command ['sh'], not ['python', '-m', 'migrations']",
        ),
        (
            put("ContainerDefinitions.0.Command", ABSENT),
            f"{MIGRATIONS} runs the command None, not ['python', '-m', 'migrations']",
        ),
    ],
)
def test_what_is_not_paired_fails(production: Real, spoil: Spoil, message: str) -> None:
    assert faults(production, RULE, APP, spoil) == {"TasksApp": message}


def test_migrations_must_exist(production: Real) -> None:
    def spoil(body: Json) -> None:
        del body["Outputs"]["MigrationsTaskDefinition"]

    assert faults(production, RULE, APP, spoil) == {
        "TasksApp": "it has no migrations of its own",
        None: "no task definition of rovn-passport-api is behind the output "
        "MigrationsTaskDefinition",
    }


def test_an_open_command_fails(production: Real) -> None:
    said = faults(production, RULE, APP, put("ContainerDefinitions.0.Command", OPEN))
    assert said["TasksApp"].startswith("ContainerDefinitions.0.Command: ${SomeParameter} is open")


def test_only_this_rule_sees_another_command(real: Real) -> None:
    spoil = put("ContainerDefinitions.0.Command", ["python", "-m", "another"])
    assert real.caught(APP, spoil) == {("migrations-paired", "TasksApp")}


def test_an_entry_point_that_swallows_the_command_fails(production: Real) -> None:
    path = "ContainerDefinitions.0.EntryPoint"
    spoil = setting(TASK, "TasksMigrations", path, ["true"])
    (said,) = faults(production, RULE, APP, spoil).values()
    assert said == f"{MIGRATIONS} starts by the entry point ['true'], which is not the app's"
