"""Intrinsic functions are worked out as CloudFormation does, and what stays open says so."""

from collections.abc import Callable
from typing import Any

import pytest

from policies.templates.assembly import Nested, Template
from policies.templates.scope import Resource, Scope, scopes_of
from policies.templates.values import Reference, Unknown, UnresolvedError
from runbook.model.loader import load_environment
from tests.policies.rules.harness import template

Json = Any
ACCOUNT = "111122223333"
MARK = "<rovn-production-data/Bucket.Arn>"


def scope(value: Json, **sections: Json) -> Scope:
    """Put a value into the property ``Value`` of the resource ``Thing``."""
    resources = {
        "Thing": {"Type": "AWS::Test::Thing", "Properties": {"Value": value}},
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "worker"}},
        "Bucket": {"Type": "AWS::S3::Bucket"},
    }
    data = template("data", resources, **sections)
    exports = {"Key": {"Value": {"Ref": "Bucket"}, "Export": {"Name": "shared-bucket"}}}
    other = template("audit", {"Bucket": {"Type": "AWS::S3::Bucket"}}, Outputs=exports)
    environment = load_environment("rovn/production")
    return next(iter(scopes_of(environment, (data, other), whole=True)))


def thing(value: Json, **sections: Json) -> Resource:
    return next(scope(value, **sections).resources("AWS::Test::Thing"))


@pytest.mark.parametrize(
    ("value", "resolved"),
    [
        ({"Ref": "AWS::Region"}, "us-east-2"),
        ({"Ref": "AWS::AccountId"}, ACCOUNT),
        ({"Ref": "AWS::Partition"}, "aws"),
        ({"Ref": "AWS::StackName"}, "rovn-production-data"),
        ({"Ref": "AWS::URLSuffix"}, "amazonaws.com"),
        ({"Ref": "Role"}, "worker"),
        ({"Ref": "Bucket"}, "<rovn-production-data/Bucket.Ref>"),
        ({"Fn::GetAtt": ["Role", "Arn"]}, f"arn:aws:iam::{ACCOUNT}:role/worker"),
        ({"Fn::GetAtt": "Role.Arn"}, f"arn:aws:iam::{ACCOUNT}:role/worker"),
        ({"Fn::ImportValue": "shared-bucket"}, "<rovn-production-audit/Bucket.Ref>"),
        ({"Fn::Join": ["-", ["a", {"Ref": "AWS::Region"}, 1, True]]}, "a-us-east-2-1-true"),
        ({"Fn::Sub": "${AWS::Region}/${Bucket.Arn}/${!x}"}, f"us-east-2/{MARK}/${{x}}"),
        ({"Fn::Sub": ["${a}${Role}", {"a": {"Ref": "AWS::Partition"}}]}, "awsworker"),
        ({"Fn::Select": ["1", ["a", "b"]]}, "b"),
        ({"Fn::Split": [",", "a,b"]}, ["a", "b"]),
        ({"Fn::Select": [0, {"Fn::Split": [":", "arn:aws"]}]}, "arn"),
        ({"Fn::FindInMap": ["Sizes", {"Ref": "AWS::Region"}, "Big"]}, 4),
        ({"Fn::Base64": {"Fn::Sub": "${AWS::Region}"}}, "us-east-2"),
        ({"Fn::ToJsonString": {"a": {"Ref": "AWS::Region"}}}, '{"a": "us-east-2"}'),
        ({"a": {"Ref": "AWS::NoValue"}, "b": [{"Ref": "AWS::NoValue"}, 1]}, {"b": [1]}),
    ],
)  # fmt: skip
def test_what_templates_tell(value: Json, resolved: Json) -> None:
    mappings = {"Sizes": {"us-east-2": {"Big": 4}}}
    assert thing(value, Mappings=mappings).at("Value") == resolved


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"Ref": "Tag"}, "${Tag} is open: the parameter Tag is given when it is deployed"),
        ({"Fn::Join": ["/", ["repo", {"Ref": "Tag"}]]}, "repo/${Tag} is open: the parameter Tag"),
        ({"Fn::Sub": "repo:${Tag}"}, "repo:${Tag} is open"),
        ({"Fn::GetAtt": ["Nothing", "Arn"]}, "${Nothing.Arn} is open: there is no Nothing"),
        ({"Fn::ImportValue": "nowhere"}, "${import nowhere} is open: no stack given"),
        ({"Fn::ImportValue": {"Ref": "Tag"}}, "${Tag} is open"),
        ({"Fn::GetAZs": ""}, "Fn::GetAZs is worked out by CloudFormation alone"),
        ({"Fn::Transform": {"Name": "x"}}, "Fn::Transform is worked out by CloudFormation alone"),
        ({"Fn::Select": [5, ["a"]]}, "Fn::Select cannot be worked out: list index out of range"),
        ({"Fn::Select": [-1, ["a"]]}, "Fn::Select cannot be worked out: -1 is negative"),
        ({"Fn::FindInMap": ["Sizes", "x", "y"]}, "Fn::FindInMap cannot be worked out"),
        ({"Fn::If": ["Undeclared", 1, 2]}, "Fn::If cannot be worked out"),
        ({"Fn::Join": ["", "no list"]}, "Fn::Join cannot be worked out"),
        ({"Fn::Join": 7}, "Fn::Join cannot be worked out"),
        ({"Fn::Sub": 7}, "Fn::Sub cannot be worked out"),
        ({"Ref": ["x"]}, "Ref cannot be worked out: ['x'] is not text"),
        ({"Ref": "Bucket", "More": 1}, "Ref stands beside other keys"),
        ({"Fn::ToJsonString": {"a": {"Ref": "Tag"}}}, "it holds a value that is open"),
    ],
)  # fmt: skip
def test_what_stays_open(value: Json, said: str) -> None:
    with pytest.raises(UnresolvedError) as raised:
        thing(value).at("Value")
    assert said in str(raised.value)


