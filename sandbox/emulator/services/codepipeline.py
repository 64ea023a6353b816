"""CodePipeline: pipelines as resources of a stack. moto answers the calls (services/by_moto.py)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ministack.core.responses import get_account_id, get_region

from runbook.deployed.spelling import as_request
from sandbox.emulator.client import client
from sandbox.emulator.resource_types import ADDED, AddedType, Created, Properties

# Properties that are not of the pipeline's own structure.
SET_APART = {"DisableInboundStageTransitions", "RestartExecutionOnUpdate", "Tags"}
# Who is told the name of each pipeline that is made: nobody, where none runs.
MADE: list[Callable[[str], None]] = []


def _pipelines() -> Any:  # noqa: ANN401 - boto3
    return client("codepipeline")


def _declaration(logical_id: str, properties: Properties, stack: str) -> dict[str, Any]:
    model = _pipelines().meta.service_model.operation_model("CreatePipeline")
    given = {key: value for key, value in properties.items() if key not in SET_APART}
    named = {"Name": f"{stack}-{logical_id}", **given}
    declaration: dict[str, Any] = as_request(model.input_shape.members["pipeline"], named)
    return declaration


def _tags(properties: Properties) -> list[dict[str, str]]:
    # moto refuses CloudFormation's own tags to everybody.
    return [
        {"key": tag["Key"], "value": tag["Value"]}
        for tag in properties.get("Tags", [])
        if not tag["Key"].startswith("aws:")
    ]


def create_pipeline(logical_id: str, properties: Properties, stack: str) -> Created:
    """Create the pipeline; Ref gives its name."""
    declaration = _declaration(logical_id, properties, stack)
    _let_moto_know(declaration["roleArn"])
    _pipelines().create_pipeline(pipeline=declaration, tags=_tags(properties))
    for tell in MADE:
        tell(declaration["name"])
    return _pipeline(declaration["name"])


def _pipeline(name: str) -> Created:
    return name, {"Version": str(_pipelines().get_pipeline(name=name)["pipeline"]["version"])}


def update_pipeline(
    physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str
) -> Created:
    """Put the new structure in place; another name makes another pipeline."""
    if old.get("Name") != new.get("Name"):
        return create_pipeline(logical_id, new, stack)
    pipelines = _pipelines()
    pipelines.update_pipeline(pipeline=_declaration(logical_id, new, stack))
    arn = f"arn:aws:codepipeline:{get_region()}:{get_account_id()}:{physical_id}"
    pipelines.untag_resource(resourceArn=arn, tagKeys=[tag["key"] for tag in _tags(old)])
    pipelines.tag_resource(resourceArn=arn, tags=_tags(new))
    return _pipeline(physical_id)


def delete_pipeline(physical_id: str, _properties: Properties) -> None:
    """Delete the pipeline."""
    _pipelines().delete_pipeline(name=physical_id)


def _let_moto_know(role_arn: str) -> None:
    """Copy a role's trust to moto, which asks its own IAM whether CodePipeline may assume it."""
    name = role_arn.rpartition("/")[2]
    trust = json.dumps(client("iam").get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"])
    _pipelines().list_pipelines()  # the first call loads moto, for this account
    from moto.iam.models import iam_backends

    iam, path = iam_backends[get_account_id()]["aws"], role_arn.partition(":role")[2]
    for known in [role for role in iam.roles.values() if role.name == name]:
        del iam.roles[known.id]
    iam.create_role(
        role_name=name,
        assume_role_policy_document=trust,
        path=path.removesuffix(name),
        permissions_boundary=None,
        description="",
        tags=[],
        max_session_duration="3600",
    )


ADDED["AWS::CodePipeline::Pipeline"] = AddedType(create_pipeline, update_pipeline, delete_pipeline)
