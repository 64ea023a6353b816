"""Images of a rehearsal: the example's source in a folder, changed as a drill needs it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sandbox.emulator.rehearsal.images import Image, folder_of

# What the image holds of the source: the Dockerfile copies these and no others.
PACKAGES = ("passport_api", "migrations")
COMMAND = ("python", "-m", "passport_api")
LEFT_OUT = shutil.ignore_patterns("__pycache__")


@dataclass
class ImageStore:
    """Builds images from the example's source, under tags of this rehearsal's own.

    `migrations` are kept from image to image: a release follows the one before it.
    """

    source: Path
    images: Path
    repository: str
    ecr: Any
    migrations: dict[str, str] = field(default_factory=dict)
    _begun: datetime = field(default_factory=lambda: datetime.now(UTC))
    _made: int = 0

    def build(
        self,
        suffix: str,
        *,
        migrations: Mapping[str, str] | None = None,
        variables: Mapping[str, str] | None = None,
        command: Sequence[str] = COMMAND,
        keep: bool = True,
    ) -> str:
        """Make an image and return its tag; `migrations` maps file names to SQL.

        `variables` are baked in beside APP_VERSION, as ENV in a Dockerfile is. Unless the change
        is to be kept, the next image is built as if this one had never been.
        """
        tag = self._tag(suffix)
        folder = folder_of(self.images, self.repository, tag)
        for package in PACKAGES:
            if (self.source / package).is_dir():
                shutil.copytree(self.source / package, folder / package, ignore=LEFT_OUT)
        folder.mkdir(parents=True, exist_ok=True)
        everything = {**self.migrations, **(migrations or {})}
        for name, text in everything.items():
            (folder / "migrations" / "sql" / name).write_text(text, "utf-8")
        if keep:
            self.migrations = everything
        Image(folder, command, {"APP_VERSION": tag, **(variables or {})}).write()
        self._push(tag)
        return tag

    def next_migration(self, subject: str) -> str:
        """Return the file name of the migration that comes after all others."""
        folder = self.source / "migrations" / "sql"
        names = [*self.migrations, *(path.name for path in folder.glob("*.sql"))]
        numbers = [int(name.partition("_")[0]) for name in names]
        return f"{max(numbers, default=0) + 1:04d}_{subject}.sql"

    def _tag(self, suffix: str) -> str:
        self._made += 1
        built = self._begun + timedelta(seconds=self._made)
        return f"prod-{built:%Y%m%d%H%M%S}-{suffix}"

    def _push(self, tag: str) -> None:
        """Let the emulator's registry know the tag, with a manifest that names no layer."""
        manifest = {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "layers": [],
            "annotations": {"rehearsal": tag},
        }
        self.ecr.put_image(
            repositoryName=self.repository, imageManifest=json.dumps(manifest), imageTag=tag
        )
