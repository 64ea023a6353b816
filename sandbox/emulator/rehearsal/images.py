"""Images as folders: `<repository>/<tag>/`, each with an `image.json` beside its files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

DESCRIPTION = "image.json"


class PullError(Exception):
    """An image that is not there, in the words in which ECS says so."""


@dataclass(frozen=True)
class Image:
    """What a container starts from: a folder, its command, and the variables baked into it."""

    folder: Path
    command: Sequence[str]
    variables: Mapping[str, str]

    def write(self) -> None:
        """Describe the image in its folder."""
        described = {"command": list(self.command), "variables": dict(self.variables)}
        (self.folder / DESCRIPTION).write_text(json.dumps(described, indent=2) + "\n", "utf-8")


def folder_of(images: Path, repository: str, tag: str) -> Path:
    """Return where an image lies, whether it is there or not."""
    return images / repository / tag


def is_kept(images: Path, uri: str) -> bool:
    """Whether images of this repository are folders here at all; a sidecar's are not."""
    repository, _ = _parts(uri)
    return (images / repository).is_dir()


def pulled(images: Path, uri: str) -> Image:
    """Return the image of `registry/repository:tag`; raises PullError."""
    repository, tag = _parts(uri)
    folder = folder_of(images, repository, tag)
    try:
        described = json.loads((folder / DESCRIPTION).read_text("utf-8"))
        return Image(folder, described["command"], described["variables"])
    except (FileNotFoundError, NotADirectoryError):
        raise PullError(f"CannotPullContainerError: {repository}:{tag}: not found") from None


def _parts(uri: str) -> tuple[str, str]:
    name, _, tag = uri.rpartition(":")
    return name.partition("/")[2], tag
