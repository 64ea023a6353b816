"""pipeline-source (ROVN-DEP-1)."""

import pytest

from policies.rules.pipeline_source import RULE
from tests.policies.rules.harness import OPEN, Json, Real, properties, template, verdicts
from tests.policies.rules.spoiling import ABSENT, Spoil, all_pass, faults, setting

PIPELINE, NAME, PART = "AWS::CodePipeline::Pipeline", "PassportApi", "delivery"
EVENTS, ON_SOURCE = "AWS::Events::Rule", "PassportApiOnSource"
BUCKET, ITEM = "rovn-production-source-111122223333", "passport-api/source.zip"
CALLED = "the rule rovn-production-passport-api-source"
STARTER = "arn:aws:iam::111122223333:role/rovn-production-source-events"
SOURCE = "Stages.0.Actions.0.Configuration"
ANOTHER = f"{CALLED} starts it for something else than {ITEM} of {BUCKET}"
VERSIONLESS = f"{CALLED} does not start it with the version that arrived"
TELLS = "NotificationConfiguration.EventBridgeConfiguration"
SILENT = f"{BUCKET} tells EventBridge of nothing that arrives"


def put(path: str, value: object) -> Spoil:
    return setting(PIPELINE, NAME, path, value)


def event(path: str, value: object) -> Spoil:
    return setting(EVENTS, ON_SOURCE, path, value)


def bucket(path: str, value: object) -> Spoil:
    return setting("AWS::S3::Bucket", "Source", path, value)


def twice(body: Json) -> None:
    rule = properties(body, EVENTS, ON_SOURCE)
    body["Resources"]["Again"] = {"Type": EVENTS, "Properties": {**rule, "Name": "again"}}


def without_rule(body: Json) -> None:
    body["Resources"] = {k: v for k, v in body["Resources"].items() if v["Type"] != EVENTS}


def test_every_pipeline_passes(real: Real) -> None:
    assert all_pass(real, RULE, NAME)


@pytest.mark.clause("ROVN-DEP-1")
@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (
            put(f"{SOURCE}.S3Bucket", "another"),
            f"its source has S3Bucket another, not {BUCKET}",
        ),
        (
            put(f"{SOURCE}.S3ObjectKey", "other/source.zip"),
            f"its source has S3ObjectKey other/source.zip, not {ITEM}",
        ),
        (
            put(f"{SOURCE}.PollForSourceChanges", ABSENT),
            "its source has PollForSourceChanges True, not False",
        ),
        (
            put(f"{SOURCE}.PollForSourceChanges", "true"),
            "its source has PollForSourceChanges True, not False",
        ),
        (
            put(f"{SOURCE}.AllowOverrideForS3ObjectKey", "true"),
            "its source has AllowOverrideForS3ObjectKey true, not None",
        ),
        (bucket(TELLS, ABSENT), SILENT),
        (bucket(f"{TELLS}.EventBridgeEnabled", "false"), SILENT),
        (
            bucket("BucketName", "another"),
            f"no bucket of these templates is called {BUCKET}",
        ),
    ],
)
def test_another_source_fails(production: Real, spoil: Spoil, message: str) -> None:
    assert faults(production, RULE, PART, spoil) == {NAME: message}


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (without_rule, "0 rules of EventBridge start it, not 1"),
        (twice, "2 rules of EventBridge start it, not 1"),
        (event("State", "DISABLED"), f"{CALLED} is DISABLED"),
        (event("EventBusName", "other"), f"{CALLED} does not listen to what S3 says"),
        (event("ScheduleExpression", "rate(1 hour)"), f"{CALLED} does not listen to what S3 says"),
        (event("EventPattern.detail.object.key", [{"prefix": "passport"}]), ANOTHER),
        (event("EventPattern.detail.bucket.name", ["another"]), ANOTHER),
        (event("EventPattern.detail.object", ABSENT), ANOTHER),
        (event("EventPattern", ABSENT), ANOTHER),
        (event("Targets.0.RoleArn", "arn:x"), f"{CALLED} starts it as arn:x, not as {STARTER}"),
        (event("Targets.0.InputTransformer", ABSENT), VERSIONLESS),
        (event("Targets.0.InputTransformer.InputPathsMap.version", "$.detail.x"), VERSIONLESS),
        (event("Targets.0.InputTransformer.InputTemplate", '{"variables": []}'), VERSIONLESS),
    ],
)
def test_another_start_fails(production: Real, spoil: Spoil, message: str) -> None:
    assert faults(production, RULE, PART, spoil) == {NAME: message}


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (
            put("ArtifactStore.Location", "another"),
            "its artifacts go to another, which is no bucket of these templates",
        ),
        (
            put("ArtifactStore.EncryptionKey", ABSENT),
            "its artifacts are under the key of AWS, not under a key of these stacks",
        ),
        (
            put("ArtifactStore.EncryptionKey.Id", "alias/aws/s3"),
            "its artifacts are under alias/aws/s3, not under a key of these stacks",
        ),
        (
            put("ArtifactStores", [{"Region": "us-west-2"}]),
            "ArtifactStores hands artifacts to other regions: one ArtifactStore is enough",
        ),
    ],
)
def test_artifacts_elsewhere_fail(production: Real, spoil: Spoil, message: str) -> None:
    assert faults(production, RULE, PART, spoil) == {NAME: message}


def test_what_says_the_same_in_other_words_passes(production: Real) -> None:
    spoils = (
        event("State", ABSENT),
        bucket(TELLS, {}),
        put(f"{SOURCE}.PollForSourceChanges", "False"),
        event(
            "Targets.0.Arn",
            "arn:aws:codepipeline:us-east-2:111122223333:rovn-production-passport-api",
        ),
    )
    assert faults(production, RULE, PART, *spoils) == {}


@pytest.mark.parametrize(
    "spoil",
    [
        put(f"{SOURCE}.S3Bucket", OPEN),
        put("ArtifactStore.EncryptionKey.Id", OPEN),
        event("EventPattern.detail.object.key", [OPEN]),
        event("State", OPEN),
        event("Targets.0.Arn", OPEN),
        bucket(f"{TELLS}.EventBridgeEnabled", OPEN),
    ],
)
def test_an_open_value_fails(production: Real, spoil: Spoil) -> None:
    assert "${SomeParameter} is open" in faults(production, RULE, PART, spoil)[NAME]


def test_a_pipeline_of_another_name_is_not_looked_at() -> None:
    other = {"Type": PIPELINE, "Properties": {"Name": "another"}}
    assert verdicts(RULE, template(PART, {"One": other})) == {"One": "not_applicable"}


def test_only_this_rule_sees_a_source_that_is_polled_for(real: Real) -> None:
    spoil = put(f"{SOURCE}.PollForSourceChanges", "true")
    assert real.caught(PART, spoil) == {("pipeline-source", NAME)}
