"""A file of a service, as rules look at it; ``policies/sources.py`` finds and reads them."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Json = Any


class FileKind(StrEnum):
    """What a file of a service is; the same file may be of two kinds."""

    DOCKERFILE = "Dockerfile"
    BUILDSPEC = "buildspec.yml"
    WORKFLOW = "workflow"
    # An action of the repository itself, which workflows call.
    ACTION = "action"
    # Code, scripts, definitions: whatever can run once it is delivered.
    CODE = "code file"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file, under one of its kinds; ``path`` is below the repository's root."""

    kind: FileKind
    path: str
    data: bytes

    def mapping(self) -> dict[Any, Any]:
        """Read it as YAML. Raises when it is none, or not a mapping: the file is not judged."""
        import yaml

        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        data = yaml.load(self.data, loader)  # noqa: S506 - both are safe loaders
        if not isinstance(data, dict):
            raise TypeError("it is YAML, but no mapping")
        return data


def leaves(value: Json, key: str = "") -> Iterator[tuple[str, str]]:
    """List each text inside a value with the key that it stands under."""
    match value:
        case dict():
            for name, item in value.items():
                yield from leaves(item, str(name))
        case list():
            for item in value:
                yield from leaves(item, key)
        case str():
            yield key, value
