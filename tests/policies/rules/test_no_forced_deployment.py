"""no-forced-deployment (ROVN-DEP-3)."""

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from policies.lookups.forced_deployment import is_forced
from policies.rules.no_forced_deployment import RULE
from tests.assembly import ROOT
from tests.policies.rules.harness import OPEN, Json, Real, properties, template, verdicts
from tests.policies.rules.service_files import told, told_of_real

FORCES = "forces a new deployment: it starts the same revision again"
COMMAND = "aws ecs update-service --force-new-deployment"


def said(kind: str, given: Json, *, whole: bool = False) -> str:
    resources = {"Thing": {"Type": kind, "Properties": given}}
    return verdicts(RULE, template("data", resources), whole=whole)["Thing"]


@pytest.mark.parametrize(
    "text",
    [
        COMMAND,
        "FORCE_NEW_DEPLOYMENT",
        "forceNewDeployment: true",
        json.dumps(json.dumps({"a": COMMAND})),
        r"--force\u002dnew\u002Ddeployment",
        r"\x66orce-new-deployment",
        "--force-\\\nnew-deployment",
        json.dumps("--force-\\\nnew-\\\ndeployment"),
        json.dumps(json.dumps("force-\n  new-\tdeployment")),
        "'force' + 'New' + 'Deployment'",
        "aws ecs update-service --force-new-deploymen",
        "aws ecs update-service --cluster a --force-new-d --service b",
        "aws ecs update-service --cluster $(aws ssm get | tail -1) --f",
        "aws ecs --fo update-service",
        "OPTION=--force; aws ecs update-service $OPTION",
        "aws ecs update-service --force-",
        "aws ecs update-service --no-f",
        "aws ecs update-service --no-force-new",
        "aws ecs $1 --force-n",
        '["aws", "ecs", "update-service", "--for"]',
        json.dumps(json.dumps(["update-service", "--forc"])),
        "aws ecs update-service \\\n  --for\\\nce",
        "aws ecs update-service --'fo'",
        r"aws ecs update-service \u002d\u002dforce",
        b"aws ecs update-service --f",
        COMMAND.encode("utf-16"),
        b"\xff" + COMMAND.encode(),
    ],
)
def test_it_is_found_however_it_is_written(text: str | bytes) -> None:
    assert is_forced(text)


@pytest.mark.parametrize(
    "text",
    [
        "force a new deployment",
        "deployment",
        "new-deployment",
        "",
        "git push --force",
        "docker rm --force-",
        "aws ecs delete-service --force",
        "aws ecs update-service --cluster f -f",
        "aws ecs update-service --force-delete",
        "aws ecs update-service --filter --force2 --f_ --no-fo1",
        "aws ecs update-service --no-force-delete",
        "tool --force-now --force-new-deploy2",
    ],
)
def test_other_words_are_none(text: str) -> None:
    assert not is_forced(text)


def test_a_service_without_it_passes() -> None:
    assert said("AWS::ECS::Service", {"DesiredCount": 2}) == "pass"


