"""Which checks of `runbook verify` are about which clauses, read from their text.

Importing them would load the AWS SDK for everybody who asks about a clause.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDER = "runbook/verification/checks"
TEST = "tests/verification/test_checks.py"
_REGISTERS = "checks_that"


@dataclass(frozen=True, slots=True)
class LiveCheck:
    """One check: its name, the clauses it names, and where it stands."""

    name: str
    clauses: tuple[str, ...]
    path: str
    line: int


def live_checks(root: Path) -> Iterator[LiveCheck]:
    """Yield the checks, in the order of files and lines."""
    for path in sorted(root.glob(f"{FOLDER}/*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef):
                yield from _registered(node, path.relative_to(root).as_posix())


def _registered(function: ast.FunctionDef, path: str) -> Iterator[LiveCheck]:
    for decorator in function.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == _REGISTERS:
            name, *clauses = (str(ast.literal_eval(argument)) for argument in decorator.args)
            yield LiveCheck(name, tuple(clauses), path, decorator.lineno)
