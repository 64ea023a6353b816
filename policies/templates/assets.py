"""The files that are uploaded with a stack: code of functions, definitions, buildspecs."""

import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

_KIND = "cdk:asset-manifest"
_ARCHIVES = (".zip", ".jar", ".whl", ".egg")
_DEEPEST = 5


@dataclass(frozen=True, slots=True)
class Assets:
    """Files and folders by the key under which they are uploaded, and why some are missing."""

    files: Mapping[str, Path]
    missing: tuple[str, ...]
    # Where templates are uploaded, by file.
    uploads: Mapping[str, str]


def assets_of(stack: Mapping[str, Any], artifacts: Mapping[str, Any], directory: Path) -> Assets:
    """List the assets in the manifests that a stack of an assembly depends on."""
    files: dict[str, Path] = {}
    missing: list[str] = []
    uploads: dict[str, str] = {}
    for name in stack.get("dependencies") or ():
        artifact = artifacts[name]
        if artifact["type"] != _KIND:
            continue
        try:
            manifest = json.loads((directory / artifact["properties"]["file"]).read_bytes())
            uploads |= _uploads(manifest)
            for key, source in _listed(manifest):
                if source is None:
                    missing.append(f"the asset {key} is made by a command when it is uploaded")
                elif not (directory / source).exists():
                    missing.append(f"the asset {source} is not there")
                else:
                    files[key] = directory / source
        except (OSError, ValueError, RecursionError, KeyError, TypeError, AttributeError) as error:
            missing.append(
                f"the list of its assets cannot be read: {type(error).__name__}: {error}"
            )
    return Assets(files, tuple(missing), uploads)


def _uploads(data: Mapping[str, Any]) -> dict[str, str]:
    """Map each file to the address, without its region, under which a nested stack names it."""
    return {
        asset["source"]["path"]: f"{to.get('bucketName')}/{to['objectKey']}"
        for asset in data.get("files", {}).values()
        if "path" in asset["source"]
        for to in asset["destinations"].values()
    }


def _listed(data: Mapping[str, Any]) -> Iterator[tuple[str, str | None]]:
    """List key and path of each asset but the templates; None for what a command makes."""
    for asset in data.get("files", {}).values():
        source = asset["source"].get("path")
        if source is not None and source.endswith(".template.json"):
            continue
        for destination in asset["destinations"].values():
            yield destination["objectKey"], source
    for asset in data.get("dockerImages", {}).values():
        for destination in asset["destinations"].values():
            yield destination["imageTag"], asset["source"].get("directory")


def contents(asset: Path) -> Iterator[tuple[str, bytes]]:
    """Give every file of an asset with its name, those in archives too.

    Raises ``OSError`` for what cannot be read, and for an archive that is none.
    """
    if asset.is_dir():
        for path in sorted(asset.rglob("*")):
            if not path.is_dir():
                yield from _opened(path.relative_to(asset).as_posix(), path.read_bytes(), 0)
    else:
        yield from _opened(asset.name, asset.read_bytes(), 0)


def _opened(name: str, data: bytes, depth: int) -> Iterator[tuple[str, bytes]]:
    if not name.lower().endswith(_ARCHIVES) and not zipfile.is_zipfile(BytesIO(data)):
        yield name, data
        return
    if depth == _DEEPEST:
        raise OSError(f"{name} lies more than {_DEEPEST} archives deep")
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            for member in archive.infolist():
                if not member.is_dir():
                    inside = f"{name}/{member.filename}"
                    yield from _opened(inside, archive.read(member), depth + 1)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError) as error:
        raise OSError(f"{name} is an archive that cannot be read: {error}") from None
