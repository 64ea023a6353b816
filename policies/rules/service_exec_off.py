"""Nobody opens a shell in a task that works on people's records."""

import re
from collections.abc import Iterator

from policies.lookups.services import ECS_SERVICE
from policies.rule import Rule
from policies.templates.resource import Resource
from policies.templates.scope import Scope
from policies.templates.values import switch

# What starts tasks beside services; text as in a state machine's definition counts, too.
_STARTERS = (
    *("AWS::Events::Rule", "AWS::Pipes::Pipe", "AWS::Scheduler::Schedule"),
    "AWS::StepFunctions::StateMachine",
)
_ENABLED = re.compile(r"EnableExecuteCommand\W+true", re.IGNORECASE)


def _judge(service: Resource, _: Scope) -> Iterator[str]:
    if service.type in _STARTERS:
        if _ENABLED.search(service.text):
            yield "EnableExecuteCommand is true: a shell in the tasks it starts reads all they do"
        return
    if switch(service.at("EnableExecuteCommand", default=False)) is not False:
        yield "EnableExecuteCommand is not false: a shell in a task reads what it works on"


RULE = Rule(
    id="service-exec-off",
    title="No ECS service takes ECS Exec",
    why="A shell reads records and secrets past every log, and needs a root file system that can "
    "be written.",
    remedy="Leave EnableExecuteCommand false; run a one-off task for what a shell was wanted for.",
    clauses=(),
    controls=("HIPAA 164.312(a)(1)", "NIST AC-17", "NIST CM-7", "SOC2 CC6.1"),
    types=(ECS_SERVICE, *_STARTERS),
    judge=_judge,
)
