"""The services of an environment, as its templates show them.

A service is known by its ECS name, its tasks by the references to them: never by logical ids.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from policies.templates.resource import Resource
from policies.templates.scope import Scope
from policies.templates.values import Unknown, UnresolvedError
from runbook.model.secrets import MIGRATIONS
from runbook.model.services import Service

Json = Any
ECS_SERVICE = "AWS::ECS::Service"
TASK_DEFINITION = "AWS::ECS::TaskDefinition"
# The output of a service's stack that names its migrations.
MIGRATIONS_OUTPUT = "MigrationsTaskDefinition"


@dataclass(frozen=True)
class Container:
    """One container of a task definition."""

    definition: Resource
    number: int

    @property
    def name(self) -> str:
        """What messages call it."""
        return str(self.at("Name", f"container {self.number + 1}"))

    @property
    def body(self) -> dict[str, Json]:
        """All of it, in which values may be open."""
        body: dict[str, Json] = self.definition.at(f"ContainerDefinitions.{self.number}")
        return body

    def at(self, path: str, default: Json = None) -> Json:
        """Get a property of it, as ``Resource.at`` does."""
        return self.definition.at(f"ContainerDefinitions.{self.number}.{path}", default)


def containers(definition: Resource) -> list[Container]:
    """List the containers of a task definition."""
    count = len(definition.at("ContainerDefinitions", []))
    return [Container(definition, number) for number in range(count)]


def model_of(service: Resource, scope: Scope) -> tuple[str, Service] | None:
    """Find what the environment file says of an ECS service: its key there, and the model."""
    name = service.at("ServiceName")
    items = scope.environment.services.items()
    return next(((key, model) for key, model in items if model.name == name), None)


def is_in_file(service: Resource, scope: Scope) -> bool:
    """Whether the environment file has a service of that name."""
    return model_of(service, scope) is not None


def ecs_services(scope: Scope) -> Iterator[tuple[str, Service, Resource]]:
    """List the ECS services that the environment file knows, with key and model."""
    for service in scope.resources(ECS_SERVICE):
        found = model_of(service, scope)
        if found:
            yield (*found, service)


def migrations_of(key: str, scope: Scope) -> Resource | None:
    """Find the task definition that migrates the schema for a service."""
    return scope.target(scope.output(key, MIGRATIONS_OUTPUT))


def consumer_of(definition: Resource, scope: Scope) -> str | None:
    """Say who reads secrets with it: a service, ``<service>/migrations``, or nobody we know."""
    for key, _, service in ecs_services(scope):
        if scope.target(service.at("TaskDefinition")) is definition:
            return key
    for key in scope.environment.services:
        if migrations_of(key, scope) is definition:
            return key + MIGRATIONS
    return None


def model_of_consumer(consumer: str, scope: Scope) -> Service:
    """Find the service that a consumer is, or migrates the schema for."""
    return scope.environment.services[consumer.removesuffix(MIGRATIONS)]


def main_container(definition: Resource, scope: Scope) -> Container | None:
    """Find the container that runs the service's own image: where requests go, or the first."""
    found = containers(definition)
    for _, _, service in ecs_services(scope):
        if scope.target(service.at("TaskDefinition")) is definition:
            served = service.at("LoadBalancers.0.ContainerName")
            return next((one for one in found if one.at("Name") == served), None)
    return found[0] if found else None


def target_groups_of(service: Resource, scope: Scope) -> list[Resource]:
    """List the target groups that ECS puts its tasks into."""
    paths = ("TargetGroupArn", "AdvancedConfiguration.AlternateTargetGroupArn")
    count = len(service.at("LoadBalancers", []))
    named = (service.at(f"LoadBalancers.{n}.{path}") for n in range(count) for path in paths)
    return [referred(value, scope) for value in named if value is not None]


def referred(value: Json, scope: Scope) -> Resource:
    """Find the resource behind a value; ``UnresolvedError`` when the templates do not hold it."""
    if isinstance(value, Unknown):
        raise UnresolvedError(f"{value.text} is open: {value.why}")
    resource = scope.target(value)
    if resource is None:
        raise UnresolvedError(f"{value} is no resource of these templates")
    return resource


def pairs(items: Json, key: str = "Name", value: str = "Value") -> dict[str, Json]:
    """Read a list of names and values, as many properties are written."""
    return {item[key]: item.get(value) for item in items}
