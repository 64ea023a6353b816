"""ROVN-DEP-3, ROVN-DEP-2: a release is one parameter, which names an image of our own registry."""

from collections.abc import Iterator
from typing import Any

from policies.lookups.services import (
    TASK_DEFINITION,
    Container,
    consumer_of,
    containers,
    ecs_services,
    main_container,
    model_of_consumer,
)
from policies.rule import Rule
from policies.templates.resource import Resource
from policies.templates.scope import Scope
from policies.templates.values import Unknown

PARAMETER = "ImageTag"


def _judge(definition: Resource, scope: Scope) -> Iterator[str]:
    consumer = consumer_of(definition, scope)
    main = main_container(definition, scope) if consumer else None
    if consumer and main is None:
        yield "the container that requests go to is not in it"
        return
    for container in containers(definition):
        if consumer and main == container:
            name = model_of_consumer(consumer, scope).name
            yield from _own(container, f"{_registry(scope)}/{name}:${{{PARAMETER}}}")
        else:
            yield from _pinned(container, _registry(scope))
    if main:
        yield from _parameter(definition.stack.template.body.get("Parameters", {}), scope)


def _registry(scope: Scope) -> str:
    environment = scope.environment
    return f"{environment.account}.dkr.ecr.{environment.region}.amazonaws.com"


def _own(container: Container, wanted: str) -> Iterator[str]:
    image = container.body.get("Image")
    # Open it must be: a release fills in the parameter.
    if not isinstance(image, Unknown) or image.text != wanted:
        found = image.text if isinstance(image, Unknown) else image
        yield f"{container.name} runs {found}, not {wanted}"


def _pinned(container: Container, registry: str) -> Iterator[str]:
    image = str(container.at("Image"))
    if not image.startswith(f"{registry}/"):
        yield f"{container.name} runs {image}, which is not in {registry}"
    _, _, tag = image.rpartition("/")[2].partition(":")
    if "@sha256:" not in image and tag in ("", "latest"):
        yield f"{container.name} runs {image}, whose image can change: it has no fixed tag"


def _parameter(parameters: dict[str, Any], scope: Scope) -> Iterator[str]:
    parameter = parameters.get(PARAMETER)
    if parameter is None:
        yield f"there is no parameter {PARAMETER}"
        return
    if "Default" in parameter:
        yield f"{PARAMETER} has a default: a stack update can bring that image back"
    pattern, wanted = parameter.get("AllowedPattern"), scope.environment.images.tag_pattern
    if (parameter.get("Type"), pattern) != ("String", wanted):
        yield f"{PARAMETER} takes {parameter.get('Type')} {pattern}, not String {wanted}"


def _required(scope: Scope) -> Iterator[str]:
    for _, model, service in ecs_services(scope):
        definition = scope.target(service.at("TaskDefinition"))
        if definition is None or definition.type != TASK_DEFINITION:
            yield f"{model.name} runs a task definition that is not in these templates"


RULE = Rule(
    id="image-by-tag",
    title="Tasks run the image of their service that the parameter ImageTag names, and others "
    "pinned ones, all of the account's own registry",
    why="An image that can change under its name, or come from elsewhere, was never reviewed.",
    remedy="Leave images to runbook_constructs.service_tasks and .registry; set "
    "images.tag_pattern in the environment file.",
    clauses=("ROVN-DEP-2", "ROVN-DEP-3"),
    controls=("NIST CM-3", "NIST SI-7", "SOC2 CC8.1"),
    types=(TASK_DEFINITION,),
    judge=_judge,
    required=_required,
)
