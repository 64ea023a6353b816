"""ROVN-MIG-1: each revision of a service names the revision that migrates the schema for it.

That neither reads the other's secrets is held by ``secrets-by-reference``.
"""

from collections.abc import Iterator

from policies.lookups.services import (
    MIGRATIONS_OUTPUT,
    TASK_DEFINITION,
    Container,
    consumer_of,
    containers,
    main_container,
    migrations_of,
)
from policies.rule import Rule
from policies.templates.resource import Resource
from policies.templates.scope import Scope
from policies.templates.values import Unknown

LABEL = "runbook.migrations-task-definition"


def _is_app(definition: Resource, scope: Scope) -> bool:
    return consumer_of(definition, scope) in scope.environment.services


def _judge(app: Resource, scope: Scope) -> Iterator[str]:
    key = consumer_of(app, scope)
    migrations = migrations_of(key, scope) if key else None
    main = main_container(app, scope)
    if not key or migrations is None or main is None:
        yield "it has no migrations of its own"
        return
    label = main.at("DockerLabels", {}).get(LABEL)
    if scope.target(label) is not migrations:
        yield f"its label {LABEL} does not name {migrations}"
    those = containers(migrations)
    if len(those) != 1:
        yield f"{migrations} has {len(those)} containers, not 1"
        return
    (only,) = those
    if _image(only) != _image(main):
        yield f"{migrations} runs {_image(only)}, not {_image(main)}"
    wanted = list(scope.environment.services[key].migrations.command)
    command = only.at("Command")
    if command != wanted:
        yield f"{migrations} runs the command {command}, not {wanted}"
    entry = only.at("EntryPoint")
    if entry != main.at("EntryPoint"):
        yield f"{migrations} starts by the entry point {entry}, which is not the app's"
    for role in ("ExecutionRoleArn", "TaskRoleArn"):
        if migrations.at(role) == app.at(role):
            yield f"{migrations} shares its {role} with the app"


def _image(container: Container) -> str:
    image = container.body.get("Image")
    return image.text if isinstance(image, Unknown) else str(image)


def _required(scope: Scope) -> Iterator[str]:
    for key, model in scope.environment.services.items():
        if migrations_of(key, scope) is None:
            yield f"no task definition of {model.name} is behind the output {MIGRATIONS_OUTPUT}"


RULE = Rule(
    id="migrations-paired",
    title="Migrations run from the same image as the revision they are for, which names them",
    why="A schema that another image's migrations made is one that this image cannot read.",
    remedy="Leave both task definitions to runbook_constructs.service_tasks.",
    clauses=("ROVN-MIG-1",),
    controls=("NIST CM-3", "NIST AC-6", "SOC2 CC8.1"),
    types=(TASK_DEFINITION,),
    concerns=_is_app,
    judge=_judge,
    required=_required,
)
