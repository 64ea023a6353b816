"""A container can do nothing to what is around it."""

from collections.abc import Iterator

from policies.lookups.services import TASK_DEFINITION, Container, containers
from policies.rule import Rule
from policies.templates.resource import Resource
from policies.templates.scope import Scope
from policies.templates.values import switch


def _judge(definition: Resource, _: Scope) -> Iterator[str]:
    mode = definition.at("NetworkMode", "bridge")
    if mode != "awsvpc":
        yield f"NetworkMode is {mode}, not awsvpc: its network is shared"
    for name in ("PidMode", "IpcMode"):
        shared = definition.at(name)
        if shared is not None:
            yield f"{name} is {shared}: processes see those of others"
    for container in containers(definition):
        yield from _powers(container)


def _powers(container: Container) -> Iterator[str]:
    if switch(container.at("Privileged", default=False)) is not False:
        yield f"{container.name} is privileged"
    added = container.at("LinuxParameters.Capabilities.Add", [])
    if added:
        yield f"{container.name} gets the capabilities {', '.join(added)}"
    devices = container.at("LinuxParameters.Devices", [])
    if devices:
        yield f"{container.name} gets {len(devices)} devices of the host"


RULE = Rule(
    id="container-unprivileged",
    title="No container is privileged, or shares network, processes, memory or devices",
    why="A privileged container is no container: who breaks into it has the machine.",
    remedy="Make the task with runbook_constructs.task_definition, and take `hardened()` whole.",
    clauses=(),
    controls=("HIPAA 164.312(a)(1)", "NIST AC-6", "NIST CM-7", "SOC2 CC6.1"),
    types=(TASK_DEFINITION,),
    judge=_judge,
)
