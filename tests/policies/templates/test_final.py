"""What is judged is what will be deployed, once, and where its environment is."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from policies.engine import check
from policies.templates.assembly import Reading, Template, read
from policies.templates.final import (
    ambiguous,
    made_elsewhere,
    misplaced,
    not_final,
    unlinked,
)
from policies.templates.scope import scopes_of
from runbook.model.loader import load_environment
from runbook.model.refusal import RefusedError
from tests.policies.rules.harness import template
from tests.policies.templates.test_assembly import BODY, nested, stack, write

KEY = {"Type": "AWS::KMS::Key"}
INCLUDE = {"Name": "AWS::Include", "Parameters": {"Location": "s3://somewhere/more.json"}}
PRODUCTION = load_environment("rovn/production")


@pytest.mark.parametrize(
    ("resource", "sections", "said"),
    [
        ({"Fn::Transform": INCLUDE}, {}, "Fn::Transform puts something into Key"),
        ({"Properties": {"A": [{"Fn::Transform": INCLUDE}]}}, {}, "Fn::Transform puts something"),
        ({}, {"Outputs": {"Fn::Transform": INCLUDE}}, "Fn::Transform puts something into it"),
        ({}, {"Fn::Transform": INCLUDE}, "Fn::Transform puts something into it"),
        ({"Type": "Acme::S3::Bucket::MODULE"}, {}, "Key is Acme::S3::Bucket::MODULE"),
        ({"Type": "AWS::CloudFormation::StackSet"}, {}, "Key is AWS::CloudFormation::Sta"),
    ],
)
def test_what_comes_from_elsewhere_is_told(
    resource: dict[str, Any], sections: dict[str, Any], said: str
) -> None:
    body = template("data", {"Key": KEY | resource}, **sections)
    [reason] = not_final(body)
    assert reason.startswith(said)


def test_a_plain_template_is_final() -> None:
    assert list(not_final(template("data", {"Key": KEY}))) == []


def test_what_is_here_twice_is_told() -> None:
    one = template("data", {"Key": KEY})
    other = template("audit", {"Key": KEY})
    assert list(ambiguous([one, other])) == []
    assert [t for t, _ in ambiguous([one, other, one])] == [one, one]
    away = replace(one, path="away.template.json", region="us-west-2")
    [(_, first), (_, second)] = ambiguous([one, away])
    assert (
        first
        == second
        == "another template is the stack rovn-production-data, too: which one counts?"
    )


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ({}, []),
        ({"region": "us-west-2"}, []),
        (
            {"region": "eu-west-1"},
            ["it goes to eu-west-1, rovn/production is in us-east-2, us-west-2, us-east-1"],
        ),
        (
            {"account": "999988887777"},
            ["it goes to account 999988887777, rovn/production is in 111122223333"],
        ),
        ({"account": None}, ["it goes to whichever account and region somebody deploys it from"]),
        ({"region": None}, ["it goes to whichever account and region somebody deploys it from"]),
    ],
)
def test_what_goes_elsewhere_is_told(place: dict[str, Any], said: list[str]) -> None:
    body = replace(template("data", {"Key": KEY}), **place)
    assert [reason for _, reason in misplaced(PRODUCTION, [body], whole=True)] == said


def test_what_was_given_alone_may_leave_its_place_open() -> None:
    body = replace(template("data", {"Key": KEY}), account=None, region=None)
    assert list(misplaced(PRODUCTION, [body], whole=False)) == []


def test_the_engine_tells_all_of_it() -> None:
    here, away = template("data", {"Key": KEY}), replace(template("audit", {}), account="9" * 12)
    odd = template("network", {"Set": {"Type": "AWS::CloudFormation::StackSet"}})
    report = check(Reading((here, here, away, odd), (), whole=True), [])
    assert [result.message.split(":")[0] for result in report.results] == [
        "it is here twice",
        "it is here twice",
        "it goes to account 999999999999, rovn/production is in 111122223333",
        "Set is AWS",
    ]


def test_a_nested_stack_is_of_its_parents_environment_whatever_it_says(tmp_path: Path) -> None:
    staging = {"Runbook": {"Organisation": "rovn", "Environment": "staging"}}
    body = {"Metadata": staging, "Resources": {}}
    files = nested(body, **{"aws:asset:path": "inner.json"})
    reading = read(write(tmp_path / "out", {"Data": stack("parent.json")}, **files))
    assert [found.label for found in reading.templates] == [("rovn", "production")] * 2


def test_an_assembly_without_stacks_is_refused_beside_another_too(tmp_path: Path) -> None:
    full = write(tmp_path / "full", {"Data": stack("data.json")}, data=BODY)
    with pytest.raises(RefusedError, match="it names no template"):
        read(full, write(tmp_path / "none", {}))


def test_an_import_is_from_the_own_region() -> None:
    def exporting(value: str, region: str | None = None) -> Template:
        outputs = {"Name": {"Value": value, "Export": {"Name": "Name"}}}
        return template(value, {}, region=region, Outputs=outputs)

    user = {"Type": "AWS::Test::Thing", "Properties": {"Value": {"Fn::ImportValue": "Name"}}}
    templates = [
        exporting("away", region="us-west-2"),
        exporting("here"),
        template("app", {"Thing": user}),
    ]
    scope = next(iter(scopes_of(PRODUCTION, templates, whole=True)))
    assert next(scope.resources("AWS::Test::Thing")).at("Value") == "here"


HERE = "/assets-111122223333-us-east-2/abc.json"


@pytest.mark.parametrize(
    ("url", "linked"),
    [
        ({"Fn::Join": ["", ["https://s3.us-east-2.", {"Ref": "AWS::URLSuffix"}, HERE]]}, True),
        ({"Fn::Sub": f"https://s3.${{AWS::Region}}.${{AWS::URLSuffix}}{HERE}"}, True),
        (f"https://s3.us-east-2.amazonaws.com{HERE}", True),
        (f"https://s3.us-east-2.amazonaws.com/else{HERE}", False),
        (f"https://s3.us-east-2.amazonaws.com{HERE}?versionId=1", False),
        ({"Ref": "Wherever"}, False),
        (None, False),
    ],
)
def test_a_nested_stack_takes_the_template_that_is_here(
    tmp_path: Path, url: object, linked: bool
) -> None:
    files = nested({"Resources": {}}, **{"aws:asset:path": "inner.json"})
    files["parent"]["Resources"]["Inner"]["Properties"]["TemplateURL"] = url
    to = {"bucketName": "assets-${AWS::AccountId}-us-east-2", "objectKey": "abc.json"}
    listed = {"files": {"abc": {"source": {"path": "inner.json"}, "destinations": {"here": to}}}}
    artifacts = {
        "Data": stack("parent.json") | {"dependencies": ["Assets"]},
        "Assets": {"type": "cdk:asset-manifest", "properties": {"file": "assets.json"}},
    }
    reading = read(write(tmp_path / "out", artifacts, **files, assets=listed))
    scope = next(iter(scopes_of(PRODUCTION, reading.templates, whole=True)))
    assert [reason for _, reason in unlinked(scope)] == (
        [] if linked else ["Inner takes its template from somewhere else"]
    )


def test_a_template_is_not_given_beside_an_assembly(tmp_path: Path) -> None:
    full = write(tmp_path / "full", {"Data": stack("data.json")}, data=BODY)
    with pytest.raises(RefusedError, match="nobody could tell what is missing"):
        read(full, full / "data.json")


def test_no_two_resources_are_at_one_place() -> None:
    at = KEY | {"Metadata": {"aws:cdk:path": "rovn-production/Data/Key"}}
    assert list(ambiguous([template("data", {"One": at})])) == []
    [(_, reason)] = ambiguous([template("data", {"One": at, "Other": at})])
    assert reason == "two resources say that they are rovn-production/Data/Key: a waiver means one"


FUNCTION = {"Type": "AWS::Lambda::Function"}
ELSEWHERE = f"arn:aws:lambda:us-east-2:{PRODUCTION.account}:function:somebodys"
UNSEEN = (
    "Made is made by what its ServiceToken names, which is no function of these templates: "
    "nobody can see what it does"
)


@pytest.mark.parametrize("kind", ["Custom::Thing", "AWS::CloudFormation::CustomResource"])
@pytest.mark.parametrize(
    ("token", "said"),
    [
        ({"Fn::GetAtt": ["Function", "Arn"]}, []),
        (ELSEWHERE, [UNSEEN]),
        ({"Ref": "Token"}, [UNSEEN]),
        ({"Ref": "Key"}, [UNSEEN]),
        (None, [UNSEEN]),
    ],
)
def test_what_a_function_makes_that_nobody_judged_is_told(
    kind: str, token: object, said: list[str]
) -> None:
    made = {"Type": kind, "Properties": {"ServiceToken": token} if token else {}}
    body = template("data", {"Key": KEY, "Function": FUNCTION, "Made": made})
    (scope,) = scopes_of(PRODUCTION, [body], whole=True)
    assert list(made_elsewhere(scope)) == [(body, reason) for reason in said]
    (alone,) = scopes_of(PRODUCTION, [body], whole=False)
    assert list(made_elsewhere(alone)) == []


def test_what_one_case_of_a_condition_brings_in_is_an_error() -> None:
    """The last case of all, where the condition does not hold, counts as much as the first."""
    token = {"Fn::If": ["Ours", {"Fn::GetAtt": ["Function", "Arn"]}, ELSEWHERE]}
    made = {"Type": "Custom::Thing", "Properties": {"ServiceToken": token}}
    body = template("data", {"Function": FUNCTION, "Made": made}, Conditions={"Ours": {}})
    report = check(Reading((body,), (), whole=True), [])
    assert [(r.status.value, r.message) for r in report.results] == [("error", UNSEEN)]
