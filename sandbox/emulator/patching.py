"""Changes to ministack, each with what it expects to find; if one finds otherwise, none is made.

ministack is not ours: a function that moved or changed its parameters would leave a patch silently
without effect. So nothing is applied before everything has been found as expected.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

Function = Callable[..., Any]


class UnexpectedEmulatorError(Exception):
    """The installed emulator is not the one that these adapters were written for."""


@dataclass(frozen=True)
class Place:
    """Where a function of the emulator stands: a module's name, or an entry of its table."""

    module: str
    name: str
    parameters: tuple[str, ...]
    entry: str | None = None

    def __str__(self) -> str:
        """Name the place as a reader would look it up."""
        entry = f"[{self.entry!r}]" if self.entry else ""
        return f"{self.module}.{self.name}{entry}"

    def found(self) -> Function:
        """Return the function that stands there, or raise UnexpectedEmulatorError naming it."""
        value = _value(self.module, self.name)
        if self.entry is not None:
            if not isinstance(value, dict) or self.entry not in value:
                raise UnexpectedEmulatorError(f"{self}: there is no such entry")
            value = value[self.entry]
        return self.checked(value)

    def checked(self, value: object) -> Function:
        """Return `value` if it is a function of the expected parameters, or raise."""
        if not inspect.isroutine(value):
            kind = type(value).__name__
            raise UnexpectedEmulatorError(f"{self}: expected a function, found {kind}")
        found = tuple(inspect.signature(value).parameters)
        if found != self.parameters:
            raise UnexpectedEmulatorError(
                f"{self}: expected parameters ({', '.join(self.parameters)}), "
                f"found ({', '.join(found)})"
            )
        return value

    def put(self, function: Function) -> None:
        """Let `function` stand there instead."""
        module = importlib.import_module(self.module)
        if self.entry is None:
            setattr(module, self.name, function)
        else:
            getattr(module, self.name)[self.entry] = function


@dataclass
class Patches:
    """Wrappers around the emulator's functions; each gets the original as its first argument.

    `needed` are the modules and names of the emulator that the wrappers use themselves.
    """

    wrappers: list[tuple[Place, Function]] = field(default_factory=list)
    needed: list[tuple[str, str]] = field(default_factory=list)

    def wrap(
        self, module: str, name: str, *, parameters: Sequence[str], entry: str | None = None
    ) -> Callable[[Function], Function]:
        """Register the decorated function to be called in place of the named one."""

        def register(wrapper: Function) -> Function:
            place = Place(module=module, name=name, parameters=tuple(parameters), entry=entry)
            self.wrappers.append((place, wrapper))
            return wrapper

        return register

    def needs(self, module: str, *names: str) -> None:
        """Register names that must be in the emulator's module because a wrapper uses them."""
        self.needed += [(module, name) for name in names]

    def apply(self) -> None:
        """Put every wrapper in place, or none; raises UnexpectedEmulatorError at a misfit."""
        for module, name in self.needed:
            _value(module, name)
        originals = [(place, place.found(), wrapper) for place, wrapper in self.wrappers]
        for place, original, wrapper in originals:
            place.put(_bound(wrapper, original))


def _value(module: str, name: str) -> Any:  # noqa: ANN401 - whatever the emulator has there
    try:
        return getattr(importlib.import_module(module), name)
    except ModuleNotFoundError as error:
        raise UnexpectedEmulatorError(f"{module}.{name}: there is no module {error.name}") from None
    except AttributeError:
        raise UnexpectedEmulatorError(f"{module}.{name}: there is no such name") from None


def _bound(wrapper: Function, original: Function) -> Function:
    def call(*args: Any, **keywords: Any) -> Any:  # noqa: ANN401 - the emulator's own signature
        return wrapper(original, *args, **keywords)

    return call


PATCHES = Patches()
