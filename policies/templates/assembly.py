"""What stands in a cloud assembly: every template its manifests list, Stages and nested stacks too.

What cannot be read becomes a ``Trouble``, never a gap: nobody may take silence for a pass.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from policies.templates.assets import assets_of
from runbook.model.refusal import WHOLE_FILE, Refusal, RefusedError

MANIFEST = "manifest.json"
NESTED_STACK = "AWS::CloudFormation::Stack"
NESTED_TEMPLATE = "aws:asset:path"
_ID, _TRACE = "aws:cdk:logicalId", "aws:cdk:creationStack"
_FRAME = re.compile(r"\((?P<line>[^()]+\.py:\d+)\)$")
ROOT = Path(__file__).resolve().parents[2]
_PLACE = re.compile(r"aws://(?P<account>\d{12}|unknown-account)/(?P<region>[a-z0-9-]+)")


@dataclass(frozen=True, slots=True)
class Nested:
    """Whose nested stack a template is: the parent's path and the resource there."""

    template: str
    logical_id: str


@dataclass(frozen=True)
class Template:
    """One template as it goes to CloudFormation.

    ``path`` is the file as results name it, ``stack`` the stack's name. ``account`` and ``region``
    are None where the assembly leaves them open. ``sources`` maps logical ids to the line of code
    that made them, where the synthesis recorded it. ``assets`` maps the keys under which files are
    uploaded with the stack to the files and folders themselves, ``uploads`` files to where.
    """

    path: str
    sha256: str
    body: Mapping[str, Any]
    stack: str
    account: str | None = None
    region: str | None = None
    termination_protection: bool | None = None
    nested: Nested | None = None
    sources: Mapping[str, str] = field(default_factory=dict)
    assets: Mapping[str, Path] = field(default_factory=dict)
    uploads: Mapping[str, str] | None = None

    @property
    def label(self) -> tuple[str, str] | None:
        """The organisation and the environment of ``Metadata.Runbook``; None without it."""
        metadata = self.body.get("Metadata")
        label = metadata.get("Runbook") if isinstance(metadata, dict) else None
        if not isinstance(label, dict):
            return None
        organisation, environment = label.get("Organisation"), label.get("Environment")
        if not isinstance(organisation, str) or not isinstance(environment, str):
            return None
        return organisation, environment


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something of ``template`` that could not be judged; ``of_asset``: only an upload of it."""

    template: str
    reason: str
    of_asset: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """All that was found below the paths given.

    ``whole`` tells that only assemblies were given, so that what is missing is missing.
    """

    templates: tuple[Template, ...]
    troubles: tuple[Trouble, ...]
    whole: bool


def read(*paths: Path) -> Reading:
    """Read cloud assemblies and single templates.

    Raises ``RefusedError`` for a path that is neither: there is nothing to judge then.
    """
    found: list[Template | Trouble] = []
    whole = all(path.is_dir() for path in paths)
    for path in paths:
        before = len(found)
        if path.is_dir():
            if not (path / MANIFEST).is_file():
                fix = "give the folder that `cdk synth` wrote, such as cdk.out, or a template"
                raise _unusable(path, f"there is no {MANIFEST} in it", fix)
            found += _assembly(path, path.name)
        elif path.is_file():
            if any(other.is_dir() for other in paths):
                reason = "beside an assembly nobody could tell what is missing"
                raise _unusable(path, reason, "give it alone")
            found += _given_template(path)
        else:
            other = "it is neither a file nor a folder"
            reason = other if path.exists() else "there is no such file or folder"
            raise _unusable(path, reason, "synthesize first: make synth; then give cdk.out")
        if len(found) == before:
            raise _unusable(path, "it names no template", "synthesize first: make synth")
    templates = tuple(item for item in found if isinstance(item, Template))
    troubles = tuple(item for item in found if isinstance(item, Trouble))
    return Reading(templates, troubles, whole)


def _given_template(path: Path) -> Iterator[Template | Trouble]:
    try:
        text = path.read_bytes()
        body = _parsed(text)
    except (OSError, ValueError, RecursionError) as error:
        reason = f"it cannot be read as JSON: {error}"
        raise _unusable(path, reason, "give a template in JSON, or a cloud assembly") from None
    if not _is_template(body):
        raise _unusable(path, "it is JSON, but no template", "give a file with Resources")
    listed = _listed_beside(path)
    if listed is not None:
        yield from _stack(path.parent, path.parent.name, *listed)
        return
    template = Template(path.name, _sha256(text), body, path.name.removesuffix(".template.json"))
    yield template
    yield from _nested(template, path.parent, "")


def _listed_beside(path: Path) -> tuple[Mapping[str, Any], Mapping[str, Any]] | None:
    """Find what the manifest in the same folder says of a template, if there is one."""
    try:
        artifacts = json.loads((path.parent / MANIFEST).read_bytes())["artifacts"]
        for artifact in artifacts.values():
            if artifact.get("properties", {}).get("templateFile") == path.name:
                return artifact, artifacts
    except (OSError, ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return None
    return None


def _assembly(directory: Path, shown: str) -> Iterator[Template | Trouble]:
    manifest = f"{shown}/{MANIFEST}"
    try:
        artifacts = json.loads((directory / MANIFEST).read_bytes())["artifacts"]
        listed = [(a["type"], a.get("properties", {}), a) for a in artifacts.values()]
    except (OSError, ValueError, RecursionError, KeyError, TypeError, AttributeError) as error:
        yield Trouble(manifest, f"it cannot be read: {_said(error)}")
        return
    for kind, properties, artifact in listed:
        try:
            if kind == "aws:cloudformation:stack":
                yield from _stack(directory, shown, artifact, artifacts)
            elif kind == "cdk:cloud-assembly":
                below = properties["directoryName"]
                yield from _assembly(directory / below, f"{shown}/{below}")
        except (KeyError, TypeError, AttributeError) as error:
            yield Trouble(manifest, f"an artifact of type {kind!r} is not whole: {_said(error)}")


def _stack(
    directory: Path, shown: str, artifact: Mapping[str, Any], artifacts: Mapping[str, Any]
) -> Iterator[Template | Trouble]:
    properties = artifact["properties"]
    file = properties["templateFile"]
    path = f"{shown}/{file}"
    assets = assets_of(artifact, artifacts, directory)
    yield from (Trouble(path, reason, of_asset=True) for reason in assets.missing)
    loaded = _load(directory / file, path)
    if isinstance(loaded, Trouble):
        yield loaded
        return
    sha256, body = loaded
    place = _PLACE.fullmatch(str(artifact.get("environment")))
    account = place["account"] if place and place["account"].isdigit() else None
    region = place["region"] if place and place["region"] != "unknown-region" else None
    template = Template(
        path,
        sha256,
        body,
        properties.get("stackName") or Path(file).name.removesuffix(".template.json"),
        account,
        region,
        properties.get("terminationProtection") is True,
        sources=_sources(directory, artifact),
        assets=assets.files,
        uploads=assets.uploads,
    )
    yield template
    yield from _nested(template, directory, f"{shown}/")


def _nested(parent: Template, directory: Path, shown: str) -> Iterator[Template | Trouble]:
    """Read the templates of a stack's nested stacks, which no manifest lists."""
    for logical_id, resource in parent.body["Resources"].items():
        if not isinstance(resource, dict) or resource.get("Type") != NESTED_STACK:
            continue
        metadata = resource.get("Metadata")
        file = metadata.get(NESTED_TEMPLATE) if isinstance(metadata, dict) else None
        if not isinstance(file, str):
            reason = f"{logical_id} is a nested stack, and nothing says which template it has"
            yield Trouble(parent.path, f"{reason}: Metadata {NESTED_TEMPLATE!r} is missing")
            continue
        path = f"{shown}{file}"
        loaded = _load(directory / file, path)
        if isinstance(loaded, Trouble):
            yield loaded
            continue
        template = Template(
            path,
            loaded[0],
            _labelled(loaded[1], parent),
            f"{parent.stack}/{logical_id}",
            parent.account,
            parent.region,
            parent.termination_protection,
            Nested(parent.path, logical_id),
            assets=parent.assets,
            uploads=parent.uploads,
        )
        yield template
        yield from _nested(template, directory, shown)


