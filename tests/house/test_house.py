"""The shape of the repository: what a newcomer and the next change can rely on."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from runbook.model.loader import ENVIRONMENTS
from tests.assembly import ROOT

CODE = [
    path
    for folder in (
        "constructs",
        "stacks",
        "policies",
        "runbook",
        "sandbox",
        "simulator",
        "evidence",
    )
    for path in sorted((ROOT / folder).rglob("*.py"))
    if ".venv" not in path.parts
]
CLAUSE_ID = re.compile(r"\b(ROVN|SCR|DLX|ALL)-[A-Z]+-[\w.]+")


def organisations() -> set[str]:
    return {p.name for p in ENVIRONMENTS.iterdir() if p.is_dir()} | {"rovn", "scr", "dealix"}


@pytest.mark.parametrize("path", CODE, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_organisation_by_name_in_code(path: Path) -> None:
    """What differs between organisations is a field of the model; clause ids may be cited."""
    text = CLAUSE_ID.sub("", path.read_text("utf-8")).lower()
    words = re.findall(r"[a-z]+", text)
    assert not organisations() & set(words)


def test_the_name_trap_is_empty() -> None:
    assert not (ROOT / "constructs" / "__init__.py").exists()
    import constructs

    assert constructs.__file__ is not None
    assert "site-packages" in constructs.__file__


def test_the_name_trap_stops_the_tests_with_a_reason(tmp_path: Path) -> None:
    tests = tmp_path / "tests"
    tests.mkdir()
    for name in ("conftest.py", "assembly.py"):
        (tests / name).write_text((ROOT / "tests" / name).read_text("utf-8"), "utf-8")
    (tests / "test_nothing.py").write_text("def test_nothing(): pass\n", "utf-8")
    (tmp_path / "constructs").mkdir()
    (tmp_path / "constructs" / "__init__.py").touch()
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--rootdir={tmp_path}", tests],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 4
    assert "shadows the PyPI package" in run.stdout + run.stderr


@pytest.mark.parametrize("module", ["runbook.cli", "policies"])
def test_operators_do_not_wait_for_the_cdk(module: str) -> None:
    code = f"import sys, {module}; sys.exit('aws_cdk' in sys.modules or 'jsii' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_arrows_point_one_way() -> None:
    """Data -> runbook -> constructs -> stacks -> app; the others stand beside them."""
    allowed = {
        "runbook": {"runbook"},
        "constructs": {"runbook", "runbook_constructs"},
        "stacks": {"runbook", "runbook_constructs", "stacks"},
        "policies": {"runbook", "policies"},
        "sandbox": {"runbook", "sandbox"},
        "simulator": {"runbook", "policies", "simulator"},
        "evidence": {"runbook", "policies", "simulator", "evidence"},
    }
    own = set(allowed) - {"constructs"} | {"runbook_constructs", "app"}
    # The command is the door to all of them; it loads them when one is asked for.
    doors = {ROOT / "runbook" / "cli.py": {"policies", "simulator", "evidence"}}
    for path in CODE:
        folder = path.relative_to(ROOT).parts[0]
        assert imported(path) & own <= allowed[folder] | doors.get(path, set()), path
        in_cdk = folder == "policies" and path.stem in ("packs", "plugin")
        if folder in ("runbook", "sandbox", "simulator", "policies", "evidence") and not in_cdk:
            assert not imported(path) & {"aws_cdk", "constructs", "jsii"}, path


def test_only_the_waivers_acknowledge_what_a_pack_finds() -> None:
    """An acknowledgement in code may leave no record at all, so there is one place for them."""
    words = {"Acknowledgment", "acknowledge", "acknowledge_warning", "acknowledged"}
    found = {
        path.relative_to(ROOT).as_posix()
        for path in [*CODE, ROOT / "app.py"]
        if path.parts[-2] != "sandbox" and words & set(identifiers(path))
    }
    assert found == {"policies/plugin.py", "stacks/network_stack.py"}
    network = (ROOT / "stacks" / "network_stack.py").read_text("utf-8")
    assert re.findall(r'\bid="(.+?)"', network) == ["CloudFormation-Validate::W3010"]


def identifiers(path: Path) -> Iterator[str]:
    """List the attributes and imports that a module names."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.ImportFrom):
            yield from (alias.name for alias in node.names)


def imported(path: Path) -> set[str]:
    """Name the top-level packages that a module imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


def test_every_dependency_earns_its_place_in_one_line() -> None:
    explained = (ROOT / "docs" / "dependencies.md").read_text("utf-8")
    for folder in (ROOT, ROOT / "sandbox", ROOT / "judges"):
        project = folder / "pyproject.toml"
        data = tomllib.loads(project.read_text("utf-8"))
        required = data["project"]["dependencies"] + data.get("dependency-groups", {}).get(
            "dev", []
        )
        for requirement in required:
            name = re.split(r"[\[<>=]", requirement)[0]
            assert re.search(rf"^\| `{name}` \| \S", explained, re.MULTILINE), name
    for folder in (ROOT, ROOT / "tests" / "browser"):
        listed = json.loads((folder / "package.json").read_text("utf-8"))["devDependencies"]
        for name, version in listed.items():
            assert re.search(rf"^\| `{name}` \| \S", explained, re.MULTILINE), name
            assert re.fullmatch(r"\d+\.\d+\.\d+", version), name
