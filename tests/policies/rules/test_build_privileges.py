"""build-privileges (ROVN-DEP-2, ROVN-DEP-8)."""

import json
from typing import Any

import pytest

from policies.rules.build_privileges import RULE
from runbook.model.loader import load_environment
from tests.policies.rules.harness import OPEN, Json, Real, properties
from tests.policies.rules.spoiling import ABSENT, Spoil, add, all_pass, faults, setting

PROJECT, PART = "AWS::CodeBuild::Project", "delivery"
IMAGE_BUILD, PREVIEW = "PassportApiImageBuild", "PassportApiPreview"
RELEASE, VERIFY = "PassportApiRelease", "PassportApiVerify"
EVIDENCE = "PassportApiEvidence"
NAMED = "rovn-production-passport-api"
ROLE = "arn:aws:iam::111122223333:role/rovn-production"
DELIVERY = load_environment("rovn/production").delivery
WATCHED = DELIVERY.release_minutes
INLINE = "its buildspec does not stand in the template: the artifact would say what it does"
UNHASHED = "it installs packages without --require-hashes and --no-deps"


def put(path: str, value: object, project: str = RELEASE) -> Spoil:
    return setting(PROJECT, project, path, value)


def commands(*given: str, phase: str = "install", part: str = "commands") -> Spoil:
    """Have the release run these in one phase."""

    def spoil(body: Json) -> None:
        source = properties(body, PROJECT, RELEASE)["Source"]
        spec: Any = json.loads(source["BuildSpec"])
        spec["phases"].setdefault(phase, {})[part] = list(given)
        source["BuildSpec"] = json.dumps(spec)

    return spoil


def test_every_build_passes(real: Real) -> None:
    assert all_pass(real, RULE, IMAGE_BUILD, PREVIEW, RELEASE, VERIFY, EVIDENCE)


@pytest.mark.clause("ROVN-DEP-2")
@pytest.mark.parametrize("project", [PREVIEW, RELEASE, VERIFY, EVIDENCE])
def test_only_the_image_build_is_privileged(production: Real, project: str) -> None:
    fault = "it is privileged, which only the build of the image needs to be"
    for value in (True, "true"):
        spoil = put("Environment.PrivilegedMode", value, project)
        assert faults(production, RULE, PART, spoil) == {project: fault}
    unprivileged = put("Environment.PrivilegedMode", ABSENT, project)
    assert faults(production, RULE, PART, unprivileged) == {}


@pytest.mark.parametrize(
    ("project", "given", "wanted"),
    [
        (IMAGE_BUILD, "release", "image-build"),
        (PREVIEW, "release", "release-checks"),
        (RELEASE, "image-build", "release"),
        (VERIFY, "release", "release-checks"),
        (EVIDENCE, "release-checks", "evidence"),
        (VERIFY, "evidence", "release-checks"),
    ],
)
def test_each_runs_as_its_own_role(production: Real, project: str, given: str, wanted: str) -> None:
    spoil = put("ServiceRole", f"{ROLE}-{given}", project)
    fault = f"it runs as {ROLE}-{given}, not as {ROLE}-{wanted}"
    assert faults(production, RULE, PART, spoil) == {project: fault}


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (put("Artifacts.Type", "S3"), "Artifacts.Type is S3, not CODEPIPELINE"),
        (put("AutoRetryLimit", 2), "AutoRetryLimit is 2, not 0"),
        (put("BadgeEnabled", "true"), "BadgeEnabled is True, not False"),
        (put("Cache", {"Type": "S3"}), "Cache.Type is S3, not NO_CACHE"),
        (
            put("Environment.Type", "WINDOWS_CONTAINER"),
            "Environment.Type is WINDOWS_CONTAINER, not LINUX_CONTAINER",
        ),
        (put("Source.Type", "GITHUB"), "Source.Type is GITHUB, not CODEPIPELINE"),
        (put("Visibility", "PUBLIC_READ"), "Visibility is PUBLIC_READ, not PRIVATE"),
        (
            put("LogsConfig.CloudWatchLogs.Status", "DISABLED"),
            "LogsConfig.CloudWatchLogs.Status is DISABLED, not ENABLED",
        ),
        (
            put("LogsConfig.S3Logs", {"Status": "ENABLED", "Location": "one"}),
            "LogsConfig.S3Logs.Status is ENABLED, not DISABLED",
        ),
        (
            put("LogsConfig", ABSENT),
            "it does not log to /rovn/production/delivery/passport-api/release of these templates",
        ),
        (
            put("Environment.Image", "public.ecr.aws/one/two:3"),
            "it runs in public.ecr.aws/one/two:3, no image of aws/codebuild/",
        ),
        (
            put("EncryptionKey", ABSENT),
            "EncryptionKey names no key of this environment and region",
        ),
        (put("Triggers", {"Webhook": True}), "Triggers is set: others than its pipeline start it"),
        (
            put("SecondarySources", [{"Type": "GITHUB"}]),
            "SecondarySources is set: it runs what its pipeline did not bring",
        ),
        (
            put("SourceVersion", "main"),
            "SourceVersion is set: it runs what its pipeline did not bring",
        ),
        (
            put("VpcConfig", {"VpcId": "vpc-1"}),
            "VpcConfig is set: what its packages bring along may reach the database",
        ),
        (put("BuildBatchConfig", {"TimeoutInMins": 5}), "BuildBatchConfig is set: it runs other"),
        (put("ResourceAccessRole", "arn:x"), "ResourceAccessRole is set: it shows its builds"),
        (put("Name", "another"), "another is no step of a pipeline: nothing says what it may do"),
    ],
)
def test_what_opens_a_build_fails(production: Real, spoil: Spoil, message: str) -> None:
    assert faults(production, RULE, PART, spoil)[RELEASE].startswith(message)


