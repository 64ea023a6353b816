"""A cloud assembly is read whole: Stages, nested stacks, and what is missing from it."""

import json
from pathlib import Path
from typing import Any

import pytest

from policies.templates.assembly import Reading, read
from runbook.model.refusal import RefusedError

Json = dict[str, Any]
LABEL = {"Runbook": {"Organisation": "rovn", "Environment": "production", "Tier": "phi"}}
BODY: Json = {"Metadata": LABEL, "Resources": {"Key": {"Type": "AWS::KMS::Key"}}}


def stack(file: str, **properties: object) -> Json:
    return {
        "type": "aws:cloudformation:stack",
        "environment": "aws://111122223333/us-east-2",
        "properties": {"templateFile": file, "stackName": "rovn-production-data", **properties},
    }


def write(folder: Path, artifacts: Json, **files: object) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "manifest.json").write_text(json.dumps({"artifacts": artifacts}), "utf-8")
    for name, body in files.items():
        text = body if isinstance(body, str) else json.dumps(body)
        (folder / f"{name}.json").write_text(text, "utf-8")
    return folder


def troubles(reading: Reading) -> list[tuple[str, str]]:
    return [(trouble.template, trouble.reason) for trouble in reading.troubles]


def test_a_stack_is_read_with_its_place(tmp_path: Path) -> None:
    artifacts = {"Data": stack("data.json", terminationProtection=True)}
    [template] = read(write(tmp_path / "out", artifacts, data=BODY)).templates
    assert template.path == "out/data.json"
    assert template.stack == "rovn-production-data"
    assert (template.account, template.region) == ("111122223333", "us-east-2")
    assert template.termination_protection is True
    assert template.label == ("rovn", "production")
    assert len(template.sha256) == 64


def test_a_place_that_is_left_open_is_not_known(tmp_path: Path) -> None:
    artifact = {**stack("data.json"), "environment": "aws://unknown-account/unknown-region"}
    [template] = read(write(tmp_path / "out", {"Data": artifact}, data=BODY)).templates
    assert (template.account, template.region) == (None, None)
    assert template.termination_protection is False


def test_a_stage_is_read(tmp_path: Path) -> None:
    inner = {"type": "cdk:cloud-assembly", "properties": {"directoryName": "inner"}}
    root = write(tmp_path / "out", {"Inner": inner})
    write(root / "inner", {"Data": stack("data.json")}, data=BODY)
    assert [template.path for template in read(root).templates] == ["out/inner/data.json"]


def test_a_stage_that_is_not_there_is_trouble(tmp_path: Path) -> None:
    inner = {"type": "cdk:cloud-assembly", "properties": {"directoryName": "inner"}}
    [(where, why)] = troubles(read(write(tmp_path / "out", {"Inner": inner})))
    assert where == "out/inner/manifest.json"
    assert why.startswith("it cannot be read: FileNotFoundError")


def nested(body: object, **metadata: str) -> Json:
    inner = {"Type": "AWS::CloudFormation::Stack", "Metadata": metadata, "Properties": {}}
    return {"parent": {**BODY, "Resources": {"Inner": inner}}, "inner": body}


def test_a_nested_stack_is_read_and_belongs_to_its_parent(tmp_path: Path) -> None:
    files = nested({"Resources": {}}, **{"aws:asset:path": "inner.json"})
    reading = read(write(tmp_path / "out", {"Data": stack("parent.json")}, **files))
    _, inner = reading.templates
    assert inner.path == "out/inner.json"
    assert inner.stack == "rovn-production-data/Inner"
    assert inner.label == ("rovn", "production")
    assert (inner.account, inner.region) == ("111122223333", "us-east-2")


