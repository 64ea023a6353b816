"""CloudTrail: trails as stack resources. ministack has the calls but no CloudFormation handler.

And its CreateTrail drops where the trail is delivered beside its bucket.
"""

from __future__ import annotations

from typing import Any

from sandbox.emulator.client import client
from sandbox.emulator.patching import PATCHES, Function
from sandbox.emulator.resource_types import ADDED, AddedType, Created, Properties

TRAIL = "ministack.services.cloudtrail"
PATCHES.needs(TRAIL, "_trails")

# CloudFormation's name -> CreateTrail's, where the two share the value.
SETTINGS = {
    "CloudWatchLogsLogGroupArn": "CloudWatchLogsLogGroupArn",
    "CloudWatchLogsRoleArn": "CloudWatchLogsRoleArn",
    "KMSKeyId": "KmsKeyId",
    "S3BucketName": "S3BucketName",
    "S3KeyPrefix": "S3KeyPrefix",
    "SnsTopicName": "SnsTopicName",
}
SWITCHES = {
    "EnableLogFileValidation": "EnableLogFileValidation",
    "IncludeGlobalServiceEvents": "IncludeGlobalServiceEvents",
    "IsMultiRegionTrail": "IsMultiRegionTrail",
    "IsOrganizationTrail": "IsOrganizationTrail",
}


def create_trail(logical_id: str, properties: Properties, stack: str) -> Created:
    """Create the trail with its selectors, and start logging if it shall log."""
    name = properties.get("TrailName") or f"{stack}-{logical_id}"
    answer = client("cloudtrail").create_trail(
        Name=name, TagsList=properties.get("Tags", []), **_settings(properties)
    )
    if properties.get("Tags"):
        # ministack's CreateTrail ignores TagsList.
        client("cloudtrail").add_tags(ResourceId=answer["TrailARN"], TagsList=properties["Tags"])
    _select_and_log(name, properties)
    return name, {"Arn": answer["TrailARN"]}


def update_trail(
    name: str, old: Properties, new: Properties, stack: str, logical_id: str
) -> Created:
    """Update the trail in place; another name is another trail."""
    if old.get("TrailName") != new.get("TrailName"):
        return create_trail(logical_id, new, stack)
    cloudtrail = client("cloudtrail")
    arn = cloudtrail.update_trail(Name=name, **_settings(new))["TrailARN"]
    if old.get("Tags"):
        cloudtrail.remove_tags(ResourceId=arn, TagsList=old["Tags"])
    if new.get("Tags"):
        cloudtrail.add_tags(ResourceId=arn, TagsList=new["Tags"])
    _select_and_log(name, new)
    return name, {"Arn": arn}


def delete_trail(name: str, _properties: Properties) -> None:
    """Delete the trail; what it delivered stays."""
    client("cloudtrail").delete_trail(Name=name)


def _settings(properties: Properties) -> dict[str, Any]:
    values = {api: properties[name] for name, api in SETTINGS.items() if name in properties}
    switches = {
        api: str(properties[name]).lower() == "true"
        for name, api in SWITCHES.items()
        if name in properties
    }
    return values | switches


def _select_and_log(name: str, properties: Properties) -> None:
    cloudtrail = client("cloudtrail")
    selectors = {
        kind: properties[kind]
        for kind in ("AdvancedEventSelectors", "EventSelectors")
        if kind in properties
    }
    if selectors:
        cloudtrail.put_event_selectors(TrailName=name, **selectors)
    if str(properties["IsLogging"]).lower() == "true":
        cloudtrail.start_logging(Name=name)
    else:
        cloudtrail.stop_logging(Name=name)


ADDED["AWS::CloudTrail::Trail"] = AddedType(create_trail, update_trail, delete_trail)


@PATCHES.wrap(TRAIL, "_DISPATCH", entry="CreateTrail", parameters=("body",))
def keep_created(original: Function, body: dict[str, Any]) -> Any:  # noqa: ANN401 - ministack's
    """Keep the log group that a new trail is delivered to, which only UpdateTrail does."""
    from ministack.services import cloudtrail

    answer = original(body)
    trail = cloudtrail._trails.get(body.get("Name", ""))
    if answer[0] == 200:
        names = ("CloudWatchLogsLogGroupArn", "CloudWatchLogsRoleArn")
        trail.update({name: body[name] for name in names if name in body})
    return answer