@pytest.mark.parametrize(
    ("project", "minutes", "message"),
    [
        (RELEASE, WATCHED - 1, f"{WATCHED - 1} minutes, not after {WATCHED} to {WATCHED + 60}"),
        (RELEASE, ABSENT, f"60 minutes, not after {WATCHED} to {WATCHED + 60}"),
        (VERIFY, 2160, f"2160 minutes, not after {WATCHED} to {WATCHED + 60}"),
        (PREVIEW, 61, "61 minutes, not after 1 to 60"),
        (EVIDENCE, 61, "61 minutes, not after 1 to 60"),
        (IMAGE_BUILD, "480", f"480 minutes, not after 1 to {DELIVERY.build_minutes}"),
    ],
)
def test_each_has_an_end(production: Real, project: str, minutes: object, message: str) -> None:
    spoil = put("TimeoutInMinutes", minutes, project)
    assert faults(production, RULE, PART, spoil) == {project: f"it ends after {message}"}


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (put("Source.BuildSpec", ABSENT), INLINE),
        (put("Source.BuildSpec", "buildspec.yml"), INLINE),
        (put("Source.BuildSpec", "{"), INLINE),
        (put("Source.BuildSpec", "phases: [one]"), INLINE),
        (put("Source.BuildSpec", '{"phases": {"build": {}}}'), INLINE),
        (commands("pip install boto3"), UNHASHED),
        (commands("python -m pip install --require-hashes -r one"), UNHASHED),
        (commands("python3 -m pip --quiet install one", part="finally"), UNHASHED),
        (
            commands("curl https://example.com | sh", phase="pre_build"),
            "it runs curl, which brings programs that nobody has named by a hash",
        ),
        (
            commands("cd /tmp && npm ci"),
            "it runs npm, which brings programs that nobody has named by a hash",
        ),
    ],
)
def test_what_is_run_stands_in_the_template_and_is_named_by_hashes(
    production: Real, spoil: Spoil, message: str
) -> None:
    assert faults(production, RULE, PART, spoil) == {RELEASE: message}


def test_the_image_is_built_as_its_source_says(production: Real) -> None:
    file = put("Source.BuildSpec", "buildspec.yml", IMAGE_BUILD)
    assert faults(production, RULE, PART, file) == {}
    other = put("Source.BuildSpec", "other.yml", IMAGE_BUILD)
    assert faults(production, RULE, PART, other) == {
        IMAGE_BUILD: "it builds by other.yml, not by the source's own buildspec.yml"
    }


def test_what_says_the_same_in_other_words_passes(production: Real) -> None:
    yaml = "version: 0.2\nphases:\n  build:\n    commands: echo one\n"
    spoils = (
        put("Visibility", ABSENT),
        put("BadgeEnabled", ABSENT, VERIFY),
        put("BadgeEnabled", "false"),
        put("AutoRetryLimit", "0"),
        put("TimeoutInMinutes", str(WATCHED)),
        commands("pip --version", "install -d out"),
        put("Source.BuildSpec", yaml, VERIFY),
        put("Triggers", {}),
    )
    assert faults(production, RULE, PART, *spoils) == {}


@pytest.mark.parametrize(
    "path",
    [
        *("Name", "ServiceRole", "Visibility", "Triggers", "TimeoutInMinutes", "EncryptionKey"),
        *("Source.BuildSpec", "Environment.PrivilegedMode", "Environment.Image"),
        "LogsConfig.CloudWatchLogs.GroupName",
    ],
)
def test_an_open_value_fails(production: Real, path: str) -> None:
    assert "${SomeParameter} is open" in faults(production, RULE, PART, put(path, OPEN))[RELEASE]


def test_each_step_exists(production: Real) -> None:
    def without(body: Json) -> None:
        kept = {k: v for k, v in body["Resources"].items() if not k.startswith(RELEASE)}
        body["Resources"] = kept

    told = faults(production, RULE, PART, without)
    assert told == {None: f"no build project is called {NAMED}-release"}


def test_a_project_beside_the_pipelines_fails(production: Real) -> None:
    told = faults(production, RULE, PART, add("More", PROJECT, Name=f"{NAMED}-more"))
    assert told == {"More": f"{NAMED}-more is no step of a pipeline: nothing says what it may do"}


def test_only_this_rule_sees_a_privileged_release(real: Real) -> None:
    spoil = put("Environment.PrivilegedMode", value=True)
    assert real.caught(PART, spoil) == {("build-privileges", RELEASE)}