@pytest.mark.parametrize(
    ("body", "metadata", "why"),
    [
        ({"Resources": {}}, {}, "Inner is a nested stack, and nothing says which template it has"),
        ({"Resources": {}}, {"aws:asset:path": "none.json"}, "the assembly names this template"),
        ("{", {"aws:asset:path": "inner.json"}, "it cannot be read as JSON"),
        ([], {"aws:asset:path": "inner.json"}, "it is JSON, but no template"),
    ],
)
def test_a_nested_stack_that_cannot_be_read_is_trouble(
    tmp_path: Path, body: object, metadata: dict[str, str], why: str
) -> None:
    reading = read(
        write(tmp_path / "out", {"Data": stack("parent.json")}, **nested(body, **metadata))
    )
    [(_, said)] = troubles(reading)
    assert said.startswith(why)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (None, "the assembly names this template, and it is not there"),
        ("{", "it cannot be read as JSON: JSONDecodeError"),
        ("[" * 100_000, "it cannot be read as JSON: RecursionError"),
        ("[]", "it is JSON, but no template: Resources is not an object"),
        ('{"a": 1, "a": 2}', "it cannot be read as JSON: ValueError: the key 'a' stands twice"),
        ('{"Resources": []}', "it is JSON, but no template: Resources is not an object"),
    ],
)
def test_a_template_that_cannot_be_read_is_trouble(
    tmp_path: Path, text: str | None, why: str
) -> None:
    files = {} if text is None else {"data": text}
    [(where, said)] = troubles(read(write(tmp_path / "out", {"D": stack("data.json")}, **files)))
    assert where == "out/data.json"
    assert said.startswith(why)


@pytest.mark.parametrize(
    "manifest",
    ["{", "[]", "{}", '{"artifacts": []}', '{"artifacts": {"a": 7}}', '{"artifacts": {"a": {}}}'],
)
def test_a_manifest_that_cannot_be_read_is_trouble(tmp_path: Path, manifest: str) -> None:
    (tmp_path / "manifest.json").write_text(manifest, "utf-8")
    [(where, why)] = troubles(read(tmp_path))
    assert where.endswith("/manifest.json")
    assert why.startswith("it cannot be read: ")


def test_an_artifact_that_is_not_whole_is_trouble(tmp_path: Path) -> None:
    artifact = {"type": "aws:cloudformation:stack", "properties": {}}
    [(_, why)] = troubles(read(write(tmp_path / "out", {"Data": artifact})))
    assert why == (
        "an artifact of type 'aws:cloudformation:stack' is not whole: KeyError: 'templateFile'"
    )


def test_a_single_template_is_read_without_asking_what_is_missing(tmp_path: Path) -> None:
    file = tmp_path / "data.template.json"
    file.write_text(json.dumps(BODY), "utf-8")
    reading = read(file)
    assert not reading.whole
    assert [template.stack for template in reading.templates] == ["data"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "it cannot be read as JSON"),
        ("Resources:\n", "it cannot be read as JSON"),
        ("{}", "it is JSON, but no template"),
        ("[]", "it is JSON, but no template"),
    ],
)
def test_a_file_that_is_no_template_is_refused(tmp_path: Path, text: str, why: str) -> None:
    file = tmp_path / "data.json"
    file.write_text(text, "utf-8")
    with pytest.raises(RefusedError, match=why):
        read(file)


def test_an_assembly_without_stacks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="it names no template"):
        read(write(tmp_path / "out", {}))


def test_a_path_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="there is no such file or folder"):
        read(tmp_path / "nothing")


def test_the_line_of_code_is_read_where_it_was_recorded(tmp_path: Path) -> None:
    frames = [
        "...aws-cdk-lib...",
        "__init__ (/x/.venv/lib/python3.11/site-packages/aws_cdk/__init__.py:7)",
        "__init__ (/elsewhere/stacks/data_stack.py:38)",
        "<module> (/elsewhere/app.py:9)",
    ]
    said = [
        {"type": "aws:cdk:logicalId", "data": "Key"},
        {"type": "aws:cdk:creationStack", "data": frames},
    ]
    bare = [{"type": "aws:cdk:logicalId", "data": "Other"}]
    artifact = {**stack("data.json"), "additionalMetadataFile": "lines.json"}
    lines = {"/a/Key": said, "/a/Other": bare}
    root = write(tmp_path / "out", {"Data": artifact}, data=BODY, lines=lines)
    assert read(root).templates[0].sources == {"Key": "/elsewhere/stacks/data_stack.py:38"}