def test_a_parameters_default_is_not_its_value() -> None:
    found = thing({"Ref": "Tag"}, Parameters={"Tag": {"Type": "String", "Default": "safe"}})
    with pytest.raises(UnresolvedError):
        found.at("Value")


def test_each_branch_of_a_condition_is_a_case() -> None:
    value = {"Fn::If": ["IsBig", {"Fn::If": ["IsOld", 1, 2]}, 3]}
    conditions = {"IsBig": {"Fn::Equals": ["a", "a"]}, "IsOld": {"Fn::Equals": ["a", "b"]}}
    body = template(
        "data",
        {
            "Thing": {"Type": "AWS::Test::Thing", "Properties": {"Value": value}},
            "Other": {"Type": "AWS::Test::Thing", "Condition": "IsBig"},
        },
        Conditions=conditions,
    )
    scopes = list(scopes_of(load_environment("rovn/production"), (body,), whole=True))
    found = [[(r.logical_id, r.at("Value")) for r in scope.resources()] for scope in scopes]
    assert found == [
        [("Thing", 1), ("Other", None)],
        [("Thing", 2), ("Other", None)],
        [("Thing", 3)],
        [("Thing", 3)],
    ]


def test_a_reference_to_a_resource_that_a_condition_leaves_out_is_open() -> None:
    resources = {
        "Thing": {"Type": "AWS::Test::Thing", "Properties": {"Value": {"Ref": "Other"}}},
        "Other": {"Type": "AWS::Test::Thing", "Condition": "IsBig"},
    }
    body = template("data", resources, Conditions={"IsBig": {"Fn::Equals": ["a", "a"]}})
    environment = load_environment("rovn/production")
    without = list(scopes_of(environment, (body,), whole=True))[1]
    with pytest.raises(UnresolvedError, match="its condition leaves the resource out"):
        next(without.resources()).at("Value")


def test_too_many_conditions_are_refused() -> None:
    conditions = {f"C{n}": {"Fn::Equals": ["a", "a"]} for n in range(7)}
    body = template("data", {}, Conditions=conditions)
    with pytest.raises(UnresolvedError, match="7 conditions make 2\\^7 cases; 6 are judged"):
        list(scopes_of(load_environment("rovn/production"), (body,), whole=True))


def test_a_reference_knows_its_resource_across_stacks() -> None:
    found = scope({"Fn::ImportValue": "shared-bucket"})
    value = next(found.resources("AWS::Test::Thing")).at("Value")
    assert isinstance(value, Reference)
    target = found.target(value)
    assert target is not None
    assert target.stack.template.stack == "rovn-production-audit"
    assert target.type == "AWS::S3::Bucket"


def test_an_export_that_refers_to_itself_is_open() -> None:
    outputs = {"Key": {"Value": {"Fn::ImportValue": "loop"}, "Export": {"Name": "loop"}}}
    found = thing({"Fn::ImportValue": "loop"}, Outputs=outputs)
    with pytest.raises(UnresolvedError, match="it refers to itself"):
        found.at("Value")


def test_a_name_that_refers_to_itself_has_none() -> None:
    resources = {
        "A": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": {"Ref": "B"}}},
        "B": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": {"Ref": "A"}}},
    }
    body = template("data", resources)
    found = next(iter(scopes_of(load_environment("rovn/production"), (body,), whole=True)))
    first = next(found.resources())
    assert isinstance(first.at("RoleName"), Reference)


def test_an_unknown_value_cannot_be_taken_for_a_pass() -> None:
    value = Unknown("${Tag}", "the parameter Tag is given when it is deployed")
    uses: tuple[Callable[[], object], ...] = (
        lambda: value == "x",
        lambda: value != "x",
        lambda: value in ["x"],
        lambda: "x" in value,
        lambda: bool(value),
        lambda: not value,
        lambda: str(value),
        lambda: f"{value}",
        lambda: list(value),
        lambda: len(value),
        lambda: value < 3,
        lambda: int(value),
        lambda: hash(value),
        lambda: value["x"],
        lambda: "x" + value,
    )
    for use in uses:
        with pytest.raises(UnresolvedError):
            use()


def test_paths_reach_into_lists_and_defaults() -> None:
    found = thing({"List": [{"Name": "a"}], "Null": None})
    assert found.at("Value.List.0.Name") == "a"
    assert found.at("Value.List.1.Name", "none") == "none"
    assert found.at("Value.List.x") is None
    assert found.at("Value.List.0.Name.More") is None
    assert found.at("Nothing", 3) == 3


def test_a_nested_stack_takes_its_parents_arguments() -> None:
    parent = template(
        "data",
        {
            "Inner": {
                "Type": "AWS::CloudFormation::Stack",
                "Properties": {"Parameters": {"Size": "big"}},
            },
            "Thing": {
                "Type": "AWS::Test::Thing",
                "Properties": {"Value": {"Fn::GetAtt": ["Inner", "Outputs.Made"]}},
            },
        },
    )
    nested = Template(
        "inner.json",
        "0" * 64,
        {"Resources": {}, "Outputs": {"Made": {"Value": {"Fn::Sub": "${Size}-${Colour}"}}}},
        "inner",
        nested=Nested(parent.path, "Inner"),
    )
    environment = load_environment("rovn/production")
    found = next(iter(scopes_of(environment, (parent, nested), whole=True)))
    with pytest.raises(UnresolvedError, match="big-\\$\\{Colour\\} is open"):
        next(found.resources("AWS::Test::Thing")).at("Value")
