"""A patch is applied only if the emulator has what it expects, and none is if one misfits."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from sandbox.emulator import resource_types
from sandbox.emulator.moto_fallback import with_moto
from sandbox.emulator.patching import Function, Patches, UnexpectedEmulatorError
from tests.assembly import ROOT
from tests.sandbox.patience import SECONDS


def greet(name: str) -> str:
    return f"hello {name}"


def greet_in(name: str, language: str) -> str:
    return f"{language}: hello {name}"


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return a module such as ministack's: a function, a table of functions, and a constant."""
    module = ModuleType("emulated_service")
    vars(module).update(greet=greet, ACTIONS={"Greet": greet}, LIMIT=3)
    monkeypatch.setitem(sys.modules, "emulated_service", module)
    return module


def wrapping(name: str, entry: str | None = None, module: str = "emulated_service") -> Patches:
    patches = Patches()

    @patches.wrap(module, name, entry=entry, parameters=("name",))
    def loud(original: Function, name: str) -> str:
        return str(original(name)).upper()

    return patches


def test_wraps_a_function_and_a_table_entry(emulator: ModuleType) -> None:
    wrapping("greet").apply()
    assert emulator.greet("you") == "HELLO YOU"
    assert emulator.ACTIONS["Greet"]("you") == "hello you"
    wrapping("ACTIONS", "Greet").apply()
    assert emulator.ACTIONS["Greet"]("you") == "HELLO YOU"


@pytest.mark.parametrize(
    ("patches", "message"),
    [
        (wrapping("gone"), r"emulated_service\.gone: there is no such name"),
        (wrapping("greet", module="no_such_service"), "there is no module no_such_service"),
        (wrapping("ACTIONS", "Gone"), r"ACTIONS\['Gone'\]: there is no such entry"),
        (wrapping("greet", "Greet"), r"greet\['Greet'\]: there is no such entry"),
        (wrapping("LIMIT"), "LIMIT: expected a function, found int"),
    ],
)
@pytest.mark.usefixtures("emulator")
def test_refuses_what_is_not_there(patches: Patches, message: str) -> None:
    with pytest.raises(UnexpectedEmulatorError, match=message):
        patches.apply()


def test_refuses_other_parameters(emulator: ModuleType) -> None:
    vars(emulator)["greet"] = greet_in
    with pytest.raises(UnexpectedEmulatorError, match=r"\(name\), found \(name, language\)"):
        wrapping("greet").apply()


def test_one_misfit_leaves_everything_as_it_was(emulator: ModuleType) -> None:
    patches = wrapping("greet")
    patches.wrappers += wrapping("gone").wrappers
    with pytest.raises(UnexpectedEmulatorError):
        patches.apply()
    assert emulator.greet is greet


@pytest.mark.parametrize(
    ("module", "name", "message"),
    [
        ("emulated_service", "gone", r"emulated_service\.gone: there is no such name"),
        ("no_such_service", "greet", r"no_such_service\.greet: there is no module no_such_service"),
    ],
)
def test_a_name_that_a_wrapper_uses_must_be_there(
    emulator: ModuleType, module: str, name: str, message: str
) -> None:
    patches = wrapping("greet")
    patches.needs("emulated_service", "LIMIT", "ACTIONS")
    patches.needs(module, name)
    with pytest.raises(UnexpectedEmulatorError, match=message):
        patches.apply()
    assert emulator.greet is greet
    del patches.needed[-1]
    patches.apply()
    assert emulator.greet("you") == "HELLO YOU"


def create(logical_id: str, props: object, stack_name: str) -> None: ...


def update(physical_id: str, old_props: object, new_props: object, stack_name: str) -> None: ...


@pytest.mark.parametrize(
    ("handlers", "message"),
    [
        ({"Added": {}, "Completed": {"create": create, "update": update}}, "knows Added by itself"),
        ({}, "there is no Completed"),
        ({"Completed": {"create": create}}, "there is no update"),
        ({"Completed": {"create": update, "update": update}}, "expected parameters"),
    ],
)
def test_resource_types_must_be_as_expected(
    monkeypatch: pytest.MonkeyPatch, handlers: dict[str, object], message: str
) -> None:
    provisioners = ModuleType(resource_types.PROVISIONERS)
    vars(provisioners).update(_RESOURCE_HANDLERS=handlers, _STACK_TAG_PROPERTY={})
    monkeypatch.setitem(sys.modules, resource_types.PROVISIONERS, provisioners)

    def nothing(*_: object) -> tuple[str, dict[str, str]]:
        return "", {}

    added = resource_types.AddedType(nothing, nothing, lambda *_: None)
    monkeypatch.setattr(resource_types, "ADDED", {"Added": added})
    monkeypatch.setattr(resource_types, "COMPLETED", {"Completed": resource_types.CompletedType()})
    monkeypatch.setattr(resource_types, "REPLACED", {})
    before = dict(handlers)
    with pytest.raises(UnexpectedEmulatorError, match=message):
        resource_types.install()
    assert handlers == before


