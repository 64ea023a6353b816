"""AWS CodePipeline."""

from __future__ import annotations

from runbook.deployed.description import Description, NotThereError, Resource, describes, present
from runbook.deployed.spelling import as_properties


@describes("AWS::CodePipeline::Pipeline")
def pipeline(resource: Resource) -> Description:
    """Read a pipeline with all its stages and actions, and its tags."""
    client, name = resource.client("codepipeline"), resource.physical_id
    try:
        found = client.get_pipeline(name=name)
    except client.exceptions.PipelineNotFoundException:
        raise NotThereError(f"no pipeline {name}") from None
    shape = client.meta.service_model.operation_model("GetPipeline").output_shape
    live = as_properties(shape.members["pipeline"], found["pipeline"])
    version = live.pop("Version")
    tags = client.list_tags_for_resource(resourceArn=found["metadata"]["pipelineArn"])["tags"]
    properties = {
        **live,
        "Tags": [{"Key": tag["key"], "Value": tag["value"]} for tag in tags],
    }
    return Description(
        present(properties),
        {"Version": version},
        closed=frozenset({"ArtifactStore", "Stages", "Triggers", "Variables"}),
        defaults={"Stages[*].Actions[*].RunOrder": 1},
    )
