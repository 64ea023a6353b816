"""Amazon CloudWatch Synthetics."""

from __future__ import annotations

from runbook.deployed.description import (
    Description,
    NotThereError,
    Resource,
    describes,
    present,
    selected,
)

RUNS = ("RUNNING", "STARTING")


@describes("AWS::Synthetics::Canary")
def canary(resource: Resource) -> Description:
    """Read a canary: its schedule, where it leaves what it saw, and whether it runs.

    Its code and its variables AWS tells nobody (`untold.toml`).
    """
    synthetics, name = resource.client("synthetics"), resource.physical_id
    found = [
        each
        for each in synthetics.describe_canaries(Names=[name])["Canaries"]
        if each["Name"] == name
    ]
    if not found:
        raise NotThereError(f"no canary {name}")
    live = found[0]
    properties = {
        **selected(
            live,
            "ArtifactConfig",
            "ArtifactS3Location",
            "ExecutionRoleArn",
            "KmsKeyArn",
            "Name",
            "ProvisionedResourceCleanup",
            "RunConfig",
            "RuntimeVersion",
            "Schedule",
        ),
        "Code": selected(live.get("Code", {}), "Handler"),
        "FailureRetentionPeriod": live.get("FailureRetentionPeriodInDays"),
        "StartCanaryAfterCreation": live["Status"]["State"] in RUNS,
        "SuccessRetentionPeriod": live.get("SuccessRetentionPeriodInDays"),
        "Tags": [{"Key": key, "Value": value} for key, value in live.get("Tags", {}).items()],
        "VPCConfig": live.get("VpcConfig"),
    }
    return Description(
        present(properties),
        {"Id": live["Id"], "State": live["Status"]["State"]},
        closed=frozenset({"ArtifactConfig", "Schedule", "VPCConfig"}),
    )