@pytest.mark.parametrize(
    ("kind", "given", "where"),
    [
        (
            "AWS::ECS::Service",
            {"ForceNewDeployment": {"EnableForceNewDeployment": False}},
            "ForceNewDeployment",
        ),
        (
            "AWS::StepFunctions::StateMachine",
            {"DefinitionString": {"Fn::Join": ["", ['{"Force', 'NewDeployment":true}']]}},
            "DefinitionString",
        ),
        (
            "AWS::StepFunctions::StateMachine",
            {"Definition": {"States": {"A": {"Parameters": {"ForceNewDeployment": True}}}}},
            "Definition.States.A.Parameters.ForceNewDeployment",
        ),
        (
            "AWS::StepFunctions::StateMachine",
            {"DefinitionString": "force${A}", "DefinitionSubstitutions": {"A": "NewDeployment"}},
            "DefinitionString",
        ),
        (
            "AWS::ECS::TaskDefinition",
            {"ContainerDefinitions": [{"Command": ["aws", "ecs", "update-service", "--f"]}]},
            "ContainerDefinitions.0.Command",
        ),
        (
            "AWS::ECS::TaskDefinition",
            {"ContainerDefinitions": [{"Command": ["aws", OPEN, COMMAND, "--f"]}]},
            "ContainerDefinitions.0.Command.2",
        ),
        ("AWS::CodeBuild::Project", {"Source": {"BuildSpec": COMMAND}}, "Source.BuildSpec"),
        ("AWS::Lambda::Function", {"Code": {"ZipFile": COMMAND}}, "Code.ZipFile"),
        ("Custom::AWS", {"Create": json.dumps({"forceNewDeployment": True})}, "Create"),
        ("AWS::Events::Rule", {"Targets": [{"Input": COMMAND}]}, "Targets.0.Input"),
        (
            "AWS::SSM::Document",
            {"Content": {"mainSteps": [{"inputs": {"forceNewDeployment": True}}]}},
            "Content.mainSteps.0.inputs.forceNewDeployment",
        ),
    ],
)
def test_no_resource_forces(kind: str, given: Json, where: str) -> None:
    assert said(kind, given) == f"{where} {FORCES}"


@pytest.mark.parametrize(
    ("kind", "given", "path"),
    [
        ("AWS::StepFunctions::StateMachine", {"DefinitionString": OPEN}, "DefinitionString"),
        ("AWS::CodeBuild::Project", {"Source": {"BuildSpec": OPEN}}, "Source.BuildSpec"),
        (
            "AWS::StepFunctions::StateMachine",
            {"DefinitionString": "{}", "DefinitionSubstitutions": OPEN},
            "DefinitionSubstitutions",
        ),
        ("AWS::Lambda::Function", {"Code": OPEN}, "Code.ZipFile"),
    ],
)
def test_open_code_fails(kind: str, given: Json, path: str) -> None:
    assert said(kind, given) == f"{path} is open: nobody can see what it does"


def test_every_place_is_told_beside_the_properties_too() -> None:
    build = {"Source": {"BuildSpec": COMMAND}}
    thing = {"Type": "AWS::CodeBuild::Project", "Properties": build, "Metadata": {"Do": COMMAND}}
    assert verdicts(RULE, template("data", {"Thing": thing}))["Thing"] == (
        f"Source.BuildSpec, Metadata.Do {FORCES}"
    )


def test_code_with_an_open_part_is_read() -> None:
    given = {"DefinitionString": {"Fn::Sub": '{"Comment": "${SomeParameter}"}'}}
    assert said("AWS::StepFunctions::StateMachine", given) == "pass"
    given = {"DefinitionString": {"Fn::Sub": '{"${SomeParameter}": "force-new-deployment"}'}}
    assert said("AWS::StepFunctions::StateMachine", given) == f"DefinitionString {FORCES}"


def with_asset(path: Path) -> str:
    handler = {"Type": "AWS::Lambda::Function", "Properties": {"Code": {"S3Key": "abc.zip"}}}
    given = replace(template("data", {"Thing": handler}), assets={"abc.zip": path})
    found = verdicts(RULE, given, whole=True)
    assert found["Thing"] == "pass"
    return str(found[None])