def _labelled(body: dict[str, Any], parent: Template) -> dict[str, Any]:
    """Give a nested stack's template its parent's label: it is part of that stack."""
    metadata = body.get("Metadata", {})
    label = parent.body.get("Metadata", {})
    if not isinstance(metadata, dict) or not isinstance(label, dict):
        return body
    return {**body, "Metadata": {**metadata, "Runbook": label.get("Runbook")}}


def _load(file: Path, shown: str) -> tuple[str, dict[str, Any]] | Trouble:
    try:
        text = file.read_bytes()
        body = _parsed(text)
    except FileNotFoundError:
        return Trouble(shown, "the assembly names this template, and it is not there")
    except (OSError, ValueError, RecursionError) as error:
        return Trouble(shown, f"it cannot be read as JSON: {_said(error)}")
    if not _is_template(body):
        return Trouble(shown, "it is JSON, but no template: Resources is not an object")
    return _sha256(text), body


def _parsed(text: bytes) -> Any:  # noqa: ANN401 - JSON is any value
    return json.loads(text, object_pairs_hook=_without_twice)


def _without_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a key that stands twice: one reader takes the first, another the last."""
    made = dict(pairs)
    if len(made) != len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key {next(k for k in keys if keys.count(k) > 1)!r} stands twice")
    return made


def _is_template(body: Any) -> bool:  # noqa: ANN401 - JSON is any value
    return isinstance(body, dict) and isinstance(body.get("Resources"), dict)


def _sources(directory: Path, artifact: Mapping[str, Any]) -> dict[str, str]:
    """Read where in the code each resource was made, if the synthesis wrote that down."""
    try:
        text = (directory / artifact["additionalMetadataFile"]).read_bytes()
        constructs = json.loads(text).values()
        said = [{entry["type"]: entry["data"] for entry in construct} for construct in constructs]
        made = [(c[_ID], c[_TRACE]) for c in said if _TRACE in c and _ID in c]
        return {logical_id: _own_line(trace) for logical_id, trace in made}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _own_line(trace: list[str]) -> str:
    """Find the innermost line of Python that is ours: what a library does, we asked for."""
    lines = (found["line"] for frame in trace if (found := _FRAME.search(frame)))
    ours = next((line for line in lines if "site-packages" not in line), "")
    return ours.removeprefix(f"{ROOT}/")


def _sha256(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


def _unusable(path: Path, reason: str, fix: str) -> RefusedError:
    return RefusedError(str(path), [Refusal(WHOLE_FILE, reason, fix)])
