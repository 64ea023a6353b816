"""Where the alarms of the catalogue are defined: the module, and the line that writes the id."""

import ast
import inspect
from functools import cache
from types import ModuleType
from typing import NamedTuple

from runbook.alarms.catalogue import modules_of
from runbook.model.selection import all_environments


class Place(NamedTuple):
    """A file of the repository; ``line`` is None where the id is put together."""

    path: str
    line: int | None


def alarm_places() -> dict[str, Place]:
    """Tell of every environment's alarms where each is defined, by the alarm's id."""
    return {
        id_: Place(f"{module.__name__.replace('.', '/')}.py", _lines(module).get(id_))
        for environment in all_environments()
        for id_, module in modules_of(environment).items()
    }


@cache
def _lines(module: ModuleType) -> dict[str, int]:
    """Give the first line of each text that a module writes out."""
    texts = (
        (node.lineno, node.value)
        for node in ast.walk(ast.parse(inspect.getsource(module)))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    return {text: line for line, text in sorted(texts, reverse=True)}
