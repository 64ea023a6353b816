"""What stands in for the AWS CLI and for Docker in builds, on moto."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from sandbox.emulator.rehearsal.images import pulled
from sandbox.emulator.rehearsal.pipeline.programs import aws, docker
from tests.assembly import ROOT

EXAMPLE = ROOT / "examples" / "passport-api"
REGISTRY = "111122223333.dkr.ecr.us-east-2.amazonaws.com"
IMAGE = f"{REGISTRY}/some-api:prod-20261120120000"
BUILD = ("build", "--provenance=false", "--build-arg", "APP_VERSION=v1", "--tag")
LOGIN = ("login", "--username", "AWS", "--password-stdin", REGISTRY)


@pytest.fixture(autouse=True)
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Be in a build of the example, in a project that may run Docker."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "111122223333",
        "AWS_SECRET_ACCESS_KEY": "sandbox",
        "AWS_REGION": "us-east-2",
        docker.BUILT: str(tmp_path / "built"),
        docker.PUSHED: str(tmp_path / "images"),
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(EXAMPLE)
    with mock_aws():
        yield


def test_a_library_is_copied_from_its_bucket(tmp_path: Path) -> None:
    s3 = boto3.client("s3", region_name="us-east-2")
    s3.create_bucket(Bucket="assets", CreateBucketConfiguration={"LocationConstraint": "us-east-2"})
    s3.put_object(Bucket="assets", Key="a/b.zip", Body=b"library")
    target = tmp_path / "library.zip"
    copy = ["s3", "cp", "--only-show-errors"]
    assert aws.main([*copy, "s3://assets/a/b.zip", str(target)]) == 0
    assert target.read_bytes() == b"library"
    assert aws.main([*copy, "s3://assets/none", str(target)]) == 1


@pytest.mark.parametrize(
    "command",
    ["s3 rm s3://assets/a", "s3 cp --only-show-errors here s3://assets/a", "ecs list-clusters"],
)
def test_every_other_command_is_refused(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert aws.main(command.split()) == aws.UNUSABLE
    assert "this stand-in" in capsys.readouterr().err


def test_the_examples_image_is_built_and_pushed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = boto3.client("ecr", region_name="us-east-2")
    registry.create_repository(repositoryName="some-api")
    assert aws.main(["ecr", "get-login-password"]) == 0
    monkeypatch.setattr("sys.stdin", io.StringIO(capsys.readouterr().out))
    assert docker.main([*LOGIN]) == 0
    assert docker.main([*BUILD, IMAGE, "."]) == 0
    assert docker.main(["push", IMAGE]) == 0
    [kept] = registry.describe_images(repositoryName="some-api")["imageDetails"]
    assert kept["imageTags"] == ["prod-20261120120000"]
    image = pulled(tmp_path / "images", IMAGE)
    assert list(image.command) == ["python", "-m", "passport_api"]
    assert image.variables["APP_VERSION"] == "v1"
    assert "PATH" not in image.variables
    assert (image.folder / "passport_api" / "app.py").exists()
    assert (image.folder / "migrations" / "sql").is_dir()
    assert not (image.folder / "tests").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run", "x"], "does not know: run x"),
        (["push", "never-built:1"], "there is no image never-built:1"),
        ([*LOGIN], "no password"),
    ],
)
def test_docker_refuses_what_it_cannot_do(
    words: list[str],
    said: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert docker.main(words) == docker.UNUSABLE
    assert said in capsys.readouterr().err


def test_there_is_no_docker_in_a_project_without_privileges(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(docker.BUILT)
    assert docker.main(["push", IMAGE]) == 1
    assert "Cannot connect to the Docker daemon" in capsys.readouterr().err


@pytest.mark.parametrize("line", ["ADD https://example.com/x /x", "COPY migrations/ elsewhere/"])
def test_a_dockerfile_that_it_would_misread_is_refused(line: str) -> None:
    with pytest.raises(docker.UnusableError, match=line.split()[0]):
        docker.copied(docker.read_dockerfile(f"FROM x\n{line}\n"))


def test_of_a_dockerfile_the_last_stage_says_what_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "source"
    (source / "app").mkdir(parents=True)
    (source / "one.toml").write_text("one", "utf-8")
    (source / "Dockerfile").write_text(
        "FROM a AS b\nENV A=1\nCOPY one.toml ./\nCOPY app/ app/\nFROM a\nARG APP_VERSION\n"
        'ENV V=${APP_VERSION} \\\n    B=2\nCMD ["x"]\nCMD ["python", "y"]\n',
        "utf-8",
    )
    monkeypatch.chdir(source)
    assert docker.main([*BUILD, "some:1", "."]) == 0
    described = json.loads((tmp_path / "built" / "some:1" / docker.DESCRIPTION).read_text("utf-8"))
    assert described == {"command": ["python", "y"], "variables": {"V": "v1", "B": "2"}}
