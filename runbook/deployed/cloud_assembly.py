"""What a synthesis wrote: the stacks of a cloud assembly, with their templates."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class AssemblyError(Exception):
    """A cloud assembly is not there, or not whole; says which file."""


@dataclass(frozen=True)
class SynthesizedStack:
    """A stack as synthesized; `template` is its CloudFormation template.

    The CDK CLI knows it as `path`; `stands_on` are the paths of the stacks deployed before it.
    """

    name: str
    account: str
    region: str
    termination_protection: bool
    template: dict[str, Any]
    path: str = ""
    stands_on: tuple[str, ...] = ()


def read_stacks(directory: Path) -> list[SynthesizedStack]:
    """Return the stacks of an assembly and of the stages in it, in the manifest's order.

    Raises AssemblyError if the assembly is incomplete or holds no stack.
    """
    stacks = _stacks(directory)
    if not stacks:
        raise AssemblyError(f"{directory}: the synthesis wrote no stack")
    return stacks


def _stacks(directory: Path) -> list[SynthesizedStack]:
    artifacts = _json(directory / "manifest.json").get("artifacts", {})
    found: list[SynthesizedStack] = []
    for artifact in artifacts.values():
        if artifact["type"] == "cdk:cloud-assembly":
            found += _stacks(directory / artifact["properties"]["directoryName"])
        elif artifact["type"] == "aws:cloudformation:stack":
            found.append(_stack(directory, artifact, artifacts))
    return found


def _stack(
    directory: Path, artifact: dict[str, Any], artifacts: dict[str, Any]
) -> SynthesizedStack:
    properties = artifact["properties"]
    account, region = artifact["environment"].removeprefix("aws://").split("/")
    return SynthesizedStack(
        name=properties["stackName"],
        account=account,
        region=region,
        termination_protection=properties.get("terminationProtection", False),
        template=_json(directory / properties["templateFile"]),
        path=artifact.get("displayName", ""),
        stands_on=tuple(
            artifacts[name]["displayName"]
            for name in artifact.get("dependencies", [])
            if artifacts[name]["type"] == "aws:cloudformation:stack"
        ),
    )


def _json(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise AssemblyError(f"{path}: the synthesis should have written this file") from None
    except ValueError as error:
        raise AssemblyError(f"{path}: not valid JSON: {error}") from None
    return content
