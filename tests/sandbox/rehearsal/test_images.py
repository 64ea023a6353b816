"""Images as folders: what a rehearsal builds, and what a task starts from."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.emulator.rehearsal.container import override_of, prepare
from sandbox.emulator.rehearsal.images import Image, PullError, folder_of, is_kept, pulled
from sandbox.emulator.rehearsal.settings import RehearsalSettings, read_settings

REGISTRY = "111122223333.dkr.ecr.us-east-2.amazonaws.com"
TAG = "prod-20261120120000"


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = folder_of(tmp_path, "some-api", TAG)
    folder.mkdir(parents=True)
    variables = {"APP_VERSION": TAG, **dict.fromkeys("ABCDE", "image")}
    Image(folder, ["python", "-m", "passport_api"], variables).write()
    return tmp_path


def test_an_image_that_is_not_there_is_refused_in_the_words_of_ecs(images: Path) -> None:
    with pytest.raises(PullError, match="CannotPullContainerError: some-api:two: not found"):
        pulled(images, f"{REGISTRY}/some-api:two")
    assert is_kept(images, f"{REGISTRY}/some-api:two")
    assert not is_kept(images, "public.ecr.aws/aws-observability/collector:v1")


def test_who_wins_among_a_containers_variables(images: Path) -> None:
    settings = RehearsalSettings(
        images=str(images),
        python="/a/python",
        account="111122223333",
        region="us-east-2",
        variables={"E": "rehearsal"},
    )
    definition = {
        "name": "app",
        "image": f"{REGISTRY}/some-api:{TAG}",
        "environment": [{"name": name, "value": "definition"} for name in "BCDE"],
        "portMappings": [{"containerPort": 8000}],
        "stopTimeout": 90,
    }
    overrides = {
        "containerOverrides": [
            {"name": "other", "command": ["x"]},
            {"name": "app", "environment": [{"name": name, "value": "override"} for name in "DE"]},
        ]
    }
    ready = prepare(
        definition,
        override_of(overrides, "app"),
        lambda _: dict.fromkeys("CDE", "secret"),
        settings,
    )
    variables = dict(ready.variables)
    assert ready.claim
    ready.claim.release()
    assert variables.pop("PORT") == str(ready.port)
    assert variables == {
        "APP_VERSION": TAG,
        "AWS_REGION": "us-east-2",
        "A": "image",
        "B": "definition",
        "C": "secret",
        "D": "override",
        "E": "rehearsal",
    }
    assert ready.command == ["/a/python", "-m", "passport_api"]
    assert ready.stop_seconds == 90


def test_settings_come_back_as_they_were_written(tmp_path: Path) -> None:
    settings = RehearsalSettings(
        images="i",
        python="p",
        account="111122223333",
        region="r",
        variables={"A": "b"},
        listeners={"443": 1},
        hostnames=["h"],
        left_out=["a command"],
    )
    settings.write(tmp_path / "settings.json")
    assert read_settings(tmp_path / "settings.json") == settings
