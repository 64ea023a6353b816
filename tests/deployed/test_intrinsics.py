"""Each intrinsic function resolves as CloudFormation documents it, or says that it cannot."""

from __future__ import annotations

from typing import Any

import pytest

from runbook.deployed.intrinsics import Resolver, UnresolvableError

CANARY = "canary-7f3b"


class Deployment:
    """One deployed bucket, one parameter, one export, one secret."""

    def reference(self, logical_id: str) -> str:
        return self._known({"Bucket": "the-bucket"}, logical_id)

    def attribute(self, logical_id: str, name: str) -> str:
        return self._known({"Bucket.Arn": "arn:aws:s3:::the-bucket"}, f"{logical_id}.{name}")

    def parameter(self, name: str) -> str:
        return self._known({"Stage": "production"}, name)

    def pseudo_parameter(self, name: str) -> str:
        return self._known({"AWS::Region": "us-east-2"}, name)

    def exported(self, name: str) -> str:
        return self._known({"Vpc": "vpc-1"}, name)

    def secret(self, secret_id: str, key: str, stage: str, version: str) -> str:
        return self._known({"name:password": CANARY}, f"{secret_id}:{key}{stage}{version}")

    def _known(self, values: dict[str, str], name: str) -> str:
        try:
            return values[name]
        except KeyError:
            raise UnresolvableError(name) from None


TEMPLATE: dict[str, Any] = {
    "Parameters": {"Stage": {"Type": "String"}},
    "Mappings": {"Sizes": {"production": {"cpu": 512}}},
    "Conditions": {
        "IsProduction": {"Fn::Equals": [{"Ref": "Stage"}, "production"]},
        "IsStaging": {"Fn::Equals": [{"Ref": "Stage"}, "staging"]},
        "Either": {"Fn::Or": [{"Condition": "IsStaging"}, {"Condition": "IsProduction"}]},
        "Both": {"Fn::And": [{"Condition": "IsStaging"}, {"Condition": "IsProduction"}]},
        "NotStaging": {"Fn::Not": [{"Condition": "IsStaging"}]},
        "Strange": {"Fn::Xor": []},
    },
}
RESOLVER = Resolver(TEMPLATE, Deployment())


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("text", "text"),
        (7, 7),
        ({"Ref": "Bucket"}, "the-bucket"),
        ({"Ref": "Stage"}, "production"),
        ({"Ref": "AWS::Region"}, "us-east-2"),
        ({"Fn::GetAtt": ["Bucket", "Arn"]}, "arn:aws:s3:::the-bucket"),
        ({"Fn::GetAtt": "Bucket.Arn"}, "arn:aws:s3:::the-bucket"),
        ({"Fn::Join": ["-", ["a", {"Ref": "Stage"}, 1]]}, "a-production-1"),
        ({"Fn::Join": [",", {"Fn::Split": ["-", "a-b"]}]}, "a,b"),
        ({"Fn::Sub": "${Bucket}/${AWS::Region}/${!Literal}"}, "the-bucket/us-east-2/${Literal}"),
        ({"Fn::Sub": "${Bucket.Arn}/*"}, "arn:aws:s3:::the-bucket/*"),
        ({"Fn::Sub": ["${Given}-${Stage}", {"Given": {"Ref": "Bucket"}}]}, "the-bucket-production"),
        (
            {"Fn::Split": [":", {"Fn::GetAtt": ["Bucket", "Arn"]}]},
            ["arn", "aws", "s3", "", "", "the-bucket"],
        ),
        ({"Fn::Select": ["1", ["a", "b"]]}, "b"),
        (
            {"Fn::Select": [5, {"Fn::Split": [":", {"Fn::GetAtt": ["Bucket", "Arn"]}]}]},
            "the-bucket",
        ),
        ({"Fn::ImportValue": "Vpc"}, "vpc-1"),
        ({"Fn::FindInMap": ["Sizes", {"Ref": "Stage"}, "cpu"]}, 512),
        ({"Fn::Base64": "abc"}, "YWJj"),
        ({"Fn::If": ["IsProduction", "yes", "no"]}, "yes"),
        ({"Fn::If": ["IsStaging", "yes", "no"]}, "no"),
        ({"Fn::If": ["Either", 1, 2]}, 1),
        ({"Fn::If": ["Both", 1, 2]}, 2),
        ({"Fn::If": ["NotStaging", 1, 2]}, 1),
        ({"A": {"Fn::If": ["IsStaging", 1, {"Ref": "AWS::NoValue"}]}, "B": 2}, {"B": 2}),
        ([1, {"Ref": "AWS::NoValue"}, 2], [1, 2]),
        ({"Deep": [{"Er": {"Ref": "Bucket"}}]}, {"Deep": [{"Er": "the-bucket"}]}),
    ],
)
def test_resolves(expression: object, expected: object) -> None:
    assert RESOLVER.resolve(expression) == expected


@pytest.mark.parametrize(
    "expression",
    [
        {"Ref": "Missing"},
        {"Ref": ["Bucket"]},
        {"Ref": "AWS::Mystery"},
        {"Fn::GetAtt": ["Bucket", "Missing"]},
        {"Fn::GetAtt": "Bucket"},
        {"Fn::GetAZs": ""},
        {"Fn::Cidr": ["10.0.0.0/16", 2, 8]},
        {"Fn::Transform": {}},
        {"Fn::ImportValue": "Missing"},
        {"Fn::FindInMap": ["Sizes", "staging", "cpu"]},
        {"Fn::Select": [2, ["a", "b"]]},
        {"Fn::Select": [-1, ["a", "b"]]},
        {"Fn::Join": ["", "not a list"]},
        {"Fn::Join": ["", [["list"]]]},
        {"Fn::Sub": "${Missing}"},
        {"Fn::If": ["Missing", 1, 2]},
        {"Fn::If": ["Strange", 1, 2]},
        {"Fn::If": ["IsProduction", 1]},
        "{{resolve:ssm:/name}}",
    ],
)
def test_refuses_what_it_cannot_resolve(expression: object) -> None:
    with pytest.raises(UnresolvableError):
        RESOLVER.resolve(expression)
