"""CodeBuild: what ministack's handler of projects and its answers drop."""

from __future__ import annotations

from typing import Any

from runbook.deployed.spelling import as_request
from sandbox.emulator.client import client
from sandbox.emulator.patching import PATCHES, Function
from sandbox.emulator.resource_types import COMPLETED, CompletedType, Properties

PROJECTS = "ministack.services.codebuild"
# The API's names of what ministack's own answer leaves out.
MORE = (
    "autoRetryLimit",
    "cache",
    "concurrentBuildLimit",
    "logsConfig",
    "projectVisibility",
    "queuedTimeoutInMinutes",
    "resourceAccessRole",
    "secondaryArtifacts",
    "secondarySources",
    "vpcConfig",
)
# Properties that other calls than UpdateProject set.
SET_APART = {"Triggers", "Visibility"}

PATCHES.needs(PROJECTS, "_projects")


@PATCHES.wrap(PROJECTS, "_project_shape", parameters=("project",))
def project_shape(original: Function, project: dict[str, Any]) -> dict[str, Any]:
    """Answer with all that is kept of a project."""
    return {**original(project), **{name: project[name] for name in MORE if name in project}}


def configure_project(name: str, properties: Properties, _before: Properties) -> None:
    """Keep every property, spelled as in the API; nothing of what is no longer declared."""
    from ministack.services import codebuild

    shape = client("codebuild").meta.service_model.operation_model("UpdateProject").input_shape
    given = {key: value for key, value in properties.items() if key not in SET_APART}
    request = as_request(shape, given)
    record = codebuild._projects[name]
    for member in MORE:
        record.pop(member, None)
    record["badge"] = {"badgeEnabled": request.pop("badgeEnabled", False)}
    record["projectVisibility"] = properties.get("Visibility", "PRIVATE")
    record.update(request)


COMPLETED["AWS::CodeBuild::Project"] = CompletedType(configure=configure_project)
