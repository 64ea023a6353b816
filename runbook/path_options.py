"""Files and folders of options: `--out --help` asks for help, and names no folder."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from typer.core import TyperGroup, TyperOption

from runbook.command_group import CommandGroup
from runbook.model.refusal import Refusal, RefusedError


class Commands(CommandGroup):
    """All commands; an option that takes a path takes none that begins with ``-``."""

    def __init__(self, **given: Any) -> None:  # noqa: ANN401 - Typer's own
        super().__init__(**given)
        for option in _options(self):
            option.callback = partial(_checked, option.callback)


def _options(command: Any) -> Iterator[TyperOption]:  # noqa: ANN401 - Typer's own
    yield from (each for each in command.params if isinstance(each, TyperOption))
    if isinstance(command, TyperGroup):
        for each in command.commands.values():
            yield from _options(each)


def _checked(
    then: Callable[[Any, Any, Any], object] | None,
    context: Any,  # noqa: ANN401 - Typer's own
    option: TyperOption,
    value: object,
) -> object:
    """Refuse what looks like an option; ``then`` is what the option calls besides."""
    for each in value if isinstance(value, list | tuple) else [value]:
        if isinstance(each, Path) and str(each).startswith("-"):
            reason = f"{str(each)!r} stands where its file or folder is expected"
            fix = "name one; where its own name begins with -, write its whole path"
            raise RefusedError("the command line", [Refusal(option.opts[0], reason, fix)])
    return then(context, option, value) if then else value
