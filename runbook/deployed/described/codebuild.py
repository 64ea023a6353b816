"""AWS CodeBuild."""

from __future__ import annotations

from runbook.deployed.description import Description, NotThereError, Resource, describes, present
from runbook.deployed.spelling import as_properties

# The API's names that CloudFormation spells otherwise in more than the first letter.
ODD = {"buildspec": "BuildSpec", "projectVisibility": "Visibility"}
# Of the answer, what is no property as it stands.
OTHERS = {"arn", "badge", "created", "lastModified", "publicProjectAlias", "webhook"}


@describes("AWS::CodeBuild::Project")
def project(resource: Resource) -> Description:
    """Read a project: what it builds, where, as whom, and where it logs."""
    client, name = resource.client("codebuild"), resource.physical_id
    found = client.batch_get_projects(names=[name])["projects"]
    if not found:
        raise NotThereError(f"no project {name}")
    [live] = found
    model = client.meta.service_model.operation_model("BatchGetProjects")
    shape = model.output_shape.members["projects"].member
    told = {member: value for member, value in live.items() if member not in OTHERS}
    properties = {
        **as_properties(shape, told, ODD),
        "BadgeEnabled": live.get("badge", {}).get("badgeEnabled"),
    }
    return Description(
        present(properties),
        {"Arn": live["arn"]},
        closed=frozenset({"Artifacts", "Environment", "LogsConfig", "Source", "VpcConfig"}),
        defaults={
            "Environment.ImagePullCredentialsType": "CODEBUILD",
            "LogsConfig.S3Logs": {"EncryptionDisabled": False, "Status": "DISABLED"},
            "Source.InsecureSsl": False,
        },
    )
