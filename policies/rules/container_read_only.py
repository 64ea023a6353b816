"""ROVN-IMG-2: a container writes to memory alone."""

from collections.abc import Iterator

from policies.lookups.services import TASK_DEFINITION, Container, containers
from policies.rule import Rule
from policies.templates.resource import Resource
from policies.templates.scope import Scope
from policies.templates.values import switch


def _judge(definition: Resource, _: Scope) -> Iterator[str]:
    for container in containers(definition):
        yield from _writable(container)
    for number in range(len(definition.at("Volumes", []))):
        if definition.at(f"Volumes.{number}.Host.SourcePath") is not None:
            yield f"volume {number + 1} is a folder of the host"


def _writable(container: Container) -> Iterator[str]:
    if switch(container.at("ReadonlyRootFilesystem")) is not True:
        yield f"{container.name} can write to its root file system"
    for number in range(len(container.at("MountPoints", []))):
        mount = f"MountPoints.{number}"
        if switch(container.at(f"{mount}.ReadOnly")) is not True:
            volume = container.at(f"{mount}.SourceVolume")
            yield f"{container.name} can write to the volume {volume}, which is no tmpfs"
    for number in range(len(container.at("VolumesFrom", []))):
        if switch(container.at(f"VolumesFrom.{number}.ReadOnly")) is not True:
            source = container.at(f"VolumesFrom.{number}.SourceContainer")
            yield f"{container.name} can write to the volumes of {source}"


RULE = Rule(
    id="container-read-only",
    title="Containers have a read-only root file system, and write to tmpfs alone",
    why="Who breaks in can leave nothing behind, and no record is left on a disk.",
    remedy="Keep what is scratch under /tmp, the tmpfs of runbook_constructs.task_definition.",
    clauses=("ROVN-IMG-2",),
    controls=("HIPAA 164.312(c)(1)", "NIST CM-7", "NIST SI-7", "SOC2 CC6.8"),
    types=(TASK_DEFINITION,),
    judge=_judge,
)
