"""A patch is applied only if the emulator has what it expects, and none is if one misfits."""

from __future__ import annotations

import subprocess
import sys
from types import ModuleType

import pytest

from sandbox.emulator import resource_types
from sandbox.emulator.moto_fallback import with_moto
from sandbox.emulator.patching import Function, Patches, UnexpectedEmulatorError
from tests.assembly import ROOT


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
    before = dict(handlers)
    with pytest.raises(UnexpectedEmulatorError, match=message):
        resource_types.install()
    assert handlers == before


def test_moto_takes_no_service_that_ministack_has(monkeypatch: pytest.MonkeyPatch) -> None:
    async def application(*_: object) -> None: ...

    monkeypatch.setattr("sandbox.emulator.moto_fallback.SERVED_BY_MOTO", {"xray"})
    with pytest.raises(UnexpectedEmulatorError, match="knows xray by itself"):
        with_moto(application, {"xray": {}})
    with pytest.raises(UnexpectedEmulatorError, match="no such table"):
        with_moto(application, None)


def in_the_emulators_environment(program: str) -> subprocess.CompletedProcess[str]:
    python = ROOT / "sandbox" / ".venv" / "bin" / "python"
    assert python.exists(), "sandbox/.venv is not installed: run `make setup`"
    return subprocess.run(
        [python, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )


def test_the_installed_emulator_is_as_every_adapter_expects() -> None:
    done = in_the_emulators_environment("from sandbox.emulator import __main__ as m; m.adapt()")
    assert (done.returncode, done.stderr) == (0, "")


def test_the_emulator_does_not_start_without_a_name_it_patches() -> None:
    done = in_the_emulators_environment(
        "import sys, ministack.services.s3 as s3\n"
        "from sandbox.emulator.__main__ import main\n"
        "del s3._put_bucket_versioning\n"
        "sys.argv = ['emulator', '--port', '1']\n"
        "sys.exit(main())"
    )
    assert done.returncode == 3
    assert "ministack.services.s3._put_bucket_versioning: there is no such name" in done.stderr
    assert done.stderr.count("\n") == 1