def test_a_replaced_type_must_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    provisioners = ModuleType(resource_types.PROVISIONERS)
    handlers: dict[str, dict[str, object]] = {"Replaced": {"create": create, "import": create}}
    vars(provisioners).update(_RESOURCE_HANDLERS=handlers, _STACK_TAG_PROPERTY={})
    monkeypatch.setitem(sys.modules, resource_types.PROVISIONERS, provisioners)

    def nothing(*_: object) -> tuple[str, dict[str, str]]:
        return "", {}

    replaced = resource_types.AddedType(nothing, nothing, lambda *_: None, tagged=False)
    for kind in ("ADDED", "COMPLETED"):
        monkeypatch.setattr(resource_types, kind, {})
    monkeypatch.setattr(resource_types, "REPLACED", {"Replaced": replaced})
    resource_types.install()
    assert handlers["Replaced"]["create"] is nothing
    assert "import" not in handlers["Replaced"]
    assert vars(provisioners)["_STACK_TAG_PROPERTY"] == {}, "it has no Tags"
    del handlers["Replaced"]
    with pytest.raises(UnexpectedEmulatorError, match="there is no Replaced"):
        resource_types.install()


def test_moto_takes_no_service_that_ministack_has(monkeypatch: pytest.MonkeyPatch) -> None:
    async def application(*_: object) -> None: ...

    monkeypatch.setattr("sandbox.emulator.moto_fallback.SERVED_BY_MOTO", {"xray"})
    with pytest.raises(UnexpectedEmulatorError, match="knows xray by itself"):
        with_moto(application, {"xray": {}})
    with pytest.raises(UnexpectedEmulatorError, match="no such table"):
        with_moto(application, None)


@pytest.fixture
def python(tmp_path: Path) -> Callable[[str], subprocess.CompletedProcess[str]]:
    """Run a program in the emulator's environment; what the emulator writes goes with the test."""
    executable = ROOT / "sandbox" / ".venv" / "bin" / "python"
    assert executable.exists(), "sandbox/.venv is not installed: run `make setup`"
    folders = {"STATE_DIR": str(tmp_path), "S3_DATA_DIR": str(tmp_path), "TMPDIR": str(tmp_path)}

    def run(program: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [executable, "-c", program],
            cwd=ROOT,
            env=os.environ | folders,
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )

    return run


Python = Callable[[str], subprocess.CompletedProcess[str]]


def test_the_installed_emulator_is_as_every_adapter_expects(python: Python) -> None:
    done = python("from sandbox.emulator import __main__ as m; m.adapt()")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        ("del s3._put_bucket_versioning", "s3._put_bucket_versioning: there is no such name"),
        ("del s3._bucket_object_lock", "s3._bucket_object_lock: there is no such name"),
        ("del responses.get_account_id", "cannot import name 'get_account_id'"),
        ("sys.modules['ministack.app'] = None", "ministack.app"),
    ],
)
def test_the_emulator_does_not_start_without_a_name_it_needs(
    python: Python, spoil: str, message: str
) -> None:
    done = python(
        "import sys, ministack.services.s3 as s3, ministack.core.responses as responses\n"
        "from sandbox.emulator.__main__ import main\n"
        f"{spoil}\n"
        "sys.argv = ['emulator', '--port', '1']\n"
        "sys.exit(main())"
    )
    assert done.returncode == 3
    assert message in done.stderr
    assert "`rm -r sandbox/.venv && make setup`" in done.stderr
    assert done.stderr.count("\n") == 1


def test_every_name_that_an_adapter_uses_is_checked(python: Python) -> None:
    done = python(
        "import importlib, json\n"
        "from sandbox.emulator import __main__ as m\n"
        "m.adapt()\n"
        "for module, name in m.PATCHES.needed:\n"
        "    value = vars(importlib.import_module(module)).pop(name)\n"
        "    try:\n"
        "        m.PATCHES.apply()\n"
        "    except m.UnexpectedEmulatorError as error:\n"
        "        assert f'{module}.{name}' in str(error), error\n"
        "    else:\n"
        "        raise AssertionError(name)\n"
        "    setattr(importlib.import_module(module), name, value)\n"
        "print(json.dumps(m.PATCHES.needed))"
    )
    assert done.returncode == 0, done.stderr
    checked = {(module, name) for module, name in json.loads(done.stdout)}
    services = sorted((ROOT / "sandbox" / "emulator" / "services").glob("*.py"))
    used = set().union(*(names_used(ast.parse(file.read_text("utf-8"))) for file in services))
    assert used, "the adapters use the emulator's own names"
    assert used <= checked, "declare them with PATCHES.needs beside the wrapper"


def names_used(adapter: ast.Module) -> set[tuple[str, str]]:
    """Find what an adapter's functions take from the emulator: imported names, and attributes."""
    return set().union(*(_names_used_in(statement) for statement in adapter.body))


def _names_used_in(statement: ast.stmt) -> set[tuple[str, str]]:
    imported = [
        (str(node.module), alias.name, alias.asname or alias.name)
        for node in ast.walk(statement)
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("ministack")
        for alias in node.names
    ]
    modules = {
        name: f"{package}.{module}"
        for package, module, name in imported
        if package == "ministack.services"
    }
    names = {(module, name) for module, name, _ in imported if module != "ministack.services"}
    return names | {
        (modules[node.value.id], node.attr)
        for node in ast.walk(statement)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id in modules
    }
