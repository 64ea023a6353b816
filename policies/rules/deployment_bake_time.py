"""ROVN-DEP-4, ROVN-RB-2: the old colour stands by for as long as the file says."""

from collections.abc import Iterator

from policies.lookups.services import ECS_SERVICE, is_in_file, model_of
from policies.rule import Rule
from policies.templates.resource import Resource
from policies.templates.scope import Scope
from policies.templates.values import number


def _judge(service: Resource, scope: Scope) -> Iterator[str]:
    found = model_of(service, scope)
    if found is None:
        return
    _, model = found
    rolling = model.strategy == "rolling"
    given = service.at("DeploymentConfiguration.BakeTimeInMinutes", 0 if rolling else None)
    minutes = number(given)
    if minutes is None:
        yield f"BakeTimeInMinutes is not set, the file says {model.bake_minutes}"
    elif minutes != model.bake_minutes:
        yield f"the old tasks stay {minutes} minutes, not {model.bake_minutes}"


RULE = Rule(
    id="deployment-bake-time",
    title="The old tasks stay beside the new ones for the bake time of the environment file",
    why="Going back takes seconds while the old tasks still run, and minutes once they are gone.",
    remedy="Set `bake_minutes` of the service in the environment file, nowhere else.",
    clauses=("ROVN-DEP-4", "ROVN-RB-2"),
    controls=("NIST CM-3", "SOC2 CC8.1"),
    types=(ECS_SERVICE,),
    concerns=is_in_file,
    judge=_judge,
)
