"""Which drills exercise a clause: ``@drill("name", "ID", ...)``, read from the text of the drills.

``make rehearse`` runs them all, and fails when one of them does; reading takes no sandbox.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_FOLDER = "sandbox/rehearsal"
_NO_TEXTS = "it does not write out its name and its clauses as texts"


@dataclass(frozen=True, slots=True)
class Drilled:
    """One drill and one clause that it names; ``fault`` says why it proves nothing, if so."""

    clause: str
    drill: str
    path: str
    line: int
    fault: str = ""


def drilled(root: Path) -> Iterator[Drilled]:
    """Read the drills, in the order of files and lines."""
    for path in sorted(root.glob(f"{_FOLDER}/*.py")):
        text = path.read_text("utf-8")
        if "@drill(" not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                for decorator in node.decorator_list:
                    yield from _of(decorator, path.relative_to(root).as_posix())


def _of(decorator: ast.expr, path: str) -> Iterator[Drilled]:
    if not (isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "drill"):
        return
    texts = [each.value for each in decorator.args if isinstance(each, ast.Constant)]
    name, *clauses = map(str, texts) if texts else ("",)
    if len(texts) < len(decorator.args) or decorator.keywords or not clauses:
        yield Drilled("", name, path, decorator.lineno, _NO_TEXTS)
        return
    for clause in clauses:
        yield Drilled(clause, name, path, decorator.lineno)
