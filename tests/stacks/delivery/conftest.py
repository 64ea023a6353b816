"""The delivery stack of each environment, as its tests read it."""

from typing import Any

import pytest

from runbook.model.environment import Environment
from tests.assembly import Assembly
from tests.stacks.delivery.places import KEY

Json = Any


@pytest.fixture
def stack(environment: Environment) -> str:
    return f"{environment.slug}-delivery"


@pytest.fixture
def pipeline(assembly: Assembly, stack: str) -> Json:
    (found,) = assembly.of_type(stack, "AWS::CodePipeline::Pipeline").values()
    return found["Properties"]


@pytest.fixture
def stages(pipeline: Json) -> dict[str, Json]:
    return {stage["Name"]: stage for stage in pipeline["Stages"]}


@pytest.fixture
def projects(assembly: Assembly, environment: Environment, stack: str) -> dict[str, Json]:
    """Each project by its step."""
    found = assembly.of_type(stack, "AWS::CodeBuild::Project").values()
    begin = len(f"{environment.slug}-{KEY}-")
    return {project["Properties"]["Name"][begin:]: project["Properties"] for project in found}
