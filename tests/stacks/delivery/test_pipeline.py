"""A source that arrives starts the pipeline; its stages, in their order."""

import json
from typing import Any

import pytest

from runbook.access import delivery_names as names
from runbook.model.environment import Environment
from tests.assembly import Assembly, plain
from tests.stacks.delivery.places import KEY

Json = Any


@pytest.mark.clause("ROVN-DEP-1")
def test_a_version_of_the_source_starts_the_pipeline_with_exactly_that_version(
    assembly: Assembly, environment: Environment, stack: str
) -> None:
    (rule,) = assembly.of_type(stack, "AWS::Events::Rule").values()
    pattern = rule["Properties"]["EventPattern"]
    assert pattern["source"] == ["aws.s3"]
    assert pattern["detail-type"] == ["Object Created"]
    assert pattern["detail"] == {
        "bucket": {"name": [names.source_bucket(environment)]},
        "object": {"key": [f"{KEY}/source.zip"]},
    }
    (target,) = rule["Properties"]["Targets"]
    place = f"{environment.region}:{environment.account}"
    assert plain(target["Arn"]) == f"arn:aws:codepipeline:{place}:<PassportApi>"
    assert plain(target["RoleArn"]) == "<RolesSourceEvents.Arn>"
    transformer = target["InputTransformer"]
    assert transformer["InputPathsMap"] == {"version": "$.detail.object.version-id"}
    (revision,) = json.loads(transformer["InputTemplate"])["sourceRevisions"]
    assert revision == {
        "actionName": "Source",
        "revisionType": "S3_OBJECT_VERSION_ID",
        "revisionValue": "<version>",
    }


@pytest.mark.clause("ROVN-DEP-1")
def test_sources_are_versioned_encrypted_logged_and_tell_eventbridge(
    assembly: Assembly, environment: Environment, stack: str
) -> None:
    bucket = assembly.named(stack, "AWS::S3::Bucket", "Source")
    assert bucket["DeletionPolicy"] == "Retain"
    properties = bucket["Properties"]
    assert properties["BucketName"] == names.source_bucket(environment)
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    (encryption,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert plain(encryption["ServerSideEncryptionByDefault"]) == {
        "KMSMasterKeyID": "<Key.Arn>",
        "SSEAlgorithm": "aws:kms",
    }
    assert properties["NotificationConfiguration"] == {
        "EventBridgeConfiguration": {"EventBridgeEnabled": True}
    }
    assert plain(properties["LoggingConfiguration"]["DestinationBucketName"]) == "<AccessLogs>"
    rules = {rule["Id"]: rule for rule in properties["LifecycleConfiguration"]["Rules"]}
    assert set(rules) == {"AbortAbandonedUploads", "ExpireSuperseded"}
    assert "ExpirationInDays" not in rules["ExpireSuperseded"], "the newest source stays"


@pytest.mark.clause("ROVN-DEP-1")
def test_nothing_polls(stages: dict[str, Json], environment: Environment) -> None:
    (source,) = stages["Source"]["Actions"]
    assert source["Configuration"] == {
        "S3Bucket": names.source_bucket(environment),
        "S3ObjectKey": f"{KEY}/source.zip",
        "PollForSourceChanges": "false",
    }


@pytest.mark.clause("ROVN-DEP-8")
def test_the_order_is_build_preview_approve_release_verify_evidence(pipeline: Json) -> None:
    order = ["Source", "Build", "Preview", "Approve", "Release", "Verify", "Evidence"]
    assert [stage["Name"] for stage in pipeline["Stages"]] == order
    assert all(len(stage["Actions"]) == 1 for stage in pipeline["Stages"])
    assert (pipeline["PipelineType"], pipeline["ExecutionMode"]) == ("V2", "QUEUED")


def test_each_stage_has_its_failure_behaviour(stages: dict[str, Json]) -> None:
    again = {"Result": "RETRY", "RetryConfiguration": {"RetryMode": "FAILED_ACTIONS"}}
    assert {name: stage.get("OnFailure") for name, stage in stages.items()} == {
        "Source": None,
        "Build": again,
        "Preview": again,
        "Approve": None,
        "Release": None,
        "Verify": again,
        "Evidence": again,
    }


@pytest.mark.clause("ROVN-DEP-8")
def test_what_is_released_is_what_was_approved(stages: dict[str, Json]) -> None:
    """The tag and what it replaces come from the preview, which the approver sees."""
    (preview,), (approve,) = stages["Preview"]["Actions"], stages["Approve"]["Actions"]
    assert preview["Namespace"] == "Preview"
    assert approve["ActionTypeId"]["Category"] == "Approval"
    assert "#{Preview.PREVIEW_SUMMARY}" in approve["Configuration"]["CustomData"]
    assert "#{Preview.PREVIEW_LOG}" in approve["Configuration"]["CustomData"]
    (release,) = stages["Release"]["Actions"]
    variables = json.loads(release["Configuration"]["EnvironmentVariables"])
    assert {variable["name"]: variable["value"] for variable in variables} == {
        "IMAGE_TAG": "#{Preview.IMAGE_TAG}",
        "INSTEAD_OF": "#{Preview.INSTEAD_OF}",
    }


def test_an_approval_ends(stages: dict[str, Json], environment: Environment) -> None:
    (approve,) = stages["Approve"]["Actions"]
    assert approve["TimeoutInMinutes"] == environment.delivery.approval_hours * 60


def test_it_stands_before_any_service(assembly: Assembly, environment: Environment) -> None:
    """The first image comes out of the pipeline: nothing of a service is needed to make it."""
    manifest = json.loads(
        (assembly.directory / f"assembly-{environment.slug}" / "manifest.json").read_text("utf-8")
    )
    stacks = {
        a["properties"]["stackName"]: a
        for a in manifest["artifacts"].values()
        if a["type"] == "aws:cloudformation:stack"
    }
    by_id = {name: key for key, a in manifest["artifacts"].items() for name in [key]}
    needs = {by_id[d] for d in stacks[f"{environment.slug}-delivery"]["dependencies"]}
    services = [f"{environment.slug}-{name}" for name in environment.services]
    assert not any(
        manifest["artifacts"][need].get("properties", {}).get("stackName") in services
        for need in needs
    )
