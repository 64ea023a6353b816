"""Rows for a terminal: a table where it keeps every word whole, else a block for each row."""

import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from textwrap import wrap

# What a pipe takes, so that a file does not depend on who wrote it.
PIPE = 160
# So much stands between two columns, and before the lines of a block.
_GAP = 2


@dataclass(frozen=True, slots=True)
class Column:
    """One column; ``least`` is the narrowest that reads well, in characters."""

    title: str
    least: int = 0
    number: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """Rows of as many texts as there are columns; the first names the row."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    title: str = ""


def width() -> int:
    """Tell how many characters a line of the output takes."""
    return shutil.get_terminal_size((PIPE, 0)).columns if sys.stdout.isatty() else PIPE


def lines(sheets: Sequence[Sheet], wide: int) -> Iterator[str]:
    """Write sheets one below the other, all in the same form; ``wide`` in characters.

    A word that is longer than a line of a block stands whole on a line of its own.
    """
    tables = all(_needed(sheet) <= wide for sheet in sheets)
    for sheet in sheets:
        if sheet.title:
            yield from (*_broken(sheet.title, wide), "")
        yield from _table(sheet, wide) if tables else _blocks(sheet, wide)


def _table(sheet: Sheet, wide: int) -> Iterator[str]:
    widths = _widths(sheet, wide)
    titles = tuple(column.title for column in sheet.columns)
    yield from _row(sheet, titles, widths)
    yield "-" * (sum(widths) + _GAP * (len(widths) - 1))
    for row in sheet.rows:
        yield from _row(sheet, row, widths)
    yield ""


def _row(sheet: Sheet, row: tuple[str, ...], widths: list[int]) -> Iterator[str]:
    cells = [_broken(text, width) for text, width in zip(row, widths, strict=True)]
    for n in range(max(map(len, cells))):
        parts = [
            f"{cell[n] if n < len(cell) else '':{'>' if column.number else '<'}{width}}"
            for column, cell, width in zip(sheet.columns, cells, widths, strict=True)
        ]
        yield (" " * _GAP).join(parts).rstrip()


def _blocks(sheet: Sheet, wide: int) -> Iterator[str]:
    labels = [column.title for column in sheet.columns[1:]]
    margin = max(map(len, labels)) + 2 * _GAP
    for name, *texts in sheet.rows:
        yield from _broken(name, wide)
        for label, text in zip(labels, texts, strict=True):
            first, *others = _broken(text, wide - margin)
            yield f"{'':{_GAP}}{label}".ljust(margin) + first
            yield from (" " * margin + other for other in others)
        yield ""


def _needed(sheet: Sheet) -> int:
    """Add up the narrowest columns, and what stands between them."""
    return sum(_narrowest(sheet)) + _GAP * (len(sheet.columns) - 1)


def _narrowest(sheet: Sheet) -> list[int]:
    """Give each column its longest word, or what reads well where its texts are longer."""
    return [
        max(min(column.least, max(map(len, cells))), *(len(w) for c in cells for w in c.split()))
        for column, cells in zip(sheet.columns, _cells(sheet), strict=True)
    ]


def _widths(sheet: Sheet, wide: int) -> list[int]:
    """Share out what is spare: each character to the column that has the most to break."""
    widths, longest = _narrowest(sheet), [max(map(len, cells)) for cells in _cells(sheet)]
    for _ in range(wide - _needed(sheet)):
        at = max(range(len(widths)), key=lambda n: longest[n] / widths[n])
        if longest[at] <= widths[at]:
            break
        widths[at] += 1
    return widths


def _cells(sheet: Sheet) -> list[tuple[str, ...]]:
    rows = (tuple(column.title for column in sheet.columns), *sheet.rows)
    return list(zip(*rows, strict=True))


def _broken(text: str, wide: int) -> list[str]:
    """Break a text between its words alone: half an id finds nothing."""
    return wrap(text, max(wide, 1), break_long_words=False, break_on_hyphens=False) or [""]
