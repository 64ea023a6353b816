"""A cloud assembly is read with the stages in it, and refused if it is incomplete."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.cloud_assembly import SynthesizedStack, read_stacks, single_place
from sandbox.failure import SandboxError


def write(folder: Path, artifacts: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.json").write_text(json.dumps({"artifacts": artifacts}), "utf-8")


def stack_artifact(name: str, environment: str = "aws://111122223333/us-east-2") -> dict[str, Any]:
    return {
        "type": "aws:cloudformation:stack",
        "environment": environment,
        "properties": {
            "templateFile": f"{name}.template.json",
            "stackName": name,
            "terminationProtection": True,
        },
    }


def test_reads_the_stacks_of_stages(tmp_path: Path) -> None:
    stage = {"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-stage"}}
    write(tmp_path, {"stage": stage, "Tree": {"type": "cdk:tree"}})
    write(tmp_path / "assembly-stage", {"network": stack_artifact("network")})
    template: dict[str, Any] = {"Resources": {}}
    (tmp_path / "assembly-stage" / "network.template.json").write_text(json.dumps(template))
    [stack] = read_stacks(tmp_path)
    assert stack == SynthesizedStack(
        "network", "111122223333", "us-east-2", termination_protection=True, template=template
    )


def test_refuses_an_assembly_without_its_template(tmp_path: Path) -> None:
    write(tmp_path, {"network": stack_artifact("network")})
    with pytest.raises(SandboxError, match=r"network\.template\.json: the synthesis should have"):
        read_stacks(tmp_path)


@pytest.mark.parametrize(
    ("manifest", "message"),
    [(None, "should have written"), ("{", "not valid JSON"), ("{}", "wrote no stack")],
)
def test_refuses_a_broken_assembly(tmp_path: Path, manifest: str | None, message: str) -> None:
    if manifest is not None:
        (tmp_path / "manifest.json").write_text(manifest, "utf-8")
    with pytest.raises(SandboxError, match=message):
        read_stacks(tmp_path)


def stack(account: str, region: str = "us-east-2") -> SynthesizedStack:
    return SynthesizedStack("s", account, region, termination_protection=True, template={})


def test_satellites_in_other_regions_are_of_the_same_place() -> None:
    stacks = [stack("111122223333"), stack("111122223333", "us-east-1")]
    assert single_place(stacks) == ("111122223333", "us-east-2")


@pytest.mark.parametrize(
    ("accounts", "message"),
    [(["111122223333", "444455556666"], "2 accounts"), (["unknown-account"], "names no account")],
)
def test_refuses_what_is_not_one_account(accounts: list[str], message: str) -> None:
    with pytest.raises(SandboxError, match=message):
        single_place([stack(account) for account in accounts])
