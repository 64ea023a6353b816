"""Tasks have the size that the file says, on machines that nobody of ours has to patch."""

from collections.abc import Iterator

from policies.lookups.services import ECS_SERVICE, TASK_DEFINITION, consumer_of, model_of_consumer
from policies.rule import Rule
from policies.templates.resource import Resource
from policies.templates.scope import Scope
from runbook.model.secrets import MIGRATIONS

_PLATFORM = {"CpuArchitecture": "X86_64", "OperatingSystemFamily": "LINUX"}


def _judge(resource: Resource, scope: Scope) -> Iterator[str]:
    yield from _service(resource) if resource.type == ECS_SERVICE else _task(resource, scope)


def _service(service: Resource) -> Iterator[str]:
    # Without it ECS takes EC2, or what the cluster prefers: spot capacity, perhaps.
    launch, version = service.at("LaunchType"), service.at("PlatformVersion", "LATEST")
    if launch != "FARGATE":
        yield f"its LaunchType is {launch}, not FARGATE"
    if service.at("CapacityProviderStrategy", []):
        yield "a CapacityProviderStrategy says where its tasks run"
    if version != "LATEST":
        yield f"the platform version is {version}, not LATEST: it gets no patches"


def _task(definition: Resource, scope: Scope) -> Iterator[str]:
    kinds = definition.at("RequiresCompatibilities", ["EC2"])
    if kinds != ["FARGATE"]:
        yield f"it is made for {', '.join(kinds)}, not for FARGATE"
    for name, wanted in _PLATFORM.items():
        platform = definition.at(f"RuntimePlatform.{name}", wanted)
        if platform != wanted:
            yield f"{name} is {platform}, not {wanted}"
    consumer = consumer_of(definition, scope)
    if consumer is None:
        return
    model = model_of_consumer(consumer, scope)
    size = model.migrations if consumer.endswith(MIGRATIONS) else model
    cpu, memory = str(definition.at("Cpu")), str(definition.at("Memory"))
    if (cpu, memory) != (str(size.cpu), str(size.memory)):
        yield f"it has cpu {cpu} and memory {memory}, not {size.cpu} and {size.memory}"


RULE = Rule(
    id="fargate-size",
    title="Tasks run on Fargate, with the cpu and memory of the environment file",
    why="A size that changed unseen is an outage at the next peak, or a bill.",
    remedy="Set cpu and memory of the service, or of its migrations, in the environment file.",
    clauses=("ROVN-DEP-6",),
    controls=("NIST CM-2", "NIST SI-2", "SOC2 A1.1"),
    types=(ECS_SERVICE, TASK_DEFINITION),
    judge=_judge,
)