def test_a_folder_that_is_uploaded_is_read(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    handler = tmp_path / "below" / "index.py"
    handler.write_text("ecs.update_service(cluster=c, service=s)", "utf-8")
    assert with_asset(tmp_path) == "pass"
    handler.write_text("ecs.update_service(forceNewDeployment=True)", "utf-8")
    assert with_asset(tmp_path) == "below/index.py in the asset abc.zip forces a new deployment"


def library(tmp_path: Path, text: str = "") -> Path:
    """Upload a rule of ours that spells it, as it stands or changed."""
    own = Path("policies/lookups/forced_deployment.py")
    (tmp_path / own).parent.mkdir(parents=True)
    (tmp_path / own).write_text((ROOT / own).read_text("utf-8") + text, "utf-8")
    return tmp_path


def test_who_looks_for_it_may_spell_it_where_no_function_runs_it(tmp_path: Path) -> None:
    given = replace(template("data", {}), assets={"abc.zip": library(tmp_path)})
    assert verdicts(RULE, given, whole=True) == {None: "pass"}


def test_a_function_made_of_it_and_one_changed_byte_are_seen(tmp_path: Path) -> None:
    name = "policies/lookups/forced_deployment.py"
    fault = f"{name} in the asset abc.zip forces a new deployment"
    assert with_asset(library(tmp_path / "one")) == fault
    changed = library(tmp_path / "two", "\n")
    given = replace(template("data", {}), assets={"abc.zip": changed})
    assert verdicts(RULE, given, whole=True) == {None: fault}


def test_archives_within_archives_are_read(tmp_path: Path) -> None:
    inner, outer = tmp_path / "inner.zip", tmp_path / "outer.zip"
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("build.sh", COMMAND)
    with zipfile.ZipFile(outer, "w") as archive:
        archive.write(inner, "inner.zip")
    told = "outer.zip/inner.zip/build.sh in the asset abc.zip forces a new deployment"
    assert with_asset(outer) == told


def test_an_asset_that_cannot_be_read_fails(tmp_path: Path) -> None:
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"PK no archive")
    assert with_asset(broken).startswith("the asset abc.zip cannot be read: broken.zip is an ")
    assert "cannot be read" in with_asset(tmp_path / "gone")


@pytest.mark.parametrize(
    ("kind", "given", "message"),
    [
        (
            "AWS::Lambda::Function",
            {"Code": {"S3Bucket": "b", "S3Key": "else.zip"}},
            "its code, else.zip, is no asset of this assembly: nobody can see what it does",
        ),
        (
            "AWS::StepFunctions::StateMachine",
            {"DefinitionS3Location": {"Bucket": "b", "Key": "else.json"}},
            "its code, else.json, is no asset of this assembly: nobody can see what it does",
        ),
        (
            "AWS::Lambda::Function",
            {"Code": {"ImageUri": "x"}},
            "its code is an image: nobody can see what it does",
        ),
    ],
)
def test_code_from_elsewhere_fails_in_a_whole_assembly(
    kind: str, given: Json, message: str
) -> None:
    assert said(kind, given, whole=True) == message
    assert said(kind, given) == "pass"


def test_only_this_rule_sees_a_service_that_forces(real: Real) -> None:
    def spoil(body: Json) -> None:
        service = properties(body, "AWS::ECS::Service")
        service["ForceNewDeployment"] = {"EnableForceNewDeployment": True}

    found = real.caught("passport-api", spoil)
    assert {rule for rule, _ in found} == {"no-forced-deployment"}


MACHINE, CLUSTER = "AWS::StepFunctions::StateMachine", "rovn-production"
UPDATE = "arn:aws:states:::aws-sdk:ecs:updateService"
RESTART = {"Cluster": CLUSTER, "Service.$": "$.service", "ForceNewDeployment": True}


def machine(parameters: Json, name: str = "rovn-production-secret-restart", **more: object) -> Json:
    states = {"Again": {"Type": "Task", "Resource": UPDATE, "Parameters": parameters}}
    definition = {"StartAt": "Again", "States": states} | more
    return {"StateMachineName": name, "DefinitionString": json.dumps(definition)}


@pytest.mark.clause("ROVN-DEP-3")
def test_what_follows_a_rotation_asks_for_new_tasks_and_nothing_else() -> None:
    assert said(MACHINE, machine(RESTART)) == "pass"


