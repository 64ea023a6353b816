"""The pipelines and build projects of an environment, as its templates show them."""

from typing import Any

from policies.templates.resource import Resource
from policies.templates.scope import Scope
from policies.templates.values import known
from runbook.access import delivery_names as names

Json = Any
PIPELINE, PROJECT = "AWS::CodePipeline::Pipeline", "AWS::CodeBuild::Project"


def service_of(pipeline: Resource, scope: Scope) -> str | None:
    """Find the service that a pipeline is for, by its name."""
    environment, given = scope.environment, pipeline.at("Name")
    services = (key for key in environment.services if names.pipeline(environment, key) == given)
    return next(services, None)


def steps(scope: Scope) -> dict[str, tuple[str, str]]:
    """Map the name of each build project to the service and the step that it is."""
    environment = scope.environment
    return {
        names.project(environment, key, step): (key, step)
        for key in environment.services
        for step in names.STEPS
    }


def project_name(value: Json, scope: Scope) -> str:
    """Read how a reference to a project, or a name, calls it."""
    target = scope.target(known(value))
    if target is not None and target.type == PROJECT:
        return str(target.at("Name", value))
    return str(value)
