"""The files uploaded with a stack: listed by the assembly, missed when they are not there."""

import json
from pathlib import Path
from typing import Any

import pytest

from policies.templates.assembly import Reading, read

TEMPLATE: dict[str, Any] = {"Resources": {}}


def assembly(root: Path, files: Any, images: Any = None) -> Reading:  # noqa: ANN401 - JSON
    assets = {"files": files, "dockerImages": images or {}}
    manifest = {
        "artifacts": {
            "S.assets": {"type": "cdk:asset-manifest", "properties": {"file": "S.assets.json"}},
            "S": {
                "type": "aws:cloudformation:stack",
                "properties": {"templateFile": "S.template.json"},
                "dependencies": ["S.assets"],
            },
        }
    }
    for name, body in (
        ("manifest.json", manifest),
        ("S.assets.json", assets),
        ("S.template.json", TEMPLATE),
    ):
        (root / name).write_text(json.dumps(body), "utf-8")
    return read(root)


def asset(path: str | None, key: str = "abc.zip") -> Any:  # noqa: ANN401 - JSON
    source = {"path": path} if path else {"executable": ["make"]}
    return {"source": source, "destinations": {"here": {"objectKey": key}}}


def test_assets_are_known_by_the_key_they_are_uploaded_under(tmp_path: Path) -> None:
    (tmp_path / "asset.abc").mkdir()
    files = {"abc": asset("asset.abc"), "t": asset("S.template.json", "t.json")}
    image = {"source": {"directory": "asset.abc"}, "destinations": {"here": {"imageTag": "tag"}}}
    reading = assembly(tmp_path, files, {"tag": image})
    assert reading.troubles == ()
    folder = tmp_path / "asset.abc"
    assert reading.templates[0].assets == {"abc.zip": folder, "tag": folder}
    [alone] = read(tmp_path / "S.template.json").templates
    assert alone.assets == reading.templates[0].assets


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"abc": asset("asset.gone")}, "the asset asset.gone is not there"),
        ({"abc": asset(None)}, "the asset abc.zip is made by a command when it is uploaded"),
        ({"abc": {}}, "the list of its assets cannot be read: KeyError: 'source'"),
        (
            [],
            "the list of its assets cannot be read: AttributeError: 'list' object has no attribute",
        ),
    ],
)
def test_what_is_missing_is_told(tmp_path: Path, files: object, reason: str) -> None:
    [trouble] = assembly(tmp_path, files).troubles
    assert trouble.template == f"{tmp_path.name}/S.template.json"
    assert trouble.reason.startswith(reason)
