"""trail-complete (ROVN-AUD-1, ROVN-ALM-6)."""

import pytest

from policies.rules.trail_complete import RULE
from tests.policies.rules.harness import OPEN, Json, Real, properties, template, verdicts

OUTPUTS = {"AuditRecordsBucket": {"Value": {"Ref": "Records"}}}
MANAGEMENT = {"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}
TAMPERING = ["DeleteObject", "DeleteObjects", "PutObjectLegalHold", "PutObjectRetention"]


def objects(starts: object, *more: Json) -> Json:
    fields = [
        {"Field": "eventCategory", "Equals": ["Data"]},
        {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
        {"Field": "resources.ARN", "StartsWith": [starts]},
    ]
    return {"FieldSelectors": [*fields, *more]}


def named(*events: str) -> Json:
    return {"Field": "eventName", "Equals": list(events)}


AUDITED = objects({"Fn::Sub": "${Records.Arn}/"})
OWN = objects({"Fn::Sub": "${Trails.Arn}/"}, named(*TAMPERING))
READ_ONLY = {"Field": "readOnly", "Equals": ["false"]}


def said(*selectors: Json, **changed: object) -> str:
    properties = {
        "IsLogging": True,
        "IsMultiRegionTrail": True,
        "IncludeGlobalServiceEvents": True,
        "EnableLogFileValidation": True,
        "KMSKeyId": {"Fn::GetAtt": ["Key", "Arn"]},
        "S3BucketName": {"Ref": "Trails"},
        "CloudWatchLogsLogGroupArn": {"Fn::GetAtt": ["Events", "Arn"]},
        "AdvancedEventSelectors": list(selectors or (MANAGEMENT, AUDITED, OWN)),
    } | changed
    resources = {
        "Trail": {"Type": "AWS::CloudTrail::Trail", "Properties": properties},
        "Key": {"Type": "AWS::KMS::Key"},
        "Events": {"Type": "AWS::Logs::LogGroup"},
        "Records": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "records"}},
        "Trails": {"Type": "AWS::S3::Bucket"},
    }
    return verdicts(RULE, template("audit", resources, Outputs=OUTPUTS))["Trail"]


def test_a_complete_trail_passes() -> None:
    assert said() == "pass"
    assert said(MANAGEMENT, objects("arn:aws:s3:::rec"), OWN) == "pass"


@pytest.mark.parametrize(
    "switch",
    ["IsLogging", "IsMultiRegionTrail", "IncludeGlobalServiceEvents", "EnableLogFileValidation"],
)
def test_each_switch_is_needed(switch: str) -> None:
    assert said(**{switch: False}) == f"{switch} is not true"
    assert said(**{switch: None}) == f"{switch} is not true"


NO_MANAGEMENT = "AdvancedEventSelectors do not record every management event"
NO_AUDIT = "AdvancedEventSelectors do not record every read and write of AuditRecordsBucket"
NO_OWN = "AdvancedEventSelectors do not record tampering with the trail's own bucket"


@pytest.mark.parametrize(
    ("selectors", "message"),
    [
        ([AUDITED, OWN], NO_MANAGEMENT),
        (
            [{"FieldSelectors": [*MANAGEMENT["FieldSelectors"], READ_ONLY]}, AUDITED, OWN],
            NO_MANAGEMENT,
        ),
        ([MANAGEMENT, OWN], NO_AUDIT),
        ([MANAGEMENT, objects({"Fn::Sub": "${Records.Arn}/"}, READ_ONLY), OWN], NO_AUDIT),
        ([MANAGEMENT, objects({"Fn::Sub": "${Records.Arn}/"}, named("GetObject")), OWN], NO_AUDIT),
        ([MANAGEMENT, objects({"Fn::Sub": "${Records.Arn}/2026/"}), OWN], NO_AUDIT),
        ([MANAGEMENT, AUDITED], NO_OWN),
        (
            [MANAGEMENT, AUDITED, objects({"Fn::Sub": "${Trails.Arn}/"}, named(*TAMPERING[1:]))],
            NO_OWN,
        ),
    ],
)
def test_a_trail_that_misses_events_fails(selectors: list[Json], message: str) -> None:
    assert said(*selectors) == message


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"KMSKeyId": None}, "KMSKeyId names no key of this environment and region"),
        ({"KMSKeyId": "alias/others"}, "KMSKeyId names no key of this environment and region"),
        ({"S3BucketName": "others"}, "S3BucketName names no bucket of this environment"),
        (
            {"CloudWatchLogsLogGroupArn": None},
            "CloudWatchLogsLogGroupArn names no log group of this environment: nothing can alarm",
        ),
    ],
)
def test_a_trail_elsewhere_fails(changed: Json, message: str) -> None:
    assert said(**changed) == message


def test_a_trail_that_records_its_own_deliveries_fails() -> None:
    fault = "AdvancedEventSelectors record the trail's own deliveries, each of which is one more"
    every = {"FieldSelectors": objects("")["FieldSelectors"][:2]}
    own = objects({"Fn::Sub": "${Trails.Arn}/"}, named(*TAMPERING, "PutObject"))
    assert said(MANAGEMENT, every) == fault
    assert said(MANAGEMENT, AUDITED, own) == fault


def test_a_field_that_is_named_twice_is_as_narrow_as_both() -> None:
    later = {"Field": "resources.ARN", "NotStartsWith": [{"Fn::Sub": "${Records.Arn}/2026/"}]}
    assert said(MANAGEMENT, objects({"Fn::Sub": "${Records.Arn}/"}, later), OWN) == NO_AUDIT


def test_the_old_selectors_do_not_do() -> None:
    old = [{"ReadWriteType": "All", "IncludeManagementEvents": True}]
    assert said(AdvancedEventSelectors=[], EventSelectors=old) == (
        f"{NO_MANAGEMENT}; {NO_AUDIT}; {NO_OWN}"
    )


def test_an_open_value_fails() -> None:
    assert "${SomeParameter} is open" in said(IsLogging=OPEN)
    assert "${SomeParameter} is open" in said(S3BucketName=OPEN)
    assert "${SomeParameter} is open" in said(MANAGEMENT, objects(OPEN), OWN)


def test_a_trail_must_exist() -> None:
    assert verdicts(RULE, template("audit", {}), whole=True) == {
        None: "rovn/production has no CloudTrail trail"
    }


def test_only_this_rule_sees_a_trail_of_one_region(real: Real) -> None:
    def spoil(body: Json) -> None:
        properties(body, "AWS::CloudTrail::Trail")["IsMultiRegionTrail"] = False

    assert real.caught("audit", spoil) == {("trail-complete", "AuditTrail")}


def test_only_this_rule_sees_a_trail_that_misses_reads(real: Real) -> None:
    def spoil(body: Json) -> None:
        selectors = properties(body, "AWS::CloudTrail::Trail")["AdvancedEventSelectors"]
        selectors[1]["FieldSelectors"].append(READ_ONLY)

    assert real.caught("audit", spoil) == {("trail-complete", "AuditTrail")}


def test_a_group_without_metric_filters_fails(real: Real) -> None:
    def spoil(body: Json) -> None:
        group = properties(body, "AWS::Logs::LogGroup", "AuditTrailEvents")
        group["LogGroupClass"] = "INFREQUENT_ACCESS"

    assert real.caught("audit", spoil) == {("trail-complete", "AuditTrail")}
