"""Nobody opens a shell in a task that works on people's records."""

from collections.abc import Iterator

from policies.resource import Resource
from policies.rule import Rule
from policies.scope import Scope
from policies.services import ECS_SERVICE


def _judge(service: Resource, _: Scope) -> Iterator[str]:
    if service.at("EnableExecuteCommand", False) is not False:  # noqa: FBT003 - AWS's default
        yield "EnableExecuteCommand is not false: a shell in a task reads what it works on"


RULE = Rule(
    id="service-exec-off",
    title="No ECS service takes ECS Exec",
    why="A shell reads records and secrets past every log, and needs a root file system that can "
    "be written.",
    remedy="Leave EnableExecuteCommand false; run a one-off task for what a shell was wanted for.",
    clauses=(),
    controls=("HIPAA 164.312(a)(1)", "NIST AC-17", "NIST CM-7", "SOC2 CC6.1"),
    types=(ECS_SERVICE,),
    judge=_judge,
)
