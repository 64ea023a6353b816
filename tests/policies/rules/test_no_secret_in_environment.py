"""no-secret-in-environment (ROVN-SEC-1)."""

import json
from pathlib import Path

import pytest

from policies.rules.no_secret_in_environment import RULE
from tests.policies.rules.harness import OPEN, Json, Real, properties, template, verdicts
from tests.policies.rules.service_files import WORKFLOW, judged, told, told_of_real

KEY = "AKIA" + "Q" * 16
AWS_KEY = "what looks like an AWS access key"
DECLARED = {
    "SomeParameter": {"Type": "String"},
    "Hidden": {"Type": "String", "NoEcho": True},
    "DatabasePassword": {"Type": "String"},
}


def said(kind: str, given: Json) -> str:
    resources = {"Thing": {"Type": kind, "Properties": given}}
    return verdicts(RULE, template("data", resources, Parameters=DECLARED))["Thing"]


def container(value: object, name: str = "SETTING") -> Json:
    return {"ContainerDefinitions": [{"Environment": [{"Name": name, "Value": value}]}]}


def task(value: object, name: str = "SETTING") -> str:
    return said("AWS::ECS::TaskDefinition", container(value, name))


PLACE = "ContainerDefinitions.0.Environment.0"


@pytest.mark.parametrize(
    "value", ["info", 8000, True, OPEN, {"Fn::Sub": "${AWS::Region}.${SomeParameter}"}]
)
def test_a_setting_passes(value: object) -> None:
    assert task(value) == "pass"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (KEY, AWS_KEY),
        ({"Fn::Join": ["", ["AKIA", "Q" * 16]]}, AWS_KEY),
        ({"Fn::Sub": f"${{SomeParameter}}/{KEY}"}, AWS_KEY),
        (
            "{{resolve:secretsmanager:production/db}}",
            "a dynamic reference to a secret, which the deploy replaces by its value",
        ),
        ({"Ref": "Hidden"}, "the parameter Hidden, which is a secret"),
        ({"Ref": "DatabasePassword"}, "the parameter DatabasePassword, which is a secret"),
        ({"Fn::ImportValue": "nobody"}, "an open value that is no parameter of the template"),
        ({"a": "b"}, "a structure instead of text, which cannot be judged"),
    ],
)
def test_a_secret_fails_under_any_name(value: object, reason: str) -> None:
    assert task(value) == f"{PLACE}: the variable SETTING holds {reason}"


def test_a_secret_of_another_resource_fails() -> None:
    resources = {
        "Key": {"Type": "AWS::IAM::AccessKey", "Properties": {"UserName": "ci"}},
        "Thing": {
            "Type": "AWS::ECS::TaskDefinition",
            "Properties": container({"Fn::GetAtt": ["Key", "SecretAccessKey"]}),
        },
    }
    assert verdicts(RULE, template("data", resources))["Thing"] == (
        f"{PLACE}: the variable SETTING holds a secret that the deploy reads from "
        "Key.SecretAccessKey"
    )


def test_a_name_that_says_secret_takes_no_literal() -> None:
    assert task("hunter", "DB_PASSWORD") == (
        f"{PLACE}: the variable DB_PASSWORD holds a literal value, and its name says that it is "
        "a secret"
    )
    assert task(OPEN, "DB_PASSWORD") == (
        f"{PLACE}: the variable DB_PASSWORD holds an open value, and its name says that it is "
        "a secret"
    )


OVERRIDES = {"containerOverrides": [{"name": "app", "environment": [{"name": "A", "value": KEY}]}]}
DEFINITION = {
    "States": {
        "Run": {
            "Parameters": {
                "Overrides": {
                    "ContainerOverrides": [{"Environment": [{"Name": "A", "Value": KEY}]}]
                }
            }
        }
    }
}
BUILDSPEC = f"version: 0.2\nenv:\n  variables:\n    A: {KEY}\n"


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("AWS::Lambda::Function", {"Environment": {"Variables": {"A": KEY}}}),
        (
            "AWS::CodeBuild::Project",
            {"Environment": {"EnvironmentVariables": [{"Name": "A", "Value": KEY}]}},
        ),
        ("AWS::CodeBuild::Project", {"Source": {"BuildSpec": BUILDSPEC}}),
        (
            "AWS::CodeBuild::Project",
            {"Source": {"BuildSpec": json.dumps({"env": {"variables": {"A": KEY}}})}},
        ),
        ("AWS::Events::Rule", {"Targets": [{"Input": json.dumps(OVERRIDES)}]}),
        ("AWS::StepFunctions::StateMachine", {"DefinitionString": json.dumps(DEFINITION)}),
        ("AWS::StepFunctions::StateMachine", {"Definition": DEFINITION}),
        ("AWS::Synthetics::Canary", {"RunConfig": {"EnvironmentVariables": {"A": KEY}}}),
    ],
)
def test_every_place_of_variables_is_looked_at(kind: str, given: Json) -> None:
    assert said(kind, given).endswith(f"the variable A holds {AWS_KEY}")


def test_a_build_may_read_a_secret_by_its_name() -> None:
    variable = {"Name": "TOKEN", "Type": "SECRETS_MANAGER", "Value": "production/token"}
    given = {"Environment": {"EnvironmentVariables": [variable]}}
    assert said("AWS::CodeBuild::Project", given) == "not_applicable"


