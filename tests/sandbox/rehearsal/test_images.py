"""Images as folders: what a rehearsal builds, and what a task starts from."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from runbook.model.loader import load_environment
from sandbox.emulator.rehearsal.container import override_of, prepare
from sandbox.emulator.rehearsal.images import PullError, is_kept, pulled
from sandbox.emulator.rehearsal.settings import RehearsalSettings, read_settings
from sandbox.rehearsal.source import ImageStore

REGISTRY = "111122223333.dkr.ecr.us-east-2.amazonaws.com"


class Ecr:
    """Keeps what is pushed."""

    def __init__(self) -> None:
        self.pushed: list[dict[str, Any]] = []

    def put_image(self, **request: object) -> None:
        self.pushed.append(request)


@pytest.fixture
def store(tmp_path: Path) -> ImageStore:
    source = tmp_path / "source"
    (source / "passport_api").mkdir(parents=True)
    (source / "passport_api" / "app.py").write_text("app", "utf-8")
    (source / "migrations" / "sql").mkdir(parents=True)
    (source / "migrations" / "sql" / "0007_old.sql").write_text("old", "utf-8")
    (source / "tests").mkdir()
    return ImageStore(source, tmp_path / "images", "some-api", Ecr())


def sql_of(store: ImageStore, tag: str) -> set[str]:
    folder = pulled(store.images, f"{REGISTRY}/some-api:{tag}").folder
    return {path.name for path in (folder / "migrations" / "sql").iterdir()}


def test_an_image_holds_what_the_dockerfile_copies_and_its_tag(store: ImageStore) -> None:
    tag = store.build("one", variables={"MORE": "x"})
    image = pulled(store.images, f"{REGISTRY}/some-api:{tag}")
    assert image.variables == {"APP_VERSION": tag, "MORE": "x"}
    assert list(image.command) == ["python", "-m", "passport_api"]
    assert {path.name for path in image.folder.iterdir()} == {
        "image.json",
        "migrations",
        "passport_api",
    }
    assert [each["imageTag"] for each in store.ecr.pushed] == [tag]
    assert json.loads(store.ecr.pushed[0]["imageManifest"])["schemaVersion"] == 2


def test_tags_are_the_environments_and_no_two_are_one(store: ImageStore) -> None:
    images = load_environment("rovn/staging").images
    tags = [store.build("same") for _ in range(3)]
    assert len(set(tags)) == 3
    assert tags == sorted(tags)
    assert all(re.fullmatch(images.tag_pattern, tag) for tag in tags)


def test_a_migration_stays_for_later_images_unless_its_image_failed(store: ImageStore) -> None:
    assert store.next_migration("a") == "0008_a.sql"
    store.build("kept", migrations={"0008_a.sql": "a"})
    failed = store.build("failed", migrations={"0009_b.sql": "b"}, keep=False)
    assert sql_of(store, failed) == {"0007_old.sql", "0008_a.sql", "0009_b.sql"}
    assert sql_of(store, store.build("next")) == {"0007_old.sql", "0008_a.sql"}
    assert store.next_migration("c") == "0009_c.sql"


def test_an_image_that_is_not_there_is_refused_in_the_words_of_ecs(store: ImageStore) -> None:
    store.build("one")
    with pytest.raises(PullError, match="CannotPullContainerError: some-api:two: not found"):
        pulled(store.images, f"{REGISTRY}/some-api:two")
    assert is_kept(store.images, f"{REGISTRY}/some-api:two")
    assert not is_kept(store.images, "public.ecr.aws/aws-observability/collector:v1")


def test_who_wins_among_a_containers_variables(store: ImageStore) -> None:
    tag = store.build("one", variables=dict.fromkeys("ABCDE", "image"))
    settings = RehearsalSettings(
        images=str(store.images),
        python="/a/python",
        account="111122223333",
        region="us-east-2",
        variables={"E": "rehearsal"},
    )
    definition = {
        "name": "app",
        "image": f"{REGISTRY}/some-api:{tag}",
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
    assert variables.pop("PORT") == str(ready.port)
    assert variables == {
        "APP_VERSION": tag,
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
    )
    settings.write(tmp_path / "settings.json")
    assert read_settings(tmp_path / "settings.json") == settings