@pytest.mark.clause("ROVN-DEP-3")
@pytest.mark.parametrize(
    "parameters",
    [
        {**RESTART, "TaskDefinition": "rovn-passport-api:1"},
        {**RESTART, "TaskDefinition.$": "$.revision"},
        {**RESTART, "DeploymentConfiguration": {"Strategy": "ROLLING"}},
        {**RESTART, "DesiredCount": 0},
        {**RESTART, "Service.$": "$.other"},
        {**RESTART, "Cluster": "another"},
        {**RESTART, "ForceNewDeployment": "true"},
        {**RESTART, "ForceNewDeployment": 1},
        {"Cluster": CLUSTER, "Service": "x", "ForceNewDeployment": True},
        {"Cluster.$": "$.cluster", "Service.$": "$.service", "ForceNewDeployment": True},
    ],
)
def test_a_restart_with_any_other_parameter_is_a_deploy(parameters: Json) -> None:
    assert said(MACHINE, machine(parameters)) == f"DefinitionString {FORCES}"


def test_a_machine_of_another_name_may_not() -> None:
    assert said(MACHINE, machine(RESTART, "another")) == f"DefinitionString {FORCES}"
    assert said(MACHINE, machine(RESTART, "rovn-staging-secret-restart")).endswith(FORCES)


def test_beside_the_restart_nothing_of_the_machine_forces() -> None:
    more = {"Comment": COMMAND}
    assert said(MACHINE, machine(RESTART, **more)) == f"DefinitionString {FORCES}"
    other = {**machine(RESTART), "Tags": [{"Key": "x", "Value": COMMAND}]}
    assert said(MACHINE, other) == f"Tags.0.Value {FORCES}"
    # In a state within another, as another service's, or with a definition filled in later.
    inner = json.loads(machine(RESTART)["DefinitionString"])
    within = machine({}, States={"All": {"Type": "Parallel", "Branches": [inner]}})
    assert said(MACHINE, within) == f"DefinitionString {FORCES}"
    by_lambda = machine(RESTART)
    by_lambda["DefinitionString"] = by_lambda["DefinitionString"].replace(UPDATE, "arn:aws:x")
    assert said(MACHINE, by_lambda) == f"DefinitionString {FORCES}"
    filled = {**machine(RESTART), "DefinitionSubstitutions": {"A": "B"}}
    assert said(MACHINE, filled) == f"DefinitionString {FORCES}"


def test_a_restart_that_becomes_a_deploy_is_told_of(production: Real) -> None:
    def spoil(body: Json) -> None:
        found = properties(body, MACHINE)
        definition = json.loads(found["DefinitionString"])
        definition["States"]["Restart2"]["Parameters"]["TaskDefinition"] = "rovn-passport-api:1"
        found["DefinitionString"] = json.dumps(definition)

    assert production.caught("secret-watch", spoil) == {("no-forced-deployment", "RestartMachine")}


def test_only_this_rule_sees_a_restart_under_another_name(production: Real) -> None:
    def spoil(body: Json) -> None:
        found = properties(body, MACHINE)
        body["Resources"]["Mine"] = {
            "Type": MACHINE,
            "Properties": {**found, "StateMachineName": "rovn-production-again"},
        }

    assert production.caught("secret-watch", spoil) == {("no-forced-deployment", "Mine")}


IN_FILE = "it forces a new deployment: that starts the same revision again"


def test_no_file_of_a_service_forces(tmp_path: Path) -> None:
    assert told(tmp_path) == {}
    spoilt = "aws ecs update-service --force-\\\nnew-deployment"
    found = told(tmp_path, "deliver.sh", "docker push image", spoilt)
    assert found == {"no-forced-deployment": IN_FILE}


def test_only_this_rule_sees_the_real_build_force(tmp_path: Path) -> None:
    old, new = "delivery/build_image.sh", f"delivery/build_image.sh && {COMMAND}"
    assert told_of_real(tmp_path, "buildspec.yml", old, new) == {"no-forced-deployment": IN_FILE}
