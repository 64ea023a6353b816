"""AWS CloudTrail."""

from __future__ import annotations

from typing import Any

from runbook.deployed.description import (
    Description,
    NotThereError,
    Resource,
    describes,
    present,
    selected,
)

# Each of these changes what is recorded, or where it goes.
CLOSED = frozenset(
    {
        "AdvancedEventSelectors",
        "CloudWatchLogsLogGroupArn",
        "CloudWatchLogsRoleArn",
        "KMSKeyId",
        "S3KeyPrefix",
        "SnsTopicName",
    }
)


@describes("AWS::CloudTrail::Trail")
def trail(resource: Resource) -> Description:
    """Read a trail, whether it logs, what it selects, and its tags."""
    cloudtrail, name = resource.client("cloudtrail"), resource.physical_id
    try:
        found = cloudtrail.get_trail(Name=name)["Trail"]
    except cloudtrail.exceptions.TrailNotFoundException:
        raise NotThereError(f"no trail {name}") from None
    arn = found["TrailARN"]
    selectors = cloudtrail.get_event_selectors(TrailName=name)
    [tags] = cloudtrail.list_tags(ResourceIdList=[arn])["ResourceTagList"]
    properties: dict[str, Any] = {
        **selected(
            found,
            "CloudWatchLogsLogGroupArn",
            "CloudWatchLogsRoleArn",
            "IncludeGlobalServiceEvents",
            "IsMultiRegionTrail",
            "IsOrganizationTrail",
            "S3BucketName",
            "S3KeyPrefix",
            "SnsTopicName",
        ),
        "EnableLogFileValidation": found.get("LogFileValidationEnabled"),
        "IsLogging": cloudtrail.get_trail_status(Name=name)["IsLogging"],
        "KMSKeyId": found.get("KmsKeyId"),
        "Tags": tags["TagsList"],
        "TrailName": found["Name"],
        "AdvancedEventSelectors": selectors.get("AdvancedEventSelectors"),
        "EventSelectors": selectors.get("EventSelectors"),
    }
    return Description(present(properties), {"Arn": arn}, closed=CLOSED)