@pytest.mark.parametrize(
    ("kind", "given", "why"),
    [
        (
            "AWS::ECS::TaskDefinition",
            {"ContainerDefinitions": [{"Environment": OPEN}]},
            "ContainerDefinitions.0.Environment is open: nobody knows which variables it sets",
        ),
        (
            "AWS::ECS::TaskDefinition",
            {"ContainerDefinitions": [{"Environment": [OPEN]}]},
            "ContainerDefinitions.0.Environment.0 is open: nobody knows which variable it sets",
        ),
        (
            "AWS::ECS::TaskDefinition",
            {"ContainerDefinitions": [{"Environment": [{"Name": OPEN, "Value": "x"}]}]},
            "ContainerDefinitions.0.Environment.0 sets a variable whose name is open",
        ),
        (
            "AWS::Lambda::Function",
            {"Environment": {"Variables": OPEN}},
            "Environment.Variables is open: nobody knows which variables it sets",
        ),
        (
            "AWS::CodeBuild::Project",
            {"Source": {"BuildSpec": "version: 0.2\nenv: {"}},
            "Source.BuildSpec cannot be read as YAML",
        ),
        (
            "AWS::StepFunctions::StateMachine",
            {"DefinitionString": "{"},
            "DefinitionString cannot be read as JSON",
        ),
        (
            "AWS::ECS::TaskDefinition",
            {"ContainerDefinitions": [{"EnvironmentFiles": [{"Value": "x", "Type": "s3"}]}]},
            "ContainerDefinitions.0.EnvironmentFiles reads variables from a file that nobody "
            "judges",
        ),
    ],
)
def test_what_cannot_be_seen_fails(kind: str, given: Json, why: str) -> None:
    assert said(kind, given) == why


def test_what_stands_behind_a_file_is_judged_too() -> None:
    variables = [{"Name": "SETTING", "Value": KEY}]
    given = {"EnvironmentFiles": [{"Value": "x", "Type": "s3"}], "Environment": variables}
    found = said("AWS::ECS::TaskDefinition", {"ContainerDefinitions": [given]})
    assert "reads variables from a file that nobody judges; " in found
    assert found.endswith(f"{PLACE}: the variable SETTING holds {AWS_KEY}")


def test_a_resource_without_variables_is_not_looked_at() -> None:
    assert said("AWS::SNS::Topic", {"TopicName": "x"}) == "not_applicable"


def test_only_this_rule_sees_a_key_in_a_container(real: Real) -> None:
    def spoil(body: Json) -> None:
        [first, *_] = properties(body, "AWS::ECS::TaskDefinition", "TasksApp")[
            "ContainerDefinitions"
        ]
        first["Environment"].append({"Name": "LOG_LEVEL", "Value": KEY})

    part = "passport-api"
    assert real.caught(part, spoil) == {("no-secret-in-environment", "TasksApp")}


def test_a_good_build_passes(tmp_path: Path) -> None:
    assert told(tmp_path) == {}
    looked_at = {"buildspec.yml": "pass", WORKFLOW: "pass"}
    assert judged(tmp_path, "no-secret-in-environment") == looked_at


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        (
            "buildspec.yml",
            "LEVEL: HIGH",
            f"LEVEL: {KEY}",
            f"env.variables.LEVEL: the variable LEVEL holds {AWS_KEY}",
        ),
        (
            "buildspec.yml",
            "[uv lock --check, uv sync]",
            f"[uv lock --check, curl -H ghp_{'a' * 36}]",
            "it holds what looks like a GitHub token",
        ),
        (
            WORKFLOW,
            "${{ github.token }}",
            "hunter",
            "the variable TOKEN holds a literal value, and its name says that it is a secret",
        ),
        (WORKFLOW, "jobs:", f"env: {{A: {KEY}}}\njobs:", f"the variable A holds {AWS_KEY}"),
        (
            WORKFLOW,
            "      - run:",
            f"      - env: {{A: {KEY}}}\n        run:",
            f"the variable A holds {AWS_KEY}",
        ),
    ],
)
def test_no_build_holds_a_secret(
    tmp_path: Path, file: str, old: str, new: str, message: str
) -> None:
    assert told(tmp_path, file, old, new) == {"no-secret-in-environment": message}


def test_a_workflow_with_empty_parts_passes(tmp_path: Path) -> None:
    empty = "jobs:\n  first: {env: {A: }, steps: []}\n"
    assert told(tmp_path, WORKFLOW, "jobs:\n", empty) == {}


def test_only_this_rule_sees_a_key_in_the_real_buildspec(tmp_path: Path) -> None:
    old, new = "SCAN_FAIL_SEVERITY: HIGH", f"SCAN_FAIL_SEVERITY: {KEY}"
    said = f"env.variables.SCAN_FAIL_SEVERITY: the variable SCAN_FAIL_SEVERITY holds {AWS_KEY}"
    found = told_of_real(tmp_path, "buildspec.yml", old, new)
    assert found == {"no-secret-in-environment": said}


@pytest.mark.parametrize("place", ["Command", "EntryPoint"])
def test_a_secret_in_a_command_fails(place: str) -> None:
    def run(text: str) -> str:
        given = {"ContainerDefinitions": [{"Name": "app", place: ["sh", "-c", text]}]}
        return said("AWS::ECS::TaskDefinition", given)

    fault = "{} of app sets {}, whose name says it is a secret"
    assert run("export DB_PASSWORD=hunter2; exec app") == fault.format(place, "DB_PASSWORD")
    assert run("app --api-key='abc'") == fault.format(place, "api-key")
    given = {"ContainerDefinitions": [{"Name": "app", place: "app --api-key='abc'"}]}
    assert said("AWS::ECS::TaskDefinition", given) == fault.format(place, "api-key")
    for text in ("app --password=$DB_PASSWORD", "app --max-tokens=1024", "A=b app"):
        assert run(text) == "not_applicable"
