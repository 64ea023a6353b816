"""Text as Markdown, and the links between pages."""

from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

GENERATED = "<!-- Written by `make docs` from the code: change that, and run it again. -->"
# What our sentences hold and Markdown would take for a mark of its own.
_MARKS = str.maketrans({"*": r"\*", "<": r"\<", "|": r"\|"})


def plain(text: str) -> str:
    """Escape a sentence; what stands between backquotes stays code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return text.translate(_MARKS).replace("`", r"\`")
    return "`".join(part if n % 2 else part.translate(_MARKS) for n, part in enumerate(parts))


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Write a table; its cells are Markdown already."""
    lines = [head, ["---"] * len(head), *rows]
    return [f"| {' | '.join(cells)} |" for cells in lines]


def file_link(path: str, page: str, text: str | None = None) -> str:
    """Link a file of the repository from the page at ``page`` below ``docs``, by its path or so."""
    up = "../" * len(PurePosixPath(page).parts)
    return f"[{text or path}]({up}{path})"


def clause_link(clause: str, page: str) -> str:
    """Link a clause from a page; its heading is its id, of which an anchor drops the dot."""
    up = "../" * (len(PurePosixPath(page).parts) - 1)
    return f"[{clause}]({up}clauses.md#{clause.lower().replace('.', '')})"
