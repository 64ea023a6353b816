"""Amazon CloudWatch Logs."""

from __future__ import annotations

from sandbox.description import Description, NotThereError, Resource, describes, present


@describes("AWS::Logs::LogGroup")
def log_group(resource: Resource) -> Description:
    """Read a log group and its tags."""
    logs, name = resource.client("logs"), resource.physical_id
    groups = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    found = [group for group in groups if group["logGroupName"] == name]
    if not found:
        raise NotThereError(f"no log group {name}")
    group = found[0]
    arn = group["arn"].removesuffix(":*")
    tags = logs.list_tags_for_resource(resourceArn=arn)["tags"]
    properties = {
        "KmsKeyId": group.get("kmsKeyId"),
        "LogGroupClass": group.get("logGroupClass"),
        "LogGroupName": name,
        "RetentionInDays": group.get("retentionInDays"),
        "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
    }
    return Description(present(properties), {"Arn": f"{arn}:*"})
