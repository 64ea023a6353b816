"""AWS Systems Manager."""

from __future__ import annotations

from runbook.deployed.description import (
    Description,
    NotThereError,
    Resource,
    describes,
    present,
    selected,
)


@describes("AWS::SSM::Parameter")
def parameter(resource: Resource) -> Description:
    """Read a plain parameter; one that is encrypted is no CloudFormation resource."""
    ssm, name = resource.client("ssm"), resource.physical_id
    try:
        value = ssm.get_parameter(Name=name)["Parameter"]
    except ssm.exceptions.ParameterNotFound:
        raise NotThereError(f"no parameter {name}") from None
    [about] = ssm.describe_parameters(
        ParameterFilters=[{"Key": "Name", "Option": "Equals", "Values": [name]}]
    )["Parameters"]
    tags = ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=name)["TagList"]
    properties = {
        **selected(value, "Name", "Type", "Value"),
        **selected(about, "AllowedPattern", "Description", "Tier"),
        # Of all tags of all types, these alone are a map in CloudFormation.
        "Tags": {tag["Key"]: tag["Value"] for tag in tags if not tag["Key"].startswith("aws:")}
        or None,
    }
    return Description(
        present(properties), selected(value, "Type", "Value"), closed=frozenset({"Tags"})
    )
