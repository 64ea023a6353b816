"""Which tests fail when a clause is not kept: ``@pytest.mark.clause("ID")``, read from their text.

Reading instead of importing takes no second, and reaches tests of other virtual environments.
"""

import ast
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# Where tests are: ours, and those of the services that are delivered with us.
_FOLDERS = ("tests", "examples/*/tests")
_MARK = "mark.clause"
_WORD = _MARK.rpartition(".")[2]
# What pytest may pass over proves nothing.
_PASSED_OVER = ("skip", "skipif", "xfail")
_Named = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True, slots=True)
class Mark:
    """One mark: the clause it names and the test that carries it.

    ``test`` is as pytest names it within ``path``; empty when the whole module is marked.
    ``fault`` says why the mark proves nothing, if it does not.
    """

    clause: str
    path: str
    test: str
    line: int
    fault: str = ""


def marks(root: Path = ROOT) -> list[Mark]:
    """Read the marks of every test, in the order of files and lines."""
    found = []
    for folder in _FOLDERS:
        for path in sorted(root.glob(f"{folder}/**/*.py")):
            text = path.read_text("utf-8")
            if _MARK in text:
                found += _Marks(path.relative_to(root).as_posix()).of(text)
    return found


class _Marks(ast.NodeVisitor):
    """The marks of one file."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.names: list[str] = []
        self.passed_over = False
        self.found: list[Mark] = []
        self.lines: list[int] = []

    def of(self, text: str) -> list[Mark]:
        tree = ast.parse(text)
        # As Python counts them: other characters that end a line end none of a source.
        lines = enumerate(text.split("\n"), start=1)
        self.lines = [number for number, line in lines if _WORD in line]
        self.passed_over = any(map(_is_passed_over, _of_the_module(tree)))
        self.visit(tree)
        return self.found

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._enter(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._enter(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._enter(node)

    def visit_Call(self, node: ast.Call) -> None:
        if not _is_mark(node.func):
            self.generic_visit(node)
            return
        match node.args, node.keywords:
            case [ast.Constant(value=str(clause))], []:
                self._add(clause, node.lineno, self._fault())
            case _:
                self._add("", node.lineno, "it names no clause as one text")

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if _is_mark(node):
            self._add("", node.lineno, "it names no clause as one text")
        self.generic_visit(node)

    def generic_visit(self, node: ast.AST) -> None:
        """Go on where a line has the word: of most tests, none has."""
        for child in ast.iter_child_nodes(node):
            if self._may_hold(child):
                self.visit(child)

    def _may_hold(self, node: ast.AST) -> bool:
        if not isinstance(node, ast.stmt | ast.expr):
            return True
        decorators = node.decorator_list if isinstance(node, _Named) else []
        first = min(each.lineno for each in (node, *decorators))
        at = bisect_left(self.lines, first)
        return at < len(self.lines) and self.lines[at] <= (node.end_lineno or self.lines[at])

    def _enter(self, node: _Named) -> None:
        before = self.passed_over
        self.names.append(node.name)
        self.passed_over = before or any(map(_is_passed_over, node.decorator_list))
        self.generic_visit(node)
        self.passed_over = before
        self.names.pop()

    def _add(self, clause: str, line: int, fault: str) -> None:
        self.found.append(Mark(clause, self.path, "::".join(self.names), line, fault))

    def _fault(self) -> str:
        if self.passed_over:
            return "pytest may pass this test over"
        if not Path(self.path).name.startswith("test_"):
            return "pytest collects no test of this file"
        if self.names and not self.names[-1].startswith(("test_", "Test")):
            return "pytest runs nothing of this name"
        return ""


def _is_mark(node: ast.expr) -> bool:
    return ast.unparse(node).endswith(f"pytest.{_MARK}")


def _of_the_module(tree: ast.Module) -> list[ast.expr]:
    """Find what ``pytestmark`` says of every test of a file."""
    assigned = [node for node in tree.body if isinstance(node, ast.Assign)]
    return [node.value for node in assigned if ast.unparse(node.targets[0]) == "pytestmark"]


def _is_passed_over(decorator: ast.expr) -> bool:
    return any(name in _PASSED_OVER for name in _attributes(decorator))


def _attributes(node: ast.AST) -> Iterator[str]:
    return (found.attr for found in ast.walk(node) if isinstance(found, ast.Attribute))
